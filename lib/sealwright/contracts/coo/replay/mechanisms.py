"""What this machine has that a replay can use.

=============  =======================  ====================================================
mechanism      from                     looked for by
=============  =======================  ====================================================
libfaketime    Debian: ``libfaketime``  a program that sees 2025-01-01 behind it
time-machine   pip: ``time-machine``    its place in the environment of this Python
namespaces     ``util-linux``,          a program that starts in new ones (user, mount, UTS, IPC
               ``mount``,               and PID), with a folder mounted, a host name set and
               ``hostname``             the number of a user who is nobody here, and all that
                                        once more inside of others, as a replay is varied
setarch, -R    ``util-linux``           a program that starts behind it
taskset        ``util-linux``           likewise
=============  =======================  ====================================================

What is there and does not work is as good as missing, and what it said is told.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from glob import glob
from importlib.util import find_spec
from pathlib import Path

from sealwright import process
from sealwright.contracts.coo.replay import enclosure, leftovers
from sealwright.contracts.coo.replay.inside.constants import EPOCH
from sealwright.contracts.coo.replay.variables import faked
from sealwright.contracts.coo.replay.variation import Variation
from sealwright.errors import ProgramFailed
from sealwright.verdict import legible

INSTALL_FAKETIME = "apt-get install libfaketime"
INSTALL_TIME_MACHINE = "pip install time-machine"
INSTALL_NAMESPACES = "apt-get install util-linux mount hostname, allow user namespaces"
_LIBRARIES = (  # the one for programs with threads first
    "/usr/lib/*/faketime/libfaketimeMT.so.1",
    "/usr/lib*/faketime/libfaketimeMT.so.1",
    "/usr/local/lib/faketime/libfaketimeMT.so.1",
)
_TIMEOUT = 20


@dataclass(frozen=True, slots=True)
class Mechanisms:
    """What was found; ``no_namespaces`` is the reason why there are none, or empty."""

    faketime: Path | None
    time_machine: tuple[Path, ...]
    no_namespaces: str
    straight: bool
    pinned: bool
    network: bool


def found(work: Path) -> Mechanisms:
    """Return what works here; ``work`` is a folder to try it in."""
    return Mechanisms(
        faketime=_faketime(),
        time_machine=_time_machine(),
        no_namespaces=_no_namespaces(work),
        straight=_works(["setarch", "-R", "true"]),
        pinned=_works(["taskset", "-c", str(processors()[0]), "true"]),
        network=not process.isolated(),
    )


def processors() -> list[int]:
    """Return the numbers of the processors that we may use, in their order."""
    return sorted(os.sched_getaffinity(0))


def _faketime() -> Path | None:
    places = [Path(name) for pattern in _LIBRARIES for name in sorted(glob(pattern))]
    with leftovers.removed():
        works = (place for place in places if _said(["date", "+%s"], faked(place)) == str(EPOCH))
        return next(works, None)


def _time_machine() -> tuple[Path, ...]:
    """Return the files and folders that the library is made of."""
    specs = [find_spec(name) for name in ("time_machine", "_time_machine")]
    origins = [Path(spec.origin) for spec in specs if spec is not None and spec.origin]
    if len(origins) != len(specs):
        return ()
    return tuple(place.parent if place.name == "__init__.py" else place for place in origins)


def _no_namespaces(work: Path) -> str:
    """Return why a program does not start in namespaces of its own, or nothing if it does."""
    env = process.allow_listed()
    try:
        room, shared = enclosure.probe(work), str(leftovers.SHARED)
        argv = [
            *Variation(1).around(env, spaces=True),
            *enclosure.spaces(room, env, ["true"], shared=shared),
        ]
        done = process.run(argv, cwd=work, env=env, timeout=_TIMEOUT, check=False)
    except ProgramFailed as problem:
        return str(problem)
    finally:
        enclosure.unprobe(work)
    if done.code == 0:
        return ""
    lines = done.err.decode("utf-8", "replace").strip().splitlines()
    return legible(lines[-1][:200]) if lines else f"the exit code {done.code}"


def _works(argv: Iterable[str]) -> bool:
    return _said(argv) is not None


def _said(argv: Iterable[str], more: dict[str, str] | None = None) -> str | None:
    """Return what a program said, or none where it is missing or failed."""
    env = process.allow_listed(extra=more)
    try:
        done = process.run([*argv], cwd=Path("/"), env=env, timeout=_TIMEOUT)
    except ProgramFailed:
        return None
    return done.out.decode("utf-8", "replace").strip()
