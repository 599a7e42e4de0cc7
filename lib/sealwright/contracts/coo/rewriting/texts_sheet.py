"""One file while its words are decided: each once, by the first rule that speaks.

What no rule speaks of is a mention.  Places are characters; the byte offsets of edits and the
lines of questions are worked out at the end.
"""

from __future__ import annotations

import posixpath
from bisect import bisect_left
from collections.abc import Iterable, Iterator

from sealwright.contracts.coo.package_names import Names
from sealwright.contracts.coo.rewriting.references import Edit, Found, Index, Question
from sealwright.contracts.coo.rewriting.texts_words import (
    BARE,
    DOTTED,
    FILES,
    PATH,
    PATTERN,
    Word,
    words,
)
from sealwright.paths import RelPath

NEAR = 2000  # characters of a line that are looked at before and after a place
_PLACEHOLDER = frozenset("*?$%{}[]()<>@+|^")
_INSTALLED = ("site-packages", "dist-packages")


class Sheet:
    """A text, what stands in it, and what is decided so far."""

    def __init__(self, path: RelPath, text: str, names: Names, index: Index) -> None:
        self.path, self.text, self.names, self.index = path, text, names, index
        self.rooted = False  # whether a path that begins with / begins in the repository
        self.words = list(words(text, names.legacy))
        self._starts = [word.start for word in self.words]
        self._edits: dict[int, tuple[int, int, str, str]] = {}
        self._questions: dict[int, tuple[int, str, str]] = {}
        self._mentions: set[int] = set()
        self._kept: list[Word] = []
        self._insertions: list[tuple[int, str, str]] = []

    def within(self, start: int, end: int) -> Iterator[Word]:
        """Yield the words from ``start`` to ``end`` that nothing is decided about."""
        for word in self.words[bisect_left(self._starts, start) : bisect_left(self._starts, end)]:
            if not self.decided(word):
                yield word

    def decided(self, word: Word) -> bool:
        """Return whether a rule spoke of a word."""
        at = word.start
        return at in self._edits or at in self._questions or at in self._mentions

    def rewrite(self, word: Word, rule: str) -> None:
        """Replace the name."""
        if not self.decided(word):
            self._edits[word.start] = (word.start, word.end, self.names.canonical, rule)

    def ask(self, word: Word, rule: str, why: str) -> None:
        """Leave a word to a person."""
        if not self.decided(word):
            self._questions[word.start] = (word.right, rule, why)

    def mention(self, word: Word) -> None:
        """Leave a word as it is."""
        if not self.decided(word):
            self._mentions.add(word.start)

    def keep(self, word: Word) -> None:
        """Leave a word as it is because of where it stands, though it names what is there."""
        if not self.decided(word) and word.kind == DOTTED:
            self._kept.append(word)
        self.mention(word)

    def insert(self, at: int, text: str, rule: str) -> None:
        """Put text before a character."""
        self._insertions.append((at, text, rule))

    def inquire(self, at: int, rule: str, text: str, why: str) -> None:
        """Ask something that is about no word."""
        self._questions[-1 - at] = (-1, rule, f"{text}\0{why}")

    def resolves(self, word: Word) -> bool:
        """Return whether a dotted name is one of the package."""
        return word.kind != BARE and self.index.resolves(word.dotted)

    def surely(self, word: Word) -> bool:
        """Return whether a dotted name that resolves cannot as well be that of a file."""
        return self.resolves(word) and word.dotted.partition(".")[2] not in FILES

    def begins_well(self, word: Word) -> bool:
        """Return whether at least two parts of a dotted name are of the package."""
        parts = word.dotted.partition(":")[0].split(".")
        return any(self.index.resolves(".".join(parts[:n])) for n in range(2, len(parts) + 1))

    def exists(self, word: Word, *, folder: bool = False) -> bool:
        """Return whether a path, or just the folder of its package, is of the package."""
        if word.kind != PATH:
            return word.kind in (BARE, PATTERN) and self.index.on_disk(self.names.legacy)
        prefix = self.text[word.left : word.start]
        own = self.names.legacy + (
            ""
            if folder
            else _concrete(word.text[len(prefix) + len(self.names.legacy) :].replace("\\", ""))
        )
        if folder and word.text.endswith((".py", ".pyi")) and "/" not in word.text[len(prefix) :]:
            own = word.text[len(prefix) :]
        return self._there(prefix.replace("\\", ""), own)

    def _there(self, prefix: str, own: str) -> bool:
        if not self.index.on_disk(own):
            return False
        parts = [part for part in prefix.split("/") if part not in ("", ".")]
        if prefix.startswith("/") and not self.rooted:
            return bool(parts) and parts[-1] in _INSTALLED
        if not parts or _PLACEHOLDER & set(parts[-1]) or parts[-1] in _INSTALLED:
            return True
        while parts and _PLACEHOLDER & set(parts[0]):
            parts.pop(0)
        below = posixpath.join(posixpath.dirname(self.path), *parts, own)
        places = {posixpath.normpath(posixpath.join(*parts, own)), posixpath.normpath(below)}
        return any(self.index.on_disk(place) for place in places if not place.startswith(".."))

    def line(self, at: int) -> tuple[int, int]:
        """Return where the line of a place begins and ends; of a long one, what is near."""
        near, far = max(0, at - NEAR), min(len(self.text), at + NEAR)
        end = self.text.find("\n", at, far)
        return max(near, self.text.rfind("\n", near, at) + 1), far if end < 0 else end

    def found(self) -> Found:
        """Return everything that is decided."""
        made = [*self._edits.values(), *((at, at, new, rule) for at, new, rule in self._insertions)]
        byte = bytes_at(self.text, {at for start, end, _, _ in made for at in (start, end)})
        edits = [Edit(byte[start], byte[end], new.encode(), rule) for start, end, new, rule in made]
        questions = [self._question(at, *rest) for at, rest in self._questions.items()]
        asked = sum(at >= 0 for at in self._questions)
        return Found(
            tuple(sorted(edits, key=lambda edit: (edit.start, edit.end, edit.new))),
            tuple(sorted(questions, key=lambda each: (each.line, each.column, each.rule))),
            len(self.words) - len(self._edits) - asked,
            kept=tuple(self._question(word.start, word.right, "R3", "") for word in self._kept),
        )

    def _question(self, at: int, right: int, rule: str, why: str) -> Question:
        text = ""
        if at < 0:
            at, (text, _, why) = -1 - at, why.partition("\0")
        begin = self.text.rfind("\n", 0, at) + 1
        line = self.text.count("\n", 0, begin) + 1
        return Question(line, at - begin, rule, text or self.text[at:right], why)


def bytes_at(text: str, places: Iterable[int]) -> dict[int, int]:
    """Return the offset in UTF-8 of each place in a text."""
    found: dict[int, int] = {}
    last = offset = 0
    for place in sorted(places):
        offset += len(text[last:place].encode())
        found[place] = offset
        last = place
    return found


def _concrete(rest: str) -> str:
    """Return the parts of a path before the first that is a pattern."""
    parts: list[str] = []
    for part in rest.split("/")[1:] if rest.startswith("/") else []:
        if _PLACEHOLDER & set(part):
            break
        parts.append(part)
    if rest and not rest.startswith("/") and not _PLACEHOLDER & set(rest):
        return rest
    return "".join(f"/{part}" for part in parts if part not in ("", "."))
