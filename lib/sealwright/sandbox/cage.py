"""A cage: a level of isolation that holds here, and the running of a program in it.

`offered` tries the levels of `sealwright.sandbox`, the strongest first, by running ``true`` in
each, and returns the first that holds; one that is weaker than demanded is refused, with the
reason why each stronger one is not to be had.

    cage = offered("namespaces")
    cloned = Place(source=clone, inside="/task/target", back=after)
    came = cage.run(["make", "test"], cwd=cloned, places=[cloned], limits=Limits(), work=work)
    came.ended, came.code, came.output      # "exited", 0, b"…"

A program has the variables that it is given, ``HOME`` and ``TMPDIR``, no standard input, and
one stream for all that it prints.

>>> stronger("namespaces", than="landlock")
True
"""

from __future__ import annotations

import functools
import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import sealwright
from sealwright import process
from sealwright.errors import Misconfigured, ProgramFailed, Refused
from sealwright.sandbox.inside.plan import INSIDE, LANDLOCKED

LEVELS = ("namespaces+landlock", "namespaces", "landlock", "none")  # the strongest first
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store")
_SPACES = "user mount pid network ipc uts cgroup"
_MARGIN = 120.0  # seconds that laying out and bringing back may take beyond the program's own
_START = "import sys; sys.path.insert(0, sys.argv[1]); from {0} import gate; gate.main()"
_GATE = _START.format("sealwright.sandbox.inside")


@dataclass(frozen=True, slots=True)
class Limits:
    """What a program may use: seconds, processes, and bytes of memory, file, disk and output.

    ``memory`` is that of each process, and, looked at ten times a second, of all together as far
    as it is mapped; ``disk`` is that of everything that the program can write to.
    """

    seconds: float = 600
    processes: int = 256
    memory: int = 2 << 30
    file: int = 256 << 20
    disk: int = 1 << 30
    output: int = 1 << 20


@dataclass(frozen=True, slots=True)
class Place:
    """A folder or file for a program, seen at ``inside``.

    Without ``back`` it is read-only; with it the program writes to a copy of the folder, which
    is in the empty folder ``back`` in the end.
    """

    source: Path
    inside: str
    back: Path | None = None


@dataclass(frozen=True, slots=True)
class Came:
    """What came of a program: how it ended (see `sealwright.sandbox.inside.keeper`)."""

    level: str
    mechanisms: tuple[str, ...]
    ended: str
    code: int
    output: bytes
    lost: int
    survivors: int
    reason: str

    @property
    def well(self) -> bool:
        """Whether it ended by itself, with 0."""
        return (self.ended, self.code) == ("exited", 0)


@dataclass(frozen=True, slots=True)
class Cage:
    """A level that holds here, the mechanisms it is made of, and what programs see in it.

    ``visible`` are folders and files of the host that are seen, read-only, where they are.
    """

    level: str
    mechanisms: tuple[str, ...]
    visible: tuple[Path, ...] = ()

    def seen(self, place: Place) -> str:
        """Return where a program finds a place."""
        if self.level in INSIDE:
            return place.inside
        return str((place.back or place.source).resolve())

    def run(
        self,
        argv: Sequence[str],
        *,
        cwd: Place,
        work: Path,
        places: Iterable[Place] = (),
        env: Mapping[str, str] | None = None,
        limits: Limits | None = None,
    ) -> Came:
        """Run a program to its end, and everything that it started.

        ``work`` is an empty folder on the host, which a weak level uses for temporary files.
        """
        limits = limits or Limits()
        plan = {
            **asdict(limits),
            "level": self.level,
            "argv": list(argv),
            "env": {"PATH": os.defpath, **(env or {})},
            "cwd": self.seen(cwd),
            "system": [path for path in SYSTEM if os.path.lexists(path)],
            "visible": [[str(path), str(path.resolve())] for path in sorted(self.visible)],
            "places": [_told(place) for place in dict.fromkeys([cwd, *places])],
            "scratch": str(work.resolve()),
        }
        outcome, output = _run(plan, limits)
        if "failed" in outcome:
            raise ProgramFailed(f"sandbox: expected {self.level}, found {outcome['failed']}")
        return Came(self.level, self.mechanisms, output=output, **outcome)


def _told(place: Place) -> dict[str, str]:
    back = str(place.back.resolve()) if place.back else ""
    return {"source": str(place.source.resolve()), "inside": place.inside, "back": back}


def _run(plan: Mapping[str, Any], limits: Limits) -> tuple[dict[str, Any], bytes]:
    top = Path(sealwright.__file__).resolve().parent.parent
    done = process.run(
        [sys.executable, "-I", "-S", "-B", "-c", _GATE, str(top)],
        cwd=Path("/"),
        env={"PATH": os.defpath, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"},
        stdin=json.dumps(plan).encode(),
        timeout=limits.seconds + _MARGIN,
        check=False,
        limit=limits.output + (1 << 20),
    )
    try:
        return dict(json.loads(done.err)), done.out
    except ValueError:
        said = done.err.decode("utf-8", "replace")[-500:] or "no word"
        return {"failed": f"exit code {done.code} and {said}"}, done.out


def stronger(level: str, *, than: str) -> bool:
    """Return whether a level is at least as strong as another."""
    return LEVELS.index(level) <= LEVELS.index(than)


def offered(demanded: str = LEVELS[0], *, visible: Iterable[Path] = ()) -> Cage:
    """Return the strongest cage that can be had here; `Refused` if it is weaker than demanded."""
    if demanded not in LEVELS:
        raise Misconfigured(f"expected one of {', '.join(LEVELS)}, found {demanded!r}")
    reasons = []
    for level in LEVELS:
        if not stronger(level, than=demanded):
            break
        if not (reason := _problem(level)):
            return Cage(level, _mechanisms(level), tuple(visible))
        reasons.append(f"{level}: {reason}")
    raise Refused(
        f"isolation: expected {demanded} or stronger, found none that holds here "
        f"({'; '.join(reasons)}); allow them, or name a weaker level in the configuration"
    )


@functools.cache
def _problem(level: str) -> str:
    """Return why a level does not hold here, or nothing."""
    cage = Cage(level, ())
    try:
        came = cage.run(["true"], cwd=Place(Path("/usr"), "/usr"), work=Path("/nonexistent"))
    except ProgramFailed as error:
        return str(error)
    return "" if came.well else f"true {came.ended}: {came.reason or came.code}"


@functools.cache
def _mechanisms(level: str) -> tuple[str, ...]:
    from sealwright.sandbox.inside import landlock

    named = ["limits", "no new privileges"]
    if level in INSIDE:
        named += [f"{space} namespace" for space in _SPACES.split()] + ["tmpfs"]
    elif process.isolated():
        named.append("network namespace")
    if level in LANDLOCKED:
        named.append(f"landlock {landlock.version()}")
    return tuple(sorted(named))
