"""The content of one file on its way into an archive: read once, and only if it stays the same.

The file itself is not reached by a link.  A folder above it that becomes one is followed, so
what lies elsewhere could be read in its place, if it has the same size and mode; whoever cannot
have that says the ``sha256``.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator

from sealwright import durable
from sealwright.archive.source import Source
from sealwright.digest import PIECE, Digest
from sealwright.errors import Refused

SMALL = 1 << 16  # bytes of a file that is read at once
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CHANGED = "changed while it was read; try again when nothing writes to it"


def whole(source: Source) -> bytes:
    """Return the content of a small file."""
    descriptor = _open(source)
    try:
        before = _look(descriptor, source)
        content = os.read(descriptor, source.size + (not source.beginning))
        if len(content) != source.size or _look(descriptor, source) != before:
            raise Refused(f"{source.place}: {_CHANGED}")
    finally:
        os.close(descriptor)
    return content


def pieces(source: Source) -> Iterator[bytes]:
    """Yield the content of a large file."""
    descriptor = _open(source)
    try:
        before = _look(descriptor, source)
        left = source.size
        while left and (piece := os.read(descriptor, min(left, PIECE))):
            left -= len(piece)
            yield piece
        if left or _look(descriptor, source) != before:
            raise Refused(f"{source.place}: {_CHANGED}")
    finally:
        os.close(descriptor)


def agree(source: Source, found: Digest) -> None:
    """Refuse a content that is not the one that the source says."""
    if found != f"sha256:{source.sha256}":
        raise Refused(f"{source.place}: expected sha256:{source.sha256}, found {found}")


def _open(source: Source) -> int:
    try:
        return os.open(source.place, _FLAGS)
    except OSError as error:
        raise Refused(f"{source.place}: expected a regular file, found {_found(error)}") from None


def _found(error: OSError) -> str:
    try:
        mode = os.lstat(error.filename).st_mode
    except OSError as problem:
        return f"none: {problem.strerror}"
    return f"one that says: {error.strerror}" if stat.S_ISREG(mode) else durable.kind(mode)


def _look(descriptor: int, source: Source) -> tuple[int, int, int]:
    """Return what a file that changes does not keep; `Refused` if it is not what was listed."""
    info = os.fstat(descriptor)
    mode, executable = info.st_mode, bool(info.st_mode & stat.S_IXUSR)
    size = min(info.st_size, source.size) if source.beginning else info.st_size
    if (stat.S_IFMT(mode), size, executable) != (stat.S_IFREG, source.size, source.executable):
        expected = _words(stat.S_IFREG, source.size, source.executable)
        raise Refused(
            f"{source.place}: expected {expected}, found {_words(mode, info.st_size, executable)}; "
            "list the files again when nothing writes to them"
        )
    if source.beginning:
        return info.st_ino, 0, 0
    return info.st_ino, info.st_mtime_ns, info.st_ctime_ns


def _words(mode: int, size: int, executable: bool) -> str:
    return f"{durable.kind(mode)} of {size} bytes, {'a' if executable else 'no'} program"
