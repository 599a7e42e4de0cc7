"""Programs: the one place that starts them, and the one place that reads the environment.

A program is run in a session of its own, without a terminal, with the environment that its
caller constructs (`allow_listed`), with an empty or a given standard input, and with a time
limit.  Its output is captured up to a limit, or goes to a log file.  Its session's process
group is one thing: it is ended as a whole (TERM, a grace, KILL) when the time is up, when an
exception passes through, or when `stop_all` is called, and what the program left behind in
it is killed when the program ends, before `run` returns.

It has no network where the system allows that (see `cell`).  Who uses this package takes
everything from here.

>>> run(["git", "--version"], cwd=Path("/"), env=allow_listed()).out.split()[0]
b'git'
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import BinaryIO

from sealwright.clock import Stopwatch
from sealwright.errors import ProgramFailed
from sealwright.process import groups
from sealwright.process.cell import confinement, isolated
from sealwright.process.groups import GRACE, Stopping, kernel_fields, reopen, stop_all, stopping
from sealwright.process.talk import Talk
from sealwright.process.variables import allow_listed, environment, find

__all__ = [
    "GRACE",
    "Finished",
    "Stopping",
    "allow_listed",
    "confinement",
    "environment",
    "find",
    "isolated",
    "kernel_fields",
    "reopen",
    "run",
    "stop_all",
    "stopping",
]


@dataclass(frozen=True, slots=True)
class Finished:
    """A program that ended by itself; a negative ``code`` is the signal that ended it."""

    argv: tuple[str, ...]
    code: int
    out: bytes
    err: bytes
    seconds: float


def run(
    argv: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    stdin: bytes = b"",
    timeout: float = 60,
    log: BinaryIO | int | None = None,
    network: bool = False,
    check: bool = True,
    limit: int = 64 << 20,
    grace: float = GRACE,
    ending: bool = False,
    unwanted: Event | None = None,
) -> Finished:
    """Run ``argv`` to its end and return what came of it.

    Standard output and error are captured, at most ``limit`` bytes together, or both go to
    ``log``.  `ProgramFailed` if it cannot be started, wrote more, took longer than
    ``timeout`` seconds, became ``unwanted``, or, with ``check``, did not end with 0.
    `Stopping` while the run is being stopped, unless the program is one that is ``ending``
    what would stay otherwise.
    """
    watch = Stopwatch()
    command = [*confinement(network=network), _located(argv[0], cwd, env), *argv[1:]]
    talk = Talk(argv[0], memoryview(stdin), limit)
    process: subprocess.Popen[bytes] | None = None
    try:
        with groups.undisturbed():
            process = _start(argv[0], command, cwd, env, stdin=bool(stdin), log=log, ending=ending)
        talk.until(process, watch, timeout, unwanted)
    finally:
        code = groups.end(process, grace) if process else None
    if code is None:
        reason = "something in this process ignores SIGCHLD or waits for children of others"
        raise ProgramFailed(f"{argv[0]}: expected an exit code, found none; {reason}")
    if check and code:
        raise ProgramFailed(f"{argv[0]}: expected exit code 0, found {_told(code)}{talk.words()}")
    return Finished(tuple(argv), code, bytes(talk.out), bytes(talk.err), watch.seconds())


def _located(program: str, cwd: Path, env: Mapping[str, str]) -> str:
    """Return the absolute path of ``program``, which is relative to ``cwd`` if it has a slash."""
    if os.sep not in program:
        if found := find(program, env):
            return str(found)
        raise ProgramFailed(f"{program}: not found on PATH; install it")
    place = os.path.join(os.path.abspath(cwd), program)
    if not (os.path.isfile(place) and os.access(place, os.X_OK)):
        raise ProgramFailed(f"{program}: expected a program in {cwd}, found none")
    return place


def _start(
    name: str,
    command: list[str],
    cwd: Path,
    env: Mapping[str, str],
    *,
    stdin: bool,
    log: BinaryIO | int | None,
    ending: bool,
) -> subprocess.Popen[bytes]:
    """Start a program and count its group among those at work, in one step."""
    if log is not None and not isinstance(log, int):
        log.flush()  # what the caller wrote comes first in the log

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command,
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
            stdout=subprocess.PIPE if log is None else log,
            stderr=subprocess.PIPE if log is None else subprocess.STDOUT,
            bufsize=0,
            start_new_session=True,
        )

    try:
        return groups.begin(start, ending=ending)
    except (OSError, ValueError) as error:  # no such folder, too long an argument, a NUL
        raise ProgramFailed(f"{name}: could not be started in {cwd}: {error}") from None


def _told(code: int) -> str:
    if code >= 0:
        return str(code)
    try:
        return signal.Signals(-code).name
    except ValueError:  # real-time signals have no names
        return f"signal {-code}"
