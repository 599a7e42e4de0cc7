"""N steps, each of which copies one file to one other: from nothing, nothing stale, one edit.

A tool that would take too long at a size is not run there, and the result says what it
took at the size before.  What it would take is told by proportion, but for the
time that it may need to start.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import contest
from benchmarks.contest import Ground, Row
from benchmarks.measure import Figure
from benchmarks.peers import KNOWN, OURS, Peer

SIZES = (100, 1_000, 10_000)
# Seconds that a first run and a later one may be expected to take; and those that a start may take.
FIRST, EACH, START = 120.0, 10.0, 2.0

Make = Callable[[Peer, Path, int], Ground]


@dataclass(slots=True)
class Field:
    """What is measured at ascending sizes, and which tools were left behind and why."""

    make: Make
    runs: int
    left: dict[str, str] = field(default_factory=dict)

    def compare(self, size: int, folder: Path, bigger: int | None) -> list[Row]:
        """Return the rows of one size; ``bigger`` is the size that comes next."""
        first: dict[str, Figure] = {}
        grounds: list[Ground] = []
        for peer in KNOWN:
            if peer.command() is None:
                self.left.setdefault(peer.name, "not installed")
            if peer.name not in self.left:
                grounds.append(self.make(peer, folder / peer.name.replace(" ", "-"), size))
                first[peer.name] = Figure.of([grounds[-1].first()])
        figures = {"first run": first} | contest.run(grounds, self.runs)
        found = [row for what in figures for row in contest.rows(what, size, figures[what])]
        found += [
            contest.missing(what, size, name, why)
            for what in figures
            for name, why in self.left.items()
        ]
        self.leave(size, bigger or size, figures)
        shutil.rmtree(folder)
        return found

    def leave(self, size: int, bigger: int, figures: Mapping[str, Mapping[str, Figure]]) -> None:
        """Leave behind, from the next size on, whoever would take too long; never ourselves."""
        for what, found in figures.items():
            most = FIRST if what == "first run" else EACH
            for name, figure in found.items():
                growing = max(0.0, figure.seconds - START) * bigger / size
                if name != OURS.name and START + growing > most:
                    told = f"more than {most:.0f} s expected"
                    self.left[name] = f"{told}; {what} took {figure.seconds:.1f} s at {size:,}"


def compare(sizes: Sequence[int], folder: Path, runs: int, make: Make) -> list[Row]:
    """Return the rows of all sizes."""
    ascending = sorted(sizes)
    contestants = Field(make, runs)
    found = []
    for size, bigger in zip(ascending, [*ascending[1:], None], strict=True):
        found += contestants.compare(size, folder / str(size), bigger)
    return found


def ground(peer: Peer, folder: Path, steps: int) -> Ground:
    """Write the graph for one tool."""
    contest.write(folder, ((f"in/{n}", f"file {n}\n") for n in range(steps)))
    contest.write(folder, peer.graph(steps).items())
    (folder / "out").mkdir()
    return Ground(peer, folder, [(f"in/{n}", f"out/{n}") for n in range(steps)])


def run(sizes: Sequence[int], folder: Path, runs: int) -> list[Row]:
    """Return what `compare` finds for graphs of one-file steps."""
    return compare(sizes or SIZES, folder, runs, ground)
