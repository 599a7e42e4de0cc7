"""What differs between the artefacts of two replays, and where (document 003, §11.2 and §11.4).

The surface is four artefacts, by their names: ``mission_output``, ``gate_results``,
``amendment_log`` and ``scanner_report``.  Each must be there in both, and have the same text once
normalised.  Where it has not, each difference is named by a JSON pointer (RFC 6901) with both
values: first those whose path comes first, keys in their order as code points, at most `MOST` of
them; how many there are in all is told.  A value is told as JSON of printable ASCII, at most
`LONGEST` characters of it; ``(nothing)`` where there is none.

What the mask hides is counted: where a masked field differs, its pointer is told, too, since a
clock that leaks into ``timestamp`` is a clock that leaks.

>>> one, two = b'{"a/b": [1, 2], "pid": 7}', b'{"a/b": [1, 3], "pid": 8}'
>>> found = compared("gate_results", one, two)
>>> [str(difference) for difference in found.differences], found.masked
(['/a~1b/1: 2 and 3'], ('/pid',))
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from sealwright.contracts.coo.replay.normalisation import (
    MASKED_FIELDS,
    normalize_artefact,
    read,
)

MISSION_OUTPUT = "mission_output"
ARTEFACTS = (MISSION_OUTPUT, "gate_results", "amendment_log", "scanner_report")
MOST = 20  # differences that are told of one artefact
LONGEST = 200  # characters that are told of one value
NOTHING = "(nothing)"


class _Nothing(Enum):
    NOTHING = NOTHING


@dataclass(frozen=True, slots=True)
class Difference:
    """A place of an artefact, and what two replays have there."""

    pointer: str
    first: str
    second: str

    def __str__(self) -> str:
        return f"{self.pointer or 'the whole'}: {self.first} and {self.second}"


@dataclass(frozen=True, slots=True)
class Compared:
    """One artefact of two replays."""

    name: str
    differences: tuple[Difference, ...] = ()
    count: int = 0
    masked: tuple[str, ...] = ()
    masked_count: int = 0

    @property
    def equal(self) -> bool:
        """Whether it is the same in both."""
        return self.count == 0


def compare(one: Mapping[str, bytes], two: Mapping[str, bytes]) -> tuple[Compared, ...]:
    """Return what differs in each of the four artefacts, and in what others there are."""
    names = (*ARTEFACTS, *sorted((one.keys() | two.keys()) - set(ARTEFACTS)))
    return tuple(compared(name, one.get(name), two.get(name)) for name in names)


def compared(name: str, one: bytes | None, two: bytes | None) -> Compared:
    """Return what differs in one artefact; one that lacks in either replay differs."""
    if one is None or two is None:
        told = [NOTHING if data is None else f"{len(data)} bytes" for data in (one, two)]
        return Compared(name, (Difference("", *told),), 1)
    first, second = read(one, name), read(two, name)
    masked = [pointer for pointer, hidden, _, _ in _differences(first, second) if hidden]
    found: list[Difference] = []
    if normalize_artefact(first) != normalize_artefact(second):
        found = [
            Difference(pointer, _told(left), _told(right))
            for pointer, hidden, left, right in _differences(first, second)
            if not hidden
        ]
    return Compared(
        name, tuple(found[:MOST]), len(found), tuple(sorted(masked)[:MOST]), len(masked)
    )


def _differences(
    one: Any, two: Any, pointer: str = "", hidden: bool = False
) -> Iterator[tuple[str, bool, Any, Any]]:
    """Yield each place where two values differ, and whether it is below a masked field."""
    inside = _inside(one, two)
    if inside is None:
        if _told_whole(one) != _told_whole(two):
            yield pointer, hidden, one, two
        return
    for key, left, right in inside:
        masked = hidden or (isinstance(key, str) and key in MASKED_FIELDS)
        present = _Nothing.NOTHING not in (left, right)
        yield from _differences(
            left, right, f"{pointer}/{_escaped(str(key))}", masked if present else hidden
        )


def _inside(one: Any, two: Any) -> Iterator[tuple[str | int, Any, Any]] | None:
    """Return what two containers of a kind hold, pair by pair; none for anything else."""
    none = _Nothing.NOTHING
    if isinstance(one, dict) and isinstance(two, dict):
        keys = sorted(one.keys() | two.keys())
        return ((key, one.get(key, none), two.get(key, none)) for key in keys)
    if isinstance(one, list) and isinstance(two, list):
        numbers = range(max(len(one), len(two)))
        return (
            (n, one[n] if n < len(one) else none, two[n] if n < len(two) else none) for n in numbers
        )
    return None


def _escaped(key: str) -> str:
    """Return a key as a part of a pointer, printable: what is not is written as in JSON."""
    return json.dumps(key.replace("~", "~0").replace("/", "~1"))[1:-1].replace("\x7f", "\\u007f")


def _told_whole(value: Any) -> str:
    if value is _Nothing.NOTHING:
        return NOTHING
    return json.dumps(value, sort_keys=True, separators=(",", ":")).replace("\x7f", "\\u007f")


def _told(value: Any) -> str:
    text = _told_whole(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
