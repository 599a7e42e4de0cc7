"""The graph of steps as SVG inside the page: a row for each, arrows in lanes (see `lanes`).

A step's status is a shape, a colour and a word, so that none of them is needed alone.  The table
of steps tells all that the picture does, so its links are not on the way of who goes by keys; to a
screen reader it is a group that a sentence sums up.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sealwright.report.lanes import Arrow, Bus, Routes, route
from sealwright.report.markup import Markup, cut, element, joined
from sealwright.report.status import STATUSES, WORST, counted, numbered

ROW, LANE, EDGE, LETTER = 26, 11, 14, 7.3  # pixels; the last is a letter of the picture's font
_LONG = 56  # letters of a label
SHAPES = {
    "up to date": "M-6 0a6 6 0 1 0 12 0a6 6 0 1 0-12 0",
    "will run": "M-5-7L8 0L-5 7Z",
    "may run": "M-5-7L8 0L-5 7Z",
    "waiting": "M-6-7v14h4v-14ZM2-7v14h4v-14Z",
    "refused": "M-7-4l3-3l4 4l4-4l3 3l-4 4l4 4l-3 3l-4-4l-4 4l-3-3l4-4Z",
    "failed": "M0-9L9 0L0 9L-9 0Z",
    "by name": "M-6-2h12v4h-12Z",
}


@dataclass(frozen=True, slots=True)
class Spot:
    """A row of the picture: a step, or several that are drawn as one."""

    label: str
    status: str
    word: str
    link: str
    outside: int = 0  # steps before it that are not in the picture

    @classmethod
    def of(cls, label: str, steps: Sequence[Mapping[str, Any]], link: str) -> Spot:
        """Return the row that stands for several steps: their worst status, all counts."""
        counts = counted(steps)
        told = ", ".join(f"{number} {status}" for status, number in counts.items())
        return cls(
            label, next(s for s in WORST if s in counts), f"{numbered(len(steps))}: {told}", link
        )


def draw(spots: Sequence[Spot], arrows: Collection[Arrow], sentence: str) -> Markup:
    """Return the picture, in a frame that scrolls sideways where it is too wide."""
    routes = route(len(spots), arrows)
    left = 2 * EDGE + LANE * routes.lanes
    width = int(left + EDGE + LETTER * max(map(_letters, spots), default=0) + EDGE)
    height = ROW * len(spots) + 8
    made = element(
        "svg",
        element("path", d=_lines(routes, left), class_="edge"),
        element("path", d=_heads(routes, left), class_="head"),
        *(_row(number, spot, left) for number, spot in enumerate(spots)),
        viewBox=f"0 0 {width} {height}",
        width=width,
        height=height,
        role="group",
        aria_label="Steps and arrows",
    )
    return element("div", made, class_="picture", role="group", aria_label=sentence, tabindex=0)


def legend(used: Collection[str]) -> Markup:
    """Return what the shapes mean, of those that are used."""
    return element("ul", *(element("li", chip(s)) for s in STATUSES if s in used), class_="legend")


def chip(status: str) -> Markup:
    """Return a status as a word, which the style puts its shape before."""
    return element("span", status, class_=f"chip s{STATUSES.index(status)}")


def _letters(spot: Spot) -> int:
    """Return how wide the words of a row are, in letters; those of East Asia take two."""
    words = cut(spot.label, _LONG) + spot.word + _outside(spot)
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in words) + 6


def _y(row: int) -> int:
    return ROW * row + ROW // 2 + 4


def _row(number: int, spot: Spot, left: int) -> Markup:
    shape = element("path", d=SHAPES[spot.status], transform=f"translate({left} {_y(number)})")
    label = element("tspan", cut(spot.label, _LONG), class_="name")
    words = element(
        "text", label, f"  {spot.word}", _outside(spot), x=left + EDGE + 4, y=_y(number) + 4
    )
    return element(
        "a", shape, words, href=spot.link, tabindex=-1, class_=f"s{STATUSES.index(spot.status)}"
    )


def _outside(spot: Spot) -> str:
    return f"  (after {spot.outside} elsewhere)" if spot.outside else ""


def _lines(routes: Routes, left: int) -> str:
    straight = [f"M{left} {_y(start) + 9}V{_y(end) - 11}" for start, end in routes.straight]
    return "".join((*straight, *(_bus(bus, left) for bus in routes.buses)))


def _bus(bus: Bus, left: int) -> str:
    """Return the lines of a bus: down its lane, with a bend for each row that it joins."""
    x = left - EDGE - LANE * bus.lane
    first, last = bus.span
    ways = []
    for row, y in (*((r, _y(r) + 4) for r in bus.starts), *((r, _y(r) - 4) for r in bus.ends)):
        inner = first < row < last  # the bend turns to where the lane goes
        turn = 6 if row == first or (inner and row in bus.starts) else -6
        ways.append(f"M{left - 9} {y}H{x + 6}Q{x} {y} {x} {y + turn}")
    rows = {r: _y(r) + 4 for r in bus.starts} | {r: _y(r) - 4 for r in bus.ends}
    return f"M{x} {rows[first] + 6}V{rows[last] - 6}" + "".join(ways)


def _heads(routes: Routes, left: int) -> str:
    """Return the heads of all arrows."""
    down = [f"M{left - 4} {_y(end) - 14}h8l-4 6Z" for _, end in routes.straight]
    ends = sorted({end for bus in routes.buses for end in bus.ends})
    return joined([*map(Markup, down), *(Markup(f"M{left - 14} {_y(e) - 8}v8l6-4Z") for e in ends)])
