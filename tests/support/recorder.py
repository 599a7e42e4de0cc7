"""Stands in for `durable.system`: does each call, and lets a `Disk` know what it did.

What others write (a program's output, the log of a step) is found by looking at the real
tree around each call, and counts as written and not synced.  SQLite's files are no part of
the disk: they have their own guarantees, and are kept as they were found, ``state.db`` and
its log, at each event; a new version of them counts from the event after which it was found.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sealwright import durable
from tests.support.disk import FILE, FOLDER, LINK, TOP, Disk, Mode, Names, Size, Sync, Write

INDEX = (".sealwright/state.db", ".sealwright/state.db-wal")
_IGNORED = (*INDEX, ".sealwright/state.db-shm", ".sealwright/state.db-journal")
_EXCHANGE = 2
Index = tuple[bytes | None, ...]


class Recorder:
    """`durable.System` with a memory."""

    def __init__(self, root: Path) -> None:
        self.root, self.disk = root, Disk()
        self.indices: dict[int, list[Index]] = {}  # each new one, by the number of events before
        self._index: Index = (None, None)
        self._open: dict[int, tuple[int, int, bool]] = {}  # descriptor: node, offset, append
        self._stats: dict[str, tuple[int, ...]] = {}
        self.look()
        self.disk.do(Sync(None))
        self.first = len(self.disk.events)

    def look(self) -> None:
        """Take note of what others have written since the last call."""
        seen = dict(_walk(self.root))
        for path in sorted(seen):
            if path not in _IGNORED:
                self._noted(path, seen[path])
        for path in sorted(self._stats.keys() - seen.keys(), reverse=True):
            del self._stats[path]
            if self.disk.now.find(path) is not None:
                self._name(path, None)
        found = tuple(_read(self.root / name) for name in INDEX)
        if found != self._index:
            self.indices.setdefault(len(self.disk.events), []).append(found)
            self._index = found

    def _noted(self, path: str, info: os.stat_result) -> None:
        stats = (info.st_ino, info.st_size, info.st_mtime_ns, info.st_ctime_ns)
        if self._stats.get(path) == stats:
            return
        self._stats[path] = stats
        node = self.disk.now.find(path)
        if node is None:
            node = self._born(path, info)
        if stat.S_ISREG(info.st_mode):
            self._written(node, (self.root / path).read_bytes(), stat.S_IMODE(info.st_mode))

    def _born(self, path: str, info: os.stat_result) -> int:
        if stat.S_ISDIR(info.st_mode):
            node = self.disk.born(FOLDER)
        elif stat.S_ISLNK(info.st_mode):
            node = self.disk.born(LINK, os.readlink(self.root / path))
        else:
            node = self.disk.born(FILE)
        self._name(path, node)
        return node

    def _written(self, node: int, data: bytes, mode: int) -> None:
        held = bytes(self.disk.now.data.get(node, b""))
        if not data.startswith(held):
            self.disk.do(Size(node, 0))
            held = b""
        if len(data) > len(held):
            self.disk.do(Write(node, len(held), data[len(held) :]))
        if self.disk.now.modes.get(node) != mode:
            self.disk.do(Mode(node, mode))

    def _name(self, path: str, node: int | None) -> None:
        self.disk.do(Names(((*self._place(path), node),)))

    def _place(self, path: str) -> tuple[int, str]:
        above, name = os.path.split(path)
        folder = self.disk.now.find(above) if above else TOP
        assert folder is not None, path
        return folder, name

    def __getattr__(self, name: str) -> Any:
        real = getattr(durable.System, name)
        told = getattr(self, f"_did_{name}")

        def call(*args: Any, **kwargs: Any) -> Any:
            self.look()
            result = real(*args, **kwargs)
            told(result, *args)
            self._remember()
            return result

        return call

    def _remember(self) -> None:
        """Check that the disk and the real tree agree on names after our own call."""
        for path, info in _walk(self.root):
            if path not in _IGNORED:
                assert self.disk.now.find(path) is not None, path
                self._stats.setdefault(path, (info.st_ino,))

    def _relative(self, path: Any) -> str:
        return os.path.relpath(os.fsdecode(path), self.root)

    def _node(self, what: Any) -> int:
        node = self._open[what][0] if isinstance(what, int) else self._found(what)
        assert node is not None, what
        return node

    def _found(self, path: Any) -> int | None:
        return self.disk.now.find(self._relative(path))

    def _did_open(self, descriptor: int, path: Any, flags: int, mode: int = 0o777) -> None:
        node = self._found(path)
        if node is None:
            node = self.disk.born(FILE)
            self._name(self._relative(path), node)
            self.disk.do(Mode(node, stat.S_IMODE(os.fstat(descriptor).st_mode)))
        elif flags & os.O_TRUNC:
            self.disk.do(Size(node, 0))
        self._open[descriptor] = node, 0, bool(flags & os.O_APPEND)

    def _did_write(self, count: int, descriptor: int, data: Any) -> None:
        node, offset, append = self._open[descriptor]
        if append:
            offset = len(self.disk.now.data.get(node, b""))
        self.disk.do(Write(node, offset, bytes(data[:count])))
        self._open[descriptor] = node, offset + count, append

    def _did_truncate(self, _: None, descriptor: int, size: int) -> None:
        self.disk.do(Size(self._node(descriptor), size))

    def _did_fsync(self, _: None, descriptor: int) -> None:
        self.disk.do(Sync(self._node(descriptor)))

    _did_fdatasync = _did_fsync

    def _did_syncfs(self, _: None, descriptor: int) -> None:
        self.disk.do(Sync(None))

    def _did_replace(self, _: None, source: Any, target: Any) -> None:
        old, new = self._relative(source), self._relative(target)
        moved = self._node(source)
        self.disk.do(Names(((*self._place(new), moved), (*self._place(old), None))))

    def _did_rename(self, _: None, source: Any, target: Any, flags: int) -> None:
        if flags != _EXCHANGE:
            self._did_replace(None, source, target)
            return
        one, other = self._node(source), self._node(target)
        places = self._place(self._relative(source)), self._place(self._relative(target))
        self.disk.do(Names(((*places[0], other), (*places[1], one))))

    def _did_unlink(self, _: None, path: Any) -> None:
        self._name(self._relative(path), None)

    _did_rmdir = _did_unlink

    def _did_mkdir(self, _: None, path: Any, mode: int = 0o777) -> None:
        node = self.disk.born(FOLDER)
        self._name(self._relative(path), node)
        self.disk.now.modes[node] = mode

    def _did_symlink(self, _: None, text: str, path: Any) -> None:
        self._name(self._relative(path), self.disk.born(LINK, text))

    def _did_chmod(self, _: None, what: Any, mode: int) -> None:
        self.disk.do(Mode(self._node(what), mode))

    def _did_utime(self, _: None, descriptor: int) -> None:
        """Times are no part of the model: they are new wherever a tree is laid out."""


def _walk(root: Path) -> Iterator[tuple[str, os.stat_result]]:
    """Yield all below ``root``, folders before what is in them."""
    for folder, folders, names in os.walk(root):
        for name in [*folders, *names]:
            place = os.path.join(folder, name)
            yield os.path.relpath(place, root), os.lstat(place)


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


@contextlib.contextmanager
def recording(root: Path) -> Iterator[Recorder]:
    """Record all that happens in ``root`` while the block runs."""
    recorder = Recorder(root)
    durable.system = recorder  # type: ignore[assignment]
    try:
        yield recorder
    finally:
        durable.system = durable.System()
        recorder.look()
