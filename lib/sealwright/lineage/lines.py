"""Lines of a ledger from a known one on, or from the end backwards, without reading the others.

`sealwright.ledger` reads from line 1; an index makes sense only if that is not needed.  What
is accepted is the same: canonical lines that continue the chain of the one before.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from sealwright import durable
from sealwright.errors import Damaged, Refused
from sealwright.ledger import LINES, LONGEST, Entry, Ledger, Record
from sealwright.runtime import canonical
from sealwright.verdict import Finding

_TAIL = 1 << 12  # most lines are shorter, so one read finds one


class Broken(Damaged):
    """The first line that is not canonical or does not continue the chain."""

    def __init__(self, path: Path, line: int | str, what: str) -> None:
        self.finding = Finding(f"{path}:{line}", what, f"sealwright recover {path} --reason …")
        super().__init__(str(self.finding))


@contextlib.contextmanager
def opened(path: Path) -> Iterator[BinaryIO | None]:
    """Open a ledger for reading, or give None if there is none; no link, no device."""
    try:
        mode = os.lstat(path).st_mode
        if not stat.S_ISREG(mode):
            what = f"expected a regular file, found {durable.kind(mode)}"
            raise Refused(f"{path}: {what}; move it away")
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        yield None
        return
    with os.fdopen(descriptor, "rb") as file:
        yield file


def after(path: Path, last: Entry | None) -> Iterator[Entry]:
    """Yield the lines after ``last``, or all; `Broken`, saying where, at the first bad one."""
    number, offset, previous = 0, 0, None
    if last is not None:
        number, offset, previous = last.number, last.offset + len(last.line) + 1, last.line
    with opened(path) as file:
        if file is None:
            return
        file.seek(offset)
        while line := file.readline(LONGEST + 1):
            if not line.endswith(b"\n"):
                line = _settled(file, path, offset)
            number += 1
            record = _proven(path, number, line, previous)
            previous = line[:-1]
            yield Entry(number, offset, previous, record)
            offset += len(line)


def at(path: Path, offset: int, size: int) -> bytes:
    """Return ``size`` bytes from ``offset`` on, or fewer where the file ends before."""
    with opened(path) as file:
        return os.pread(file.fileno(), size, offset) if file else b""


def backwards(path: Path, end: int | None = None) -> Iterator[Entry]:
    """Yield the lines that end at ``end`` or at the file's end and before, the last one first.

    Each is canonical and is continued by the one that was yielded before it.
    """
    with opened(path) as file:
        if file is None:
            return
        size = os.fstat(file.fileno()).st_size
        offset = size if end is None else end
        line = _line_before(file, offset) if offset <= size else b""
        while line:
            offset -= len(line)
            before = _line_before(file, offset)
            record = _proven(path, "end", line, before[:-1] if before else None)
            yield Entry(record["seq"] + 1, offset, line[:-1], record)
            line = before


def _proven(path: Path, number: int | str, line: bytes, previous: bytes | None) -> Record:
    try:
        if len(line) > LONGEST:
            raise ValueError(f"line, expected at most {LONGEST} bytes, found more")
        record = canonical.decode_line(line)
        if not isinstance(record, dict):
            raise ValueError(f"record, expected an object, found {type(record).__name__}")
        if reason := LINES.check(record, previous):
            raise ValueError(reason)
    except (ValueError, KeyError, TypeError) as problem:  # ``previous`` may be no record at all
        raise Broken(path, number, str(problem)) from None
    return record


def _settled(file: BinaryIO, path: Path, offset: int) -> bytes:
    """Return the line at ``offset`` after a writer in the middle of it has come to its end."""
    Ledger(path).check()  # reads all, which is rare here; it knows how to wait for a writer
    file.seek(offset)
    return file.readline(LONGEST + 1)


def _line_before(file: BinaryIO, offset: int) -> bytes:
    """Return what stands between the last LF but that at its end, and ``offset``."""
    length = _TAIL
    while True:
        start = max(0, offset - length)
        piece = os.pread(file.fileno(), offset - start, start)
        cut = piece.rfind(b"\n", 0, -1)
        if cut >= 0 or start == 0 or length > LONGEST:
            return piece[cut + 1 :]
        length *= 4
