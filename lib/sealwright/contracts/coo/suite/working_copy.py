"""A copy of a tree in which a suite may do what it likes, and what it did there.

Large files are cloned where the file system can share blocks, others are copied, none is linked;
links keep their texts.  Bytecode is left out.  A change is seen by size, time of change and
number of a file, and is one if kind, mode or bytes differ from the original's.
"""

from __future__ import annotations

import filecmp
import functools
import os
import stat
from collections.abc import Callable, Mapping
from pathlib import Path

from sealwright import durable
from sealwright.errors import Refused
from sealwright.walk import walk

_BYTECODE = "__pycache__"
_LARGE = 1 << 17  # bytes; asking whether blocks can be shared costs more than copying fewer
State = Mapping[str, tuple[int, ...]]


def _omit(prefix: str) -> Callable[[str], bool]:
    return _BYTECODE.__eq__


def state(tree: Path) -> State:
    """Return what tells that something in a tree is another than before."""
    found = {}
    for prefix, entry in walk(str(tree), _omit):
        info = entry.stat(follow_symlinks=False)
        times = () if stat.S_ISDIR(info.st_mode) else (info.st_size, info.st_ctime_ns, info.st_ino)
        found[prefix + entry.name] = (info.st_mode, *times)
    return found


def make(tree: Path, target: Path) -> State:
    """Copy ``tree`` to ``target``, which is new, and return its state; `Refused` for a pipe."""
    durable.create_folders(target)
    for prefix, entry in walk(str(tree), _omit):
        place = target / f"{prefix}{entry.name}"
        if entry.is_symlink():
            durable.system.symlink(os.readlink(entry.path), place)
        elif entry.is_dir():
            durable.system.mkdir(place, 0o755)
        elif entry.is_file():
            large = entry.stat().st_size > _LARGE
            copy = durable.clone if large else functools.partial(durable.copy, both=False)
            copy(Path(entry.path), place)
        else:
            kind = durable.kind(entry.stat(follow_symlinks=False).st_mode)
            raise Refused(f"{entry.path}: expected a file, folder or link, found {kind}")
    return state(target)


def changes(tree: Path, target: Path, before: State) -> list[str]:
    """Return what a suite ``added``, ``changed`` and ``removed`` in the copy of ``tree``."""
    after, found = state(target), {}
    for path in {**before, **after}:
        if path not in before:
            found[path] = "added"
        elif path not in after:
            found[path] = "removed"
        elif before[path] != after[path] and _differ(tree / path, target / path):
            found[path] = "changed"
    return [f"{found[path]} {path}" for path in sorted(found, key=os.fsencode)]


def _differ(one: Path, other: Path) -> bool:
    modes = one.lstat().st_mode, other.lstat().st_mode
    if stat.S_IFMT(modes[0]) != stat.S_IFMT(modes[1]):
        return True
    if stat.S_ISLNK(modes[0]):
        return os.readlink(one) != os.readlink(other)
    wanted = 0o755 if stat.S_ISDIR(modes[0]) or modes[0] & stat.S_IXUSR else 0o644
    if stat.S_IMODE(modes[1]) != wanted:
        return True
    return stat.S_ISREG(modes[0]) and not filecmp.cmp(one, other, shallow=False)


def discard(folder: Path) -> None:
    """Remove a folder, whatever modes a suite left in it."""
    try:
        durable.remove(folder)
    except PermissionError:
        for place, folders, _ in os.walk(folder):
            for name in folders:
                if not os.path.islink(os.path.join(place, name)):
                    durable.set_mode(Path(place, name), 0o700)
        durable.remove(folder)
