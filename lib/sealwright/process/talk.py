"""What goes to a program and comes from it, until it ends or its time is up.

Neither side is waited for: a program may write to both streams while it is written to, may
read nothing, and may leave somebody behind who keeps a pipe open.  What it says is kept up
to a limit, after which it has failed.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import Event
from typing import IO, cast

from sealwright.clock import Stopwatch
from sealwright.errors import ProgramFailed
from sealwright.process import groups
from sealwright.verdict import legible

PIECE = 1 << 16  # the size of a pipe's buffer on Linux
_WATCHED = 0.1  # seconds between two looks at a program whose end wakes us


@dataclass(slots=True)
class Talk:
    """What goes to a program and comes from it, without waiting for either side."""

    name: str
    rest: memoryview
    limit: int
    out: bytearray = field(default_factory=bytearray)
    err: bytearray = field(default_factory=bytearray)

    def until(
        self,
        process: subprocess.Popen[bytes],
        watch: Stopwatch,
        timeout: float,
        unwanted: Event | None = None,
    ) -> None:
        """Pump until the program has ended; then kill what it left, and take what it said."""
        with selectors.DefaultSelector() as selector, _death_of(process.pid) as death:
            self._register(process, selector)
            if death is not None:
                selector.register(death, selectors.EVENT_READ)
            longest = groups.LONGEST if death is None or unwanted else _WATCHED
            pause = groups.SHORTEST
            while not groups.ended(process.pid):
                if watch.seconds() >= timeout:
                    found = f"found it still at work{self.words()}"
                    raise ProgramFailed(f"{self.name}: expected an end in {timeout:g} s, {found}")
                if unwanted is not None and unwanted.is_set():
                    raise ProgramFailed(
                        f"{self.name}: is ended, since nobody waits for it any more"
                    )
                moved = self._pump(selector, pause)
                pause = groups.SHORTEST if moved else min(2 * pause, longest)
            groups.send(process.pid, signal.SIGKILL)
            while self._pump(selector, 0):
                pass

    def words(self) -> str:
        """Return the last lines of standard error, fit for the end of a sentence."""
        tail = bytes(self.err[-2000:]).decode("utf-8", "replace").strip().splitlines()[-4:]
        said = " / ".join(line.strip() for line in tail)[-500:]
        return f"; its last words: {legible(said)}" if said else ""

    def _register(self, process: subprocess.Popen[bytes], selector: selectors.BaseSelector) -> None:
        for stream, sink in (
            (process.stdin, None),
            (process.stdout, self.out),
            (process.stderr, self.err),
        ):
            if stream is not None:
                os.set_blocking(stream.fileno(), False)
                event = selectors.EVENT_WRITE if sink is None else selectors.EVENT_READ
                selector.register(stream, event, sink)

    def _pump(self, selector: selectors.BaseSelector, pause: float) -> bool:
        """Move what can be moved within ``pause`` seconds; return whether something was."""
        events = selector.select(pause)
        for key, _ in events:
            if isinstance(key.fileobj, int):  # the program has ended
                selector.unregister(key.fileobj)
                continue
            stream = cast(IO[bytes], key.fileobj)
            more = self._write(stream) if key.data is None else self._read(stream, key.data)
            if not more:
                selector.unregister(stream)
                stream.close()
        return bool(events)

    def _read(self, stream: IO[bytes], sink: bytearray) -> bool:
        piece = os.read(stream.fileno(), PIECE)
        sink += piece
        if len(self.out) + len(self.err) > self.limit:
            found = "found more; give it a log file"
            raise ProgramFailed(f"{self.name}: expected at most {self.limit} bytes, {found}")
        return bool(piece)

    def _write(self, stream: IO[bytes]) -> bool:
        try:
            self.rest = self.rest[os.write(stream.fileno(), self.rest[:PIECE]) :]
        except BrokenPipeError:  # the program does not want to hear more, which is its right
            return False
        return bool(self.rest)


@contextlib.contextmanager
def _death_of(pid: int) -> Iterator[int | None]:
    """Yield a descriptor that can be read once a child has ended, where the kernel has such."""
    try:
        death = os.pidfd_open(pid)
    except OSError:  # an old kernel, or one that forbids it: then it is looked at often
        yield None
        return
    try:
        yield death
    finally:
        os.close(death)
