"""Phrases: words in their order, found whatever their case, markup and line breaks.

A phrase is written as words of ASCII letters with one blank between; there are no regular
expressions in a ruleset, so none can be slow.  In a text a word of a phrase is found where

* its letters stand, capital or small;
* no letter touches it: digits, ``_`` and punctuation end a word, and so does a capital after a
  small letter, so that ``plan_ahead``, ``planAhead`` and ``PLAN-AHEAD2`` all read *plan ahead*.

Between two words lies a *gap*: blanks and the marks ``_ * ` ' " ~ - \\``, with at most one line
end, after which also ``#`` and ``>`` (a comment, a quotation) may come.  Where a capital begins
the second word, the gap may be empty.  A match is at the place of its first letter.

>>> text = Text.of(b"We **plan**\\n# ahead; unplan ahead; planAhead.")
>>> found = Vocabulary([(parse("plan ahead"), "PlanAhead")]).find(text)
>>> [(text.place(match.start), match.what) for match in found]
[((1, 6), 'PlanAhead'), ((2, 24), 'PlanAhead')]

An empty line divides what belongs together.  So a text is searched in *zones*: what lies between
two empty lines and holds the longest word of some phrase.  What those words share at their
beginnings is looked for in one pass over the bytes; where it stands, it is asked whether one of
the words does.  Most files hold none, and are read no further.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import takewhile
from typing import Generic, NamedTuple, TypeVar

from ahocorasick_rs import BytesAhoCorasick, MatchKind

from sealwright.contracts.coo.scanning.scanned_text import Text
from sealwright.errors import Misconfigured

What = TypeVar("What")
Phrase = tuple[str, ...]
_PHRASE = re.compile(r"[A-Za-z]+(?: [A-Za-z]+)*")
_BLANK = r" \t\f\v\x1c-\x1f\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_MARKS = rf"{_BLANK}_*`'\"~\\\-"
_GAP = re.compile(rf"[{_MARKS}]*+(?:(?>\r\n?|\n)[{_MARKS}#>]*+)?+")
_LIKE = 5  # letters that two words must share at their beginning to be looked for as one


class Match(NamedTuple, Generic[What]):
    """Where a phrase was found: offsets into `Text.seen`."""

    start: int
    end: int
    what: What


def parse(text: str) -> Phrase:
    """Return the words of a phrase, or raise `Misconfigured`."""
    if not _PHRASE.fullmatch(text):
        raise Misconfigured(
            f"expected words of ASCII letters with one blank between, found {text!r}"
        )
    return tuple(text.lower().split(" "))


class Vocabulary(Generic[What]):
    """Phrases, each with what it stands for, and all searched for in one pass."""

    def __init__(self, entries: Iterable[tuple[Phrase, What]]) -> None:
        self._entries: dict[str, list[tuple[Phrase, What]]] = {}
        for phrase, what in entries:
            self._entries.setdefault(phrase[0][0], []).append((phrase, what))
        self._begins = re.compile("|".join(self._beginnings()) or r"(?!)")

    def find(self, text: Text, start: int = 0, end: int | None = None) -> Iterator[Match[What]]:
        """Yield all matches that begin from ``start`` to ``end``, also those within others."""
        low = text.low
        for hit in self._begins.finditer(low, start, len(low) if end is None else end):
            for phrase, what in self._entries[hit[0]]:
                stop = _end_of(phrase, text, hit.start())
                if stop:
                    yield Match(hit.start(), stop, what)

    def _beginnings(self) -> Iterator[str]:
        """Yield an expression for each first letter, which looks at the letters that follow."""
        for letter, entries in sorted(self._entries.items()):
            rests = sorted({phrase[0][1:] for phrase, _ in entries})
            yield f"{letter}(?={'|'.join(rests)})"


def gap(text: Text, start: int) -> int:
    """Return where the gap that begins at ``start`` ends."""
    found = _GAP.match(text.low, start)
    return found.end() if found else start


def borders(text: str, at: int) -> bool:
    """Return whether a word may begin or end at an offset."""
    if at in (0, len(text)):
        return True
    before, after = text[at - 1], text[at]
    return not (before.isalpha() and after.isalpha()) or (before.islower() and after.isupper())


def longest(phrases: Iterable[Phrase]) -> tuple[str, ...]:
    """Return the longest word of each phrase, each once and sorted."""
    return tuple(sorted({max(phrase, key=len) for phrase in phrases}))


def stems(phrases: Iterable[Phrase]) -> tuple[str, ...]:
    """Return strings of which at least one is in any text that holds one of the phrases."""
    found: list[str] = []
    for word in longest(phrases):
        shared = _shared(found[-1], word) if found else ""
        if len(shared) >= _LIKE:
            found[-1] = shared
        else:
            found.append(word)
    return tuple(found)


def _shared(one: str, other: str) -> str:
    pairs = zip(one, other, strict=False)
    return "".join(a for a, _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


class Stems:
    """The stems of phrases, looked for all at once; ``low`` is in small ASCII letters."""

    def __init__(self, phrases: Iterable[Phrase]) -> None:
        self.texts = stems(phrases)
        texts = [text.encode("ascii") for text in self.texts]
        self._finder = BytesAhoCorasick(texts, matchkind=MatchKind.LeftmostFirst)

    def among(self, low: bytes) -> bool:
        """Return whether one of the stems is there."""
        return bool(self._finder.find_matches_as_indexes(low))

    def found(self, low: bytes) -> list[tuple[int, int, int]]:
        """Return numbers, starts and ends of stems, but of none that overlaps with one before."""
        return self._finder.find_matches_as_indexes(low)


class Words:
    """The longest word of each phrase; a text without one of them holds no phrase."""

    def __init__(self, phrases: Iterable[Phrase]) -> None:
        told = tuple(phrases)
        words = longest(told)
        self._stems = Stems(told)
        self._begin = [tuple(_beginning(stem, words)) for stem in self._stems.texts]

    def places(self, text: Text) -> Iterator[int]:
        """Yield where one of the words begins, in order."""
        low, byte, at = text.low_bytes, 0, 0
        for number, start, _ in self._stems.found(low):
            at += start - byte if text.ascii else len(low[byte:start].decode("utf-8"))
            byte = start
            for offset, words in self._begin[number]:
                if _stands(text, at + offset, words):
                    yield at + offset


def _beginning(stem: str, words: tuple[str, ...]) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield the offsets in a stem where words may begin, and which."""
    for offset in range(len(stem)):
        rest = stem[offset:]
        found = [word for word in words if word.startswith(rest) or rest.startswith(word)]
        if found:
            yield offset, tuple(found)


def _stands(text: Text, at: int, words: Iterable[str]) -> bool:
    """Return whether one of the words is at an offset."""
    low, seen = text.low, text.seen
    for word in words:
        if low.startswith(word, at) and borders(seen, at + len(word)):
            return borders(seen, at)
    return False


def zones(low: str, places: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Yield the stretches between empty lines that hold one of the places, which come in order."""
    empty, end = "", 0
    for at in places:
        if at >= end:
            empty = empty or _empty(low)
            start = max(low.rfind(empty, end, at), end)
            after = low.find(empty, at)
            end = after if after >= 0 else len(low)
            yield start, end


def _empty(low: str) -> str:
    return "\n\r\n" if "\r" in low and "\r\n" in low else "\n\n"


def _end_of(phrase: Phrase, text: Text, at: int) -> int:
    """Return where the phrase ends that begins at ``at``, or 0."""
    low, seen = text.low, text.seen
    for number, word in enumerate(phrase):
        if number:
            at = gap(text, at)
        if not (low.startswith(word, at) and borders(seen, at)):
            return 0
        at += len(word)
        if not borders(seen, at):
            return 0
    return at
