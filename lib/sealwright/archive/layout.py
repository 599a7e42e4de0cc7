"""The blocks of an archive: what the one writer writes, and what the reader compares with.

The name of a pax header is not that of the file, but ``././@PaxHeader``, as tarfile has it.
In the block behind a pax header stand the beginning of the path, ``?`` for each character
that is not ASCII, and a size of 0 if the size is among the records.

>>> len(header("plan.md", 12, False)), len(header("plän.md", 12, False)), len(closing(1024))
(512, 1536, 9216)
"""

from __future__ import annotations

from sealwright.errors import Misconfigured
from sealwright.paths import parse

BLOCK = 512
RECORD = 20 * BLOCK  # what tar calls a record: the length of an archive is a multiple of it
NAME = 100  # bytes of a name in a header
LARGEST = 8**11 - 1  # bytes of a file whose size has room in a header
RECORDS = 3 * BLOCK  # of a pax header, for the longest path and any size
REGULAR, PAX = b"0", b"x"
MODES = b"0000644\0", b"0000755\0"
_OWNER = b"0000000\0" * 2
_TIME = b"00000000000\0"
_SPACES = 8 * ord(" ")  # what stands for the checksum while it is computed
_REST = {kind: kind + bytes(100) + b"ustar\00000" + bytes(247) for kind in (REGULAR, PAX)}
_SUM = {kind: sum(rest) + _SPACES for kind, rest in _REST.items()}
_PADDING = [bytes(-size % BLOCK) for size in range(BLOCK)]


def header(path: str, size: int, executable: bool) -> bytes:
    """Return what stands before the content of a file."""
    mode = MODES[executable]
    if path.isascii() and len(path) <= NAME and size <= LARGEST:
        return _block(path.encode(), mode, size, REGULAR)
    records = b""
    if not path.isascii() or len(path) > NAME:
        records += _record(b"path", path.encode())
    if size > LARGEST:
        records += _record(b"size", b"%d" % size)
        size = 0
    name = path.encode("ascii", "replace")[:NAME]
    before = _block(b"././@PaxHeader", b"0000000\0", len(records), PAX)
    return before + records + padding(len(records)) + _block(name, mode, size, REGULAR)


def _block(name: bytes, mode: bytes, size: int, kind: bytes) -> bytes:
    front = b"%b%b%b%011o\0%b" % (name.ljust(NAME, b"\0"), mode, _OWNER, size, _TIME)
    return b"%b%06o\0 %b" % (front, sum(front) + _SUM[kind], _REST[kind])


def _record(key: bytes, value: bytes) -> bytes:
    """Return ``<length> <key>=<value>`` and LF, where the length counts its own digits."""
    rest = b" %b=%b\n" % (key, value)
    length = len(rest) + 1
    while length != len(rest) + len(str(length)):
        length = len(rest) + len(str(length))
    return b"%d%b" % (length, rest)


def padding(size: int) -> bytes:
    """Return the zeros after a content of ``size`` bytes."""
    return _PADDING[size % BLOCK]


def closing(offset: int) -> bytes:
    """Return the end of an archive whose last member ends at ``offset``."""
    return bytes(2 * BLOCK + -(offset + 2 * BLOCK) % RECORD)


def unfit(path: str) -> str | None:
    """Return why a path cannot be that of a member, or None."""
    try:
        spelled = parse(path)
    except Misconfigured as problem:
        return str(problem)
    return None if spelled == path else f"expected the path {spelled!r}, found {path!r}"


class Order:
    """Whether paths come in the order of an archive: ascending, and none inside a file.

    All that must be remembered are the earlier paths with which the present one begins, since
    paths of one beginning stand together.
    """

    def __init__(self) -> None:
        self._begun: list[str] = []  # each is the beginning of the next one

    def wrong(self, path: str) -> str | None:
        """Return why ``path`` cannot come next, or None."""
        begun = self._begun
        if begun and path <= begun[-1]:  # characters sort as their bytes in UTF-8 do
            return f"expected a path after {begun[-1]!r}, found {path!r}"
        while begun and not path.startswith(begun[-1]):
            begun.pop()
        for file in begun:
            if path[len(file)] == "/":
                return f"expected no path inside the file {file!r}, found {path!r}"
        begun.append(path)
        return None
