"""A Python source as bytes, as text and as places in it.

The bytes are decoded as Python does: by the byte order mark, the coding line, or UTF-8.  A line
ends in LF, CR LF or CR, and in nothing else: form feeds and other separators are part of it.
What the parser says is a line and a column in UTF-8; an offset is counted in characters of the
text, and becomes one in bytes at the very end.  A text whose bytes do not come out again, or
that Python cannot parse, is `Unreadable`.

>>> source = Source.of("# coding: latin-1\\né = old".encode("latin-1"))
>>> source.offset(2, 5), source.text[source.offset(2, 5):], source.bytes_at([22])
(22, 'old', [22])
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

from sealwright.contracts.coo.rewriting.top_level import parsed

LINE_END = re.compile(r"\r\n|\r|\n")
_BOM = 3


class Unreadable(Exception):
    """Why a source cannot be decoded or parsed."""


@dataclass(frozen=True, slots=True)
class Source:
    """The text of a module, its syntax tree, and where its lines begin."""

    text: str
    tree: ast.Module
    starts: list[int]
    encoding: str = "utf-8"

    @classmethod
    def of(cls, data: bytes) -> Source:
        """Return the source in ``data``, or raise `Unreadable`."""
        return _read(data)

    @classmethod
    def read(cls, data: bytes) -> Source:
        """Return the source in ``data``, parsed anew."""
        try:
            encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
            text = data.decode(encoding)
            if encoding != "utf-8" and text.encode(encoding) != data:
                raise Unreadable(f"its {encoding} is not what that encoding writes")
        except (SyntaxError, UnicodeError) as problem:
            raise Unreadable(f"cannot be decoded: {problem}") from None
        return cls.of_text(text, encoding)

    @classmethod
    def of_text(cls, text: str, encoding: str = "utf-8") -> Source:
        """Return the source that ``text`` is, or raise `Unreadable`."""
        try:
            tree = parsed(text)
        except (SyntaxError, ValueError) as problem:
            raise Unreadable(f"cannot be parsed: {problem}") from None
        except (RecursionError, MemoryError):
            raise Unreadable("cannot be parsed: it nests too deep") from None
        return cls(text, tree, line_starts(text), encoding)

    def offset(self, line: int, column: int) -> int:
        """Return the offset of the parser's line, from 1, and column, in bytes of UTF-8."""
        start = self.starts[line - 1]
        if self.text.isascii():
            return start + column
        part = self.text[start : start + column].encode("utf-8", "surrogatepass")[:column]
        return start + len(part.decode("utf-8", "surrogatepass"))

    def place(self, offset: int) -> tuple[int, int]:
        """Return the line, from 1, and the column, from 0 in characters, of an offset."""
        line = bisect_right(self.starts, offset)
        return line, offset - self.starts[line - 1]

    def bytes_at(self, offsets: Iterable[int]) -> list[int]:
        """Return the offsets in bytes of offsets in characters, which are in order."""
        if self.encoding in ("utf-8", "ascii") and self.text.isascii():
            return list(offsets)
        plain = "utf-8" if self.encoding == "utf-8-sig" else self.encoding
        found, here, place = [], 0, _BOM if self.encoding == "utf-8-sig" else 0
        for offset in offsets:
            place += len(self.text[here:offset].encode(plain))
            here = offset
            found.append(place)
        return found


def line_starts(text: str) -> list[int]:
    """Return the offsets at which the lines of a text begin."""
    if "\r" in text:
        return [0, *(match.end() for match in LINE_END.finditer(text))]
    lengths = [len(line) + 1 for line in text.split("\n")]
    return list(accumulate(lengths[:-1], initial=0))


@lru_cache(maxsize=2)  # the file before and after: both are asked for by scan and by check
def _read(data: bytes) -> Source:
    return Source.read(data)
