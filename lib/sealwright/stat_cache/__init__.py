"""Which files need no reading: an accelerator, never evidence.

The cache remembers a file's digests under everything that `stat` tells of it: device,
inode, size, modification and change time in nanoseconds, mode.  ``ctime`` is what sees
through ``touch -r``, ``cp -p`` and a renamed file.  A file that changed in the same tick
of the file system's clock in which it was read could change again unseen; such a *racy*
entry is not kept, and the file is read again next time.  The tick comes from the file
system itself: a file that is touched when the cache is opened.

A path is relative to the repository's root, or absolute for what lies outside.  The file is
read when somebody first asks, and a folder of it is decoded when somebody asks about that
folder.  What was learned is added to its end (see `blocks`).  When it has become twice as long
as it was, it is written anew, and what is no longer so is left out: with a ``root``, every
entry whose file has changed or is gone.

>>> StatCache(Path("/no/such/cache"), keep=False).word("etc/passwd", os.lstat("/etc/passwd"))
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

from sealwright import durable
from sealwright.digest import Digest, Sums
from sealwright.stat_cache import blocks
from sealwright.stat_cache.blocks import NOT_ASKED, STATED, Blocks, stated, stated_all

_SPARED = 1 << 16  # bytes that may always be added before the file is written anew
_LAST = 1 << 63  # nanoseconds, which is in the year 2262


class StatCache:
    """Digests by path, believed as long as the file's `stat` says the same.

    A cache opened without ``keep`` is a query's: it may be asked, and never changes.  All of
    it may be used by several threads at once.
    """

    def __init__(self, file: Path, *, keep: bool, root: Path | None = None) -> None:
        self._file = file
        self._keep = keep
        self._root = root
        self._folders = _Folders(file)
        self._tick = _touch(file.with_suffix(".tick")) if keep else 0
        self._new: dict[str, dict[str, bytes]] = {}
        self._guard = threading.Lock()

    def name(self, place: str) -> str:
        """Return what the cache calls the file at an absolute place."""
        return place if self._root is None else place.removeprefix(f"{self._root}/")

    def rows(self, folder: str, names: list[str], looks: list[os.stat_result]) -> list[bytes]:
        """Return the row (see `blocks`) of each file of a folder, empty where it must be read.

        The folder's name ends in ``/``, or is empty.
        """
        found = list(map(self._folders[folder].get, names, itertools.repeat(b"")))
        said = stated_all(looks)
        if said == [row[:STATED] for row in found]:
            return found
        return [row if row.startswith(at) else b"" for row, at in zip(found, said, strict=True)]

    def word(self, path: str, info: os.stat_result) -> str | None:
        """Return the BLAKE3 of ``path`` in as few steps as there can be, or None."""
        cut = path.rfind("/") + 1
        found = self._folders[path[:cut]].get(path[cut:])
        if found is None or not found.startswith(stated(info)):
            return None
        return f"blake3:{blocks.fast(found)}"

    def get(self, path: str, info: os.stat_result, *, both: bool) -> Sums | None:
        """Return the digests of ``path``, or None if it must be read."""
        folder, name = _split(path)
        found = self._folders[folder].get(name)
        if found is None or not found.startswith(stated(info)):
            return None
        if found.endswith(NOT_ASKED):
            return None if both else Sums(info.st_size, Digest(f"blake3:{blocks.fast(found)}"))
        fast, slow = f"blake3:{blocks.fast(found)}", f"sha256:{blocks.slow(found)}"
        return Sums(info.st_size, Digest(fast), Digest(slow))

    def put(self, path: str, info: os.stat_result, sums: Sums) -> None:
        """Remember digests, unless the file changed too recently to tell a later change."""
        last = max(info.st_mtime_ns, info.st_ctime_ns)
        if not self._keep or last >= min(self._tick, _LAST) or info.st_mtime_ns < -_LAST:
            return
        folder, name = _split(path)
        entry = blocks.row(info, sums)
        with self._guard:
            known = self._folders[folder]
            before = known.get(name, b"")
            if not sums.sha256 and before.startswith(stated(info)):
                entry = before
            known[name] = self._new.setdefault(folder, {})[name] = entry

    def save(self) -> None:
        """Write what was learned, if anything was; a failure costs only time."""
        with self._guard:
            new, self._new = self._new, {}
            if new:
                with contextlib.suppress(OSError):
                    self._write(new)

    def _write(self, new: Mapping[str, Mapping[str, bytes]]) -> None:
        kept = self._folders.kept
        added = b"".join(blocks.block(*each) for each in new.items())
        size = kept.size + len(added)
        if (
            kept.base
            and size <= 2 * kept.base + _SPARED
            and os.lstat(self._file).st_size == kept.size
        ):
            durable.append(self._file, added)
            kept.size = size
            return
        data = blocks.whole(b"".join(self._still(new)))
        durable.write(self._file, data)
        kept.size = kept.base = len(data)

    def _still(self, new: Mapping[str, Mapping[str, bytes]]) -> Iterator[bytes]:
        """Yield the blocks of all that was just learned or still is so."""
        for folder in sorted({*self._folders.kept.folders(), *self._folders, *new}):
            fresh = new.get(folder, {})
            entries = {
                name: entry
                for name, entry in self._folders[folder].items()
                if name in fresh or self._holds(folder + name, entry)
            }
            if entries:
                yield blocks.block(folder, entries)

    def _holds(self, path: str, entry: bytes) -> bool:
        if self._root is None and not os.path.isabs(path):
            return True
        try:
            return entry.startswith(stated(os.lstat(os.path.join(self._root or "", path))))
        except OSError:
            return False


class _Folders(dict[str, dict[str, bytes]]):
    """What is known, by folder: read from the file when somebody asks."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self._file = file

    @functools.cached_property
    def kept(self) -> Blocks:
        return Blocks(self._file)

    def __missing__(self, folder: str) -> dict[str, bytes]:
        return self.setdefault(folder, self.kept.folder(folder))  # of two threads, one wins


def _split(path: str) -> tuple[str, str]:
    cut = path.rfind("/") + 1
    return path[:cut], path[cut:]


def _touch(file: Path) -> int:
    durable.mkdir(file.parent)
    durable.touch(file)
    return os.stat(file).st_mtime_ns
