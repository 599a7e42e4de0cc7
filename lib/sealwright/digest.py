"""Digests: what a thing is, as a string that carries its algorithm.

``sha256:`` + 64 hexadecimal digits is identity and evidence, since everybody's tools
speak it; ``blake3:`` + 64 digits is the speed of change detection.  Never the reverse.
A file is read once, in pieces of one mebibyte, whichever of the two are asked for, never
through a symbolic link, and never waiting for a pipe.  Many files: `sealwright.hashing`.

>>> sha256(b"")
'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

A reader checks a file's by hand with ``sha256sum FILE`` or ``b3sum FILE``.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import stat
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, NewType

from blake3 import blake3 as _blake3

from sealwright.errors import Misconfigured

Digest = NewType("Digest", str)
PIECE = 1 << 20  # large enough to hide the cost of a call, small enough for the cache
_GRAMMAR = re.compile(r"(sha256|blake3):[0-9a-f]{64}\Z")


class _Own(threading.local):
    buffer: memoryview


_own = _Own()


class Sums(NamedTuple):
    """The digests of one stretch of bytes; ``sha256`` is empty where it was not asked for."""

    size: int
    blake3: Digest
    sha256: Digest = Digest("")


@dataclass(slots=True)
class Hasher:
    """Bytes in, `Sums` out: both digests in one pass, or BLAKE3 alone."""

    both: bool = True
    size: int = 0
    _fast: _blake3 = field(default_factory=_blake3)
    _slow: hashlib._Hash | None = None

    def __post_init__(self) -> None:
        if self.both:
            self._slow = hashlib.sha256()

    def update(self, piece: bytes | memoryview) -> None:
        """Take the next bytes."""
        self.size += len(piece)
        self._fast.update(piece)
        if self._slow is not None:
            self._slow.update(piece)

    def sums(self) -> Sums:
        """Return the digests of everything taken so far."""
        slow = Digest(f"sha256:{self._slow.hexdigest()}") if self._slow else Digest("")
        return Sums(self.size, Digest(f"blake3:{self._fast.hexdigest()}"), slow)


@dataclass(slots=True)
class Sha256:
    """Bytes in, one digest out: identity, where no change detection is wanted."""

    _state: hashlib._Hash = field(default_factory=hashlib.sha256)

    def update(self, piece: bytes | memoryview) -> None:
        """Take the next bytes."""
        self._state.update(piece)

    def digest(self) -> Digest:
        """Return the digest of everything taken so far."""
        return Digest(f"sha256:{self._state.hexdigest()}")


def sha256(data: bytes) -> Digest:
    """Return the SHA-256 digest of ``data``."""
    return Digest(f"sha256:{hashlib.sha256(data).hexdigest()}")


def blake3(data: bytes) -> Digest:
    """Return the BLAKE3 digest of ``data``."""
    return Digest(f"blake3:{_blake3(data).hexdigest()}")


def of_bytes(data: bytes) -> Sums:
    """Return both digests of ``data``."""
    return Sums(len(data), blake3(data), sha256(data))


def of_file(path: Path | str, *, both: bool = True, stopped: Callable[[], bool] = bool) -> Sums:
    """Return the digests of the regular file at ``path``; anything else raises `OSError`.

    Between two pieces ``stopped`` is asked whether nobody wants to know any more.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "expected a regular file")
        return _read(descriptor, Hasher(both), stopped)
    except OSError as error:
        error.filename = path
        raise
    finally:
        os.close(descriptor)


def _read(descriptor: int, hasher: Hasher, stopped: Callable[[], bool]) -> Sums:
    buffer = _buffer()
    while count := os.readv(descriptor, [buffer]):
        hasher.update(buffer[:count])
        if stopped():
            raise InterruptedError(errno.EINTR, "stopped while it was read")
    return hasher.sums()


def _buffer() -> memoryview:
    """Return this thread's buffer: a new one would cost more than a small file."""
    try:
        return _own.buffer
    except AttributeError:
        _own.buffer = memoryview(bytearray(PIECE))
        return _own.buffer


def parse(text: str) -> Digest:
    """Return ``text`` as a digest, or raise `Misconfigured` if it is none."""
    if not _GRAMMAR.match(text):
        raise Misconfigured(f"expected a digest such as sha256:<64 hex digits>, found {text!r}")
    return Digest(text)


def hexadecimal(digest: Digest) -> str:
    """Return the digits of ``digest`` without its algorithm, as `sha256sum` prints them."""
    return digest.partition(":")[2]
