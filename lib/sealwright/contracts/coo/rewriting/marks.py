"""Marks: places in a text at which the package's name is written, and what is done there.

>>> marks = [Mark(3, "R4", "is alone"), Mark(3, "R3"), Mark(0, "R1")]
>>> [(mark.start, mark.rule) for mark in once(marks)]
[(0, 'R1'), (3, 'R3')]
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Mark(NamedTuple):
    """An occurrence at an offset: it is rewritten, or with a reason ``why`` it is asked about.

    One with ``parts`` is answered by other characters than the name's.  One that is ``said`` is
    rewritten, and one that is ``kept`` is not, if no other place has the same text and the other
    answer.
    """

    start: int
    rule: str
    why: str = ""
    text: str = ""
    said: bool = False
    kept: bool = False
    parts: tuple[tuple[int, int, str], ...] = ()


def once(marks: Iterable[Mark]) -> list[Mark]:
    """Return one mark for each place, in order: refusals, edits, questions, what is kept."""
    first: dict[int, Mark] = {}
    for mark in sorted(marks, key=_rank):
        first.setdefault(mark.start, mark)
    return list(first.values())


def _rank(mark: Mark) -> tuple[int, int, Mark]:
    refused = bool(mark.why) and mark.rule.startswith("H")
    return mark.start, 0 if refused else 1 + bool(mark.why) + 2 * mark.kept, mark
