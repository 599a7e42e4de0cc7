"""Programs: the one place that starts them, and the one place that reads the environment.

A program is run in a session of its own, without a terminal, with the environment that its
caller constructs (`allow_listed`), with an empty or a given standard input, and with a time
limit.  Its output is captured up to a limit, or goes to a log file.  Its session's process
group is one thing: it is ended as a whole (TERM, a grace, KILL) when the time is up, when an
exception passes through, or when `stop_all` is called, and what the program left behind in
it is killed when the program ends, before `run` returns.

Where the system allows it a program has no network, not even loopback: `confinement` is the
argument vector that is put before its own.

    unshare --net -- setpriv --pdeathsig KILL -- git status          as root
    unshare --user --map-current-user --net -- setpriv … git status  as anybody else

All three are one process, since each executes the next in its own place.  ``setpriv`` makes
the kernel kill it when the thread that started it ends, so that a killed Sealwright leaves
no program at work; that thread waits in `run` for exactly as long.  It comes last since a
change of credentials clears that order (a set-user-id program clears it too), and it is not
inherited: grandchildren of a *killed* Sealwright live on.  Confinement keeps honest programs
honest.  It does not hold a hostile one, which may begin a session of its own, reach Unix
sockets by path, or, as root, join another network: that is what `sealwright.sandbox` is for.

>>> run(["git", "--version"], cwd=Path("/"), env=allow_listed()).out.split()[0]
b'git'
"""

from __future__ import annotations

import contextlib
import functools
import os
import selectors
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, BinaryIO, cast

from sealwright.clock import Stopwatch
from sealwright.errors import ProgramFailed

PIECE = 1 << 16  # the size of a pipe's buffer on Linux
GRACE = 5.0  # seconds between TERM and KILL
_SHORTEST, _LONGEST = 0.0005, 0.02  # seconds between two looks at a silent program
_KEPT = ("HOME", "TMPDIR", "SOURCE_DATE_EPOCH")
_INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_FIXED = {"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
_LOOK = os.WEXITED | os.WNOWAIT  # look, but leave the zombie: it keeps the group's number ours

_live: set[int] = set()  # the process groups at work; their leaders are not reaped yet
_guard = threading.RLock()  # whoever signals a group holds it; a signal handler may re-enter


@dataclass(frozen=True, slots=True)
class Finished:
    """A program that ended by itself; a negative ``code`` is the signal that ended it."""

    argv: tuple[str, ...]
    code: int
    out: bytes
    err: bytes
    seconds: float


def environment() -> Mapping[str, str]:
    """Return a copy of the caller's environment: a doorway takes one and passes it down."""
    return dict(os.environ)


def allow_listed(
    names: Iterable[str] = (),
    extra: Mapping[str, str] | None = None,
    source: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Return a child's environment: little, and nothing that was not asked for.

    ``PATH`` keeps its absolute entries; locale and time zone are fixed; home, temporary
    folder, epoch and ``names`` come from ``source`` where they are set there; ``extra`` is
    added last.  No user name: the user's number says who runs, and cannot be wrong.
    """
    source = environment() if source is None else source
    wanted = {name: source[name] for name in (*_KEPT, *names) if name in source}
    entries = source.get("PATH", os.defpath).split(os.pathsep)
    path = os.pathsep.join(entry for entry in entries if os.path.isabs(entry))
    return {**_FIXED, **wanted, "PATH": path or os.defpath, **(extra or {})}


def find(program: str, env: Mapping[str, str]) -> Path | None:
    """Return where ``program`` lies on the absolute entries of ``env``'s ``PATH``."""
    entries = [entry for entry in env.get("PATH", "").split(os.pathsep) if os.path.isabs(entry)]
    found = shutil.which(program, path=os.pathsep.join(entries))
    return Path(found) if found else None


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
) -> Finished:
    """Run ``argv`` to its end and return what came of it.

    Standard output and error are captured, at most ``limit`` bytes together, or both go to
    ``log``.  `ProgramFailed` if it cannot be started, wrote more, took longer than
    ``timeout`` seconds, or, with ``check``, did not end with 0.
    """
    watch = Stopwatch()
    command = [*confinement(network=network), _located(argv[0], cwd, env), *argv[1:]]
    talk = _Talk(argv[0], memoryview(stdin), limit)
    process: subprocess.Popen[bytes] | None = None
    try:
        with _undisturbed():
            process = _start(argv[0], command, cwd, env, stdin=bool(stdin), log=log)
        talk.until(process, watch, timeout)
    finally:
        code = _end(process, grace) if process else None
    if code is None:
        reason = "something in this process ignores SIGCHLD or waits for children of others"
        raise ProgramFailed(f"{argv[0]}: expected an exit code, found none; {reason}")
    if check and code:
        raise ProgramFailed(f"{argv[0]}: expected exit code 0, found {_told(code)}{talk.words()}")
    return Finished(tuple(argv), code, bytes(talk.out), bytes(talk.err), watch.seconds())


def confinement(*, network: bool = False) -> tuple[str, ...]:
    """Return what to put before an argument vector: no network unless asked for, no orphan."""
    return (() if network else _cut_off()) + _bound()


def isolated() -> bool:
    """Return whether programs run without ``network`` really have none."""
    return bool(_cut_off())


def stop_all(grace: float = GRACE) -> None:
    """End every group at work: TERM, at most ``grace`` seconds, KILL.

    May be called from a signal handler.  Each group is reaped by the `run` that started it,
    which then tells of the signal; the caller sees to it that no other `run` begins.
    """
    for number in (signal.SIGTERM, signal.SIGKILL):
        with _guard:  # whoever is starting a program now has it counted first
            for group in _live:
                _signal(group, number)
        _wait(_at_work, grace)


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


@dataclass(slots=True)
class _Talk:
    """What goes to a program and comes from it, without waiting for either side."""

    name: str
    rest: memoryview
    limit: int
    out: bytearray = field(default_factory=bytearray)
    err: bytearray = field(default_factory=bytearray)

    def until(self, process: subprocess.Popen[bytes], watch: Stopwatch, timeout: float) -> None:
        """Pump until the program has ended; then kill what it left, and take what it said."""
        with selectors.DefaultSelector() as selector:
            self._register(process, selector)
            pause = _SHORTEST
            while not _ended(process.pid):
                if watch.seconds() >= timeout:
                    found = f"found it still at work{self.words()}"
                    raise ProgramFailed(f"{self.name}: expected an end in {timeout:g} s, {found}")
                pause = _SHORTEST if self._pump(selector, pause) else min(2 * pause, _LONGEST)
            _signal(process.pid, signal.SIGKILL)
            while self._pump(selector, 0):
                pass

    def words(self) -> str:
        """Return the last lines of standard error, fit for the end of a sentence."""
        tail = bytes(self.err[-2000:]).decode("utf-8", "replace").strip().splitlines()[-4:]
        said = " / ".join(line.strip() for line in tail)[-500:]
        safe = "".join(letter if letter.isprintable() else "?" for letter in said)
        return f"; its last words: {safe}" if safe else ""

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
) -> subprocess.Popen[bytes]:
    """Start a program and count its group among those at work, in one step."""
    if log is not None and not isinstance(log, int):
        log.flush()  # what the caller wrote comes first in the log
    with _guard:
        try:
            process = subprocess.Popen(
                command,
                cwd=cwd,
                env=dict(env),
                stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
                stdout=subprocess.PIPE if log is None else log,
                stderr=subprocess.PIPE if log is None else subprocess.STDOUT,
                bufsize=0,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:  # no such folder, too long an argument, a NUL
            raise ProgramFailed(f"{name}: could not be started in {cwd}: {error}") from None
        _live.add(process.pid)
    return process


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
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


def _end(process: subprocess.Popen[bytes], grace: float) -> int | None:
    """End the group of ``process`` for good; return its code, or none where it was lost."""
    try:
        if not _ended(process.pid):
            _signal(process.pid, signal.SIGTERM)
            _wait(lambda: not _ended(process.pid), grace)
    finally:
        _signal(process.pid, signal.SIGKILL)
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


def _ended(pid: int) -> bool:
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


def _signal(group: int, number: int) -> None:
    with _guard:  # a group in `_live` has an unreaped leader: its number cannot be another's
        if group in _live:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(group, number)


def _at_work() -> bool:
    with _guard:
        return any(not _ended(group) for group in _live)


def _wait(pending: Callable[[], bool], grace: float) -> None:
    """Return when nothing is ``pending`` any more, or after ``grace`` seconds."""
    watch, pause = Stopwatch(), _SHORTEST
    while pending() and watch.seconds() < grace:
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST)


def _told(code: int) -> str:
    if code >= 0:
        return str(code)
    try:
        return signal.Signals(-code).name
    except ValueError:  # real-time signals have no names
        return f"signal {-code}"


@functools.cache
def _cut_off() -> tuple[str, ...]:
    """Return the first way to an empty network that works here: as root, or as anybody."""
    for options in (("--net",), ("--user", "--map-current-user", "--net")):
        if prefix := _working("unshare", *options, unlike=_network()):
            return prefix
    return ()


@functools.cache
def _bound() -> tuple[str, ...]:
    return _working("setpriv", "--pdeathsig", "KILL")


def _network() -> str:
    """Return the name of the network namespace that we are in, or nothing if it has none."""
    try:
        return os.readlink("/proc/self/ns/net")
    except OSError:
        return ""


def _working(program: str, *options: str, unlike: str = "") -> tuple[str, ...]:
    """Return a prefix if a program runs behind it, and, where asked, in another network."""
    env = allow_listed()
    place, probe = find(program, env), find("readlink", env)
    if place is None or probe is None:
        return ()
    prefix = (str(place), *options, "--")
    question = [*prefix, str(probe), "/proc/self/ns/net"]
    try:
        done = subprocess.run(question, env=env, capture_output=True, timeout=GRACE, check=True)
    except (OSError, subprocess.SubprocessError):  # forbidden, unknown option, no /proc
        return ()
    return () if done.stdout.decode().strip() == unlike else prefix
