"""A file as text to search: its characters, its small letters, its lines.

A file is UTF-8, with or without a byte order mark, which is not a character of the first line.
Other bytes and NUL are no text: what cannot be read the same way by everybody is not searched
but told (`NotText`, with the line).  Lines end in LF, CRLF or CR, as in editors; a form feed or
U+2028 ends none.  Lines and columns count from 1, columns in characters.

Characters that no reader sees (Unicode's default ignorable ones: soft hyphens, zero-width and
bidirectional marks, variation selectors) are left out of what is searched, so that they hide no
word; places are those in the file.

>>> text = Text.of("ab\\u200bc\\r\\nd\\re".encode())
>>> text.low, text.place(text.low.index("e")), text.line(1)
('abc\\r\\nd\\re', (3, 1), 'ab\\u200bc')
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property

from sealwright import digest
from sealwright.verdict import legible

WIDE = 160  # characters of a line that an excerpt shows
_MARK = "\N{BYTE ORDER MARK}"
_HIDDEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"
)
_ASCII = bytes(range(128))
_END = re.compile(r"\r\n?|\n")
_BYTES_END = re.compile(rb"\r\n?|\n")


class NotText(ValueError):
    """Bytes that are no text; ``line`` is where they begin not to be."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line


class Text:
    """A text; offsets are those of `seen` and `low`, which are of the same length."""

    def __init__(self, whole: str, data: bytes) -> None:
        self.whole, self._data = whole, data
        self.ascii = data.isascii()
        self.seen = whole if self.ascii or not _hides(data) else _HIDDEN.sub("", whole)

    @property
    def plain(self) -> bool:
        """Return whether nothing was left out."""
        return len(self.seen) == len(self.whole)

    @classmethod
    def of(cls, data: bytes) -> Text:
        """Return the text of a file, or raise `NotText`."""
        return cls(decode(data), data.removeprefix(_MARK.encode("utf-8")))

    @cached_property
    def low(self) -> str:
        """Return what is seen with ASCII capitals made small; other characters stay."""
        return self.low_bytes.decode("utf-8")

    @cached_property
    def low_bytes(self) -> bytes:
        """Return `low` in UTF-8."""
        return (self._data if self.plain else self.seen.encode("utf-8")).lower()

    def place(self, offset: int) -> tuple[int, int]:
        """Return the line and column of a character."""
        return self._lines.place(self._origin(offset))

    def line(self, number: int) -> str:
        """Return the text of a line, without its end."""
        return self._lines.text(number)

    def excerpt(self, line: int, column: int) -> str:
        """Return what of a line is worth showing around a column, fit for a terminal."""
        return excerpt(self.line(line), column)

    def line_sha256(self, number: int) -> str:
        """Return the SHA-256 of a line's text, by which it is known when lines move."""
        return self._sums[number]

    @cached_property
    def _sums(self) -> _Sums:
        return _Sums(self._lines)

    def _origin(self, offset: int) -> int:
        return offset if self.plain else offset + bisect_right(self._left_out, offset)

    @cached_property
    def _left_out(self) -> list[int]:
        """Return before which offset each character was left out."""
        return [found.start() - count for count, found in enumerate(_HIDDEN.finditer(self.whole))]

    @cached_property
    def _lines(self) -> Lines:
        return Lines(self.whole)


class Lines:
    """Where the lines of a text begin."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._told: dict[int, str] = {}
        self._starts = [0, *(end.end() for end in _END.finditer(text))]

    def place(self, offset: int) -> tuple[int, int]:
        """Return the line and column of a character."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def text(self, number: int) -> str:
        """Return the text of a line, without its end."""
        if number not in self._told:  # a line of a million letters may be asked for often
            start = self._starts[number - 1]
            end = _END.search(self._text, start)
            self._told[number] = self._text[start : end.start() if end else None]
        return self._told[number]


class _Sums(dict[int, str]):
    def __init__(self, lines: Lines) -> None:
        super().__init__()
        self._lines = lines

    def __missing__(self, number: int) -> str:
        return self.setdefault(number, line_sha256(self._lines.text(number)))


def line_sha256(line: str) -> str:
    """Return the SHA-256 of a line's text in UTF-8, in hexadecimal."""
    return digest.hexadecimal(digest.sha256(line.encode("utf-8")))


def decode(data: bytes) -> str:
    """Return the characters of a file, or raise `NotText`."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotText(_line(data, error.start), "expected UTF-8, found other bytes") from None
    if (at := data.find(b"\0")) >= 0:
        raise NotText(_line(data, at), "expected text, found a NUL")
    return text.removeprefix(_MARK)


def excerpt(line: str, column: int) -> str:
    """Return at most about `WIDE` characters of a line, around a column."""
    start = max(0, min(column - 1 - WIDE // 4, len(line) - WIDE))
    before = "…" if start else ""
    after = "…" if start + WIDE < len(line) else ""
    return legible(f"{before}{line[start : start + WIDE].strip()}{after}")


def _line(data: bytes, offset: int) -> int:
    return 1 + sum(1 for _ in _BYTES_END.finditer(data, 0, offset))


def _hides(data: bytes) -> bool:
    """Return whether something is not seen; most texts have few characters to look at."""
    return _HIDDEN.search(data.translate(None, _ASCII).decode("utf-8")) is not None
