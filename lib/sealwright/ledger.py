"""A ledger is a file of records to which lines are only ever added, each proving the one before.

One record a line: canonical JSON, UTF-8, one LF.  What ties a line to the one before it
is the ledger's `Chain`.  The chain of this house, `LINES`, gives every record three fields

``v``     1, the version of this format
``seq``   0 for the first line, one more for each line after it
``prev``  ``sha256:`` and the digits of the line before, without its LF; null for the first

>>> print(LINES.link({"event": "started"}, None))
{'event': 'started', 'v': 1, 'seq': 0, 'prev': None}

so ``head -n 6 LEDGER | tail -n 1 | tr -d '\\n' | sha256sum`` prints what line 7 says.

Rules.  1. An append takes an exclusive flock on the file, is one write and is synced
before it returns; its cost does not depend on how long the ledger is.  2. A line without
LF at the end is a torn tail: a write that was cut off, never acknowledged; so is one with
NUL in it, which a power cut leaves where bytes never arrived.  Whoever kept the bytes and
the offset can `Book.complete` it; otherwise it is damage like any other.
3. The first line that is not canonical, or does not continue the chain, makes everything
from there on unproven, and readers stop there.  An append looks at the last line and the
one before only, so damage further up is found by readers.  4. Only `Ledger.recover`, with
a reason, cuts a ledger: the broken file is kept whole under the name of its digest, and
the cut is itself a record.

A chain shows changed, inserted, moved and missing lines, but not that the last ones were
taken away, or that all were written anew: that needs a signed head kept elsewhere.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import stat
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from sealwright import digest, durable
from sealwright.clock import Stopwatch
from sealwright.digest import Digest
from sealwright.errors import Damaged, Refused
from sealwright.runtime import canonical
from sealwright.verdict import Finding, Verdict

VERSION = 1
LONGEST = 1 << 24  # bytes in a line; bounds what a reader holds in memory
_PAUSE = 0.005  # seconds between two looks at a lock
_TAIL = 1 << 12  # most lines are shorter, so one read finds the last one

Record = dict[str, Any]
Payload = Mapping[str, Any]


class Chain(Protocol):
    """The rule by which one line continues another; ``previous`` is a line without its LF."""

    def link(self, payload: Payload, previous: bytes | None) -> Record:
        """Return the record that says ``payload`` and continues ``previous``."""

    def check(self, record: Record, previous: bytes | None) -> str | None:
        """Return why ``record`` does not continue ``previous``, or None if it does."""


class _Lines:
    def link(self, payload: Payload, previous: bytes | None) -> Record:
        own = self._own(previous)
        if taken := own.keys() & payload.keys():
            raise ValueError(f"payload: {', '.join(sorted(taken))} belong to the ledger")
        return {**payload, **own}

    def check(self, record: Record, previous: bytes | None) -> str | None:
        for name, expected in self._own(previous).items():
            found = record.get(name, "nothing")
            if found != expected or type(found) is not type(expected):
                return f"{name}: expected {expected}, found {found!r}"
        return None

    def _own(self, previous: bytes | None) -> Record:
        if previous is None:
            return {"v": VERSION, "seq": 0, "prev": None}
        number = json.loads(previous)["seq"]  # canonical: whoever read the line has proven it
        return {"v": VERSION, "seq": number + 1, "prev": digest.sha256(previous)}


LINES: Chain = _Lines()


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a ledger: its number from 1 (0: not counted), its offset, bytes and record."""

    number: int
    offset: int
    line: bytes
    record: Record

    @property
    def digest(self) -> Digest:
        """The digest of the line without its LF, which the next line repeats."""
        return digest.sha256(self.line)


class _Broken(Damaged):
    """The first bad line: where it is, and the longest valid prefix before it."""

    def __init__(self, path: Path, line: int | str, what: str, kept: int, lines: int) -> None:
        self.finding = Finding(f"{path}:{line}", what, f"sealwright recover {path} --reason …")
        self.kept, self.lines = kept, lines
        super().__init__(str(self.finding))


def _decoded(line: bytes, previous: bytes | None, chain: Chain) -> Record:
    """Return the record of a line with its LF, or raise `ValueError` with the reason."""
    if len(line) > LONGEST:
        raise ValueError(f"line, expected at most {LONGEST} bytes, found more")
    if not line.endswith(b"\n"):
        raise ValueError(f"torn tail, expected LF after {len(line)} bytes, found the end")
    record = canonical.decode(line[:-1])
    if not isinstance(record, dict):
        raise ValueError(f"record, expected an object, found {line[:-1]!r:.80}")
    if reason := chain.check(record, previous):
        raise ValueError(reason)
    return record


def _misfit(data: bytes, previous: bytes | None, chain: Chain) -> str | None:
    """Return why the lines of ``data`` do not continue ``previous``, or None."""
    for line in data.splitlines(keepends=True):
        try:
            _decoded(line, previous, chain)
        except ValueError as problem:
            return str(problem)
        previous = line[:-1]
    return None


def _agreed(there: bytes, data: bytes) -> int:
    """Return how many of the first bytes of both are the same."""
    pairs = enumerate(zip(there, data, strict=False))
    return next((number for number, (one, other) in pairs if one != other), len(there))


def _arrived(there: bytes, data: bytes) -> bool:
    """Return whether ``there`` begins ``data``, but for bytes that never reached the disk."""
    return all(found in (0, wanted) for found, wanted in zip(there, data, strict=False))


@dataclass(frozen=True, slots=True)
class Book:
    """A ledger that this process alone may write to, as long as `Ledger.writing` lasts."""

    path: Path
    chain: Chain
    descriptor: int

    @property
    def size(self) -> int:
        """The bytes that the file has."""
        return os.fstat(self.descriptor).st_size

    @property
    def tail(self) -> bytes | None:
        """The last line without its LF, or None; `Damaged` if it is torn or continues nothing."""
        return self._proven(self.size)

    def seal(self, payloads: Iterable[Payload]) -> bytes:
        """Return the lines that would continue the ledger with ``payloads``; write nothing."""
        previous, lines = self.tail, []
        for payload in payloads:
            lines.append(canonical.line(self.chain.link(payload, previous)))
            previous = lines[-1][:-1]
        return b"".join(lines)

    def append(self, data: bytes) -> int:
        """Add sealed lines, durably, and return their offset; `Refused` if they do not fit."""
        if reason := _misfit(data, self.tail, self.chain):
            raise Refused(f"{self.path}: new line: {reason}; seal the records again, then append")
        return durable.append(self.path, data) if data else self.size

    def complete(self, offset: int, data: bytes) -> bool:
        """Finish the append of ``data`` at ``offset``, if that is all that is left to do.

        True if the ledger holds ``data`` there, now or already: what a crash left of it at the
        very end is completed.  Bytes that never arrived are NUL after a power cut, which no
        line holds: from the first of them on it is written again.  False, and nothing written,
        for any other ledger.
        """
        try:
            previous = self._proven(offset)
        except Damaged:
            return False
        there = os.pread(self.descriptor, len(data), offset)
        kept = _agreed(there, data)
        ours = kept == len(there) or (self.size <= offset + len(data) and _arrived(there, data))
        if not ours or _misfit(data, previous, self.chain):
            return False
        if kept < len(there):
            durable.truncate(self.path, offset + kept)
        durable.append(self.path, data[kept:])  # if that is nothing, it still syncs the file
        return True

    def _proven(self, offset: int) -> bytes | None:
        """Return the line that ends at ``offset``, which continues the one before, or None."""
        if not offset:
            return None
        line = self._line_before(offset)
        before = self._line_before(offset - len(line))
        try:
            _decoded(line, before[:-1] if before else None, self.chain)
        except ValueError as problem:
            raise _Broken(self.path, "end", str(problem), 0, 0) from None
        return line[:-1]

    def _line_before(self, offset: int) -> bytes:
        """Return what stands between the last LF but that at its end, and ``offset``."""
        length = _TAIL
        while True:
            start = max(0, offset - length)
            piece = os.pread(self.descriptor, offset - start, start)
            cut = piece.rfind(b"\n", 0, -1)
            if cut >= 0 or start == 0 or length > LONGEST:
                return piece[cut + 1 :]
            length *= 4


@dataclass(frozen=True, slots=True)
class Ledger:
    """The ledger at ``path``, chained by ``chain``; a missing file is an empty ledger."""

    path: Path
    chain: Chain = LINES

    def entries(self) -> Iterator[Entry]:
        """Yield every line in order; `Damaged`, saying where, at the first bad one."""
        with self._opened(os.O_RDONLY) as descriptor:
            if descriptor is not None:
                yield from self._walk(descriptor)

    def check(self) -> Verdict:
        """Answer whether every line continues the one before; the evidence names the last."""
        last = None
        try:
            for entry in self.entries():
                last = entry
        except _Broken as broken:
            return Verdict((broken.finding,))
        return Verdict((), {"lines": last.number, "head": last.digest} if last else {"lines": 0})

    def append(self, payloads: Iterable[Payload]) -> tuple[Entry, ...]:
        """Add records durably and return them; their numbers are 0, since nothing is counted."""
        with self.writing() as book:
            data = book.seal(payloads)
            offset = book.append(data)
        entries = []
        for line in data.splitlines(keepends=True):
            entries.append(Entry(0, offset, line[:-1], canonical.decode(line[:-1])))
            offset += len(line)
        return tuple(entries)

    @contextlib.contextmanager
    def writing(self, *, patience: float = 60) -> Iterator[Book]:
        """Hold the ledger for writing, made if missing; `Refused` after ``patience`` seconds."""
        watch = Stopwatch()
        while True:
            self._exist()
            with self._opened(os.O_RDWR) as descriptor:
                if descriptor is None:
                    continue
                self._lock(descriptor, watch, patience)
                if self._current(descriptor):  # else it was replaced while we waited
                    yield Book(self.path, self.chain, descriptor)
                    return

    def recover(
        self,
        reason: str,
        at: str,
        quarantine: Path,
        *,
        payload: Callable[[Record], Payload] = dict,
    ) -> str:
        """Cut a broken ledger to its longest valid prefix, record that, and say so in a sentence.

        The broken file is first copied whole into ``quarantine``, under its own name and
        digest.  ``payload`` turns the record of the cut into one that the chain can link.
        `Refused` if the ledger is not broken.
        """
        with self.writing() as book:
            broken, data = self._break(book), self.path.read_bytes()
            kept, lost = data[: broken.kept], data[broken.kept :]
            copy = quarantine / f"{self.path.name}.{digest.hexadecimal(digest.sha256(data))}"
            durable.mkdir(quarantine)
            durable.write(copy, data)
            cut = {"event": "recovered", "reason": reason, "at": at, "kept_lines": broken.lines}
            cut |= {"lost_bytes": len(lost), "lost_sha256": digest.sha256(lost)}
            line = canonical.line(self.chain.link(payload(cut), _last(kept)))
            mode = stat.S_IMODE(os.fstat(book.descriptor).st_mode)
            durable.write(self.path, kept + line, mode=mode)
        return (
            f"{self.path}: kept {broken.lines} lines and cut the {len(lost)} bytes after them; "
            f"the broken file stands whole at {copy}"
        )

    def _break(self, book: Book) -> _Broken:
        try:
            for _ in self._walk(book.descriptor, locked=True):
                pass
        except _Broken as broken:
            return broken
        raise Refused(f"{self.path}: expected a broken ledger, found a whole one; leave it")

    def _walk(self, descriptor: int, *, locked: bool = False) -> Iterator[Entry]:
        number, offset, previous = 0, 0, None
        with os.fdopen(os.dup(descriptor), "rb") as file:
            file.seek(0)
            while line := file.readline(LONGEST + 1):
                if not line.endswith(b"\n") and not locked:
                    line = _settled(file, offset)
                try:
                    record = _decoded(line, previous, self.chain)
                except ValueError as problem:
                    raise _Broken(self.path, number + 1, str(problem), offset, number) from None
                number, previous = number + 1, line[:-1]
                yield Entry(number, offset, previous, record)
                offset += len(line)

    @contextlib.contextmanager
    def _opened(self, flags: int) -> Iterator[int | None]:
        """Open the ledger, or give None if there is none; no link and no device is opened."""
        descriptor = self._open(flags)
        try:
            yield descriptor
        finally:
            if descriptor is not None:
                os.close(descriptor)  # and with it the lock

    def _open(self, flags: int) -> int | None:
        try:
            mode = os.lstat(self.path).st_mode
            if not stat.S_ISREG(mode):
                what = f"expected a regular file, found {durable.kind(mode)}"
                raise Refused(f"{self.path}: {what}; move it away")
            return os.open(self.path, flags | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
        except FileNotFoundError:
            return None

    def _exist(self) -> None:
        if not os.path.lexists(self.path):
            durable.mkdir(self.path.parent)
            with contextlib.suppress(FileExistsError):  # another writer was first
                durable.create(self.path, b"")
            durable.sync_folder(self.path.parent)

    def _lock(self, descriptor: int, watch: Stopwatch, patience: float) -> None:
        while True:
            try:
                return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if watch.seconds() >= patience:
                    what = f"expected to be the only writer within {patience:g} s, found another"
                    raise Refused(f"{self.path}: {what}; fuser {self.path}") from None
            time.sleep(_PAUSE)

    def _current(self, descriptor: int) -> bool:
        try:
            return os.path.samestat(os.fstat(descriptor), os.lstat(self.path))
        except FileNotFoundError:
            return False


def _last(data: bytes) -> bytes | None:
    """Return the last line of whole lines, without its LF, or None if there is none."""
    return data[:-1].rpartition(b"\n")[2] or None


def _settled(file: BinaryIO, offset: int) -> bytes:
    """Return the line at ``offset`` after a writer in the middle of it has come to its end.

    Waits a second at most, since the lock may be held by the reader's own process.
    """
    watch = Stopwatch()
    while watch.seconds() < 1:
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_SH | fcntl.LOCK_NB)
            fcntl.flock(file.fileno(), fcntl.LOCK_UN)
            break
        except BlockingIOError:
            time.sleep(_PAUSE)
    file.seek(offset)
    return file.readline(LONGEST + 1)
