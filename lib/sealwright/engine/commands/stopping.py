"""Signals that ask a run to stop, as an exception in the thread that runs it."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType

from sealwright import process

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """A signal asked the run to stop; ``code`` is 128 and its number."""

    def __init__(self, number: int) -> None:
        super().__init__(f"stopped by {signal.Signals(number).name}")
        self.code = 128 + number


@contextlib.contextmanager
def stoppable() -> Iterator[None]:
    """Turn such a signal into `Stopped`; before it is raised all children are ended, and from
    then on no thread begins or commits anything (see `process.stopping`)."""

    def stop(number: int, _: FrameType | None) -> None:
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        process.stop_all()
        raise Stopped(number)

    before = {number: signal.signal(number, stop) for number in _SIGNALS}
    try:
        yield
    finally:
        process.reopen()
        for number, handler in before.items():
            signal.signal(number, handler)
