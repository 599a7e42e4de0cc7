"""Confinement: no network where the system allows that, not even loopback, and no orphan.

`confinement` is the argument vector that is put before a program's own.

    unshare --net -- setpriv --pdeathsig KILL -- git status          as root
    unshare --user --map-current-user --net -- setpriv … git status  as anybody else

All three are one process, since each executes the next in its own place.  ``setpriv`` makes
the kernel kill it when the thread that started it ends, so that a killed Sealwright leaves
no program at work; that thread waits in `run` for exactly as long.  It comes last since a
change of credentials clears that order (a set-user-id program clears it too), and it is not
inherited: grandchildren of a *killed* Sealwright live on.  Confinement keeps honest programs
honest.  It does not hold a hostile one, which may begin a session of its own, reach Unix
sockets by path, or, as root, join another network: that is what `sealwright.sandbox` is for.
"""

from __future__ import annotations

import functools
import os
import subprocess

from sealwright.process.groups import GRACE
from sealwright.process.variables import allow_listed, find


def confinement(*, network: bool = False) -> tuple[str, ...]:
    """Return what to put before an argument vector: no network unless asked for, no orphan."""
    return (() if network else _cut_off()) + _bound()


def isolated() -> bool:
    """Return whether programs run without ``network`` really have none."""
    return bool(_cut_off())


@functools.cache
def _cut_off() -> tuple[str, ...]:
    """Return the first way to an empty network that works here: as root, or as anybody."""
    for options in (("--net",), ("--user", "--map-current-user", "--net")):
        if prefix := _working("unshare", *options, unlike=_network()):
            return prefix
    return ()


@functools.cache
def _bound() -> tuple[str, ...]:
    return _working("setpriv", "--pdeathsig", "KILL")


def _network() -> str:
    """Return the name of the network namespace that we are in, or nothing if it has none."""
    try:
        return os.readlink("/proc/self/ns/net")
    except OSError:
        return ""


def _working(program: str, *options: str, unlike: str = "") -> tuple[str, ...]:
    """Return a prefix if a program runs behind it, and, where asked, in another network."""
    env = allow_listed()
    place, probe = find(program, env), find("readlink", env)
    if place is None or probe is None:
        return ()
    prefix = (str(place), *options, "--")
    question = [*prefix, str(probe), "/proc/self/ns/net"]
    try:
        done = subprocess.run(question, env=env, capture_output=True, timeout=GRACE, check=True)
    except (OSError, subprocess.SubprocessError):  # forbidden, unknown option, no /proc
        return ()
    return () if done.stdout.decode().strip() == unlike else prefix
