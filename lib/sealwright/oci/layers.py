"""One layer, read to its end: whether it is the one, and what it puts into the image.

The blob has the size and digest of its descriptor, and what it unpacks to has the ``diff_id``
that the configuration says.  That is asked first: a layer that is another is not described.
Of files that may be executed, the digest is kept.

>>> Budget(unpacked=10, members=1, names=1).unpacked
10
"""

from __future__ import annotations

import gzip as packed
import zlib
from dataclasses import dataclass
from typing import IO, cast

from sealwright.digest import PIECE, Digest, Sha256
from sealwright.errors import Damaged, Refused, SealwrightError
from sealwright.oci import tar
from sealwright.oci.image import NONE, Layer
from sealwright.oci.store import Store, Window


@dataclass(frozen=True, slots=True)
class Entry:
    """A member of a layer, and the digest of a file that may be executed."""

    member: tar.Member
    sha256: Digest


@dataclass(slots=True)
class Budget:
    """What may still be unpacked and kept."""

    unpacked: int
    members: int
    names: int


class _Heard:
    """A blob, counted and hashed while it is read."""

    def __init__(self, window: Window) -> None:
        self.size, self._window, self._sum = 0, window, Sha256()

    def read(self, count: int = -1) -> bytes:
        piece = self._window.read(PIECE if count < 0 else min(count, PIECE))
        self.size += len(piece)
        self._sum.update(piece)
        return piece

    def digest(self) -> Digest:
        """Read what is left, and return the digest of all."""
        while self.read():
            pass
        return self._sum.digest()


class _Unpacked:
    """What a blob unpacks to, hashed while it is read, and only as much as the budget allows."""

    def __init__(self, heard: _Heard, budget: Budget, *, gzip: bool) -> None:
        self._budget, self._sum = budget, Sha256()
        self._file = packed.GzipFile(fileobj=cast(IO[bytes], heard)) if gzip else heard

    def read(self, count: int) -> bytes:
        try:
            piece = self._file.read(min(count, PIECE))
        except (OSError, EOFError, zlib.error) as problem:
            raise Damaged(f"expected a layer in gzip, found {problem}") from None
        self._budget.unpacked -= len(piece)
        if self._budget.unpacked < 0:
            raise Refused("expected layers of a size that can be unpacked, found more")
        self._sum.update(piece)
        return piece

    def skip(self, count: int) -> None:
        while count:
            piece = self.read(count)
            if not piece:
                raise Damaged(f"expected {count} more bytes of a layer, found the end")
            count -= len(piece)

    def digest(self) -> Digest:
        """Read what is left, and return the digest of all."""
        while self.read(PIECE):
            pass
        return self._sum.digest()


def read(store: Store, layer: Layer, diff_id: Digest, budget: Budget) -> list[Entry]:
    """Return what a layer holds; `Damaged` if it is another."""
    heard = _Heard(store.read(layer.place))
    unpacked = _Unpacked(heard, budget, gzip=layer.gzip)
    entries: list[Entry] = []
    problem: SealwrightError | None = None
    try:
        entries = _entries(unpacked, budget)
        if (found := unpacked.digest()) != diff_id:
            problem = Damaged(f"{layer.place}: expected to unpack to {diff_id}, found {found}")
    except (Damaged, Refused) as one:
        problem = type(one)(f"{layer.place}: {one}")
    digest = heard.digest()
    if layer.digest and (heard.size, digest) != (layer.size, layer.digest):
        raise Damaged(
            f"{layer.place}: expected {layer.size} bytes with {layer.digest}, "
            f"found {heard.size} with {digest}"
        )
    if problem:
        raise problem
    return entries


def _entries(unpacked: _Unpacked, budget: Budget) -> list[Entry]:
    reader = tar.Reader(unpacked, budget.members)
    entries = []
    for member in reader:
        budget.names -= len(member.path) + len(member.link)
        if budget.names < 0:
            raise Refused("expected layers with names of a length that can be kept, found more")
        digest = NONE
        if member.kind == tar.FILE and member.mode & 0o111:
            found = Sha256()
            for piece in reader.pieces():
                found.update(piece)
            digest = found.digest()
        entries.append(Entry(member, digest))
    budget.members -= len(entries)
    return entries
