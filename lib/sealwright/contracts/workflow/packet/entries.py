"""What stands under a label: ``Label: text``, or ``Label:`` and then bullets or fenced code.

A `Reader` takes one section apart by the labels that it must have, and gives the value of each.
A label that is missing, unknown or written twice, a value of another kind, an empty one, and
prose that belongs to no label are complaints; then the value is empty, and nobody sees it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from sealwright.contracts.workflow.packet.markdown import Block, Bullets, Code, Line, Prose, Section
from sealwright.contracts.workflow.packet.problems import Place, Problems
from sealwright.errors import Misconfigured

_LABEL = re.compile(r"([A-Z][A-Za-z]*(?: [A-Za-z]+){0,4}):(?: +(.*))?")
_SPAN = re.compile(r"`([^`]+)`")
_V = TypeVar("_V")


@dataclass(slots=True)
class Entry:
    """A label, where it is, the words after it, and the blocks under it."""

    at: Place
    words: str = ""
    blocks: list[Block] = field(default_factory=list)


class Reader:
    """One section, by its labels."""

    def __init__(self, section: Section, labels: Iterable[str], problems: Problems) -> None:
        self._section, self._problems = section, problems
        self._entries: dict[str, Entry] = {}
        self._labels = tuple(labels)
        self._last: Entry | None = None
        for block in section.blocks:
            self._take(block)
        for label in self._labels:
            if label not in self._entries:
                problems.add(section.at, f"section {section.title!r}: {label!r} is missing")

    def words(self, label: str) -> str:
        """Return the text after a label."""
        entry = self._entry(label)
        if entry.blocks:
            self._wrong(entry.blocks[0].at, label, "text alone", "a list or code under it")
        if not entry.words and label in self._entries:
            self._wrong(entry.at, label, "text", "none")
        return entry.words

    def span(self, label: str, parse: Callable[[str], _V], otherwise: _V) -> _V:
        """Return what the one `code span` after a label says."""
        return self._parsed(self._entry(label).at, label, self.words(label), parse, otherwise)

    def list(self, label: str, parse: Callable[[str], _V]) -> tuple[_V, ...]:
        """Return what each bullet under a label says, each once."""
        found: list[_V] = []
        for line in self._bullets(label):
            try:
                value = parse(line.text)
            except Misconfigured as problem:
                self._problems.add(line.at, f"{label}: {problem}")
                continue
            if value in found:
                self._wrong(line.at, label, "each entry once", f"{line.text} twice")
            found.append(value)
        return tuple(found)

    def code(self, label: str) -> str:
        """Return the one line of the one fenced block under a label."""
        entry = self._entry(label)
        blocks = [block for block in entry.blocks if isinstance(block, Code)]
        others: list[Block] = [b for b in entry.blocks if not isinstance(b, Code)]
        for other in [*blocks[1:], *others]:
            self._wrong(other.at, label, "one fenced block", "more")
        lines = blocks[0].text.rstrip("\n").split("\n") if blocks else []
        if len(lines) != 1 or not lines[0].strip() or entry.words:
            at = blocks[0].at if blocks else entry.at
            if label in self._entries:
                self._wrong(at, label, "one line in a fenced block", _counted(len(lines)))
            return ""
        return lines[0]

    def at(self, label: str) -> Place:
        """Return where a label stands, or its section where it is missing."""
        return self._entry(label).at

    def _entry(self, label: str) -> Entry:
        return self._entries.get(label, Entry(self._section.at))

    def _bullets(self, label: str) -> tuple[Line, ...]:
        entry = self._entry(label)
        lists = [block for block in entry.blocks if isinstance(block, Bullets)]
        others: list[Block] = [b for b in entry.blocks if not isinstance(b, Bullets)]
        for other in [*lists[1:], *others]:
            self._wrong(other.at, label, "one list", "more")
        if label in self._entries and (not lists or entry.words):
            self._wrong(entry.at, label, "a list of bullets", entry.words or "none")
        return lists[0].lines if lists else ()

    def _take(self, block: Block) -> None:
        if isinstance(block, Code | Bullets):
            if self._last is None:
                self._problems.add(block.at, "expected a label such as `Task:` before it")
            else:
                self._last.blocks.append(block)
            return
        continued = False
        for line in block.lines:
            match = _LABEL.fullmatch(line.text)
            if match:
                self._begin(line.at, match[1], (match[2] or "").strip())
            elif continued and self._last and self._last.words:
                self._last.words += f" {line.text}"
            else:
                expected = f"one of {', '.join(self._labels)}"
                self._problems.add(line.at, f"expected {expected}, found {line.text!r:.60}")
            continued = True

    def _begin(self, at: Place, label: str, words: str) -> None:
        self._last = Entry(at, words)
        if label not in self._labels:
            known = ", ".join(self._labels)
            self._problems.add(at, f"{label}: unknown label, expected one of {known}")
        elif label in self._entries:
            first = self._entries[label].at[0]
            self._problems.add(at, f"{label}: is written twice; the first is on line {first}")
        else:
            self._entries[label] = self._last

    def _parsed(
        self, at: Place, label: str, text: str, parse: Callable[[str], _V], otherwise: _V
    ) -> _V:
        if not text:
            return otherwise
        try:
            return parse(spanned(text))
        except Misconfigured as problem:
            self._problems.add(at, f"{label}: {problem}")
            return otherwise

    def _wrong(self, at: Place, label: str, expected: str, found: str) -> None:
        self._problems.add(at, f"{label}: expected {expected}, found {found}")


def spanned(text: str) -> str:
    """Return what stands in the one code span that ``text`` is."""
    match = _SPAN.fullmatch(text)
    if match is None:
        raise Misconfigured(f"expected one value in backticks, found {text!r:.60}")
    return match[1]


def _counted(lines: int) -> str:
    return f"{lines} lines" if lines != 1 else "other text beside it, or a blank line"


def bulleted(section: Section) -> Section:
    """Return a section whose bullets are read as labels: ``- Label: text``."""
    blocks: list[Block] = []
    for block in section.blocks:
        if isinstance(block, Bullets):
            blocks += [Prose((line,)) for line in block.lines]
        else:
            blocks.append(block)
    return Section(section.title, section.at, blocks)
