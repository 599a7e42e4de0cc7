"""The steps in parts that a person can look at: by contract and group, and none too long.

A repository of sixty steps is one picture and a table a group.  With thousands, each part stands
closed until somebody opens it, and the picture shows a row for each part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

MOST = 80  # steps of a part
WHOLE = 150  # steps that are drawn as one picture

Step = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Part:
    """Steps of one group, with the number that each has in the whole report."""

    contract: str
    title: str
    steps: Sequence[tuple[int, Step]]

    several: bool = False  # there are steps of other contracts, too

    @property
    def name(self) -> str:
        """Return what the part is called on the page."""
        named = self.several and self.title != self.contract
        return f"{self.contract}: {self.title}" if named else self.title

    @property
    def told(self) -> list[Step]:
        """Return the steps without their numbers."""
        return [step for _, step in self.steps]


def parts(steps: Sequence[Step]) -> list[Part]:
    """Return all steps in parts, in running order of their first steps."""
    groups = _grouped(steps, coarse=False)
    if len(groups) > WHOLE:
        groups = _grouped(steps, coarse=True)
    several = len({contract for contract, _ in groups}) > 1
    found = []
    for (contract, group), members in groups.items():
        found += [replace(part, several=several) for part in _cut(contract, group, members)]
    return found


def _grouped(
    steps: Sequence[Step], *, coarse: bool
) -> dict[tuple[str, str], list[tuple[int, Step]]]:
    found: dict[tuple[str, str], list[tuple[int, Step]]] = {}
    for number, step in enumerate(steps):
        group = step["group"] if ":" in step["name"] and not coarse else ""
        found.setdefault((step["contract"], group), []).append((number, step))
    return found


def _cut(contract: str, group: str, members: list[tuple[int, Step]]) -> list[Part]:
    title = group or "steps"
    if len(members) <= MOST:
        return [Part(contract, title, members)]
    pieces = [members[start : start + MOST] for start in range(0, len(members), MOST)]
    return [
        Part(contract, f"{title}, {n * MOST + 1} to {n * MOST + len(piece)}", piece)
        for n, piece in enumerate(pieces)
    ]


def within(members: Sequence[tuple[int, Step]]) -> tuple[set[tuple[int, int]], list[int]]:
    """Return the arrows between the rows of a part, and how many come from elsewhere to each."""
    rows = {step["name"]: row for row, (_, step) in enumerate(members)}
    arrows = set()
    outside = []
    for row, (_, step) in enumerate(members):
        inner = [rows[name] for name in step["before"] if name in rows]
        arrows |= {(start, row) for start in inner}
        outside.append(step["befores"] - len(inner))
    return arrows, outside


def between(found: Sequence[Part]) -> set[tuple[int, int]]:
    """Return the arrows between parts."""
    home = {step["name"]: row for row, part in enumerate(found) for step in part.told}
    return {
        (home[name], row)
        for row, part in enumerate(found)
        for step in part.told
        for name in step["before"]
        if name in home and home[name] != row
    }
