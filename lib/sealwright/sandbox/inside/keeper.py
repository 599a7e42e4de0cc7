"""Process 1: it starts the program, relays what it prints, and ends it with all that it started.

It tells what came of it, as a JSON object::

    {"code":0,"ended":"exited","lost":0,"reason":"","survivors":0}

``ended`` is ``exited``, ``killed`` (``code`` is the signal's number), ``timeout``, ``memory``,
``disk``, ``missing`` (it could not be executed, for a ``reason``) or ``unreadable`` (what it left
could not be brought back whole, for a ``reason``); ``lost`` counts the bytes that it printed
beyond the limit; ``survivors`` were at work when the program had ended.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from dataclasses import asdict, dataclass
from typing import Any

from sealwright.sandbox.inside import copying, kernel, processes, program
from sealwright.sandbox.inside.plan import Plan

_PAUSE, _PIECE = 0.1, 1 << 16  # seconds between two looks; bytes of one reading


@dataclass(slots=True)
class Outcome:
    """What came of the program."""

    code: int = 0
    ended: str = ""
    lost: int = 0
    reason: str = ""
    survivors: int = 0


def keep(plan: Plan, *, change: bool) -> dict[str, Any]:
    """Run the program to its end, and see everything that it started dead."""
    kernel.hide_memory()
    outcome = Outcome()
    reader, writer = os.pipe()
    try:
        main = program.start(plan, writer, change=change)
    except OSError as error:
        outcome.ended, outcome.reason = "missing", str(error)
        return asdict(outcome)
    finally:
        os.close(writer)
    try:
        _Watch(plan, reader, outcome).until(main)
    finally:
        outcome.survivors = processes.end_all(alone=plan.namespaces)
    return asdict(outcome)


@dataclass(slots=True)
class _Watch:
    plan: Plan
    reader: int
    outcome: Outcome
    kept: int = 0

    def until(self, main: int) -> None:
        """Return when the program has ended, or must not go on."""
        os.set_blocking(self.reader, False)
        death = os.pidfd_open(main)
        latest, look = time.monotonic() + self.plan.seconds, 0.0
        while not self._reaped(main):
            now = time.monotonic()
            if now >= latest:
                self.outcome.ended = "timeout"
                break
            if now >= look:
                look = now + _PAUSE + self._looked(now)
                if self.outcome.ended:
                    break
            select.select([self.reader, death], [], [], min(_PAUSE, latest - now))
            self._relay()
        else:
            self._drain()
        os.close(death)

    def _looked(self, began: float) -> float:
        """Look what is used up; return how long the next look should wait, as it took time."""
        if processes.memory(alone=self.plan.namespaces) > self.plan.memory:
            self.outcome.ended = "memory"
        if not self.plan.namespaces:
            backs = [place.back for place in self.plan.places if place.writable]
            if sum(map(copying.used, [*backs, self.plan.scratch])) > self.plan.disk:
                self.outcome.ended = "disk"
        return 10 * (time.monotonic() - began)

    def _reaped(self, main: int) -> bool:
        """Reap who has ended; return whether the program is among them."""
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return False
                if pid == main:
                    code = os.waitstatus_to_exitcode(status)
                    self.outcome.ended = "exited" if code >= 0 else "killed"
                    self.outcome.code = abs(code)
                    return True
        return False

    def _drain(self) -> None:
        """Take what is in the pipe; who still writes to it is dead in a moment."""
        for _ in range(16):
            if not self._relay():
                return

    def _relay(self) -> bool:
        try:
            piece = os.read(self.reader, _PIECE)
        except BlockingIOError:
            return False
        if not piece:
            time.sleep(_PAUSE / 20)  # the end of the pipe is always readable
            return False
        kept = piece[: max(0, self.plan.output - self.kept)]
        self.outcome.lost += len(piece) - len(kept)
        self.kept += len(kept)
        while kept:
            kept = kept[os.write(1, kept) :]
        return True


def undisturbed() -> None:
    """Let no signal but KILL end this process, as befits process 1 outside a namespace too."""
    for number in (signal.SIGHUP, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)
