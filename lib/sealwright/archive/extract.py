"""The members of an archive as files again, in a folder that holds nothing else.

The folder must be new, empty, and nobody else's until `extract` returns.  In it, only folders
(0755) and regular files (0644 or 0755) are made, each where nothing was; no link is made, so
none can lead out.  Nothing is believed and everything is durable when `extract` returns; when
it raises, the folder holds a part of the archive, and its owner removes it.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import NamedTuple

from sealwright import digest, durable
from sealwright.archive.aside import Aside
from sealwright.archive.reader import Entry, Read, members
from sealwright.digest import Sha256
from sealwright.errors import Refused

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class Extracted(NamedTuple):
    """What was extracted: ``bytes`` and ``sha256`` are those of the archive."""

    files: int
    bytes: int
    sha256: str


class _Heard:
    """A way of reading that counts and hashes what is read."""

    def __init__(self, read: Read, aside: Aside) -> None:
        self.bytes, self.sum = 0, Sha256()
        self._read, self._aside = read, aside

    def read(self, count: int) -> bytes:
        piece = self._read(count)
        self.bytes += len(piece)
        self._aside.put(self.sum.update, piece)
        return piece


def extract(read: Read, folder: Path) -> Extracted:
    """Write every member of an archive under ``folder``, durably."""
    _expect_empty(folder)
    aside = Aside()
    heard = _Heard(read, aside)
    try:
        files = _write_all(heard.read, folder)
        aside.settle()
    except FileExistsError as error:
        raise Refused(f"{error.filename}: expected nothing, found what somebody made") from None
    finally:
        aside.close()
    durable.sync_tree(folder)
    return Extracted(files, heard.bytes, digest.hexadecimal(heard.sum.digest()))


def _expect_empty(folder: Path) -> None:
    mode = os.lstat(folder).st_mode
    if not stat.S_ISDIR(mode):
        raise Refused(f"{folder}: expected an empty folder, found {durable.kind(mode)}")
    if found := os.listdir(folder):
        raise Refused(f"{folder}: expected an empty folder, found {min(found)!r} in it")


def _write_all(read: Read, folder: Path) -> int:
    files, here = 0, ""
    for entry in members(read):
        parent = entry.path.rpartition("/")[0]
        if parent != here:
            _make(folder, parent, here)
            here = parent
        _write(f"{folder}/{entry.path}", entry)
        files += 1
    return files


def _make(folder: Path, path: str, here: str) -> None:
    """Make the folders of ``path`` but for those around ``here``; no other comes back."""
    parts = path.split("/")
    for count in range(1, len(parts) + 1):
        part = "/".join(parts[:count])
        if path and not f"{here}/".startswith(f"{part}/"):
            durable.system.mkdir(f"{folder}/{part}", 0o755)
            durable.system.chmod(f"{folder}/{part}", 0o755)


def _write(place: str, entry: Entry) -> None:
    descriptor = durable.system.open(place, _NEW, 0o600)
    try:
        for piece in entry.pieces():
            rest = memoryview(piece)
            while rest:
                rest = rest[durable.system.write(descriptor, rest) :]
        durable.system.chmod(descriptor, 0o755 if entry.executable else 0o644)
    finally:
        os.close(descriptor)
