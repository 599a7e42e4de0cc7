"""Marks: places in a text at which the package's name is written, and what is done there.

>>> once([Mark(3, "R4", "is alone"), Mark(3, "R3"), Mark(0, "R1")])
[Mark(start=0, rule='R1', why='', text=''), Mark(start=3, rule='R3', why='', text='')]
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Mark(NamedTuple):
    """An occurrence at an offset: it is rewritten, or with a reason ``why`` it is asked about."""

    start: int
    rule: str
    why: str = ""
    text: str = ""


def once(marks: Iterable[Mark]) -> list[Mark]:
    """Return one mark for each place, in order: refusals first, then edits, then questions."""
    first: dict[int, Mark] = {}
    for mark in sorted(marks, key=_rank):
        first.setdefault(mark.start, mark)
    return list(first.values())


def _rank(mark: Mark) -> tuple[int, int, Mark]:
    refused = bool(mark.why) and mark.rule.startswith("H")
    return mark.start, 0 if refused else 1 + bool(mark.why), mark
