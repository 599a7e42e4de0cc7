"""The job server of GNU make: as many jobs at work in all of make as ``make -j`` allows.

A make that runs several jobs keeps a pipe with one byte in it for each job beyond the
first.  Whoever it starts may run one job for nothing, takes a byte out of the pipe for
each further one, and puts that very byte back when the job is done.  ``MAKEFLAGS`` names
the pipe, by the last of these words before ``--``:

    --jobserver-auth=R,W         descriptors to read from and to write to, up to make 4.3
    --jobserver-auth=fifo:PATH   a named pipe, from make 4.4 on
    --jobserver-fds=R,W          descriptors, up to make 4.1

Make leaves its descriptors open only for a recipe line that begins with ``+`` or names
``$(MAKE)``; otherwise they are closed here, or by now another file of this process.  So
descriptors count only if they are the two ends of one pipe, and were inherited.  They are
opened anew: the pipe itself stays in blocking mode, which all who share it rely on.

No byte is lost on any way out of `client` that runs Python: a signal has to become an
exception, as the engine sees to.  Only a kill leaves make with fewer jobs.

>>> with client({"MAKEFLAGS": "-k"}) as tokens:
...     print(tokens)
None
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import select
import stat
import threading
from collections.abc import Callable, Iterator, Mapping

_WORD = re.compile(r"(?:\\.|\S)+")  # make writes a backslash before a blank, and $$ for $
_OPTION = re.compile(r"--jobserver-(?:auth|fds)=(.*)")
_PAIR = re.compile(r"(-?\d+),(-?\d+)")


class _Unusable(Exception):
    """Why the job server that ``MAKEFLAGS`` names is of no use."""


class Tokens:
    """The right to run jobs; any thread may take and give.

    No lock guards the bytes, so that nothing can wait for one, and no line of Python lies
    between the pipe and the list of what is held, so that no signal can come between them.
    """

    def __init__(self, reader: int, writer: int) -> None:
        self._reader, self._writer = reader, writer
        self._own = threading.Lock()  # held while the job that costs nothing is at work
        self._held: list[bytes] = []
        self._process = os.getpid()

    def take(self) -> bool:
        """Take the right to run one more job, if there is one now."""
        if self._own.acquire(blocking=False):
            return True
        try:
            self._held.extend(map(os.read, [self._reader], [1]))
        except BlockingIOError:
            return False
        return True

    def give(self) -> None:
        """Give one right back: a byte as long as there is one, at last the one without."""
        try:
            self._put_back()
        except IndexError:
            self._own.release()

    def wait(self, timeout: float) -> None:
        """Wait until the pipe holds a byte, which somebody else may then take; or ``timeout``."""
        pipe = select.poll()
        pipe.register(self, select.POLLIN)
        pipe.poll(timeout * 1000)

    def fileno(self) -> int:
        """Return what a selector may wait for, beside other things."""
        return self._reader

    def give_all(self) -> None:
        """Give back what is held, but not in a fork of the process that took it."""
        while self._held and os.getpid() == self._process:
            self._put_back()

    def _put_back(self) -> None:
        list(map(os.write, [self._writer], map(self._held.pop, [-1])))


@contextlib.contextmanager
def client(
    environment: Mapping[str, str], tell: Callable[[str], None] = lambda sentence: None
) -> Iterator[Tokens | None]:
    """Yield the tokens of the make that runs us, or none.

    ``tell`` is given a sentence where make has a job server that is of no use here.
    """
    named = _named(environment.get("MAKEFLAGS", ""))
    with contextlib.ExitStack() as stack:
        tokens = None
        if named:
            try:
                tokens = Tokens(*_ends(named, stack))
            except (_Unusable, OSError) as problem:
                tell(f"MAKEFLAGS: expected make's job server at {named}, found {problem}")
        if tokens:
            stack.callback(tokens.give_all)
        yield tokens


def _named(flags: str) -> str:
    """Return what the last option in ``flags`` says of the job server; variables follow ``--``."""
    words = _WORD.findall(flags)
    options = words[: words.index("--")] if "--" in words else words
    found = [match[1] for word in options if (match := _OPTION.fullmatch(word))]
    return re.sub(r"\\(.)", r"\1", found[-1]).replace("$$", "$") if found else ""


def _ends(named: str, stack: contextlib.ExitStack) -> tuple[int, int]:
    """Return own descriptors of the two ends, which ``stack`` closes; never ones that block."""
    if named.startswith("fifo:"):
        reader = writer = named.removeprefix("fifo:")
        if not stat.S_ISFIFO(os.stat(reader).st_mode):
            raise _Unusable("no pipe there; run it under its own make")
    else:
        reader, writer = (f"/proc/self/fd/{number}" for number in _inherited(named, stack))
    return _opened(reader, os.O_RDONLY, stack), _opened(writer, os.O_WRONLY, stack)


def _opened(place: str, way: int, stack: contextlib.ExitStack) -> int:
    number = os.open(place, way | os.O_NONBLOCK)
    stack.callback(os.close, number)
    return number


def _inherited(named: str, stack: contextlib.ExitStack) -> tuple[int, int]:
    """Return the descriptors that are named, which no child inherits until ``stack`` is left."""
    pair = _PAIR.fullmatch(named)
    if pair is None:
        raise _Unusable("neither two descriptors nor a path; this make is not known")
    reader, writer = int(pair[1]), int(pair[2])
    if min(reader, writer) < 0:
        raise _Unusable("it switched off; begin the recipe's line with +")
    if not _one_pipe(reader, writer):
        raise _Unusable("no pipe of make's there; begin the recipe's line with +")
    for number in (reader, writer):
        os.set_inheritable(number, False)
        stack.callback(os.set_inheritable, number, True)
    return reader, writer


def _one_pipe(reader: int, writer: int) -> bool:
    """Return whether these are both ends of one pipe, open since before this program began.

    What Python opens is closed on exec, so what would survive another exec survived ours.
    """
    try:
        seen = [os.fstat(number) for number in (reader, writer)]
        ways = [fcntl.fcntl(n, fcntl.F_GETFL) & os.O_ACCMODE for n in (reader, writer)]
        inherited = os.get_inheritable(reader) and os.get_inheritable(writer)
    except OSError:  # closed
        return False
    same = seen[0].st_ino == seen[1].st_ino and seen[0].st_dev == seen[1].st_dev
    pipe = same and stat.S_ISFIFO(seen[0].st_mode)
    return pipe and inherited and ways == [os.O_RDONLY, os.O_WRONLY]
