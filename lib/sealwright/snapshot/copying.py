"""A second copy of a finished snapshot, elsewhere: never over anything, and read again.

The place is a folder, absolute or relative to the repository, or a URL that fsspec knows, such
as ``sftp://host/folder`` (``pip install fsspec`` and what the protocol needs).  There the
snapshot gets a folder of its own name.  Each file is written as ``<name>.part`` and renamed when
it is whole, the manifest last; then it is read again, and must have its digest.  A file that
is there already is left as it is, and must have that digest, too.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from sealwright import digest, durable, snapshot
from sealwright.digest import PIECE, Digest, Hasher
from sealwright.errors import Damaged, Misconfigured, Refused
from sealwright.snapshot import verification


class _Place(Protocol):
    """A folder somewhere."""

    def exists(self, name: str) -> bool: ...
    def write(self, name: str, source: Path) -> None: ...
    def reading(self, name: str) -> contextlib.AbstractContextManager[BinaryIO]: ...


class _Folder:
    """A folder that this machine mounts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        durable.mkdir(folder)

    def exists(self, name: str) -> bool:
        return os.path.lexists(self._folder / name)

    def write(self, name: str, source: Path) -> None:
        part = self._folder / f"{name}.part"
        durable.remove(part)
        durable.copy(source, part)
        durable.sync_tree(part)
        durable.rename(part, self._folder / name)

    @contextlib.contextmanager
    def reading(self, name: str) -> Iterator[BinaryIO]:
        with open(self._folder / name, "rb") as file:
            yield file


class _Remote:
    """A folder behind a URL."""

    def __init__(self, url: str) -> None:
        try:
            import fsspec  # only who copies to a URL needs it
        except ImportError:
            raise Misconfigured(f"{url}: expected fsspec, found none; pip install fsspec") from None
        try:
            self._system, self._folder = fsspec.core.url_to_fs(url)
        except (ValueError, ImportError) as problem:
            raise Misconfigured(f"{url}: expected a URL that fsspec knows, {problem}") from None
        self._system.makedirs(self._folder, exist_ok=True)

    def exists(self, name: str) -> bool:
        return bool(self._system.exists(f"{self._folder}/{name}"))

    def write(self, name: str, source: Path) -> None:
        part = f"{self._folder}/{name}.part"
        with open(source, "rb") as file, self._system.open(part, "wb") as target:
            shutil.copyfileobj(file, target, PIECE)
        self._system.mv(part, f"{self._folder}/{name}")

    @contextlib.contextmanager
    def reading(self, name: str) -> Iterator[BinaryIO]:
        with self._system.open(f"{self._folder}/{name}", "rb") as file:
            yield file


def copy(folder: Path, to: str, root: Path) -> dict[str, Any]:
    """Copy the snapshot in ``folder`` below ``to``; return what was copied, and where it is.

    `Refused` if something else has its name there; `Damaged` if it cannot be read back.
    """
    verification.alone(folder)[1].enforce(Damaged)
    at = f"{to.rstrip('/')}/{folder.name}"
    place: _Place = _Remote(at) if "://" in to else _Folder(root / at)
    files = {}
    for name in (snapshot.ENCRYPTED, snapshot.MANIFEST):
        expected = digest.of_file(folder / name).sha256
        there = place.exists(name)
        if not there:
            place.write(name, folder / name)
        found = _read_again(place, name)
        if found != expected:
            what = f"{at}/{name}: expected {expected}, found {found}"
            if there:
                raise Refused(f"{what}, which is not overwritten; look at it, or copy elsewhere")
            raise Damaged(f"{what} after it was copied; look at the place, remove it, copy again")
        files[name] = {"sha256": digest.hexadecimal(found), "written": not there}
    return {"to": at, "files": files}


def _read_again(place: _Place, name: str) -> Digest:
    hasher = Hasher()
    with place.reading(name) as file:
        while piece := file.read(PIECE):
            hasher.update(piece)
    return hasher.sums().sha256
