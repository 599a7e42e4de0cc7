"""Many states tried one after another, on several processors, and counted by mode.

`Tally.said` is one line a kind of fault, and one a complaint::

    generic: 2195 states: 439 before, 439 after, 439 ENOSPC, 439 EIO, 439 EINTR
"""

from __future__ import annotations

import itertools
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from tests.support.aftermath import INVARIANTS, Aftermath, Invariant, complaints
from tests.support.injection import MODES, Call, Recording, disturb

WHOLE = "SEALWRIGHT_WHOLE_SWEEPS"  # set where a test has to leave no call out
Point = TypeVar("Point")
Tried = tuple[str, list[str]]  # the mode, or "missed" or "strayed", and what does not hold


@dataclass(slots=True)
class Tally:
    """How many states of each mode were tried, and every complaint."""

    name: str
    modes: Counter[str] = field(default_factory=Counter)
    complaints: list[str] = field(default_factory=list)

    def add(self, tried: Iterable[Tried]) -> Tally:
        """Count what was tried."""
        for mode, said in tried:
            self.modes[mode] += 1
            self.complaints += said
        return self

    @property
    def states(self) -> int:
        """The number of states in which the fault was met."""
        return self.modes.total() - self.modes["missed"]

    def __str__(self) -> str:
        counts = ", ".join(f"{number} {mode}" for mode, number in self.modes.items())
        return "\n".join([f"{self.name}: {self.states} states: {counts}", *self.complaints])


@dataclass(frozen=True, slots=True)
class Injection:
    """What `disturb` needs for any point of one recording; it is handed to other processes."""

    recording: Recording
    work: Path
    invariants: tuple[Invariant, ...] = INVARIANTS

    def points(self) -> list[tuple[Call, str]]:
        """Return every call with every mode."""
        return list(itertools.product(self.recording.calls, MODES))

    def __call__(self, point: tuple[Call, str]) -> Tried:
        """Try one state, in a folder of this process's own, and remove it."""
        call, mode = point
        place = self.work / f"state-{os.getpid()}"
        seen = disturb(self.recording, call, mode, place)
        said = self.judge(seen) if seen else []
        shutil.rmtree(place, ignore_errors=True)
        return mode if seen else "missed", said

    def judge(self, seen: Aftermath) -> list[str]:
        """Return what does not hold."""
        return complaints(seen, self.invariants)


def spread(points: Sequence[Point], number: int) -> list[Point]:
    """Return about ``number`` of the points, evenly apart, the same ones each time.

    The distance is no multiple of the number of modes, so that modes take turns.
    """
    step = max(1, len(points) // number)
    return list(points[:: step + (step % len(MODES) == 0)])


def stride(number: int) -> int:
    """Return how far apart the calls are that a test disturbs: 1 where none is left out."""
    return 1 if os.environ.get(WHOLE) else number


def swept(
    points: Sequence[Point], attempt: Callable[[Point], Tried], jobs: int = 1
) -> Iterator[Tried]:
    """Try every point, on ``jobs`` processors."""
    if jobs == 1:
        yield from map(attempt, points)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(attempt, points, chunksize=4)
