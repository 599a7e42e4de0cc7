"""Digests: what a thing is, as a string that carries its algorithm.

``sha256:`` + 64 hexadecimal digits is identity and evidence, since everybody's tools
speak it; ``blake3:`` + 64 digits is the speed of change detection.  Never the reverse.
A file is read once, in pieces of one mebibyte, whichever of the two are asked for, and
never through a symbolic link.

>>> sha256(b"")
'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

A reader checks a file's by hand with ``sha256sum FILE`` or ``b3sum FILE``.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import NewType

from blake3 import blake3 as _blake3

from sealwright.errors import Misconfigured

Digest = NewType("Digest", str)
PIECE = 1 << 20  # large enough to hide the cost of a call, small enough for the cache
_GRAMMAR = re.compile(r"(sha256|blake3):[0-9a-f]{64}\Z")


@dataclass(frozen=True, slots=True)
class Sums:
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


def sha256(data: bytes) -> Digest:
    """Return the SHA-256 digest of ``data``."""
    return Digest(f"sha256:{hashlib.sha256(data).hexdigest()}")


def blake3(data: bytes) -> Digest:
    """Return the BLAKE3 digest of ``data``."""
    return Digest(f"blake3:{_blake3(data).hexdigest()}")


def of_bytes(data: bytes) -> Sums:
    """Return both digests of ``data``."""
    return Sums(len(data), blake3(data), sha256(data))


def of_descriptor(descriptor: int, *, both: bool = True) -> Sums:
    """Return the digests of what is left to read from an open file descriptor."""
    hasher = Hasher(both)
    buffer = memoryview(bytearray(PIECE))
    while count := os.readv(descriptor, [buffer]):
        hasher.update(buffer[:count])
    return hasher.sums()


def of_file(path: Path | str, *, both: bool = True) -> Sums:
    """Return the digests of the regular file at ``path``; a symbolic link raises `OSError`."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        return of_descriptor(descriptor, both=both)
    finally:
        os.close(descriptor)


def of_files(paths: Iterable[Path | str], *, both: bool = True) -> Iterator[Sums]:
    """Yield the digests of many files in their order, hashed in as many threads as processors."""
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        yield from pool.map(lambda path: of_file(path, both=both), paths)


def parse(text: str) -> Digest:
    """Return ``text`` as a digest, or raise `Misconfigured` if it is none."""
    if not _GRAMMAR.match(text):
        raise Misconfigured(f"expected a digest such as sha256:<64 hex digits>, found {text!r}")
    return Digest(text)


def hexadecimal(digest: Digest) -> str:
    """Return the digits of ``digest`` without its algorithm, as `sha256sum` prints them."""
    return digest.partition(":")[2]
