"""Where two files begin to differ: byte, line, and what stands there, in text that is safe to show.

Bytes count from 0, lines from 1.  An excerpt is at most `BEFORE` and `AFTER` bytes around the
place; what is no printable ASCII is escaped.

>>> excerpt(b"caf\\xe9 \\x1b[2J", 3)
'caf\\\\xe9 \\\\x1b[2J'
"""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO, NamedTuple

from sealwright.digest import PIECE

BEFORE, AFTER = 20, 40
END = "(the end)"


class Difference(NamedTuple):
    """The first byte that differs, the line in which it is, and both excerpts."""

    offset: int
    line: int
    first: str
    second: str


def find(one: Path, other: Path) -> Difference | None:
    """Return where two files begin to differ, or None if they do not."""
    with one.open("rb") as first, other.open("rb") as second:
        offset, lines = 0, 1
        while True:
            left, right = first.read(PIECE), second.read(PIECE)
            if left != right:
                break
            if not left:
                return None
            offset, lines = offset + len(left), lines + left.count(b"\n")
        inside = _first(left, right)
        at = offset + inside
        lines += left.count(b"\n", 0, inside)
        return Difference(at, lines, _around(first, at), _around(second, at))


def _first(left: bytes, right: bytes) -> int:
    pairs = enumerate(zip(left, right, strict=False))
    return next((n for n, (a, b) in pairs if a != b), min(len(left), len(right)))


def _around(file: BinaryIO, at: int) -> str:
    start = max(0, at - BEFORE)
    file.seek(start)
    data = file.read(at - start + AFTER)
    return excerpt(data, at - start) if len(data) > at - start else f"{excerpt(data, 0)}{END}"


def excerpt(data: bytes, at: int) -> str:
    """Return what of some bytes is worth showing around a place."""
    shown = data[max(0, at - BEFORE) : at + AFTER]
    return "".join(chr(b) if 32 <= b < 127 and b != 92 else f"\\x{b:02x}" for b in shown)
