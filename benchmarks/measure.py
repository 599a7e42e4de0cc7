"""Wall time and peak memory of programs, in turn: A B C, A B C, …, and the medians of that.

A program gets no input, a file for what it prints, and an environment that holds nothing of
the caller's but ``PATH``: no flags of the make that runs the bench, no configuration of a
person's.  Peak memory is that of the program or of its largest child (see `launch`).
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

K = TypeVar("K", bound=Hashable)
RUNS = 5
LAUNCH = Path(__file__).with_name("launch.py")


class Wrong(Exception):
    """A tool did not do what is measured; then there is no figure."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What one run of a program took, and what it printed."""

    seconds: float
    peak_kib: int
    printed: str


@dataclass(frozen=True, slots=True)
class Figure:
    """The median of several samples, and how far they lie apart."""

    seconds: float
    least: float
    most: float
    peak_mib: float

    @classmethod
    def of(cls, samples: Sequence[Sample]) -> Figure:
        taken = sorted(sample.seconds for sample in samples)
        peak = statistics.median(sample.peak_kib for sample in samples) / 1024
        return cls(statistics.median(taken), taken[0], taken[-1], peak)


def once(argv: Sequence[str], folder: Path) -> Sample:
    """Run a program in ``folder``, where it leaves nothing that is ours."""
    with tempfile.TemporaryDirectory() as home:
        log = Path(home, "log")
        done = subprocess.run(
            [sys.executable, "-I", "-S", str(LAUNCH), str(log), *argv],
            cwd=folder,
            env=environment(home),
            stdout=subprocess.PIPE,
            text=True,
        )
        printed = log.read_text(errors="replace")
    if done.returncode:
        raise Wrong(f"{' '.join(argv)}: exit {done.returncode}\n{printed[-2000:]}")
    seconds, peak = done.stdout.split()
    return Sample(float(seconds), int(peak), printed)


def environment(home: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": home, "LC_ALL": "C.UTF-8"}


def interleaved(takes: Mapping[K, Callable[[int], Sample]], runs: int = RUNS) -> dict[K, Figure]:
    """Take each by turns, ``runs`` times after a first turn that is not counted.

    Each turn begins with another, so that none always comes after the same one.  A take is
    given the number of its turn.  One run alone has no first turn before it.
    """
    samples: dict[K, list[Sample]] = {name: [] for name in takes}
    os.sync()  # what was prepared is written now, and not while something is measured
    order = list(takes)
    for turn in range(runs + (runs > 1)):
        for name in order:
            samples[name].append(takes[name](turn))
        order = [*order[1:], *order[:1]]
    return {name: Figure.of(taken[-runs:]) for name, taken in samples.items()}
