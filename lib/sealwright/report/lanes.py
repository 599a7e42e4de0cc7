"""Where the arrows of a picture run: steps stand one below the other, arrows in lanes beside them.

Each step has a row.  An arrow to the very next row is straight.  All others are gathered in buses,
each in a lane of its own over the rows that it spans: a bus carries everything that goes out from
one row, or everything that comes into one, whichever makes fewer.  Short buses lie further in.
So the picture is as wide as it must be, however many steps there are, and its rows hold text of
any length.

>>> [bus.lane for bus in route(4, {(0, 2), (0, 3), (1, 3)}).buses]
[0, 1]
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

Arrow = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Bus:
    """Arrows that share a lane: from each row of ``starts`` to each row of ``ends``."""

    lane: int
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    @property
    def span(self) -> tuple[int, int]:
        """Return the first and the last row of the bus."""
        rows = (*self.starts, *self.ends)
        return min(rows), max(rows)


@dataclass(frozen=True, slots=True)
class Routes:
    """How all arrows run, and how many lanes that takes."""

    straight: tuple[Arrow, ...]
    buses: tuple[Bus, ...]
    lanes: int


def route(rows: int, arrows: Collection[Arrow]) -> Routes:
    """Return how the ``arrows`` between rows run; one that follows from others is left out."""
    shown = reduced(rows, arrows)
    straight = tuple(sorted(arrow for arrow in shown if arrow[1] == arrow[0] + 1))
    buses = _placed(_gathered(sorted(shown - set(straight))))
    return Routes(straight, buses, max((bus.lane + 1 for bus in buses), default=0))


def reduced(rows: int, arrows: Collection[Arrow]) -> set[Arrow]:
    """Return ``arrows`` without those that a way over other rows tells already.

    An arrow upwards is always kept: it is there only where rows stand for several steps.

    >>> sorted(reduced(3, {(0, 1), (1, 2), (0, 2)}))
    [(0, 1), (1, 2)]
    """
    before: list[list[int]] = [[] for _ in range(rows)]
    for start, end in arrows:
        if start < end:
            before[end].append(start)
    reach = [0] * rows  # for each row, a bit for every row that leads to it
    kept = {arrow for arrow in arrows if arrow[0] > arrow[1]}
    for end in range(rows):
        for start in sorted(before[end], reverse=True):
            if not reach[end] >> start & 1:
                kept.add((start, end))
            reach[end] |= reach[start] | 1 << start
    return kept


def _gathered(arrows: Sequence[Arrow]) -> list[tuple[set[int], set[int]]]:
    out, into = (Counter(arrow[side] for arrow in arrows) for side in (0, 1))
    found: dict[tuple[str, int], tuple[set[int], set[int]]] = defaultdict(lambda: (set(), set()))
    for start, end in arrows:
        key = ("into", end) if into[end] > out[start] else ("out", start)
        found[key][0].add(start)
        found[key][1].add(end)
    return list(found.values())


def _placed(gathered: list[tuple[set[int], set[int]]]) -> tuple[Bus, ...]:
    """Give each bus the innermost lane that is free over its rows, the shortest first."""

    def span(ends: tuple[set[int], set[int]]) -> tuple[int, int]:
        rows = ends[0] | ends[1]
        return min(rows), max(rows)

    taken: list[list[tuple[int, int]]] = []
    made = []
    for starts, ends in sorted(gathered, key=lambda e: (span(e)[1] - span(e)[0], span(e))):
        first, last = span((starts, ends))
        lane = next(
            (n for n, spans in enumerate(taken) if all(last < a or b < first for a, b in spans)),
            len(taken),
        )
        if lane == len(taken):
            taken.append([])
        taken[lane].append((first, last))
        made.append(Bus(lane, tuple(sorted(starts)), tuple(sorted(ends))))
    return tuple(made)
