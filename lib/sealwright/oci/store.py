"""Where an image lies: a folder, or a tar that holds the same names; opened, never extracted.

A name is looked up and never made a path of the file system by itself: in a folder only the
names of the layout are asked for, and a tar is an index of its members, each name once.  In a
tar, a link to another member stands for it, as older programs write layers that images share.

>>> with opened(Path("/")) as store:
...     store.has("index.json")
False
"""

from __future__ import annotations

import os
import posixpath
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Protocol

from sealwright import durable, paths
from sealwright.errors import Damaged, Misconfigured, Refused
from sealwright.oci import tar
from sealwright.oci.limits import LIMITS, Limits

_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_LINKS = 8  # one after the other


class Window:
    """A stretch of an open file, read once."""

    def __init__(self, descriptor: int, at: int, size: int) -> None:
        self._descriptor, self.at, self.rest = descriptor, at, size

    def read(self, count: int) -> bytes:
        """Return the next bytes, at most ``count``; none at the end."""
        piece = os.pread(self._descriptor, min(count, self.rest), self.at)
        self.at += len(piece)
        self.rest -= len(piece)
        return piece

    def skip(self, count: int) -> None:
        """Pass over so many bytes."""
        if count > self.rest:
            raise Damaged(f"expected {count} more bytes, found {self.rest}")
        self.at += count
        self.rest -= count


class Store(Protocol):
    """Names, and what lies under them."""

    def has(self, name: str) -> bool:
        """Return whether something lies under ``name``."""

    def read(self, name: str) -> Window:
        """Return what lies under ``name``, until the next is read; `Damaged` if nothing does."""


class Folder:
    """A folder in the OCI image layout."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._descriptor: int | None = None

    def has(self, name: str) -> bool:
        """Return whether something lies under ``name``."""
        return os.path.lexists(self._root / name)

    def read(self, name: str) -> Window:
        """Return what lies under ``name``, until the next is read."""
        self.close()
        try:
            self._descriptor = os.open(paths.within(self._root, paths.parse(name)), _FLAGS)
        except (OSError, Misconfigured) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise Damaged(f"{name}: expected a regular file, found none: {reason}") from None
        return Window(self._descriptor, 0, _size(self._descriptor, name))

    def close(self) -> None:
        """Close what was read last."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


class Archive:
    """A tar that ``docker save`` or its like wrote."""

    def __init__(self, place: Path, limits: Limits) -> None:
        self._descriptor = os.open(place, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            self._members = _members(self._descriptor, limits)
        except BaseException:
            self.close()
            raise

    def has(self, name: str) -> bool:
        """Return whether something lies under ``name``."""
        return name in self._members

    def read(self, name: str) -> Window:
        """Return what lies under ``name``."""
        for _ in range(_LINKS):
            found = self._members.get(name)
            if found is None:
                raise Damaged(f"{name}: expected a member of the archive, found none")
            if isinstance(found, Window):
                return Window(self._descriptor, found.at, found.rest)
            name = found
        raise Damaged(f"{name}: expected at most {_LINKS} links one after the other, found more")

    def close(self) -> None:
        """Close the archive."""
        os.close(self._descriptor)


@contextmanager
def opened(place: Path, limits: Limits = LIMITS) -> Iterator[Store]:
    """Open the image store at ``place``."""
    try:
        folder = stat.S_ISDIR(os.stat(place).st_mode)
        store = Folder(place) if folder else Archive(place, limits)
    except OSError as error:
        raise Refused(
            f"{place}: expected an OCI image layout or what docker save writes, "
            f"found none: {error.strerror}"
        ) from None
    with closing(store):
        yield store


def _size(descriptor: int, name: str) -> int:
    info = os.fstat(descriptor)
    if not stat.S_ISREG(info.st_mode):
        raise Damaged(f"{name}: expected a regular file, found {durable.kind(info.st_mode)}")
    return info.st_size


def _members(descriptor: int, limits: Limits) -> dict[str, Window | str]:
    """Return what lies in a tar under each name: a stretch of it, or another name."""
    size = _size(descriptor, "the archive")
    if os.pread(descriptor, 2, 0) == b"\x1f\x8b":
        raise Refused("expected a tar as docker save writes it, found gzip; unpack it with gunzip")
    window = Window(descriptor, 0, size)
    found: dict[str, Window | str] = {}
    for member in tar.Reader(window, limits.members):
        if member.kind == tar.FOLDER:
            continue
        name = posixpath.normpath(member.path)
        if name in found:
            raise Damaged(f"{name!r}: expected once in the archive, found twice")
        found[name] = _meaning(member, window)
    return found


def _meaning(member: tar.Member, window: Window) -> Window | str:
    if member.kind == tar.FILE:
        return Window(-1, window.at, member.size)
    if member.kind == tar.OTHER:
        raise Refused(f"{member.path!r}: expected a file in the archive, found a device")
    folder = posixpath.dirname(member.path) if member.kind == tar.SYMBOLIC else ""
    return posixpath.normpath(posixpath.join(folder, member.link))
