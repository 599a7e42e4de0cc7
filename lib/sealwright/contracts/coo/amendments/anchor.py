"""Anchors: the one place in a Markdown document that an amendment means.

A document is CommonMark whose lines end in LF or CRLF; it may begin with a byte order mark.
Two lines are the same if their bytes are, after the line ending and the blanks (space, tab)
at the end are removed and each run of blanks is made one space.  Nothing else is made equal:
not the case, not Unicode's spellings, and a no-break space is a character.

``heading``  A line that is the anchor's, ``#`` signs and all, and is a heading of the document:
             one inside a list item, a block quote, code or an HTML comment is not.  It spans
             its section, up to the next heading of the same or a higher level, or to the end.
             A heading that is underlined has no ``#`` and is no anchor, but ends sections.
``clause``   A line of text that begins with the id, after the marks of list items, headings
             and emphasis, if any.  A mention within a line is none, nor is a link whose text
             the id is (``[S-1](…)``, ``[S-1][…]``, ``[S-1]: target``), nor what stands in a
             block quote.  It spans the lines up to the next that is blank, a heading or the
             beginning of another clause, and at most the list item that it begins in.  Code
             and HTML that begin in between belong to it whole, blank lines and all.

An id is written in square brackets: letters, digits and ``._:/-``, the first of them a letter
or a digit, and at least one of them a digit.

>>> page = Page("## One\\n\\n[S-1] First,\\nas in [S-2].\\n\\n## Two\\n")
>>> page.find(Anchor("clause", "[S-1]"))
[Place(line=3, text='[S-1] First,')]
>>> page.span("clause", 3)
(8, 34)
>>> page.find(Anchor("clause", "[S-2]"))
[]
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate
from typing import NamedTuple

from sealwright.contracts.coo.amendments.draft import lines, starts
from sealwright.contracts.coo.amendments.outline import (
    BLANK,
    DEEPEST,
    Heading,
    Key,
    Part,
    Text,
    outline,
    plain,
)
from sealwright.errors import Refused

CLAUSE, HEADING = KINDS = ("clause", "heading")

_ID = r"\[(?=[^\]]*[0-9])[A-Za-z0-9][A-Za-z0-9._:/-]*\]"
_GRAMMAR = {CLAUSE: re.compile(_ID), HEADING: re.compile(r" ?#{1,6} .+")}
_FIRST = re.compile(
    rf" ?(?:(?:[-+*]|[0-9]{{1,9}}[.)]) )*(?:#{{1,6}} )?[*_]{{0,3}}(?P<id>{_ID})(?![(\[])"
)
_LATER = re.compile(rf" ?[*_]{{0,3}}(?P<id>{_ID})(?![(\[])")
_BLANKS = re.compile(r"[ \t]+")


class Anchor(NamedTuple):
    """What is searched: ``kind`` is one of `KINDS`, ``text`` is normal."""

    kind: str
    text: str

    def plain(self) -> dict[str, str]:
        """Return the anchor as files write it."""
        return {self.kind: self.text}


class Place(NamedTuple):
    """Where an anchor fits: the line, from 1, and its text."""

    line: int
    text: str


def normal(line: str) -> str:
    """Return what of a line is compared."""
    return _BLANKS.sub(" ", line.rstrip(BLANK))


def anchor(kind: str, text: str) -> Anchor | None:
    """Return the anchor that is written as ``text``, or None if that is no such anchor."""
    written = normal(text)
    fits = "\n" not in text and _GRAMMAR[kind].fullmatch(written)
    return Anchor(kind, written) if fits else None


class Page:
    """A document's lines, and what Markdown says that they are.

    What is the same in the page ``before`` is not parsed again.
    """

    def __init__(self, text: str, name: str = "document", before: Page | None = None) -> None:
        mark = int(text.startswith("\ufeff"))
        self._source = text
        self._lines = lines(text[mark:])
        self._starts = starts(self._lines, mark)
        self._known: dict[Key, Part] = {}
        self._parts = list(outline(text[mark:], before._known if before else {}, self._known))
        self._firsts = [0, *accumulate(part.length for part in self._parts)]  # lines, from 0
        self._shown: dict[int, frozenset[int]] = {}
        for line in (first + deep for first, part in self._from(0) for deep in part.deep):
            limit = f"fewer than {DEEPEST // 2} lists in one another, or {DEEPEST} quotes"
            raise Refused(f"{name}:{line + 1}: expected {limit}, found more; make it flatter")

    def find(self, anchor: Anchor) -> list[Place]:
        """Return every place that ``anchor`` fits, in order."""
        found = self._titled if anchor.kind == HEADING else self._begun
        return [Place(line + 1, self._lines[line].rstrip("\r\n")) for line in found(anchor.text)]

    def _titled(self, title: str) -> Iterator[int]:
        headings = (line for line, heading in self._headings(0) if heading.hashes)
        return (line for line in headings if normal(self._lines[line]) == title)

    def _begun(self, clause: str) -> Iterator[int]:
        return (line for line in self._mentions(clause) if self._defined(line) == clause)

    def _mentions(self, word: str) -> Iterator[int]:
        """Yield the lines that have ``word`` in them."""
        found = self._source.find(word)
        while found >= 0:
            line = bisect_right(self._starts, found) - 1
            yield line
            found = self._source.find(word, self._starts[line + 1])

    def _from(self, line: int) -> Iterator[tuple[int, Part]]:
        """Yield the part that has a line, and all after it, each with its first line."""
        first = bisect_right(self._firsts, line) - 1
        return zip(self._firsts[first:], self._parts[first:], strict=False)

    def _headings(self, line: int) -> Iterator[tuple[int, Heading]]:
        """Yield the headings from a line on."""
        for first, part in self._from(line):
            for number, heading in part.headings.items():
                if first + number >= line:
                    yield first + number, heading

    def span(self, kind: str, line: int) -> tuple[int, int]:
        """Return the offsets between which there is what an anchor on ``line`` stands for."""
        end = self._section(line - 1) if kind == HEADING else self._clause(line - 1)
        return self._starts[line - 1], self._starts[end]

    def ending(self, line: int) -> str:
        """Return how a line, from 1, ends: as the one before if it does not, or else with LF."""
        for each in self._lines[line - 1 : line] + self._lines[max(0, line - 2) : line - 1]:
            if each.endswith("\n"):
                return "\r\n" if each.endswith("\r\n") else "\n"
        return "\n"

    def _section(self, first: int) -> int:
        """Return the line after the section that begins with a heading."""
        _, own = next(self._headings(first))
        later = (line for line, heading in self._headings(first + 1) if heading.level <= own.level)
        return next(later, len(self._lines))

    def _clause(self, line: int) -> int:
        """Return the line after the clause that begins on a line, which lies in the same part."""
        first, part = next(self._from(line))
        limit = first + part.text[line - first].limit
        line += 1
        while line < limit and not self._ends(line, part.headings.get(line - first)):
            line = first + part.whole.get(line - first, line - first + 1)
        return line

    def _ends(self, line: int, heading: Heading | None) -> bool:
        blank = not self._lines[line].strip(BLANK)
        return blank or heading is not None or self._defined(line) is not None

    def _defined(self, line: int) -> str | None:
        """Return the id of the clause that begins on a line, or None."""
        first, part = next(self._from(line))
        text = part.text.get(line - first)
        if text is None:
            return None
        begins = line == first + text.first
        match = (_FIRST if begins else _LATER).match(normal(self._lines[line]))
        if match is None or not (begins or line in self._readable(first, text)):
            return None
        return match["id"]

    def _readable(self, first: int, text: Text) -> frozenset[int]:
        """Return the later lines of a paragraph whose ids are text, not within code or HTML."""
        top = first + text.first
        if top not in self._shown:
            rows = [normal(row) for row in self._lines[top : first + text.last]]
            letters = set("".join(rows))
            mark = next(sign for sign in map(chr, range(0xE000, 0xF900)) if sign not in letters)
            for line, row in enumerate(rows, top):
                if line > top and (match := _LATER.match(row)):
                    rows[line - top] = f"{mark}{line}{mark}{row[match.end() :]}"
            found = re.findall(f"{mark}([0-9]+){mark}", plain("\n".join(rows)))
            self._shown[top] = frozenset(map(int, found))
        return self._shown[top]
