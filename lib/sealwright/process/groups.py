"""Process groups at work: what is started is known, and is ended as a whole.

A program is the leader of a session and a group of its own.  Its group is ended (TERM, a
grace, KILL) when its run is over for whatever reason, or by `stop_all`.  The leader is not
reaped before, so that the group's number is nobody else's.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from sealwright.clock import Stopwatch
from sealwright.errors import ProgramFailed

GRACE = 5.0  # seconds between TERM and KILL
SHORTEST, LONGEST = 0.0005, 0.02  # seconds between two looks at a silent program
_INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_LOOK = os.WEXITED | os.WNOWAIT  # look, but leave the zombie: it keeps the group's number ours

_live: set[int] = set()  # the process groups at work; their leaders are not reaped yet
_guard = threading.RLock()  # whoever signals a group holds it; a signal handler may re-enter
_closed = False  # true while the run is being stopped


class Stopping(ProgramFailed):
    """Something was not begun or not committed, since the run is being stopped."""


def stop_all(grace: float = GRACE) -> None:
    """End every group at work (TERM, at most ``grace`` seconds, KILL), and let none begin.

    May be called from a signal handler, whatever other threads do: a program that one of
    them is starting is ended too, and a later one is refused as `Stopping`, until `reopen`.
    Each group is reaped by the `run` that started it, which then tells of the signal.
    """
    global _closed
    _closed = True
    with _guard:  # whoever is starting a program now has it counted first
        doomed = frozenset(_live)
    for number in (signal.SIGTERM, signal.SIGKILL):
        for group in doomed:
            send(group, number)
        _wait(lambda: _any_at_work(doomed), grace)


def reopen() -> None:
    """Let programs begin again after `stop_all`: everything that was stopped has been undone."""
    global _closed
    _closed = False


def stopping() -> bool:
    """Return whether `stop_all` was called, and `reopen` not yet."""
    return _closed


def kernel_fields(pid: int) -> tuple[str, ...]:
    """Return ``/proc/PID/stat`` from its third field (the state) on; empty if there is none.

    The second field is the program's name in parentheses, and may itself hold both
    parentheses and spaces: the last ``)`` ends it.
    """
    try:
        text = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return ()
    return tuple(text.rpartition(")")[2].split())


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Put off what Python does on a signal until the block is done.

    An exception from a handler, or a `stop_all` in one, would miss a program that is begun
    but not yet known.  Handlers run in the main thread only; blocking the signals themselves
    will not do, since the program would inherit that.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    arrived: list[int] = []
    handlers = {number: signal.getsignal(number) for number in _INTERRUPTS}
    handlers = {number: handler for number, handler in handlers.items() if callable(handler)}
    try:
        for number in handlers:
            signal.signal(number, lambda number, frame: arrived.append(number))
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for late in arrived:
            signal.raise_signal(late)


def begin(
    start: Callable[[], subprocess.Popen[bytes]], *, ending: bool = False
) -> subprocess.Popen[bytes]:
    """Start a program and count its group among those at work, in one step.

    `Stopping` once `stop_all` was called, unless the program is one that is ``ending`` what
    would stay otherwise.
    """
    with _guard:
        if _closed and not ending:
            raise Stopping("the run is being stopped, so that no program begins")
        process = start()
        _live.add(process.pid)
    return process


def end(process: subprocess.Popen[bytes], grace: float) -> int | None:
    """End the group of ``process`` for good; return its code, or none where it was lost."""
    try:
        if not ended(process.pid):
            send(process.pid, signal.SIGTERM)
            _wait(lambda: not ended(process.pid), grace)
    finally:
        send(process.pid, signal.SIGKILL)
        code = _reap(process)
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()
        _wait(lambda: _populated(process.pid), grace)  # a kill may take a moment
    return code


def _reap(process: subprocess.Popen[bytes]) -> int | None:
    try:
        os.waitid(os.P_PID, process.pid, _LOOK)  # without the guard: a death may take a while
        lost = False
    except ChildProcessError:  # `Popen.wait` would take this for a success
        lost = True
    with _guard:
        _live.discard(process.pid)
        code = process.wait()
    return None if lost else code


def ended(pid: int) -> bool:
    """Return whether a child has ended; it stays to be reaped."""
    try:
        return os.waitid(os.P_PID, pid, _LOOK | os.WNOHANG) is not None
    except ChildProcessError:
        return True


def _populated(group: int) -> bool:
    """Return whether a process of ``group`` is alive; zombies that nobody reaps are not."""
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):  # nobody, or nobody whom we may end
        return False
    numbers = (int(name) for name in os.listdir("/proc") if name.isdigit())
    return any(
        fields[2] == str(group) and fields[0] not in "ZX"
        for fields in map(kernel_fields, numbers)
        if fields
    )


def send(group: int, number: int) -> None:
    """Send a signal to a group that is at work; to no other."""
    with _guard:  # a group in `_live` has an unreaped leader: its number cannot be another's
        if group in _live:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(group, number)


def _any_at_work(groups: Iterable[int]) -> bool:
    with _guard:
        return any(group in _live and not ended(group) for group in groups)


def _wait(pending: Callable[[], bool], grace: float) -> None:
    """Return when nothing is ``pending`` any more, or after ``grace`` seconds."""
    watch, pause = Stopwatch(), SHORTEST
    while pending() and watch.seconds() < grace:
        time.sleep(pause)
        pause = min(2 * pause, LONGEST)
