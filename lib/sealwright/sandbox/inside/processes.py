"""The processes that a program has started: what they use, and their end.

In a namespace of processes they are all there are but process 1 (`alone`), and one signal
reaches them.  Elsewhere they are the descendants of the keeper, which adopts those whose
parent ends; they are looked for until none is left.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time

_PAGE = os.sysconf("SC_PAGE_SIZE")
_PATIENCE = 10.0  # seconds


def others(*, alone: bool) -> list[int]:
    """Return the numbers of the processes that count, from ``/proc``."""
    parents = {}
    with contextlib.suppress(OSError):
        for name in os.listdir("/proc"):
            if name.isdigit() and (fields := _fields(name)) and fields[0] not in "ZX":
                parents[int(name)] = int(fields[1])
    me = os.getpid()
    if alone:
        return [pid for pid in parents if pid != me]
    return [pid for pid in parents if pid != me and _descends(pid, me, parents)]


def _fields(name: str) -> list[str]:
    try:
        with open(f"/proc/{name}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].decode().split()
    except OSError:
        return []


def _descends(pid: int, ancestor: int, parents: dict[int, int]) -> bool:
    while pid in parents:
        pid = parents[pid]
        if pid == ancestor:
            return True
    return False


def memory(*, alone: bool) -> int:
    """Return how many bytes of memory they have in use that are not of a file on a disk.

    What several share counts once.  Where the kernel does not tell that, only what each has
    for itself counts.
    """
    return sum(_fair(pid) for pid in others(alone=alone))


def _fair(pid: int) -> int:
    with contextlib.suppress(OSError, ValueError):
        with open(f"/proc/{pid}/smaps_rollup", "rb") as file:
            lines = [line.split() for line in file]
        kept = [int(line[1]) for line in lines if line[0] in (b"Pss_Anon:", b"Pss_Shmem:")]
        if kept:
            return sum(kept) << 10
    with contextlib.suppress(OSError, ValueError):
        with open(f"/proc/{pid}/statm", "rb") as file:
            _, resident, shared, *_ = map(int, file.read().split())
        return (resident - shared) * _PAGE
    return 0


def end_all(*, alone: bool) -> int:
    """Kill them all and reap them; return how many there were."""
    found = len(others(alone=alone))
    latest = time.monotonic() + _PATIENCE
    while True:
        if alone:
            with contextlib.suppress(ProcessLookupError):
                os.kill(-1, signal.SIGKILL)
        left = others(alone=alone)
        for pid in left:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        if _nobody() or (not left and not alone) or time.monotonic() > latest:
            return found
        time.sleep(0.001)


def _nobody() -> bool:
    """Reap who is dead; return whether no child is left."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return True
    return False
