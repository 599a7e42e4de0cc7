"""A cage with folders on the host, programs for it, and what is left of them."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from sealwright.clock import Stopwatch
from sealwright.errors import Refused
from sealwright.sandbox.cage import Cage, Came, Limits, Place, offered
from tests.support.skips import skip

INTERPRETER = tuple({Path(sys.prefix), Path(sys.base_prefix), Path(sys.executable).resolve()})


def below(folder: str) -> list[str]:
    """Return which names in a folder lead to the interpreter, and so have to be seen."""
    places = [place.relative_to(folder) for place in INTERPRETER if place.is_relative_to(folder)]
    return sorted({place.parts[0] for place in places})


SMALL = Limits(seconds=20, memory=1 << 30, file=8 << 20, disk=32 << 20, output=1 << 16)


@dataclass
class Ground:
    """A folder that is given to programs, and where its copies come back to."""

    top: Path
    level: str
    runs: int = 0
    came: Came | None = None
    given: Path = field(init=False)

    def __post_init__(self) -> None:
        self.given = self.top / "given"
        self.given.mkdir(parents=True)
        (self.given / "here.txt").write_text("here\n")

    @property
    def cage(self) -> Cage:
        return Cage(self.level, (), INTERPRETER)

    @property
    def back(self) -> Path:
        return self.top / f"back{self.runs}"

    def run(self, *argv: str, limits: Limits = SMALL, others: Iterable[Place] = ()) -> Came:
        self.runs += 1
        work = self.top / f"work{self.runs}"
        self.back.mkdir()
        work.mkdir()
        place = Place(self.given, "/task/target", self.back)
        came = self.cage.run(argv, cwd=place, places=others, work=work, limits=limits)
        self.came = came
        return came

    def python(self, code: str, *words: str, limits: Limits = SMALL) -> Came:
        return self.run(sys.executable, "-I", "-S", "-c", code, *words, limits=limits)

    def says(self, code: str, *words: str, limits: Limits = SMALL) -> str:
        came = self.python(code, *words, limits=limits)
        return came.output.decode("utf-8", "replace").strip()


def ground(top: Path, level: str) -> Ground:
    """Return a ground of a level that holds here; without it the test is skipped."""
    try:
        offered(level)
    except Refused as refused:
        skip(str(refused))
    return Ground(top, level)


@pytest.fixture(params=["namespaces+landlock", "namespaces"])
def closed(request: pytest.FixtureRequest, tmp_path: Path) -> Ground:
    """A ground with a file system and processes of its own, with Landlock and without."""
    return ground(tmp_path, request.param)


@pytest.fixture(params=["namespaces+landlock", "namespaces", "landlock", "none"])
def every(request: pytest.FixtureRequest, tmp_path: Path) -> Ground:
    """A ground of each level."""
    return ground(tmp_path, request.param)


def alive(marker: str) -> list[str]:
    """Return the processes of the host that have a marker among their words."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and entry.name != str(os.getpid()):
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if marker.encode() in words:
                found.append(entry.name)
    return found


def gone(marker: str, seconds: float = 20) -> bool:
    """Return whether they all end in time."""
    watch = Stopwatch()
    while alive(marker):
        if watch.seconds() > seconds:
            return False
        time.sleep(0.02)
    return True
