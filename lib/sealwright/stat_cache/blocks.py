"""How a stat cache lies on disk: blocks that are added, each of one folder and with its own sum.

The file begins with `MAGIC` and, in 8 bytes, how long it was when it was last written whole.
Then come blocks; all numbers are little-endian::

    16 bytes        "fold", the lengths of the folder's and of the names' bytes, the count N
    …               the folder, ended by "/", or nothing for the top
    …               N names, each ended by NUL
    112 N bytes     N rows: device, inode, size, modification and change time in nanoseconds and
                    mode, 8 bytes each; BLAKE3; SHA-256, or zeros where it was not asked for
    64 bytes        the hexadecimal digits of the BLAKE3 of the block so far

A row is compared as it lies there, and a folder is taken apart only when somebody asks about
it.  A block is believed if its sum is right, wherever it lies; a later one goes
before.  An entry says only what once was so, and is compared with what `stat` says now: one
that is lost, old or of another repository costs a reading and nothing else.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from operator import attrgetter
from pathlib import Path
from struct import Struct, error

from sealwright import digest
from sealwright.digest import Sums

NOT_ASKED = bytes(32)
MAGIC = b"statblk1"
_START = Struct("<8sQ")
_HEAD = Struct("<4sIII")
_STATED = Struct("<QQQqqQ")
STATED = _STATED.size
UNKNOWN = NOT_ASKED.hex()  # what `slow` says where it was not asked for
_ROW = STATED + 64
_SUM = 64
_NO_ROW = bytes(_ROW + 1)  # no row begins so
_pack = _STATED.pack
_fields = attrgetter("st_dev", "st_ino", "st_size", "st_mtime_ns", "st_ctime_ns", "st_mode")


def stated(info: os.stat_result) -> bytes:
    """Return how the row of a file begins that `stat` says this of."""
    try:
        return _pack(*_fields(info))
    except error:  # a time after the year 2262, or one before 1677
        return _NO_ROW


def stated_all(looks: Iterable[os.stat_result]) -> list[bytes]:
    """Return what `stated` returns of each, sooner."""
    listed = list(looks)
    try:
        return [_pack(*_fields(info)) for info in listed]
    except error:
        return [stated(info) for info in listed]


def row(info: os.stat_result, sums: Sums) -> bytes:
    """Return the row of a file."""
    fast, slow = digest.hexadecimal(sums.blake3), digest.hexadecimal(sums.sha256)
    return stated(info) + bytes.fromhex(fast) + (bytes.fromhex(slow) or NOT_ASKED)


def fast(row: bytes) -> str:
    """Return the digits of the BLAKE3 in a row."""
    return row[48:80].hex()


def slow(row: bytes) -> str:
    """Return the digits of the SHA-256 in a row; they may all be zeros."""
    return row[80:].hex()


class Blocks:
    """A cache's file as it was when it was opened; one that is missing or foreign is empty."""

    def __init__(self, file: Path) -> None:
        try:
            self._data = file.read_bytes()
        except OSError:
            self._data = b""
        self._places: dict[str, list[slice]] = {}
        self.size = len(self._data)
        self.base = self._find()  # its length when it was last written whole; 0 if it must be

    def _find(self) -> int:
        if len(self._data) < _START.size or not self._data.startswith(MAGIC):
            return 0
        at = _START.size
        while at + _HEAD.size <= self.size:
            mark, folder, names, count = _HEAD.unpack_from(self._data, at)
            end = at + _HEAD.size + folder + names + _ROW * count + _SUM
            if mark != b"fold" or end > self.size:
                break
            start = at + _HEAD.size
            name = os.fsdecode(self._data[start : start + folder])
            self._places.setdefault(name, []).append(slice(at, end))
            at = end
        return int(_START.unpack_from(self._data)[1]) if at == self.size else 0

    def folders(self) -> Iterator[str]:
        """Yield the folders that something is known of."""
        yield from self._places

    def folder(self, name: str) -> dict[str, bytes]:
        """Return what is known of the files of a folder."""
        known: dict[str, bytes] = {}
        for place in self._places.get(name, ()):
            known.update(_decoded(self._data[place]))
        return known


def whole(blocks: bytes) -> bytes:
    """Return a whole file of these blocks."""
    return _START.pack(MAGIC, _START.size + len(blocks)) + blocks


def block(folder: str, entries: Mapping[str, bytes]) -> bytes:
    """Return the block that says this of files in a folder."""
    where, names = os.fsencode(folder), b"".join(os.fsencode(name) + b"\0" for name in entries)
    head = _HEAD.pack(b"fold", len(where), len(names), len(entries))
    text = b"".join((head, where, names, *entries.values()))
    return text + _sum(text)


def _decoded(data: bytes) -> dict[str, bytes]:
    text, told = data[:-_SUM], data[-_SUM:]
    if _sum(text) != told:
        return {}
    _, folder, length, count = _HEAD.unpack_from(text)
    at = _HEAD.size + folder
    names = os.fsdecode(text[at : at + length]).split("\0")[:-1]
    rows = [text[n : n + _ROW] for n in range(at + length, len(text), _ROW)]
    return dict(zip(names, rows, strict=True)) if len(names) == count == len(rows) else {}


def _sum(text: bytes) -> bytes:
    return digest.hexadecimal(digest.blake3(text)).encode()
