"""Flow: bytes of a source through gpg into a sink, in constant memory, by one thread.

python-gnupg would do this with three threads, and then keeps in memory what a sink refuses,
takes a source that fails for one that ends, so that gpg completes a truncated message, and
reads gpg's statuses where gpg also prints what others wrote.  `Stream` keeps its interface and
its arguments, and does the rest itself:

- source and sink are called by the thread that waits, in turns; what they raise is raised;
- gpg sees the end of the source only if the source said so: else it is killed first;
- status lines come through a descriptor of their own, up to a limit, as do gpg's words;
- gpg moves 8 KiB at a time: who answered each time would spend more on waking up than on anything
  else, so little is left to become more while gpg works on what the large pipes hold;
- gpg is counted among the programs at work (`process.stop_all` ends it), and is ended when its
  time is up; whatever happens, it is gone when the call returns.

A source that never returns from ``read`` cannot be left: the time limit counts between calls.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import selectors
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import IO, Any, Protocol

import gnupg

from sealwright import process
from sealwright.clock import Stopwatch
from sealwright.digest import PIECE
from sealwright.errors import ProgramFailed
from sealwright.gpg.program import Program, Statuses
from sealwright.process import groups

Gpg = Any  # the program at work, as `gnupg.Popen` makes it
Sink = Callable[[bytes], object]
_QUICKEST = 1 << 30  # bytes in a second; gpg does a third of that
_TALKATIVE = 1 << 20  # bytes of words or of status lines; an honest gpg writes far fewer


class Source(Protocol):
    """A binary file: ``read`` returns at most so many bytes, and none at the end only."""

    def read(self, size: int, /) -> bytes:
        """Return the next bytes."""


@dataclass(slots=True)
class Flow:
    """What goes to one gpg, and comes from it."""

    source: Source
    sink: Sink
    first: bytes = field(repr=False)  # what was read of the source already
    rest: memoryview = field(init=False, repr=False)  # what is next
    sent: int = 0
    received: int = 0
    moved: int = 0  # through both pipes
    whole: bool = False  # gpg was told the end of the source
    words: bytearray = field(default_factory=bytearray)
    status: bytearray = field(default_factory=bytearray)

    def __post_init__(self) -> None:
        self.rest = memoryview(self.first)
        self.sent = len(self.first)

    def precede(self, line: bytes) -> None:
        """Let ``line`` go to gpg before everything else."""
        self.rest = memoryview(line + self.first)

    def until_end(self, gpg: Gpg, status: IO[bytes], timeout: float) -> None:
        """Move bytes until gpg has ended, and take what it said before."""
        watch, pause = Stopwatch(), groups.SHORTEST
        with selectors.DefaultSelector() as selector:
            room = self._register(selector, gpg, status)
            while not groups.ended(gpg.pid):
                _stop_if_needed(watch, timeout)
                before = self.moved
                moved = self._move(selector, pause)
                pause = groups.SHORTEST if moved else min(2 * pause, groups.LONGEST)
                if 0 < self.moved - before < room // 4:
                    time.sleep(room / _QUICKEST / 2)  # gpg cannot empty or fill a pipe meanwhile
            if gpg.stdin and not gpg.stdin.closed:
                selector.unregister(gpg.stdin)  # nobody is left to read it
            while self._move(selector, 0):
                _stop_if_needed(watch, timeout)

    def _register(self, selector: selectors.BaseSelector, gpg: Gpg, status: IO[bytes]) -> int:
        """Have each stream moved when it can be; return how much room all of their pipes have."""
        parts = (
            (gpg.stdin, selectors.EVENT_WRITE, self._give),
            (gpg.stdout, selectors.EVENT_READ, self._take),
            (gpg.stderr, selectors.EVENT_READ, lambda stream: _hear(stream, self.words)),
            (status, selectors.EVENT_READ, lambda s: _hear(s, self.status)),
        )
        for stream, event, act in parts:
            assert stream is not None
            os.set_blocking(stream.fileno(), False)
            with contextlib.suppress(OSError):  # the user has many pipes already
                fcntl.fcntl(stream, fcntl.F_SETPIPE_SZ, PIECE)
            selector.register(stream, event, act)
        return min(fcntl.fcntl(stream, fcntl.F_GETPIPE_SZ) for stream, *_ in parts)

    def _move(self, selector: selectors.BaseSelector, pause: float) -> bool:
        """Move what can be moved within ``pause`` seconds; return whether something was."""
        events = selector.select(pause)
        for key, _ in events:
            if not key.data(key.fileobj):
                selector.unregister(key.fileobj)
                key.fileobj.close()  # type: ignore[union-attr]
        return bool(events)

    def _give(self, stream: Any) -> bool:
        if not self.rest:
            piece = read(self.source)
            self.whole = not piece
            self.rest = memoryview(piece)
            self.sent += len(piece)
        if self.whole:
            return False
        with contextlib.suppress(BlockingIOError):
            try:
                count = os.write(stream.fileno(), self.rest)
                self.rest = self.rest[count:]
                self.moved += count
            except BrokenPipeError:  # gpg wants no more, and says why
                return False
        return True

    def _take(self, stream: Any) -> bool:
        piece = os.read(stream.fileno(), PIECE)
        if piece:
            self.received += len(piece)
            self.moved += len(piece)
            self.sink(piece)
        return bool(piece)


def read(source: Source) -> bytes:
    """Return the next piece of ``source``; only no bytes are its end, and not nothing."""
    piece = source.read(PIECE)
    if not isinstance(piece, bytes):
        raise TypeError(f"source: expected bytes, found {type(piece).__name__}")
    return piece


def _hear(stream: Any, said: bytearray) -> bool:
    piece = os.read(stream.fileno(), PIECE)
    said += piece
    if len(said) > _TALKATIVE:
        raise ProgramFailed(f"gpg: expected at most {_TALKATIVE} bytes of words, found more")
    return bool(piece)


def _stop_if_needed(watch: Stopwatch, timeout: float) -> None:
    if process.stopping():
        raise process.Stopping("gpg: ended, since the run is being stopped")
    if watch.seconds() >= timeout:
        raise ProgramFailed(f"gpg: expected an end in {timeout:g} s, found it still at work")


class Stream(Program):
    """`Program` for one message: ``_handle_io`` is where python-gnupg moves bytes."""

    result_map = {**gnupg.GPG.result_map, "crypt": Statuses}  # noqa: RUF012 -- theirs is one too

    def __init__(self, program: Program, flow: Flow, timeout: float) -> None:
        self.__dict__.update(program.__dict__)  # it knows gpg's version already
        self._flow = flow
        self._timeout = timeout

    def _handle_io(
        self,
        args: list[str],
        fileobj_or_path: Source,
        result: Statuses,
        passphrase: str | None = None,
        binary: bool = False,
    ) -> None:
        """Let gpg do its work, and fill in ``result``; the source is the flow's already."""
        if passphrase is not None:
            self._flow.precede(f"{passphrase}\n".encode())
        reader, writer = os.pipe()
        gpg: Gpg | None = None
        with open(reader, "rb", 0) as status:
            try:
                with groups.undisturbed(), open(writer, "wb", 0):
                    gpg = groups.begin(lambda: self._start(args, passphrase is not None, writer))
                self._flow.until_end(gpg, status, self._timeout)
            except BaseException:
                if gpg:
                    groups.send(gpg.pid, signal.SIGKILL)  # before the pipe to it is closed
                raise
            finally:
                result.returncode = groups.end(gpg, process.GRACE) if gpg else None
        self._tell(result)

    def _start(self, args: list[str], secret: bool, status: int) -> Gpg:
        return gnupg.Popen(
            self.make_args([*args, "--status-fd", str(status)], secret),
            stdin=gnupg.PIPE,
            stdout=gnupg.PIPE,
            stderr=gnupg.PIPE,
            bufsize=0,
            env=self.env,
            pass_fds=(status,),
            start_new_session=True,
        )

    def _tell(self, result: Statuses) -> None:
        result.data = b""
        result.stderr = self._flow.words.decode("utf-8", "backslashreplace")
        for line in self._flow.status.decode("utf-8", "backslashreplace").split("\n"):
            mark, _, rest = line.partition(" ")
            if mark == "[GNUPG:]":
                keyword, _, value = rest.partition(" ")
                result.handle_status(keyword, value)
