"""An archive of unknown origin, read strictly: what the one writer would not write is damaged.

Each header is read leniently, written anew from what was understood, and compared byte for
byte.  So no rule about headers is stated twice, and nothing can mean two things.  What was
yielded is worth nothing until the iteration has come to its end.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from sealwright import digest
from sealwright.archive.layout import (
    BLOCK,
    MODES,
    PAX,
    RECORDS,
    REGULAR,
    Order,
    closing,
    header,
    padding,
    unfit,
)
from sealwright.digest import PIECE, Sha256
from sealwright.errors import Damaged
from sealwright.paths import RelPath

Read = Callable[[int], bytes]
_ZEROS = bytes(BLOCK)
_OCTAL = re.compile(rb"[0-7]{11}\0")
_RECORDS = re.compile(rb"(?:[0-9]+ path=([^\n]+)\n)?(?:[0-9]+ size=([0-9]{1,19})\n)?\0*")
_KINDS = {
    b"\0": "a file in the spelling of before 1988",
    b"1": "a hard link",
    b"2": "a symbolic link",
    b"3": "a device",
    b"4": "a device",
    b"5": "a folder",
    b"6": "a named pipe",
    b"g": "a global pax header",
    b"x": "a second pax header",
    b"K": "a long name of GNU tar",
    b"L": "a long name of GNU tar",
    b"S": "a sparse file of GNU tar",
}


class Tape:
    """The bytes of an archive, and how many of them are read."""

    def __init__(self, read: Read) -> None:
        self.offset = 0
        self._read = read
        self._held, self._at = b"", 0

    def take(self, count: int) -> bytes:
        """Return the next ``count`` bytes."""
        taken = self.some(count)
        while len(taken) < count:
            taken += self.some(count - len(taken))
        return taken

    def some(self, most: int) -> bytes:
        """Return up to ``most`` of the next bytes, and at least one unless none is asked for."""
        if most and self.ended():
            raise self.damage("more bytes", "the end; it is cut off")
        taken = self._held[self._at : self._at + most]
        self._at += len(taken)
        self.offset += len(taken)
        return taken

    def ended(self) -> bool:
        """Return whether no byte is left."""
        if self._at == len(self._held):
            self._held, self._at = self._read(PIECE), 0
        return not self._held

    def damage(self, expected: str, found: str, back: int = 0) -> Damaged:
        """Return the error that says where, ``back`` bytes ago, something is wrong."""
        return Damaged(f"archive: byte {self.offset - back}: expected {expected}, found {found}")


class Entry:
    """One member; its content must be taken before the next member is asked for, or is skipped."""

    __slots__ = ("_left", "_passed", "_tape", "executable", "path", "size")

    def __init__(self, path: RelPath, size: int, executable: bool, tape: Tape) -> None:
        self.path, self.size, self.executable = path, size, executable
        self._tape, self._left, self._passed = tape, size, False

    def pieces(self) -> Iterator[bytes]:
        """Yield what is left of the content, in pieces of at most a mebibyte."""
        if self._passed:
            raise ValueError(f"{self.path}: expected to be read before the next, found it passed")
        while self._left:
            piece = self._tape.some(self._left)
            self._left -= len(piece)
            yield piece

    def end(self) -> None:
        """Pass what is left of the content, and the zeros after it."""
        for _ in self.pieces():
            pass
        self._passed = True
        zeros = padding(self.size)
        if self._tape.take(len(zeros)) != zeros:
            raise self._tape.damage(f"zeros after {self.path!r}", "other bytes", len(zeros))


class Member(NamedTuple):
    """One member, read to its end; ``sha256`` are 64 digits."""

    path: RelPath
    size: int
    executable: bool
    sha256: str


def members(read: Read) -> Iterator[Entry]:
    """Yield the members; ``read`` returns at most as many bytes as asked, none at the end."""
    tape, order = Tape(read), Order()
    while (block := tape.take(BLOCK)) != _ZEROS:
        entry = _entry(tape, block)
        if problem := order.wrong(entry.path):
            raise Damaged(f"archive: before byte {tape.offset}: {problem}")
        yield entry
        entry.end()
    last = tape.offset - BLOCK
    if not last:
        raise tape.damage("a member", "none", BLOCK)
    rest = closing(last)[BLOCK:]
    if tape.take(len(rest)) != rest:
        raise tape.damage("zeros to the end", "other bytes", len(rest))
    if not tape.ended():
        raise tape.damage("the end", "more bytes")


def scan(read: Read) -> Iterator[Member]:
    """Yield the members with the digests of their contents."""
    for entry in members(read):
        found = Sha256()
        for piece in entry.pieces():
            found.update(piece)
        sha256 = digest.hexadecimal(found.digest())
        yield Member(entry.path, entry.size, entry.executable, sha256)


def _entry(tape: Tape, block: bytes) -> Entry:
    """Return the member whose header begins with ``block``, if the writer writes it so."""
    raw, said, length = block, None, None
    if _kind(block) == PAX:
        said, length, more = _pax(tape, block)
        block = tape.take(BLOCK)
        raw += more + block
    if _kind(block) != REGULAR:
        found = _KINDS.get(_kind(block), f"the type {_kind(block)!r}")
        raise tape.damage("a regular file", found, BLOCK)
    try:
        path = (block[:100].rstrip(b"\0") if said is None else said).decode()
    except UnicodeDecodeError:
        raise tape.damage("a path in UTF-8", repr(said or block[:100]), len(raw)) from None
    if problem := unfit(path):
        raise Damaged(f"archive: byte {tape.offset - len(raw)}: {problem}")
    size = _size(tape, block) if length is None else length
    _compare(tape, raw, header(path, size, block[100:108] == MODES[True]))
    return Entry(RelPath(path), size, block[100:108] == MODES[True], tape)


def _kind(block: bytes) -> bytes:
    return block[156:157]


def _size(tape: Tape, block: bytes) -> int:
    field = block[124:136]
    if not _OCTAL.fullmatch(field):
        raise tape.damage("a size of 11 octal digits and NUL", repr(field), BLOCK)
    return int(field[:-1], 8)


def _pax(tape: Tape, block: bytes) -> tuple[bytes | None, int | None, bytes]:
    """Return the path and the size that a pax header says, and the bytes that say them."""
    size = _size(tape, block)
    if size > RECORDS:
        raise tape.damage(f"a pax header of at most {RECORDS} bytes", f"one of {size}", BLOCK)
    records = tape.take(size + len(padding(size)))
    match = _RECORDS.fullmatch(records)
    if match is None:
        raise tape.damage("records of a path and a size", repr(records[:64]), len(records))
    return match[1], None if match[2] is None else int(match[2]), records


def _compare(tape: Tape, found: bytes, expected: bytes) -> None:
    if found == expected:
        return
    pairs = zip(found, expected, strict=False)
    at = next((n for n, (one, other) in enumerate(pairs) if one != other), 0)
    wanted, given = expected[at : at + 16], found[at : at + 16]
    raise tape.damage(f"{wanted!r} in the header of a file", repr(given), len(found) - at)
