"""The clock of a Python: it stands at 2025-01-01T00:00:00Z.

What tells the date stands still: time-machine sees to that, or a preloaded library.  What tells
how long something takes (`time.monotonic`, `time.perf_counter`, the times of the process) begins at
`START` and goes on by a microsecond at each reading and by the length of each `time.sleep`, so that
a loop that waits for it ends.  The standard library itself is told the real one: its locks, queues
and event loops wait for others, who have no such clock.

A file that was changed later than that instant was changed at that instant, for `os.stat` and its
kin.
"""

# ruff: noqa: TID251, TID252

from __future__ import annotations

import os
import select
import sys
import time
from collections.abc import Callable
from typing import Any

from .constants import EPOCH
from .replacing import replace

START = 1000 * 10**9  # nanoseconds
_STEP = 1000
_LENGTHS = ("monotonic", "perf_counter", "process_time", "thread_time")
_REAL = [getattr(time, name, -1) for name in ("CLOCK_REALTIME", "CLOCK_TAI")] + [5]  # and coarse
_STANDARD = os.path.dirname(os.__file__) + os.sep
_INSTALLED = (os.sep + "site-packages" + os.sep, os.sep + "dist-packages" + os.sep)
_now = START


def install(clock: str) -> None:
    """Stop the clock; with ``time-machine`` that of this Python, which else stands still."""
    os.environ.pop("FAKETIME_SHARED", None)  # libfaketime puts the number of the process in it
    if clock == "time-machine":
        _travel()
    for name in _LENGTHS:
        replace(time, name, lambda real: _reading(real, 10**9))
        replace(time, f"{name}_ns", lambda real: _reading(real, 1))
    replace(time, "clock_gettime", lambda real: lambda number: _of(number) / 10**9)
    replace(time, "clock_gettime_ns", lambda real: _of)
    replace(time, "sleep", _sleeping)
    replace(time, "ctime", _instead(EPOCH))
    replace(time, "asctime", _instead(time.gmtime(EPOCH)))
    for name in ("stat", "lstat", "fstat"):
        replace(os, name, _clamping)


def _travel() -> None:
    present = "pytest" in sys.modules
    sys.modules.setdefault("pytest", None)  # type: ignore[arg-type]  # it would be imported
    try:
        from time_machine import travel  # type: ignore[import-not-found,unused-ignore]
    finally:
        if not present:
            del sys.modules["pytest"]
    travel(EPOCH, tick=False).start()


def _forward(nanoseconds: int) -> int:
    global _now
    _now += nanoseconds
    return _now


def _reading(real: Callable[[], Any], unit: int) -> Callable[[], Any]:
    def reading() -> Any:
        if _standard(sys._getframe(2).f_code.co_filename):  # before it stands `Plain`
            return real()
        found = _forward(_STEP)
        return found if unit == 1 else found / unit

    return reading


def _standard(filename: str) -> bool:
    if filename.startswith("<frozen "):
        return True
    return filename.startswith(_STANDARD) and not any(part in filename for part in _INSTALLED)


def _of(number: int) -> int:
    return EPOCH * 10**9 if number in _REAL else _forward(_STEP)


def _sleeping(real: Callable[[float], None]) -> Callable[[float], None]:
    def sleep(seconds: float) -> None:
        select.select([], [], [], seconds)  # the real one fails with libfaketime 0.9.10
        _forward(round(seconds * 10**9))

    return sleep


def _instead(now: Any) -> Callable[[Callable[..., str]], Callable[..., str]]:
    """Return what makes of a function one that takes ``now`` where it is given nothing."""
    return lambda real: lambda given=None: real(now if given is None else given)


def _clamping(real: Callable[..., os.stat_result]) -> Callable[..., os.stat_result]:
    def stat(*words: Any, **named: Any) -> os.stat_result:
        return _clamped(real(*words, **named))

    return stat


def _clamped(found: os.stat_result) -> os.stat_result:
    more: dict[str, Any] = found.__reduce__()[1][1]  # type: ignore[assignment]
    fields, more = list(found), dict(more)
    for index in (7, 8, 9):
        fields[index] = min(fields[index], EPOCH)
    for name, value in more.items():
        if name.endswith("time"):
            more[name] = min(value, float(EPOCH))
        elif name.endswith("time_ns"):
            more[name] = min(value, EPOCH * 10**9)
    return os.stat_result(fields, more)
