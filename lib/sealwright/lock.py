"""Locks that are reclaimed on proof of death, and on nothing less.

A lock is a file whose one line, canonical JSON, says who holds it; while it is held an
``flock`` lies on it too.  The record survives its holder and works where ``flock`` does not
(some network file systems); the ``flock`` dies with its holder and cannot be guessed wrong.

    {"argv0":"sealwright","at":"2025-01-01T00:00:00Z","boot_id":"fb06…","host":"forge",
     "pid":4711,"pidns":4026531836,"start":106271}

``start`` is field 22 of ``/proc/PID/stat``, which tells a process from a later one with the
same number; ``pidns`` is the inode of ``/proc/self/ns/pid``; 0 and ``""`` mean unknown.

A holder is *dead* when nobody has the ``flock`` and, on the same host,

1. the record is of another boot; or
2. it is of this boot and this process namespace, and no process with its number is alive,
   or the one that is started at another time; or
3. the record is empty or torn, as a process leaves it that dies between create and write.

It is *held* when somebody has the ``flock`` or such a process lives, which includes our own,
and *unknown* in every other case: another host, another namespace, a record of another
hand.  Unknown is never reclaimed; whoever knows better removes the file.

``exclusive`` creates such a file and removes it; a dead one it only reports, with the
command that reclaims it, since what its holder left half done wants to be seen.
``running`` locks a file that stays: its ``flock`` alone counts, so that a killed holder
leaves nothing to reclaim; for local file systems.

By hand: ``cat LOCK; flock -n LOCK true && echo nobody has it``
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields
from enum import Enum
from pathlib import Path

from sealwright import durable, process
from sealwright.errors import Refused
from sealwright.runtime import canonical

_LARGEST = 4096  # bytes of a record
_OPENING = b'{"argv0":"'  # how each record begins, and so each torn one
_START = 19  # field 22 of /proc/PID/stat, counted from the third
_SAFE = os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
_NO_FLOCK = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS)


@dataclass(frozen=True, slots=True)
class Owner:
    """Who holds a lock: one process of one boot of one host, and since when."""

    argv0: str
    at: str
    boot_id: str
    host: str
    pid: int
    pidns: int
    start: int

    def describe(self) -> str:
        """Return ``pid 123 on host since …``."""
        return f"pid {self.pid} on {self.host} since {self.at}"


class Life(Enum):
    """What can be proven about the holder of a lock."""

    HELD = "held"
    DEAD = "dead"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class State:
    """A lock as found: what is proven, who wrote it if that can be read, and why."""

    life: Life
    owner: Owner | None
    reason: str

    def describe(self) -> str:
        """Return who holds the lock, as far as that can be read."""
        return self.owner.describe() if self.owner else "a process that it does not name"


def current(argv0: str, at: str) -> Owner:
    """Return the record of this process; ``at`` is the time of the run."""
    return Owner(
        argv0=argv0,
        at=at,
        boot_id=_boot(),
        host=os.uname().nodename,
        pid=os.getpid(),
        pidns=_namespace(),
        start=_started(os.getpid()),
    )


def parse(data: bytes) -> Owner | None:
    """Return the owner whose record ``data`` is, or none if it is no such record."""
    try:
        record = canonical.decode_line(data)
    except canonical.NotCanonical:
        return None
    kinds = {field.name: field.type for field in fields(Owner)}
    if not isinstance(record, dict) or record.keys() != kinds.keys():
        return None
    if any(type(value).__name__ != kinds[name] for name, value in record.items()):
        return None
    owner = Owner(**record)
    printable = all(map(str.isprintable, (owner.argv0, owner.at, owner.boot_id, owner.host)))
    return owner if printable and 0 < owner.pid < 1 << 31 else None


def state(path: Path) -> State | None:
    """Return what is known of the lock at ``path``; none if there is no lock."""
    with _examined(path) as found:
        return found


@contextmanager
def exclusive(path: Path, *, owner: Owner, remedy: str) -> Iterator[None]:
    """Hold the lock at ``path``; `Refused` if it is there already, dead or alive.

    ``remedy`` is the command that reclaims a dead one.
    """
    descriptor = _created(path, remedy)
    try:
        _write(descriptor, owner)
        durable.sync_folder(path.parent)
        yield
    finally:
        try:
            _remove(path, descriptor)
        finally:
            os.close(descriptor)


def reclaim(path: Path) -> Owner | None:
    """Remove a lock whose holder is proven dead, and return its owner if it names one."""
    with _examined(path) as found:
        if found is None:
            raise Refused(f"{path}: expected a lock, found none; there is nothing to reclaim")
        if found.life is not Life.DEAD:
            raise _refusal(path, found)
        durable.system.unlink(path)
        durable.sync_folder(path.parent)
        return found.owner


@contextmanager
def running(path: Path, owner: Owner) -> Iterator[None]:
    """Hold the lock on the file at ``path``, which stays; `Refused` if somebody else does."""
    descriptor = _claimed(path)
    try:
        _write(descriptor, owner)
        yield
    finally:
        try:
            with suppress(OSError):  # a record that nobody's flock is on says nothing
                durable.system.truncate(descriptor, 0)
        finally:
            os.close(descriptor)


def _created(path: Path, remedy: str) -> int:
    """Return a descriptor of the lock file that we made, with our flock on it."""
    while True:
        try:
            descriptor = _opened(path, os.O_CREAT | os.O_EXCL)
        except FileExistsError:
            if found := state(path):
                raise _refusal(path, found, remedy) from None
            continue  # it went away between the two looks
        _flock(descriptor, fcntl.LOCK_EX)  # who examines a lock has it for an instant
        if _is_at(path, descriptor):
            return descriptor
        os.close(descriptor)  # it was empty still, and somebody reclaimed it: again


def _claimed(path: Path) -> int:
    """Return a descriptor of the file at ``path``, with our flock on it."""
    while True:
        descriptor = _opened(path, os.O_CREAT)
        free = _flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if free and _is_at(path, descriptor):
            return descriptor
        found = State(Life.HELD, parse(_content(descriptor)), "its flock is taken")
        os.close(descriptor)
        if free is None:
            raise Refused(f"{path}: expected a file system with flock; put it on a local one")
        if not free:
            raise _refusal(path, found)


def _opened(path: Path, flags: int) -> int:
    try:
        return durable.system.open(path, os.O_RDWR | flags | _SAFE, 0o644)
    except FileExistsError:
        raise
    except OSError as error:
        raise Refused(f"{path}: cannot be opened as a lock: {error.strerror}") from None


def _write(descriptor: int, owner: Owner) -> None:
    durable.system.truncate(descriptor, 0)
    durable.system.write(descriptor, canonical.line(asdict(owner)))
    durable.system.fsync(descriptor)


def _remove(path: Path, descriptor: int) -> None:
    """Remove our own file, and no other that has taken its place."""
    if _is_at(path, descriptor):
        durable.system.unlink(path)
        durable.sync_folder(path.parent)


@contextmanager
def _examined(path: Path) -> Iterator[State | None]:
    """Give what is known of a lock; a dead one stays as it is until the block ends."""
    try:
        descriptor = os.open(path, os.O_RDONLY | _SAFE)
    except FileNotFoundError:
        descriptor, found = -1, None
    except OSError as error:
        descriptor, found = -1, State(Life.UNKNOWN, None, f"it cannot be read: {error.strerror}")
    else:
        found = _judged(path, descriptor)
    try:
        yield found
    finally:
        if descriptor >= 0:
            os.close(descriptor)


def _judged(path: Path, descriptor: int) -> State | None:
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        return State(Life.UNKNOWN, None, "it is no file")
    free = _flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    data = _content(descriptor)
    owner = parse(data)
    if free is False:
        return State(Life.HELD, owner, "its flock is taken")
    if not _is_at(path, descriptor):
        return None
    if free is None:
        return State(Life.UNKNOWN, owner, "its file system has no flock")
    if owner is not None:
        return State(*_proven(owner))
    if data.startswith(_OPENING[: len(data)]) and not data.endswith(b"\n"):
        return State(Life.DEAD, None, "its record is torn and its flock is free")
    return State(Life.UNKNOWN, None, "its record is of another hand")


def _proven(owner: Owner) -> tuple[Life, Owner, str]:
    """Return what the record and the kernel prove together; the flock is known to be free."""
    if owner.host != os.uname().nodename:
        return Life.UNKNOWN, owner, "it is of another host"
    if not (owner.boot_id and _boot()):
        return Life.UNKNOWN, owner, "it does not say which boot it is of"
    if owner.boot_id != _boot():
        return Life.DEAD, owner, "the host was started again since"
    if owner.pidns != _namespace() or not (owner.pidns and owner.start):
        return Life.UNKNOWN, owner, "it is of another process namespace"
    if not _exists(owner.pid):
        return Life.DEAD, owner, "no such process is alive"
    started = _started(owner.pid)
    if started == 0:
        return Life.UNKNOWN, owner, "its process cannot be looked at"
    if started != owner.start:
        return Life.DEAD, owner, "its number is another process's now"
    return Life.HELD, owner, "its process is alive"


def _refusal(path: Path, found: State, remedy: str = "") -> Refused:
    if found.life is Life.DEAD:
        return Refused(f"{path}: was left by {found.describe()}, which is dead; {remedy}")
    if found.life is Life.HELD:
        return Refused(f"{path}: is held by {found.describe()}; wait for it to end")
    remedy = "wait for its holder to end, or remove the file if you know that it has"
    return Refused(f"{path}: is held by {found.describe()}, and {found.reason}; {remedy}")


def _flock(descriptor: int, operation: int) -> bool | None:
    """Return whether we have the flock now, or none where the file system knows none."""
    try:
        fcntl.flock(descriptor, operation)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno in _NO_FLOCK:
            return None
        raise
    return True


def _content(descriptor: int) -> bytes:
    return os.pread(descriptor, _LARGEST + 1, 0)


def _is_at(path: Path, descriptor: int) -> bool:
    """Return whether the open file is the one at ``path``, not one removed or replaced."""
    try:
        return os.path.samestat(os.lstat(path), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _exists(pid: int) -> bool:
    """Return whether a process has the number ``pid``; a zombie is dead, though unburied."""
    if process.kernel_fields(pid)[:1] in (("Z",), ("X",)):
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _started(pid: int) -> int:
    """Return when a process started, in the kernel's ticks; 0 if that cannot be read."""
    told = process.kernel_fields(pid)
    return int(told[_START]) if len(told) > _START else 0


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return ""


def _namespace() -> int:
    try:
        return os.stat("/proc/self/ns/pid").st_ino
    except OSError:
        return 0
