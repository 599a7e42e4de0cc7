#!/usr/bin/env python3
"""Audit gate of a Phase 2 bundle: one zip goes in, PASS, FAIL or BLOCKED comes out.

    python scripts/audit_gate_build_loop_phase2.py --zip PATH
        [--extract-dir DIR] [--report FILE] [--json] [--layout phase2|any] [--timeout SECONDS]

This file needs Python 3.11 or later and, for G7, pytest; nothing else.  It is the same file
inside and outside of a bundle.  A bundle is a zip of regular files with a ``manifest.txt``
that lists every other file.  Eight gates are asked in this order, and the first that does
not hold is the last that is asked.  Nothing of the bundle is executed before G6.

    G1 zip integrity   the zip has the bytes that `encode` gives its own members
    G2 portability     each raw name is one that every common file system takes
    G3 manifest        lines ``<sha256>  <path>``, sorted by bytes, each path once
    G4 completeness    members and manifest name the same files; the layout is there
    G5 hashes          extracted to a fresh folder; hashed while written, and again from disk
    G6 imports         each module under ``runtime/`` but its tests can be imported, in a child
                       that has nothing but the bundle and the standard library
    G7 tests           ``python -m pytest -q`` in a child; exit code and JUnit report agree
    G8 workspace       after that, no file was added, removed or changed

A bundle that `encode` wrote has members that are stored, sorted by the bytes of their paths,
of 1980-01-01 00:00:00, of mode 0644 (made on Unix, version 2.0), with the UTF-8 flag only
where a path is not ASCII, without extra fields, comments, data descriptors or zip64, one
behind the other from byte 0, then the central directory, then one end record.  At most
20000 members, 2 GiB in all, 255 bytes in a component of a path and 1024 in a path.

    Z01-absolute -drive -unc -home  a path is not relative
    Z02-backslash                   a path has a backslash
    Z03-empty -dots                 an empty path or component; a component . or ..
    Z04-utf8 -control -character    not UTF-8; control characters; code points that are none
    Z04-flag                        the UTF-8 flag, unless exactly where a path is not ASCII
    Z05-device -ending -character   a device of Windows; a final dot or space; <>:"|?*
    Z06-duplicate -collision        the same path twice; two that some file system takes for one
    Z06-inside                      a path inside a path that is a file
    Z07-link -folder -kind          a symbolic link; a folder; a device, FIFO or socket
    Z07-mode -system -internal      a mode but 0644; not made on Unix; internal attributes
    Z08-central -count -local       records that are not there, or more than are said
    Z08-mismatch                    a local header that differs from the central directory
    Z08-order -short -equality      not sorted; cut off; any other difference from `encode`
    Z09-end -suffix -prefix -gap    no end record; bytes behind, before or between the parts
    Z09-comment -extra -descriptor  what a bundle never has
    Z09-disk -zip64 -two-ends       several disks; zip64; two records that may be the end
    Z09-time                        a time but 1980-01-01 00:00:00
    Z10-size -entries -empty -name  more or less than the limits above allow
    Z10-sizes -overlap              two sizes of one member; members that share bytes
    Z11-encryption -method -flags   encrypted; compressed; other flags
    Z11-version                     a version but 2.0
    Z12-lead -tar                   does not begin as a zip; is a tar file as well
    Z13-crc                         content that has another CRC than it is said to have
    (Z14, the manifest, is M below)
    M01-missing -size               no manifest.txt; one beyond 32 MiB
    M02-bom M03-cr M04-end M05-line a byte order mark; CR; no final LF; not the form of a line
    M06-escape M07-path             escapes of sha256sum; a path that G2 would refuse, or -
    M08-self M09-order              lists itself; is not sorted
    M10-duplicate M11-empty         lists a path twice; lists nothing
    M12-equality                    other bytes than its own entries give
    M20-unlisted M21-absent         a member that is not listed; an entry that is no member
    M22-layout                      a file that document 001 demands is not there
    M23-shadow                      a file that would be imported in place of Python's or pytest's
    M30-hash M31-disk               other bytes than listed; other bytes on disk than written
    I01-import I02-early            a module raises; the child ended before the last module
    I03-elsewhere                   a module came from outside of the bundle
    I07-signal I08-left             killed by a signal; left processes behind
    T02-exit T03-report             pytest did not end with 0; no readable JUnit report
    T04-none T05-skipped            no test ran; all were skipped
    T06-failed                      the JUnit report has failures or errors
    T07-signal T08-left             killed by a signal; left processes behind
    T09-early                       pytest says that it was told to end before the last test
    W10-added W11-removed           a file or folder too many; one too few
    W12-changed W13-kind            other bytes; not a regular file any more
    X00-unexpected                  the gate itself met what it does not know: fails closed
  and these, which say nothing about the bundle, are BLOCKED:
    B01-file B02-report             the zip cannot be read; the report cannot be written
    B03-unasked                     a gate before this one did not hold
    B04-occupied B05-write          the folder is neither new nor empty; writing failed
    B06-child                       a child could not be started
    I09-timeout T01-timeout         the time was over
    T00-missing                     there is no pytest that can be imported

Exit codes: 0 PASS, 2 FAIL, 3 BLOCKED (wrong usage too).  Each gate prints one line,
``[OK]``, ``[X]`` or ``[?]``, then come ``SUMMARY:`` and, last, ``RESULT:``; with ``--json``
one object instead.  Nothing that a child prints goes there: it goes verbatim into the report
(fenced, at most 8 MiB of a stream) and, byte for byte, to FILE.raw.log.  Names from a bundle
are shown as ASCII in quotes.

A child has no input, an environment of ten known variables, limits, a group of its own and
no network, processes or ``/proc`` but its own where ``unshare`` allows that; the line of G7
says whether it did.  When a child is over, what is left of its group is killed, and of its
processes too where they are its own.  That keeps an honest
bundle honest.  Tests run in one process with the pytest that judges them, so a bundle that
is made to deceive can still forge its JUnit report, as it could come with tests that test
nothing: PASS means whole, as listed, and passing its own tests.  A stranger's bundle belongs
into a machine of its own from G6 on.

By hand: ``unzip -t BUNDLE``, and, in an empty folder, ``unzip BUNDLE``, then
``sha256sum -c --strict manifest.txt`` and ``python -m pytest -q``.

>>> encode({"b": b"2", "a": b"1"}) == encode({"a": b"1", "b": b"2"})
True
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import hashlib
import importlib
import io
import itertools
import json
import os
import re
import shutil
import signal
import stat
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unicodedata
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO, NamedTuple, NoReturn, TypeVar
from xml.etree import ElementTree

_T = TypeVar("_T")
PASS, FAIL, BLOCKED = "PASS", "FAIL", "BLOCKED"
EXIT = {PASS: 0, FAIL: 2, BLOCKED: 3}
MARK = {PASS: "[OK]", FAIL: "[X]", BLOCKED: "[?]"}

MANIFEST = "manifest.txt"
ENTRIES = 20_000  # members
SIZE = 2**31  # bytes of a bundle
COMPONENT = 255  # bytes of a component of a path
TOTAL = 1024  # bytes of a path
LISTING = 2**25  # bytes of a manifest
SHOWN = 2**23  # bytes of a stream in the report; the raw log has all
JUNIT = 2**26  # bytes of a JUnit report
LAST = 2**20  # bytes of what pytest said last
PIECE = 2**18
GRACE = 1.0  # seconds in which what a child started may end after it
LEFT = 125  # how the supervisor ends when somebody is left behind
MEMORY, FILE = 2**32, 2**28  # bytes: limits of a child
PROCESSES = 512  # of a child, where it is alone among its user's
THREADS = min(8, os.cpu_count() or 1)  # for hashing and writing, which need no interpreter

REQUIRED = (
    "scripts/audit_gate_build_loop_phase2.py",
    "runtime/__init__.py",
    "runtime/orchestration/operations.py",
    "runtime/orchestration/mission_journal.py",
    "runtime/governance/envelope_enforcer.py",
    "runtime/governance/self_mod_protection.py",
    "runtime/tests/test_operations.py",
    "runtime/tests/test_mission_journal.py",
    "runtime/tests/test_envelope_enforcer.py",
    "runtime/tests/test_self_mod_protection.py",
    "pytest.ini",
    "docs/03_runtime/Implementation_Plan_Build_Loop_Phase2_v1.1.md",
    MANIFEST,
)
NAMES = {
    "G1": "zip integrity",
    "G2": "portability",
    "G3": "manifest",
    "G4": "completeness",
    "G5": "hashes",
    "G6": "imports",
    "G7": "tests",
    "G8": "workspace",
}


class Refused(Exception):
    """A rule does not hold: its code, what was found, and whether that is FAIL or BLOCKED."""

    def __init__(self, code: str, detail: str, status: str = FAIL) -> None:
        super().__init__(code, detail)
        self.code, self.detail, self.status = code, detail, status


def shown(name: str | bytes) -> str:
    """Return text from a bundle as one short line of ASCII, in quotes."""
    text = name.decode("utf-8", "surrogateescape") if isinstance(name, bytes) else name
    return ascii(text if len(text) <= 120 else text[:120] + "...")


# the one form of a zip

_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_VERSION, _UNIX, _UTF8, _DATE = 20, 3, 1 << 11, 0x21  # the date is 1980-01-01
_MODE = 0o100644 << 16
_FULL16, _FULL32 = 0xFFFF, 0xFFFFFFFF  # what says: look into the records of zip64


class Member(NamedTuple):
    """One member of a zip: ``content`` is the byte at which its content begins."""

    name: bytes
    crc: int
    size: int
    content: int


def encode(members: Mapping[str, bytes]) -> bytes:
    """Return the only zip of these members that the gate takes; `Refused` if there is none."""
    pairs = sorted((path.encode("utf-8", "surrogatepass"), data) for path, data in members.items())
    check_names([name for name, _ in pairs])
    check_limits([(name, len(data)) for name, data in pairs])
    return frame(pairs)


def check_limits(sizes: Sequence[tuple[bytes, int]]) -> None:
    """See that a zip of these raw names and sizes of contents is none that is too large."""
    heads = _LOCAL.size + _CENTRAL.size
    total = sum(size + 2 * len(name) + heads for name, size in sizes)
    _check_limits(len(sizes), total + _END.size)


def frame(pairs: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Return the zip of raw names and contents in the given order; nothing is checked."""
    whole, central, count = bytearray(), bytearray(), 0
    for count, (name, data) in enumerate(pairs, 1):  # noqa: B007
        crc = zlib.crc32(data)
        central += central_record(name, crc, len(data), len(whole))
        whole += local_header(name, crc, len(data)) + data
    return bytes(whole + central + end_record(count, len(central), len(whole)))


def local_header(name: bytes, crc: int, size: int) -> bytes:
    """Return what stands before the content of a member."""
    times = (0, _DATE)
    front = (b"PK\3\4", _VERSION, _flags(name), 0, *times)
    return _LOCAL.pack(*front, crc, size, size, len(name), 0) + name


def central_record(name: bytes, crc: int, size: int, offset: int) -> bytes:
    """Return what the central directory says of the member whose header is at ``offset``."""
    front = (b"PK\1\2", _UNIX << 8 | _VERSION, _VERSION, _flags(name), 0, 0, _DATE)
    rest = (len(name), 0, 0, 0, 0, _MODE, offset)
    return _CENTRAL.pack(*front, crc, size, size, *rest) + name


def end_record(count: int, size: int, offset: int) -> bytes:
    """Return the end of a zip whose central directory has ``size`` bytes from ``offset`` on."""
    return _END.pack(b"PK\5\6", 0, 0, count, count, size, offset, 0)


def _flags(name: bytes) -> int:
    return 0 if name.isascii() else _UTF8


# G1 zip integrity


class _Record(NamedTuple):
    """One record of a central directory as it was found."""

    signature: bytes
    made: int
    needed: int
    flags: int
    method: int
    time: int
    date: int
    crc: int
    packed: int
    size: int
    name_length: int
    extra_length: int
    comment_length: int
    disk: int
    internal: int
    external: int
    offset: int
    name: bytes
    extra: bytes

    @property
    def kind(self) -> int:
        return stat.S_IFMT(self.external >> 16) if self.made >> 8 == _UNIX else 0


class Zip(NamedTuple):
    """A zip that equals its re-encoding, with the digest of what was compared."""

    file: BinaryIO
    members: tuple[Member, ...]
    sha256: str
    size: int


_OTHER_KINDS = {stat.S_IFCHR, stat.S_IFBLK, stat.S_IFIFO, stat.S_IFSOCK}
_RULES: tuple[tuple[str, Callable[[_Record], bool], str], ...] = (
    (
        "Z09-zip64",
        lambda r: _FULL32 in (r.packed, r.size, r.offset) or r.extra[:2] == b"\1\0",
        "uses zip64",
    ),
    ("Z11-encryption", lambda r: bool(r.flags & 0x2041), "is encrypted"),
    ("Z11-method", lambda r: r.method != 0, "is not stored but compressed"),
    ("Z09-descriptor", lambda r: bool(r.flags & 8), "has a data descriptor"),
    ("Z11-flags", lambda r: bool(r.flags & ~_UTF8), "has unknown flags"),
    ("Z04-flag", lambda r: r.flags != _flags(r.name), "has a wrong UTF-8 flag"),
    ("Z07-link", lambda r: r.kind == stat.S_IFLNK, "is a symbolic link"),
    ("Z07-folder", lambda r: r.kind == stat.S_IFDIR or bool(r.external & 0x10), "is a folder"),
    ("Z07-kind", lambda r: r.kind in _OTHER_KINDS, "is no regular file"),
    ("Z07-system", lambda r: r.made >> 8 != _UNIX, "was not made on Unix"),
    ("Z11-version", lambda r: (r.made & 0xFF, r.needed) != (_VERSION,) * 2, "has another version"),
    ("Z07-mode", lambda r: r.external != _MODE, "has a mode other than 0644"),
    ("Z07-internal", lambda r: r.internal != 0, "has internal attributes"),
    ("Z09-extra", lambda r: r.extra_length != 0, "has extra fields"),
    ("Z09-comment", lambda r: r.comment_length != 0, "has a comment"),
    ("Z09-disk", lambda r: r.disk != 0, "is on another disk"),
    ("Z09-time", lambda r: (r.time, r.date) != (0, _DATE), "has a time"),
    ("Z10-sizes", lambda r: r.packed != r.size, "has two sizes"),
    ("Z10-name", lambda r: r.name_length > TOTAL, "has too long a name"),
)


def examine(file: BinaryIO) -> Zip:
    """Return the zip in ``file``, which equals `encode` of its members, or raise `Refused`."""
    size = file.seek(0, os.SEEK_END)
    _check_limits(1, size)
    _check_beginning(_at(file, 0, min(size, 512)))
    count, length, start = _end(file, size)
    raw = _at(file, start, length)
    records = _records(raw, count)
    for record in records:
        _check_record(record)
    _check_order([record.name for record in records])
    _check_offsets(records, start)
    again = hashlib.sha256()
    members = tuple(_member(file, record, again) for record in records)
    rest = b"".join(
        central_record(m.name, m.crc, m.size, r.offset)
        for m, r in zip(members, records, strict=True)
    ) + end_record(count, length, start)
    if _at(file, start, size - start) != rest:
        raise Refused("Z08-equality", "the zip differs from its re-encoding")
    again.update(rest)
    return Zip(file, members, again.hexdigest(), size)


def _check_limits(count: int, size: int) -> None:
    if count > ENTRIES:
        raise Refused("Z10-entries", f"expected at most {ENTRIES} members, found {count}")
    if size > SIZE:
        raise Refused("Z10-size", f"expected at most {SIZE} bytes, found {size}")
    if size < _END.size:
        raise Refused("Z09-end", f"expected a zip, found {size} bytes")


_READING = threading.Lock()  # one place in a file at a time


def _at(file: BinaryIO, offset: int, length: int) -> bytes:
    with _READING:
        file.seek(offset)
        data = file.read(length)
    if len(data) != length:
        raise Refused("Z08-short", f"expected {length} bytes from byte {offset} on, found fewer")
    return data


def _check_beginning(head: bytes) -> None:
    if head[:4] not in (b"PK\3\4", b"PK\5\6"):
        raise Refused("Z12-lead", f"expected the first bytes of a zip, found {shown(head[:4])}")
    told = re.fullmatch(rb"[ \0]*([0-7]+)[ \0]*", head[148:156])
    total = sum(head) - sum(head[148:156]) + 8 * ord(" ")
    if head[257:262] == b"ustar" or (told and int(told[1], 8) == total):
        raise Refused("Z12-tar", "the zip is a tar file as well")


def _end(file: BinaryIO, size: int) -> tuple[int, int, int]:
    """Return count, length and start of the central directory, which ends at the end record."""
    place = _find_end(_at(file, max(0, size - 65557), min(size, 65557)), size)
    end = _END.unpack(_at(file, place, _END.size))
    _, disk, first, here, count, length, start, _ = end
    if _FULL16 in (disk, first, here, count) or _FULL32 in (length, start):
        raise Refused("Z09-zip64", "the end record refers to zip64")
    if disk or first or here != count:
        raise Refused("Z09-disk", "the zip has several disks")
    if not count:
        raise Refused("Z10-empty", "the zip has no members")
    _check_limits(count, size)
    if length > ENTRIES * (_CENTRAL.size + TOTAL):
        raise Refused("Z10-size", f"the central directory has {length} bytes")
    if start + length != place:
        raise _misplaced(file, start, length, place)
    return count, length, start


def _find_end(tail: bytes, size: int) -> int:
    base = size - len(tail)
    found = [m.start() for m in re.finditer(b"PK\5\6", tail) if m.start() + 22 <= len(tail)]
    reaching = [
        at
        for at in found
        if at + 22 + int.from_bytes(tail[at + 20 : at + 22], "little") + base == size
    ]
    if not found:
        raise Refused("Z09-end", "there is no end record")
    if not reaching:
        raise Refused("Z09-suffix", "there is something behind the end record")
    if len(reaching) > 1:
        raise Refused("Z09-two-ends", "two records may be the end record")
    if reaching[0] + base != size - _END.size:
        raise Refused("Z09-comment", "the zip has a comment")
    return size - _END.size


def _misplaced(file: BinaryIO, start: int, length: int, place: int) -> Refused:
    """Return why the central directory does not end at the end record."""
    said, real = start + length, place - length
    if said > place:
        return Refused("Z10-overlap", "the central directory runs into the end record")
    after = _at(file, said, min(4, place - said))
    if after == b"PK\5\6":
        return Refused("Z09-two-ends", "two records may be the end record")
    if after in (b"PK\6\6", b"PK\6\7"):
        return Refused("Z09-zip64", "the zip has records of zip64")
    if length >= 4 and _at(file, real, 4) == b"PK\1\2":
        return Refused("Z09-prefix", "there is something before the first member")
    return Refused("Z09-gap", "there is something between central directory and end record")


def _records(raw: bytes, count: int) -> list[_Record]:
    found, at = [], 0
    for number in range(count):
        fixed = raw[at : at + _CENTRAL.size]
        if len(fixed) < _CENTRAL.size or fixed[:4] != b"PK\1\2":
            raise Refused("Z08-central", f"there is no record of member {number + 1} of {count}")
        fields = _CENTRAL.unpack(fixed)
        begin = at + _CENTRAL.size
        name_end = begin + fields[10]
        extra_end = name_end + fields[11]
        at = extra_end + fields[12]
        if at > len(raw):
            raise Refused("Z08-central", f"the record of member {number + 1} is cut off")
        name, extra = raw[begin:name_end], raw[name_end:extra_end]
        found.append(_Record._make((*fields, name, extra)))
    if at != len(raw):
        raise Refused("Z08-count", f"the central directory has more than {count} members")
    return found


def _check_record(record: _Record) -> None:
    for code, wrong, why in _RULES:
        if wrong(record):
            raise Refused(code, f"{shown(record.name)} {why}")


def _check_order(names: Sequence[bytes]) -> None:
    seen: set[bytes] = set()
    for name in names:
        if name in seen:
            raise Refused("Z06-duplicate", f"{shown(name)} is there twice")
        seen.add(name)
    for before, name in itertools.pairwise(names):
        if name < before:
            raise Refused("Z08-order", f"{shown(name)} comes after {shown(before)}")


def _check_offsets(records: Sequence[_Record], start: int) -> None:
    """See that the members stand one behind the other, from byte 0 to the directory."""
    expected = 0
    for record in records:
        if record.offset > expected:
            code = "Z09-gap" if expected else "Z09-prefix"
            raise Refused(code, f"there is something before {shown(record.name)}")
        if record.offset < expected:
            raise Refused("Z10-overlap", f"{shown(record.name)} shares bytes with another")
        expected += _LOCAL.size + len(record.name) + record.size
    if expected != start:
        code = "Z09-gap" if expected < start else "Z10-overlap"
        raise Refused(code, "the last member does not end at the central directory")


def _member(file: BinaryIO, record: _Record, again: hashlib._Hash) -> Member:
    """Return a member whose header and content are as its record says."""
    expected = local_header(record.name, record.crc, record.size)
    header = _at(file, record.offset, len(expected))
    if header != expected:
        raise _local_wrong(header, record)
    again.update(header)
    crc, content = 0, record.offset + len(expected)
    for piece in pieces(file, content, record.size):
        crc = zlib.crc32(piece, crc)
        again.update(piece)
    if crc != record.crc:
        raise Refused("Z13-crc", f"{shown(record.name)} has another CRC than it is said to have")
    return Member(record.name, crc, record.size, content)


def _local_wrong(header: bytes, record: _Record) -> Refused:
    signature, _, flags, method, *_, extra = _LOCAL.unpack(header[: _LOCAL.size])
    name = shown(record.name)
    if signature != b"PK\3\4":
        return Refused("Z08-local", f"{name} has no local header")
    for wrong, code, why in (
        (flags & 0x2041, "Z11-encryption", "is encrypted"),
        (method, "Z11-method", "is not stored but compressed"),
        (flags & 8, "Z09-descriptor", "has a data descriptor"),
        (extra, "Z09-extra", "has extra fields"),
    ):
        if wrong:
            return Refused(code, f"{name} {why}, says its local header")
    return Refused("Z08-mismatch", f"{name} has a local header that differs from its record")


def pieces(file: BinaryIO, offset: int, size: int) -> Iterator[bytes]:
    """Yield ``size`` bytes from ``offset`` on, a piece at a time."""
    while size:
        piece = _at(file, offset, min(size, PIECE))
        yield piece
        offset, size = offset + len(piece), size - len(piece)


# G2 portability

_PLANES = "".join(chr(plane << 16 | low) for plane in range(17) for low in (0xFFFE, 0xFFFF))
_PATHS = (  # the first that is found is the reason
    ("Z03-empty", re.compile(r"\A\Z"), "is empty"),
    ("Z04-control", re.compile(r"[\x00-\x1f\x7f-\x9f]"), "has a control character"),
    ("Z01-unc", re.compile(r"\A(?:\\\\|//)"), "is a UNC path"),
    ("Z02-backslash", re.compile(r"\\"), "has a backslash"),
    ("Z01-absolute", re.compile(r"\A/"), "is absolute"),
    ("Z01-drive", re.compile(r"\A[A-Za-z]:"), "starts with a drive letter"),
    ("Z01-home", re.compile(r"\A~"), "starts with ~"),
    ("Z07-folder", re.compile(r"/\Z"), "is a folder"),
    ("Z03-empty", re.compile(r"//"), "has an empty component"),
    ("Z03-dots", re.compile(r"(?:\A|/)\.\.?(?:/|\Z)"), "has a component . or .."),
    (
        "Z05-device",
        re.compile(
            r"(?:\A|/)(?:CON|PRN|AUX|NUL|(?:COM|LPT)[0-9¹²³]|CONIN\$|CONOUT\$) *(?:[./]|\Z)", re.I
        ),
        "has a component that is a device on Windows",
    ),
    ("Z05-ending", re.compile(r"[. ](?:/|\Z)"), "has a component that ends in a dot or a space"),
    ("Z05-character", re.compile(r'[<>:"|?*]'), 'has one of <>:"|?*'),
    (
        "Z04-character",
        re.compile(rf"[\ufeff\ufdd0-\ufdef{_PLANES}]"),
        "has a code point that is not a character",
    ),
)


# What HFS+ skips when it compares names.
_UNSEEN = re.compile("[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]")


def check_names(names: Iterable[bytes]) -> list[str]:
    """Return raw names as paths; `Refused` unless every common file system takes all of them."""
    paths = [check_path(name) for name in names]
    _check_collisions(paths)
    return paths


def check_path(name: bytes) -> str:
    """Return a raw name as a path, or raise `Refused`."""
    try:
        path = name.decode()
    except UnicodeDecodeError:
        raise Refused("Z04-utf8", f"{shown(name)} is not UTF-8") from None
    for code, pattern, why in _PATHS:
        if pattern.search(path):
            raise Refused(code, f"{shown(path)} {why}")
    if len(name) > TOTAL or any(len(part) > COMPONENT for part in name.split(b"/")):
        raise Refused("Z10-name", f"{shown(path)} is too long")
    return path


def collision_key(text: str) -> str:
    """Return what is equal for two names that some file system would take for the same."""
    seen = _UNSEEN.sub("", text)
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", seen).casefold())


def _check_collisions(paths: Sequence[str]) -> None:
    files: dict[str, str] = {}
    for path in paths:
        before = files.setdefault(collision_key(path), path)
        if before is not path:
            code = "Z06-duplicate" if before == path else "Z06-collision"
            raise Refused(code, f"{shown(path)} and {shown(before)} are one file somewhere")
    folders: dict[str, str] = {}
    for path in paths:
        for folder in _folders(path):
            key = collision_key(folder)
            if key in files:
                raise Refused("Z06-inside", f"{shown(path)} is inside of {shown(files[key])}")
            before = folders.setdefault(key, folder)
            if before != folder:
                raise Refused("Z06-collision", f"{shown(folder)} and {shown(before)} are one")


def _folders(path: str) -> Iterator[str]:
    """Yield the folders above a path."""
    while path := path.rpartition("/")[0]:
        yield path


# G3 manifest

_LINE = re.compile(rb"([0-9a-f]{64})  (.+)", re.DOTALL)


def find_manifest(bundle: Zip) -> bytes:
    """Return the bytes of the manifest in a zip."""
    found = [member for member in bundle.members if member.name == MANIFEST.encode()]
    if not found:
        raise Refused("M01-missing", f"expected {MANIFEST}, found none")
    if found[0].size > LISTING:
        raise Refused("M01-size", f"expected at most {LISTING} bytes of {MANIFEST}")
    return b"".join(pieces(bundle.file, found[0].content, found[0].size))


def parse_manifest(data: bytes) -> dict[str, str]:
    """Return the digests that a manifest lists, by path; `Refused` if `render` gives others."""
    for code, wrong, why in (
        ("M11-empty", not data, "lists nothing"),
        ("M02-bom", data.startswith(b"\xef\xbb\xbf"), "has a byte order mark"),
        ("M03-cr", b"\r" in data, "has CR"),
        ("M04-end", not data.endswith(b"\n"), "does not end in LF"),
    ):
        if wrong:
            raise Refused(code, f"{MANIFEST} {why}")
    listed: dict[str, str] = {}
    before = b""
    for number, line in enumerate(data[:-1].split(b"\n"), 1):
        sha256, path = _line(line, number)
        _check_line(path, listed, before, number)
        listed[path], before = sha256, path.encode()
    if render_manifest(listed) != data:
        raise Refused("M12-equality", f"{MANIFEST} differs from what its entries give")
    return listed


def _line(line: bytes, number: int) -> tuple[str, str]:
    if line.startswith(b"\\"):
        raise Refused("M06-escape", f"line {number} has an escape")
    match = _LINE.fullmatch(line)
    if match is None:
        raise Refused("M05-line", f"line {number}: expected <sha256>  <path>, found {shown(line)}")
    try:
        path = check_path(match[2])
    except Refused as refused:
        raise Refused("M07-path", f"line {number}: {refused.detail}") from None
    if path == "-":  # sha256sum takes it for its standard input
        raise Refused("M07-path", f"line {number}: '-' cannot be listed")
    return match[1].decode(), path


def _check_line(path: str, listed: Mapping[str, str], before: bytes, number: int) -> None:
    if path == MANIFEST:
        raise Refused("M08-self", f"line {number}: {MANIFEST} lists itself")
    if path in listed:
        raise Refused("M10-duplicate", f"line {number}: {shown(path)} is listed twice")
    if path.encode() < before:
        raise Refused("M09-order", f"line {number}: {shown(path)} comes after {shown(before)}")


def render_manifest(digests: Mapping[str, str]) -> bytes:
    """Return the bytes of a manifest of paths and the 64 digits of their SHA-256."""
    rows = sorted((path.encode(), sha256.encode()) for path, sha256 in digests.items())
    return b"".join(sha256 + b"  " + path + b"\n" for path, sha256 in rows)


# G4 completeness

_TOOLS = {
    *("pytest", "_pytest", "py", "pluggy", "iniconfig", "packaging", "pygments", "colorama"),
    *("exceptiongroup", "tomli", "sitecustomize", "usercustomize", "site-packages"),
}
_TOOLS |= {name.lower() for name in sys.stdlib_module_names}
_CODE = (".py", ".pyw", ".pyc", ".pyd", ".so")


def check_complete(paths: Sequence[str], listed: Mapping[str, str], layout: str) -> None:
    """See that members and manifest name the same files, and all that the layout demands."""
    members = set(paths)
    if unlisted := members - {MANIFEST} - set(listed):
        raise Refused("M20-unlisted", f"{shown(min(unlisted))} is not listed")
    if absent := set(listed) - members:
        raise Refused("M21-absent", f"{shown(min(absent))} is listed, but is not there")
    wanted = [path for path in REQUIRED if path not in members]
    if layout == "phase2" and wanted:
        raise Refused("M22-layout", f"expected {wanted[0]}, found none")
    for path in paths:
        if _shadows(path):
            raise Refused("M23-shadow", f"{shown(path)} would be imported as Python's own")


def _shadows(path: str) -> bool:
    """Return whether a path would be found when Python or pytest imports its own modules."""
    first, _, rest = path.partition("/")
    if not rest and not first.lower().endswith(_CODE):
        return False
    return collision_key(first if rest else first.partition(".")[0]) in _TOOLS


# G5 hashes

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL
_OLD = os.O_RDONLY
for _flag in ("O_NOFOLLOW", "O_CLOEXEC", "O_BINARY", "O_NOINHERIT"):
    _NEW |= getattr(os, _flag, 0)
    _OLD |= getattr(os, _flag, 0)
_OLD |= getattr(os, "O_NONBLOCK", 0)  # a FIFO does not make the gate wait


def extract(bundle: Zip, digests: Mapping[str, str], folder: Path) -> None:
    """Write all members under a fresh folder, and see that both they and the disk are as listed."""
    _make_fresh(folder)

    def write(member: Member) -> None:
        _write(bundle.file, member, digests[member.name.decode()], folder)

    try:
        for above in sorted({above for path in digests for above in _folders(path)}):
            (folder / above).mkdir(0o755)
        _each(write, bundle.members)
    except OSError as problem:
        raise Refused("B05-write", f"cannot write: {problem.strerror}", BLOCKED) from None
    try:
        check_tree(folder, digests)
    except Refused as refused:
        raise Refused("M31-disk", f"on disk, {refused.detail}") from None


def _make_fresh(folder: Path) -> None:
    try:
        with contextlib.suppress(FileExistsError):
            folder.mkdir(0o700)
        fresh = stat.S_ISDIR(os.lstat(folder).st_mode) and not os.listdir(folder)
    except OSError as problem:
        why = f"{shown(str(folder))}: {problem.strerror}"
        raise Refused("B05-write", why, BLOCKED) from None
    if not fresh:
        why = f"{shown(str(folder))}: expected a new or empty folder"
        raise Refused("B04-occupied", why, BLOCKED)


def _write(file: BinaryIO, member: Member, expected: str, folder: Path) -> None:
    place = os.path.join(folder, *member.name.decode().split("/"))
    found = hashlib.sha256()
    with open(os.open(place, _NEW, 0o644), "wb") as target:
        for piece in pieces(file, member.content, member.size):
            found.update(piece)
            target.write(piece)
    if found.hexdigest() != expected:
        raise Refused("M30-hash", f"{shown(member.name)} has other bytes than listed")


def _each(act: Callable[[_T], None], items: Sequence[_T]) -> None:
    """Do it for all of them in some threads; raise what the first raised that did not succeed."""

    def part(first: int) -> tuple[int, Exception] | None:
        for index in range(first, len(items), THREADS):
            try:
                act(items[index])
            except Exception as problem:
                return index, problem
        return None

    with ThreadPoolExecutor(THREADS) as pool:
        failed = [found for found in pool.map(part, range(THREADS)) if found]
    if failed:
        raise min(failed)[1]


# G8 workspace


def check_tree(folder: Path, digests: Mapping[str, str]) -> None:
    """See that a folder holds exactly these files with these bytes, and the folders around."""
    expected = {*digests, *(above for path in digests for above in _folders(path))}
    found = set(_walk(folder))
    if removed := expected - found:
        raise Refused("W11-removed", f"{shown(min(removed))} is not there")
    if added := found - expected:
        raise Refused("W10-added", f"{shown(min(added))} was added")
    _each(lambda path: _check_file(folder, path, digests.get(path)), sorted(expected))


def _walk(folder: Path, prefix: str = "") -> Iterator[str]:
    """Yield the paths of all that is under a folder; no link is followed."""
    rest = [prefix]
    while rest:
        here = rest.pop()
        try:
            entries = list(os.scandir(folder / here))
        except FileNotFoundError:
            raise Refused("W11-removed", f"{shown(here)} is not there") from None
        except OSError as problem:
            raise Refused("W13-kind", f"{shown(here)}: {problem.strerror}") from None
        for entry in entries:
            yield here + entry.name
            if entry.is_dir(follow_symlinks=False):
                rest.append(f"{here}{entry.name}/")


def _check_file(folder: Path, path: str, expected: str | None) -> None:
    place = os.path.join(folder, *path.split("/"))
    mode = os.lstat(place).st_mode
    if not (stat.S_ISDIR(mode) if expected is None else stat.S_ISREG(mode)):
        raise Refused("W13-kind", f"{shown(path)} is something else now")
    if expected is not None and _hash(place) != expected:
        raise Refused("W12-changed", f"{shown(path)} has other bytes")


def _hash(place: str) -> str | None:
    try:
        with open(os.open(place, _OLD), "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


# children


class Ran(NamedTuple):
    """How a child ended: its exit code, or None if its time was over, and what it said."""

    label: str
    argv: tuple[str, ...]
    code: int | None
    out: Path
    err: Path


_ALONE = ("--pid", "--fork", "--kill-child=KILL")
_USERS = ("--map-current-user", "--map-root-user")
_WAYS = (
    *(("--user", user, "--net", *_ALONE, "--mount-proc") for user in _USERS),
    *(("--user", user, "--net", *_ALONE) for user in _USERS),
    ("--net", *_ALONE),
    ("--user", "--map-root-user", "--net"),
    ("--net",),
)


@functools.cache
def isolation() -> tuple[str, ...]:
    """Return what cuts a child off from the network (and from other processes), if anything."""
    program = shutil.which("unshare")
    for way in _WAYS if program and os.name == "posix" else ():
        argv = (str(program), *way, "--")
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            done = subprocess.run(
                [*argv, sys.executable, "-I", "-S", "-c", "pass"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=20,
            )
            if done.returncode == 0:
                return argv
    return ()


def cut_off() -> str:
    """Return in words what `isolation` does here."""
    ways = isolation()
    network = "no network" if "--net" in ways else "NETWORK NOT CUT OFF"
    return f"{network}, {'own' if '--pid' in ways else 'SHARED'} processes"


class Scratch(NamedTuple):
    """Where the gate keeps what is not the workspace."""

    top: Path
    timeout: float

    @property
    def home(self) -> Path:
        """The folder that a child has for its temporary files."""
        return self.top / "home"

    @property
    def out(self) -> Path:
        """The folder of what a child said and reported."""
        return self.top / "out"


def _environment(home: Path) -> dict[str, str]:
    known = {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}
    return known | {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home),
        "TMPDIR": str(home),
        "TEMP": str(home),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "SOURCE_DATE_EPOCH": "315532800",
    }


def run(scratch: Scratch, label: str, argv: Sequence[str], folder: Path) -> Ran:
    """Run a program to its end or to that of its time, and end all that it started."""
    inner = tuple(argv)
    if os.name == "posix":
        limits = (str(int(2 * scratch.timeout) + 10), str(PROCESSES if _counted_alone() else 0))
        supervisor = (sys.executable, "-I", "-S", os.path.abspath(__file__), "--supervise")
        inner = (*isolation(), *supervisor, *limits, *argv)
    out, err = scratch.out / f"{label}.stdout", scratch.out / f"{label}.stderr"
    with open(out, "xb") as stdout, open(err, "xb") as stderr:
        try:
            child = subprocess.Popen(
                inner,
                cwd=folder,
                env=_environment(scratch.home),
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                start_new_session=os.name == "posix",
            )
        except OSError as problem:
            raise Refused("B06-child", f"{problem.strerror}", BLOCKED) from None
        code = _wait(child, scratch.timeout)
    return Ran(label, tuple(argv), code, out, err)


def _counted_alone() -> bool:
    """Return whether a limit of processes counts those of the child only (Linux 5.14 on)."""
    told = re.match(r"(\d+)\.(\d+)", os.uname().release)
    new = told is not None and (int(told[1]), int(told[2])) >= (5, 14)
    return new and "--user" in isolation() and sys.platform == "linux"


def _wait(child: subprocess.Popen[bytes], timeout: float) -> int | None:
    """Return how a child ended, and end its group in any case."""
    left = False
    try:
        code: int | None = child.wait(timeout)
        left = _anybody(child.pid)
    except subprocess.TimeoutExpired:
        code = None
    finally:
        _kill(child)
    return LEFT if left and code is not None else code


def _anybody(group: int) -> bool:
    """Return whether a group whose leader ended still has members after a grace."""
    if os.name != "posix":
        return False
    deadline = time.monotonic() + GRACE
    while time.monotonic() < deadline:
        try:
            os.killpg(group, 0)
        except OSError:
            return False
        time.sleep(0.02)
    return True


def _kill(child: subprocess.Popen[bytes]) -> None:
    if os.name == "posix":
        with contextlib.suppress(OSError):
            os.killpg(child.pid, signal.SIGKILL)
    else:
        child.kill()
    child.wait()


def supervise(seconds: str, processes: str, *argv: str) -> int:
    """Run a program as a grandchild under limits; 125 if somebody outlives it.

    As the first process of its namespace nobody in there can kill the supervisor; the
    process between can be killed, which is seen.
    """
    _limit(int(seconds), int(processes))
    _adopt()
    middle = os.fork()
    if not middle:
        os._exit(_middle(argv))
    code = _reap(middle)
    if _all_gone(0.0 if code else GRACE):
        return code
    _kill_children()
    return code or LEFT


def _all_gone(grace: float) -> bool:
    """Return whether the supervisor has no children left, after a grace."""
    deadline = time.monotonic() + grace
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return True
        if not pid and time.monotonic() >= deadline:
            return False
        if not pid:
            time.sleep(0.02)


def _kill_children() -> None:
    """Kill all that were adopted, and then their children; the end of pid 1 does it alone."""
    place = Path(f"/proc/self/task/{os.getpid()}/children")
    deadline = time.monotonic() + GRACE
    while os.getpid() != 1 and time.monotonic() < deadline and not _all_gone(0.0):
        with contextlib.suppress(OSError, ValueError):
            for pid in place.read_text("ascii").split():
                os.kill(int(pid), signal.SIGKILL)
        time.sleep(0.02)


def _adopt() -> None:
    """Become the parent of every orphan below, on Linux, so that it is seen who is left."""
    with contextlib.suppress(ImportError, OSError, AttributeError):
        if sys.platform == "linux" and os.getpid() != 1:
            import ctypes

            ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER


def _middle(argv: Sequence[str]) -> int:
    program = os.fork()
    if program:
        return _reap(program)
    try:
        os.execv(argv[0], list(argv))
    except OSError:
        return 127


def _reap(wanted: int) -> int:
    while True:
        pid, status = os.waitpid(-1, 0)
        if pid == wanted:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


def _limit(seconds: int, processes: int) -> None:
    import resource

    wanted = [("RLIMIT_CPU", seconds), ("RLIMIT_FSIZE", FILE), ("RLIMIT_CORE", 0)]
    wanted += [("RLIMIT_AS", MEMORY)]
    wanted += [("RLIMIT_NPROC", processes)] if processes else []
    for name, value in wanted:
        if kind := getattr(resource, name, None):
            hard = resource.getrlimit(kind)[1]
            value = value if hard == resource.RLIM_INFINITY else min(value, hard)
            with contextlib.suppress(OSError, ValueError):
                resource.setrlimit(kind, (value, value))


def _died(code: int, letter: str) -> Refused | None:
    """Return what an exit code says beyond that a program itself was not content."""
    if code == LEFT:
        return Refused(f"{letter}08-left", "the child left processes behind")
    if code < 0 or code > 128:
        return Refused(f"{letter}07-signal", f"the child was killed by signal {abs(code) % 128}")
    return None


# G6 imports


def modules(paths: Iterable[str]) -> list[tuple[str, str]]:
    """Return name and path of each module under ``runtime/`` but its tests."""
    found = []
    for path in paths:
        parts = path.removesuffix(".py").split("/")
        if not path.endswith(".py") or parts[0] != "runtime" or parts[1:2] in ([], ["tests"]):
            continue
        parts = parts[:-1] if parts[-1] == "__init__" else parts
        if parts[-1] != "__main__" and all(part.isidentifier() for part in parts):
            found.append((".".join(parts), path))
    return found


def check_imports(scratch: Scratch, paths: Sequence[str], folder: Path, ran: list[Ran]) -> str:
    """See that each module can be imported, and comes from the bundle."""
    wanted = modules(paths)
    names, told = scratch.out / "modules.json", scratch.out / "imported.json"
    names.write_text(json.dumps(wanted), "utf-8")
    argv = [sys.executable, "-I", "-S", "-B", os.path.abspath(__file__), "--import"]
    ran.append(run(scratch, "imports", [*argv, str(names), str(told)], folder))
    code = ran[-1].code
    if code is None:
        raise Refused("I09-timeout", f"not done after {scratch.timeout:g} s", BLOCKED)
    if died := _died(code, "I"):
        raise died
    _check_imported(told, wanted)
    if code:
        raise Refused("I02-early", f"the child ended with {code}")
    return f"{len(wanted)} modules"


def _check_imported(told: Path, wanted: Sequence[tuple[str, str]]) -> None:
    try:
        answers = json.loads(told.read_bytes())
        found = {str(name): [str(each) for each in answer] for name, answer in answers.items()}
    except (OSError, ValueError, AttributeError, TypeError, RecursionError):
        raise Refused("I02-early", "the child ended before the last module") from None
    for name, _ in wanted:
        code, detail = (found.get(name) or ["I02-early", "was not asked"])[:2]
        if code != "OK":
            code = code if code in ("I01-import", "I03-elsewhere") else "I02-early"
            raise Refused(code, f"module {shown(name)}: {shown(detail)}")


def import_all(names: str, told: str) -> int:
    """In the child: import all modules, and write down how that went."""
    folder = os.path.realpath(os.getcwd())
    sys.path.insert(0, folder)
    answers = {}
    for name, path in json.loads(Path(names).read_bytes()):
        answers[name] = _import(name, os.path.join(folder, *path.split("/")))
    Path(told).write_text(json.dumps(answers), "utf-8")
    return 0


def _import(name: str, expected: str) -> tuple[str, str]:
    try:
        module = importlib.import_module(name)
    except BaseException as problem:
        return "I01-import", f"{type(problem).__name__}: {problem}"
    found = os.path.realpath(str(getattr(module, "__file__", None)))
    return ("OK", "") if found == expected else ("I03-elsewhere", f"came from {found}")


# G7 tests

_EARLY = re.compile(rb"^!+ .*outcomes\.Exit.* !+\r?$", re.MULTILINE)


def check_tests(scratch: Scratch, folder: Path, ran: list[Ran]) -> str:
    """See that pytest is content, and that its JUnit report says so as well."""
    _check_pytest(scratch)
    junit = scratch.out / "junit.xml"
    options = ["-q", "-p", "no:cacheprovider", "-c", "pytest.ini", "--rootdir=."]
    argv = [sys.executable, "-m", "pytest", *options, f"--junitxml={junit}"]
    ran.append(run(scratch, "pytest", argv, folder))
    code = ran[-1].code
    if code is None:
        raise Refused("T01-timeout", f"not done after {scratch.timeout:g} s", BLOCKED)
    if died := _died(code, "T"):
        raise died
    if code == 5:
        raise Refused("T04-none", "no test was collected")
    if code:
        raise Refused("T02-exit", f"pytest ended with {code}")
    check_junit(junit)
    if _EARLY.search(_last(ran[-1].out)):
        raise Refused("T09-early", "pytest was told to end before the last test")
    return cut_off()


def _check_pytest(scratch: Scratch) -> None:
    """See that a child will find pytest; this asks in a folder without anything of the bundle."""
    try:
        done = subprocess.run(
            [sys.executable, "-c", "import pytest"],
            cwd=scratch.home,
            env=_environment(scratch.home),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=scratch.timeout,
        )
    except (OSError, subprocess.SubprocessError) as problem:
        raise Refused("B06-child", type(problem).__name__, BLOCKED) from None
    if done.returncode:
        raise Refused("T00-missing", f"{shown(sys.executable)} has no pytest", BLOCKED)


def _last(place: Path) -> bytes:
    with _said(place) as said:
        said.seek(max(0, said.seek(0, os.SEEK_END) - LAST))
        return said.read(LAST)


def check_junit(place: Path) -> None:
    """See that a JUnit report has a test that passed, and none that did not."""
    suites, cases = _junit(place)
    try:
        bad = sum(int(suite.get(name, "1")) for suite in suites for name in ("failures", "errors"))
    except ValueError:
        raise Refused("T03-report", "the JUnit report is not one of pytest") from None
    ends = [{child.tag for child in case} & {"failure", "error", "skipped"} for case in cases]
    if bad or any(end & {"failure", "error"} for end in ends):
        raise Refused("T06-failed", "the JUnit report has failures or errors")
    if not ends:
        raise Refused("T04-none", "no test ran")
    if all(ends):
        raise Refused("T05-skipped", "every test was skipped")


def _junit(place: Path) -> tuple[list[ElementTree.Element], list[ElementTree.Element]]:
    try:
        with open(os.open(place, _OLD), "rb") as file:
            data = file.read(JUNIT + 1)
        if len(data) > JUNIT or b"<!" in data.replace(b"<![CDATA[", b"") or not data.decode():
            raise ValueError
        root = ElementTree.fromstring(data)
    except (OSError, ValueError, ElementTree.ParseError):
        raise Refused("T03-report", "pytest ended early: no readable JUnit report") from None
    suites = list(root.iter("testsuite"))
    if not suites:
        raise Refused("T03-report", "the JUnit report is not one of pytest")
    return suites, list(root.iter("testcase"))


# the audit


class Line(NamedTuple):
    """How one gate ended."""

    gate: str
    status: str
    code: str
    detail: str

    def __str__(self) -> str:
        words = (f"{NAMES[self.gate]}: {self.status}", self.code, self.detail)
        line = " ".join([MARK[self.status], self.gate, *filter(None, words)])
        return "".join(each if " " <= each <= "~" else "?" for each in line)


class Audit:
    """One bundle on its way through the gates."""

    def __init__(self, extract_dir: Path | None, scratch: Scratch, layout: str) -> None:
        self.scratch, self.layout = scratch, layout
        self.folder = extract_dir or scratch.top / "workspace"
        self.ran: list[Ran] = []
        self.lines: list[Line] = []
        self.bundle: Zip | None = None

    def ask(self, file: BinaryIO) -> None:
        """Ask one gate after the other, to the first that does not hold."""
        steps = self._gates(file)
        for gate in NAMES:
            if self.lines and self.lines[-1].status != PASS:
                self.lines += [
                    Line(rest, BLOCKED, "B03-unasked", "") for rest in [*NAMES][len(self.lines) :]
                ]
                return
            try:
                self.lines.append(Line(gate, PASS, "", next(steps)))
            except Refused as refused:
                self.lines.append(Line(gate, refused.status, refused.code, refused.detail))
            except Exception as problem:
                found = shown(f"{type(problem).__name__}: {problem}")
                self.lines.append(Line(gate, FAIL, "X00-unexpected", found))

    def _gates(self, file: BinaryIO) -> Iterator[str]:
        self.bundle = bundle = examine(file)
        yield f"sha256:{bundle.sha256}"
        paths = check_names([member.name for member in bundle.members])
        yield f"{len(paths)} files"
        manifest = find_manifest(bundle)
        listed = parse_manifest(manifest)
        digests = listed | {MANIFEST: hashlib.sha256(manifest).hexdigest()}
        yield f"sha256:{digests[MANIFEST]}"
        check_complete(paths, listed, self.layout)
        yield f"layout {self.layout}"
        extract(bundle, digests, self.folder)
        yield ""
        yield check_imports(self.scratch, paths, self.folder, self.ran)
        yield check_tests(self.scratch, self.folder, self.ran)
        check_tree(self.folder, digests)
        yield ""

    @property
    def result(self) -> str:
        """PASS only if every gate says so; FAIL if one fails."""
        found = {line.status for line in self.lines}
        if FAIL in found:
            return FAIL
        return PASS if found == {PASS} and len(self.lines) == len(NAMES) else BLOCKED


def open_bundle(place: Path) -> BinaryIO:
    """Return an open regular file, or raise `Refused`."""
    flags = _OLD & ~getattr(os, "O_NOFOLLOW", 0)
    try:
        file = open(os.open(place, flags), "rb")  # noqa: SIM115
    except OSError as problem:
        why = f"{shown(str(place))}: {problem.strerror}"
        raise Refused("B01-file", why, BLOCKED) from None
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise Refused("B01-file", f"{shown(str(place))}: expected a regular file", BLOCKED)
    return file


def audit(place: Path, scratch: Scratch, extract_dir: Path | None, layout: str) -> Audit:
    """Ask all gates of the bundle at ``place``."""
    done = Audit(extract_dir, scratch, layout)
    try:
        with open_bundle(place) as file:
            done.ask(file)
    except Refused as refused:
        done.lines = [Line("G1", refused.status, refused.code, refused.detail)]
        done.lines += [Line(rest, BLOCKED, "B03-unasked", "") for rest in [*NAMES][1:]]
    return done


# what is told


def summary(lines: Sequence[Line]) -> str:
    """Return how many gates ended how."""
    each = [line.status for line in lines]
    return ", ".join(f"{each.count(status)} {status}" for status in (PASS, FAIL, BLOCKED))


def as_text(done: Audit, result: str) -> str:
    """Return the lines of the gates, the summary and the result."""
    told = [*map(str, done.lines), f"SUMMARY: {summary(done.lines)}", f"RESULT: {result}"]
    return "\n".join(told) + "\n"


def as_json(done: Audit, result: str) -> str:
    """Return the same as one object."""
    gates = [{"name": NAMES[line.gate], **line._asdict()} for line in done.lines]
    sha256 = f"sha256:{done.bundle.sha256}" if done.bundle else None
    told = {"gates": gates, "sha256": sha256, "summary": summary(done.lines), "result": result}
    return json.dumps(told, sort_keys=True, separators=(",", ":")) + "\n"


def write_report(place: Path, zip_place: Path, done: Audit) -> None:
    """Write the report and, beside it, the raw log; `Refused` if that cannot be done."""
    try:
        with _replacing(place.with_name(place.name + ".raw.log")) as log:
            for ran in done.ran:
                _log(log, ran)
        with _replacing(place) as report:
            report.write(_report(zip_place, done).encode())
    except OSError as problem:
        why = f"{shown(str(place))}: {problem.strerror}"
        raise Refused("B02-report", why, BLOCKED) from None


@contextlib.contextmanager
def _replacing(place: Path) -> Iterator[BinaryIO]:
    """Give a new file that takes its place at the end, whole or not at all."""
    handle, name = tempfile.mkstemp(prefix=".report-", dir=place.parent)
    try:
        with open(handle, "wb") as file:
            yield file
        os.replace(name, place)
    except BaseException:
        os.unlink(name)
        raise


def _log(log: BinaryIO, ran: Ran) -> None:
    for name, place in (("stdout", ran.out), ("stderr", ran.err)):
        with _said(place) as said:
            size = said.seek(0, os.SEEK_END)
            log.write(f"== {ran.label} {name}, {size} bytes\n".encode())
            said.seek(0)
            shutil.copyfileobj(said, log, PIECE)
            log.write(b"\n")


def _said(place: Path) -> BinaryIO:
    """Return what a child said; nothing, if the child removed or replaced the file."""
    try:
        file = open(os.open(place, _OLD), "rb")  # noqa: SIM115
    except OSError:
        return io.BytesIO()
    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        return file
    file.close()
    return io.BytesIO()


def _report(zip_place: Path, done: Audit) -> str:
    parts = [
        f"# {done.result} report of the audit gate, Build Loop Phase 2\n",
        f"Bundle: {shown(str(zip_place))}\n",
        _fenced(as_text(done, done.result)),
    ]
    for ran in done.ran:
        end = "the time was over" if ran.code is None else f"exit code {ran.code}"
        parts.append(f"## {ran.label}: {end}\n\nCommand: {' '.join(ran.argv)!a}\n")
        for name, place in (("stdout", ran.out), ("stderr", ran.err)):
            with _said(place) as said:
                data = said.read(SHOWN)
                rest = " (cut; the raw log has all)" if said.read(1) else ""
            parts.append(f"### {name} of {ran.label}{rest}\n")
            parts.append(_fenced(data.decode("utf-8", "backslashreplace")))
    return "\n".join(parts)


def _fenced(text: str) -> str:
    """Return text between fences that it cannot close."""
    ticks = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * max(3, ticks + 1)
    ending = "" if text.endswith("\n") or not text else "\n"
    return f"{fence}text\n{text}{ending}{fence}\n"


# the command


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(EXIT[BLOCKED], f"{self.prog}: error: {message}\n")


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = _Parser(
        prog="audit_gate_build_loop_phase2.py",
        description="Audit a Phase 2 bundle.",
        epilog="exit codes: 0 PASS, 2 FAIL, 3 BLOCKED; the beginning of this file is the manual",
        allow_abbrev=False,
    )
    parser.add_argument("--zip", type=Path, metavar="PATH", help="the bundle")
    parser.add_argument("--extract-dir", type=Path, metavar="DIR", help="new or empty; is kept")
    parser.add_argument("--report", type=Path, metavar="FILE", help="a Markdown report")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--layout", choices=("phase2", "any"), default="phase2")
    parser.add_argument("--timeout", type=float, default=300.0, metavar="SECONDS")
    given = parser.parse_args(argv)
    if given.zip is None:
        parser.error("--zip PATH is needed")
    if not 0 < given.timeout < 10**6:
        parser.error("--timeout: expected seconds above 0")
    return given


def main(argv: Sequence[str]) -> int:
    """Run the command and return its exit code."""
    if argv[:1] == ["--supervise"]:
        return supervise(*argv[1:])
    if argv[:1] == ["--import"]:
        return import_all(*argv[1:])
    given = _arguments(argv)
    signal.signal(signal.SIGTERM, _stop)
    try:
        top = Path(os.path.realpath(tempfile.mkdtemp(prefix="audit-gate-")))
    except OSError as problem:
        print(f"no temporary folder: {problem.strerror}", file=sys.stderr)
        print("RESULT: BLOCKED")
        return EXIT[BLOCKED]
    try:
        scratch = Scratch(top, given.timeout)
        scratch.home.mkdir(0o700)
        scratch.out.mkdir(0o700)
        return _tell(given, scratch)
    except (KeyboardInterrupt, OSError) as problem:
        print(f"stopped: {shown(type(problem).__name__)}", file=sys.stderr)
        print("RESULT: BLOCKED", flush=True)
        return EXIT[BLOCKED]
    finally:
        _remove(top)


def _stop(number: int, frame: object) -> NoReturn:
    raise KeyboardInterrupt


def _tell(given: argparse.Namespace, scratch: Scratch) -> int:
    """Audit, write the report, print what was found, and return the exit code."""
    folder = Path(os.path.abspath(given.extract_dir)) if given.extract_dir else None
    done = audit(given.zip, scratch, folder, given.layout)
    result = done.result
    if given.report:
        try:
            write_report(given.report, given.zip, done)
        except Refused as refused:
            print(f"[?] report: {refused.status} {refused.code} {refused.detail}", file=sys.stderr)
            result = BLOCKED if result == PASS else result
    told = as_json(done, result) if given.json else as_text(done, result)
    sys.stdout.write(told)
    sys.stdout.flush()
    return EXIT[result]


def _remove(top: Path) -> None:
    """Remove a folder, whatever its modes are by now."""
    with contextlib.suppress(OSError):
        top.chmod(0o700)
    for folder, names, _ in os.walk(top):
        for name in names:
            place = os.path.join(folder, name)
            with contextlib.suppress(OSError):
                if not os.path.islink(place):
                    os.chmod(place, 0o700)
    for pause in (0.0, 0.1, 0.5):  # what was killed may take a moment to be gone
        time.sleep(pause)
        shutil.rmtree(top, ignore_errors=True)
        if not top.exists():
            return


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
