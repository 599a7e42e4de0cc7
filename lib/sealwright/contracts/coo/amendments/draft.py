"""Drafts: a text under amendment, which knows what of its first form is still there.

>>> Draft.of("one\\ntwo\\n").splice(4, 7, "2").kept
(Kept(old=0, new=0, length=4), Kept(old=7, new=5, length=1))
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple


class Kept(NamedTuple):
    """A stretch of the first text, where it stands now, and how long it is."""

    old: int
    new: int
    length: int


@dataclass(frozen=True, slots=True)
class Draft:
    """A text as it was and as it is."""

    first: str
    text: str
    kept: tuple[Kept, ...]

    @classmethod
    def of(cls, text: str) -> Draft:
        """Return the draft of a text in which nothing has changed yet."""
        return cls(text, text, (Kept(0, 0, len(text)),))

    def splice(self, start: int, end: int, new: str) -> Draft:
        """Return the draft in which ``new`` stands for what is between two offsets."""
        text = "".join((self.text[:start], new, self.text[end:]))
        shift = len(new) - (end - start)
        kept = tuple(part for each in self.kept for part in _parts(each, start, end, shift))
        return Draft(self.first, text, kept)


def _parts(kept: Kept, start: int, end: int, shift: int) -> Iterator[Kept]:
    """Yield what a splice leaves of a stretch, before it and after it."""
    old, new, length = kept
    before, gone = min(length, start - new), max(0, end - new)
    if before > 0:
        yield Kept(old, new, before)
    if gone < length:
        yield Kept(old + gone, new + gone + shift, length - gone)


def lines(text: str) -> list[str]:
    """Return the lines of a text, each with its LF."""
    *rows, last = text.split("\n")
    return [*(row + "\n" for row in rows), *([last] if last else [])]


def starts(rows: Iterable[str], offset: int = 0) -> list[int]:
    """Return the offsets at which lines begin, and at last the one at which they end."""
    return list(accumulate(map(len, rows), initial=offset))
