"""How a stat cache lies on disk: blocks that are added, each of one folder and with its own sum.

The file begins with `MAGIC` and, in 8 bytes, how long it was when it was last written whole.
Then come blocks; all numbers are little-endian::

    16 bytes        "fold", the lengths of the folder's and of the names' bytes, the count N
    …               the folder, ended by "/", or nothing for the top
    …               N names, each ended by NUL
    48 N bytes      device, inode, size, modification and change time in nanoseconds, mode
    32 N bytes      BLAKE3, and as many of SHA-256, zeros where it was not asked for
    64 bytes        the hexadecimal digits of the BLAKE3 of the block so far

Columns, since a folder is decoded in a few steps, whatever it holds, and only when somebody
asks about it.  A block is believed if its sum is right, wherever it lies; a later one goes
before.  An entry says only what once was so, and is compared with what `stat` says now: one
that is lost, old or of another repository costs a reading and nothing else.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from struct import Struct

from sealwright import digest

Stated = tuple[int, int, int, int, int, int]
Entry = tuple[Stated, str, str]  # what `stat` said, the digits of BLAKE3 and of SHA-256
NOT_ASKED = "0" * 64
MAGIC = b"statblk1"
_START = Struct("<8sQ")
_HEAD = Struct("<4sIII")
_STATED = Struct("<QQQqqQ")
_SUM = 64


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
            end = at + _HEAD.size + folder + names + (_STATED.size + 64) * count + _SUM
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

    def folder(self, name: str) -> dict[str, Entry]:
        """Return what is known of the files of a folder."""
        known: dict[str, Entry] = {}
        for place in self._places.get(name, ()):
            known.update(_decoded(self._data[place]))
        return known


def whole(blocks: bytes) -> bytes:
    """Return a whole file of these blocks."""
    return _START.pack(MAGIC, _START.size + len(blocks)) + blocks


def block(folder: str, entries: Mapping[str, Entry]) -> bytes:
    """Return the block that says this of files in a folder."""
    where, names = os.fsencode(folder), b"".join(os.fsencode(name) + b"\0" for name in entries)
    rows = entries.values()
    text = b"".join(
        (
            _HEAD.pack(b"fold", len(where), len(names), len(entries)),
            where,
            names,
            b"".join(_STATED.pack(*stated) for stated, _, _ in rows),
            bytes.fromhex("".join(fast for _, fast, _ in rows)),
            bytes.fromhex("".join(slow for _, _, slow in rows)),
        )
    )
    return text + _sum(text)


def _decoded(data: bytes) -> dict[str, Entry]:
    text, stated = data[:-_SUM], data[-_SUM:]
    if _sum(text) != stated:
        return {}
    _, folder, length, count = _HEAD.unpack_from(text)
    at = _HEAD.size + folder
    names = os.fsdecode(text[at : at + length]).split("\0")[:-1]
    at += length
    rows = _STATED.iter_unpack(text[at : at + _STATED.size * count])
    at += _STATED.size * count
    digits = text[at:].hex("\n", 32).split("\n")
    return dict(zip(names, zip(rows, digits[:count], digits[count:], strict=True), strict=True))


def _sum(text: bytes) -> bytes:
    return digest.hexadecimal(digest.blake3(text)).encode()
