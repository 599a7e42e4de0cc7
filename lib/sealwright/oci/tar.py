"""The members of a tar that somebody else wrote, read once from its beginning to its end.

The forms are ustar, pax and GNU with long names, and the old one without a mark.  A reader of
the standard library would be lenient, and others would be in other ways; so whatever two
readers might take differently is damage:

* a checksum, a number or a pax record that is not exactly one;
* a content behind a link, a folder or a device, a regular file whose name ends in ``/``;
* a name given twice, or for all members at once; an extension of nothing;
* anything but NUL after the first empty block.

Sparse files and kinds that are not listed here are refused.  A missing end is none: the digest
of the whole says whether something is missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from sealwright.digest import PIECE
from sealwright.errors import Damaged, Refused
from sealwright.oci import headers

BLOCK = 512
FILE, FOLDER, HARD, SYMBOLIC, OTHER = "file", "folder", "hard link", "symbolic link", "device"
_KINDS = {b"0": FILE, b"\0": FILE, b"1": HARD, b"2": SYMBOLIC, b"5": FOLDER}
_KINDS |= {b"3": OTHER, b"4": OTHER, b"6": OTHER}
_LONG = {b"L": "path", b"K": "linkpath"}
_EXTENSION = 1 << 20  # bytes


class Source(Protocol):
    """Bytes in their order."""

    def read(self, count: int) -> bytes:
        """Return the next bytes, at most ``count``; none at the end."""

    def skip(self, count: int) -> None:
        """Pass over so many bytes."""


@dataclass(frozen=True, slots=True)
class Member:
    """What a tar says of one file; ``path`` and ``link`` are as they stand there."""

    path: str
    kind: str
    size: int
    mode: int
    link: str


class Reader:
    """The members of a tar; ``most`` of them at most."""

    def __init__(self, source: Source, most: int) -> None:
        self._source, self._most = source, most
        self._rest = self._padding = 0

    def __iter__(self) -> Iterator[Member]:
        count = 0
        while (member := self._next()) is not None:
            count += 1
            if count > self._most:
                raise Refused(f"expected at most {self._most} members of a tar, found more")
            yield member

    def pieces(self) -> Iterator[bytes]:
        """Yield the content of the member that was yielded last."""
        while self._rest:
            piece = self._source.read(min(self._rest, PIECE))
            if not piece:
                raise Damaged(f"expected {self._rest} more bytes of a tar's member, found the end")
            self._rest -= len(piece)
            yield piece

    def _next(self) -> Member | None:
        extended: dict[str, str] = {}
        while (block := self._block()) is not None:
            kind = block[156:157]
            self._rest = headers.number(block[124:136])
            self._padding = -self._rest % BLOCK
            if kind in _LONG:
                _add(extended, _LONG[kind], headers.text(self._extension()))
            elif kind in b"xg":
                self._extend(extended, everything=kind == b"g")
            else:
                return self._member(block, extended)
        if extended:
            raise Damaged("expected a tar's member behind its extension, found the end")
        return None

    def _block(self) -> bytes | None:
        """Return the next header, or None at the end."""
        self._source.skip(self._rest + self._padding)
        self._rest = self._padding = 0
        block = _exactly(self._source, BLOCK)
        if block.strip(b"\0"):
            headers.check(block)
            return block
        while piece := self._source.read(PIECE):
            if piece.strip(b"\0"):
                raise Damaged("expected nothing but NUL at the end of a tar, found more")
        return None

    def _extension(self) -> bytes:
        if self._rest > _EXTENSION:
            raise Refused(f"expected at most {_EXTENSION} bytes of extension, found {self._rest}")
        return b"".join(self.pieces())

    def _extend(self, extended: dict[str, str], *, everything: bool) -> None:
        for key, value in headers.records(self._extension()):
            if key.startswith(b"GNU.sparse."):
                raise Refused("expected whole files in a tar, found a sparse one")
            if key in (b"path", b"linkpath", b"size"):
                if everything:
                    raise Refused(f"expected the {key.decode()} of one member, found one for all")
                _add(extended, key.decode(), headers.text(value))

    def _member(self, block: bytes, extended: dict[str, str]) -> Member:
        kind = _KINDS.get(block[156:157])
        if kind is None:
            raise Refused(f"expected a tar's member of a known kind, found {block[156:157]!r}")
        path = extended.get("path", headers.path(block))
        if "size" in extended:
            self._rest = headers.decimal(extended["size"])
            self._padding = -self._rest % BLOCK
        if block[156:157] == b"\0" and path.endswith("/"):
            kind = FOLDER  # as the oldest programs wrote it
        if (kind != FILE and self._rest) or (kind == FILE and path.endswith("/")):
            raise Damaged(f"expected a {kind} in the tar, found one of mixed kind: {path!r}")
        link = extended.get("linkpath", headers.text(block[157:257].partition(b"\0")[0]))
        return Member(path, kind, self._rest, headers.number(block[100:108]) & 0o7777, link)


def _exactly(source: Source, count: int) -> bytes:
    """Return so many bytes, or none at the end."""
    block = source.read(count)
    while 0 < len(block) < count:
        piece = source.read(count - len(block))
        if not piece:
            raise Damaged("expected a whole block of a tar, found a part")
        block += piece
    return block


def _add(extended: dict[str, str], key: str, value: str) -> None:
    if key in extended:
        raise Damaged(f"expected the {key} of a tar's member once, found it twice")
    extended[key] = value
