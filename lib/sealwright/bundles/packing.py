"""The zip of a bundle, piece by piece: what the gate's `encode` gives, for files of any size.

A zip says before a content which CRC it has.  So a large file is read twice: once for its CRC,
by threads that run ahead, and once to be written, while another thread takes its digest.  A
file must be what its `Source` says, with the ``sha256`` that it says; `Refused` if it is not,
at the latest instead of the last piece.

>>> next(zipped([]))
Traceback (most recent call last):
sealwright.errors.Refused: bundle: expected at least one file, found none; name what belongs in it
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

from sealwright import digest
from sealwright.archive.aside import Aside
from sealwright.archive.content import SMALL, agree, pieces, whole
from sealwright.archive.source import Source
from sealwright.bundles import audit_gate_build_loop_phase2 as gate
from sealwright.digest import PIECE, Sha256
from sealwright.errors import Refused

_AHEAD = 2  # threads for the CRCs


def zipped(sources: Iterable[Source]) -> Iterator[bytes]:
    """Yield the zip of the sources, in pieces of about `PIECE` bytes."""
    given = sorted(sources, key=_name)
    _check(given)
    large = [source for source in given if source.size > SMALL]
    with (
        closing(Aside()) as aside,
        ThreadPoolExecutor(_AHEAD) as pool,
        closing(pool.map(_crc, large)) as crcs,  # type: ignore[type-var]  # a generator
    ):
        yield from _joined(_parts(given, crcs, aside))


def _name(source: Source) -> bytes:
    return source.path.encode("utf-8", "surrogateescape")


def _check(given: Sequence[Source]) -> None:
    if not given:
        raise Refused("bundle: expected at least one file, found none; name what belongs in it")
    try:
        gate.check_names(map(_name, given))
        gate.check_limits([(_name(source), source.size) for source in given])
    except gate.Refused as refused:
        raise Refused(f"bundle: {refused.detail} ({refused.code} of the audit gate)") from None


def _parts(given: Sequence[Source], crcs: Iterator[int], aside: Aside) -> Iterator[bytes]:
    """Yield headers and contents, then the central directory and the end record."""
    central, offset = bytearray(), 0
    for source in given:
        name, small = _name(source), source.size <= SMALL
        content = _whole(source) if small else b""
        crc = zlib.crc32(content) if small else next(crcs)
        header = gate.local_header(name, crc, source.size)
        yield header
        yield from [content] if small else _large(source, crc, aside)
        central += gate.central_record(name, crc, source.size, offset)
        offset += len(header) + source.size
    aside.settle()
    yield bytes(central + gate.end_record(len(given), len(central), offset))


def _whole(source: Source) -> bytes:
    content = whole(source)
    agree(source, digest.sha256(content))
    return content


def _large(source: Source, crc: int, aside: Aside) -> Iterator[bytes]:
    found = _Found()
    for piece in pieces(source):
        aside.put(found.update, piece)
        yield piece
    aside.put(found.agree, source, crc)


class _Found:
    """What the pieces of a large file amount to."""

    def __init__(self) -> None:
        self._sum, self._crc = Sha256(), 0

    def update(self, piece: bytes) -> None:
        self._sum.update(piece)
        self._crc = zlib.crc32(piece, self._crc)

    def agree(self, source: Source, crc: int) -> None:
        agree(source, self._sum.digest())
        if self._crc != crc:
            raise Refused(f"{source.place}: changed while it was read; try again")


def _crc(source: Source) -> int:
    crc = 0
    for piece in pieces(source):
        crc = zlib.crc32(piece, crc)
    return crc


def _joined(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the same bytes in fewer pieces."""
    held: list[bytes] = []
    size = 0
    for part in parts:
        held.append(part)
        size += len(part)
        if size >= PIECE:
            yield b"".join(held)
            held, size = [], 0
    yield b"".join(held)
