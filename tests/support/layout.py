"""A repository as a mapping of names to what is there.

An entry is ``("dir",)``, ``("link", text)`` or ``("file", bytes, executable)``.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

Disk = dict[str, tuple[Any, ...]]


def within(path: str, folder: str, *, real: bool = False) -> bool:
    return path.startswith(f"{folder}/") or (path == folder and not real)


def erase(disk: Disk, name: str) -> None:
    for path in [path for path in disk if within(path, name)]:
        del disk[path]


def put(disk: Disk, name: str, entry: tuple[Any, ...]) -> None:
    folder = os.path.dirname(name)
    if folder and folder not in disk:
        put(disk, folder, ("dir",))
    disk[name] = entry


def read(root: Path) -> Disk:
    """Return what lies under ``root``, but for the engine's own folder."""
    found: Disk = {}
    for top, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name != ".sealwright"]
        for place in (os.path.join(top, name) for name in [*folders, *names]):
            found[os.path.relpath(place, root)] = _entry(place)
    return found


def _entry(place: str) -> tuple[Any, ...]:
    mode = os.lstat(place).st_mode
    if stat.S_ISLNK(mode):
        return "link", os.readlink(place)
    if stat.S_ISDIR(mode):
        return ("dir",)
    return "file", Path(place).read_bytes(), bool(mode & stat.S_IXUSR)
