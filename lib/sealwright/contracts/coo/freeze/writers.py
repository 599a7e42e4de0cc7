"""Who could still write below some folders: processes that hold a file of theirs open.

A process counts as a writer of a file when

``open``    it has a descriptor that was opened for writing (the flags in ``/proc/PID/fdinfo``),
            whether or not the file still has a name;
``mapped``  it has the file mapped, shared and writable (``/proc/PID/maps``);
``works``   its working folder lies there: no writer, and not refused, since shells stand there.

Our own process is none, and neither are those that started it.  Processes that cannot be looked
at, since they are another user's, are counted: whoever freezes as root sees all.  A process in
another process namespace that this ``/proc`` does not show is not seen.

By hand: ``lsof +D FOLDER``, or ``fuser -v FOLDER/FILE``.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import psutil

from sealwright.clock import Stopwatch
from sealwright.process import GRACE

_MAPPED = re.compile(r"[0-9a-f]+-[0-9a-f]+ .w.s [0-9a-f]+ [0-9a-f:]+ \d+ +(/.*)")
_DELETED = " (deleted)"
_GLANCE = 0.02  # seconds


class Writer(NamedTuple):
    """One process and one file that it could write: which way, and when it was started."""

    pid: int
    program: str
    path: str
    way: str
    started: float


class Census(NamedTuple):
    """What was seen, and how many processes could not be looked at."""

    writers: tuple[Writer, ...]
    working: tuple[Writer, ...]
    unseen: int


def census(folders: Sequence[Path]) -> Census:
    """Return who could write below ``folders``, which are real paths without links."""
    tops = tuple(f"{folder}/" for folder in folders)
    ours = {os.getpid(), *(process.pid for process in psutil.Process().parents())}
    found: list[Writer] = []
    unseen = 0
    for process in psutil.process_iter():
        if process.pid in ours:
            continue
        try:
            found += _of(process, tops)
        except (psutil.NoSuchProcess, FileNotFoundError, ProcessLookupError):  # it ended
            continue
        except (psutil.AccessDenied, PermissionError):
            unseen += 1
    found.sort()
    return Census(
        tuple(each for each in found if each.way != "works"),
        tuple(each for each in found if each.way == "works"),
        unseen,
    )


def stop(found: Collection[Writer], grace: float = GRACE) -> None:
    """End processes: TERM, a grace, KILL; one that is another by now is left alone."""
    told = []
    for pid, started in sorted({(each.pid, each.started) for each in found}):
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(pid)
            if process.create_time() == started:
                process.terminate()
                told.append(process)
    for process in (left := _left(told, grace)):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    _left(left, grace)


def _left(told: list[psutil.Process], grace: float) -> list[psutil.Process]:
    """Return which processes are at work still when none is, or when a grace is over."""
    watch, left = Stopwatch(), told
    while left and watch.seconds() <= grace:
        left = list(filter(_works, psutil.wait_procs(left, _GLANCE)[1]))
    psutil.wait_procs(told, 0)  # a child of ours is asked how it ended
    return left


def _works(process: psutil.Process) -> bool:
    """Return whether a process could write: one that has ended and waits for its parent cannot."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _of(process: psutil.Process, tops: tuple[str, ...]) -> Iterator[Writer]:
    with process.oneshot():
        name, started = process.name(), process.create_time()
    for path, way in sorted(set(_held(f"/proc/{process.pid}"))):
        if f"{path}/".startswith(tops):
            yield Writer(process.pid, name, path.removesuffix(_DELETED), way, started)


def _held(place: str) -> Iterator[tuple[str, str]]:
    yield os.readlink(f"{place}/cwd"), "works"
    for number in os.listdir(f"{place}/fd"):
        try:
            path = os.readlink(f"{place}/fd/{number}")
            flags = _flags(f"{place}/fdinfo/{number}")
        except FileNotFoundError:  # closed meanwhile
            continue
        if path.startswith("/") and flags & os.O_ACCMODE != os.O_RDONLY:
            yield path, "open"
    with open(f"{place}/maps", errors="surrogateescape") as lines:
        yield from ((match[1], "mapped") for match in map(_MAPPED.match, lines) if match)


def _flags(place: str) -> int:
    with open(place) as lines:
        return next(int(line.split()[1], 8) for line in lines if line.startswith("flags:"))
