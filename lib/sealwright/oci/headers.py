"""The fields of a tar's header and the records of its extensions, each in one spelling.

>>> number(b"0000644\\0"), number(b"\\x80" + bytes(10) + b"\\x07")
(420, 7)
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sealwright.errors import Damaged, Refused

_LONGEST = 4096  # bytes of a path; no system can unpack a longer one
_LENGTH = re.compile(rb"[1-9][0-9]{0,6}(?= )")
_OCTAL = re.compile(rb"[0-7]*")
_USTAR, _GNU, _OLD = b"ustar\x0000", b"ustar  \0", bytes(8)


def check(block: bytes) -> None:
    """Refuse a block that is no header, or of a form that readers take differently."""
    total = sum(block) - sum(block[148:156]) + 8 * ord(" ")
    if number(block[148:156]) != total:
        raise Damaged("expected a tar's header, found one with another checksum")
    if block[257:265] not in (_USTAR, _GNU, _OLD) or block[508:512] == b"tar\0":
        raise Damaged(f"expected a tar of a known form, found {block[257:265]!r}")


def number(field: bytes) -> int:
    """Return the number in a field."""
    if field[0] == 0x80:  # in binary, as GNU writes what is too large
        return _fit(int.from_bytes(field[1:], "big"))
    digits = field.strip(b" \0")
    if not _OCTAL.fullmatch(digits):
        raise Damaged(f"expected an octal number in a tar's header, found {field!r}")
    return int(digits or b"0", 8)


def decimal(text: str) -> int:
    """Return the size that a record says."""
    if not re.fullmatch("[0-9]{1,19}", text, re.ASCII):
        raise Damaged(f"expected a size in a tar's record, found {text[:40]!r}")
    return _fit(int(text))


def _fit(number: int) -> int:
    if number >= 1 << 62:
        raise Damaged(f"expected a size that a file can have, found {number}")
    return number


def path(block: bytes) -> str:
    """Return the path in a header."""
    name = block[:100].partition(b"\0")[0]
    prefix = block[345:500].partition(b"\0")[0] if block[257:265] == _USTAR else b""
    return text(prefix + b"/" + name if prefix else name)


def text(data: bytes) -> str:
    """Return a path or the text of a link."""
    if len(data) > _LONGEST:
        raise Refused(f"expected paths of at most {_LONGEST} bytes in a tar, found {len(data)}")
    text = data.removesuffix(b"\0").decode("utf-8", "surrogateescape")
    if "\0" in text:
        raise Damaged("expected a path in a tar, found one with a NUL")
    return text


def records(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the keys and values of a pax header: ``<length> <key>=<value>`` and LF."""
    at = 0
    while at < len(data):
        length = _LENGTH.match(data, at)
        end = at + int(length[0]) if length else 0
        if length is None or end > len(data) or data[end - 1 : end] != b"\n":
            raise Damaged("expected records in a pax header, found something else")
        key, equals, value = data[length.end() + 1 : end - 1].partition(b"=")
        if not (key and equals):
            raise Damaged("expected a key and a value in a pax header, found something else")
        yield key, value
        at = end
