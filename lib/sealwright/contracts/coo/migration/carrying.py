"""Copies of a tree for a migration to work on: content, links and the x bit, without caches.

A file is cloned where the file system can share blocks, else copied, and never linked.  What is
neither a file, a folder nor a link is refused by name.

``port`` is step 2: every file of the legacy package under the canonical name, in the byte order of
the paths.  A place that is taken already is refused; nothing is merged.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable
from pathlib import Path

from sealwright import durable
from sealwright.contracts.coo.migration.grounds import CACHES
from sealwright.errors import Refused
from sealwright.paths import RelPath
from sealwright.walk import walk


def carry(top: Path, places: Iterable[RelPath], target: Path) -> None:
    """Copy ``places`` of the folder ``top`` to the same places of ``target``."""
    durable.create_folders(target)
    for path in places:
        durable.create_folders((target / path).parent)
        _copy(top / path, target / path)


def port(tree: Path, legacy: RelPath, canonical: RelPath) -> None:
    """Copy the package ``legacy`` of ``tree``, which may be one module, to ``canonical``."""
    source, target = tree / legacy, tree / canonical
    names = os.listdir(source) if source.is_dir() else []
    taken = [name for name in sorted(names) if os.path.lexists(target / name)]
    if target.is_file() or (source.is_file() and target.exists()):
        taken = [target.name]
    if taken:
        raise Refused(f"{canonical}: expected no {', '.join(taken)}, found it; move it away")
    if source.is_file():
        _copy(source, target)
        return
    durable.create_folders(target)
    for name in sorted(names, key=os.fsencode):
        if name not in CACHES:
            _copy(source / name, target / name)


def _copy(source: Path, target: Path) -> None:
    _one(source, target)
    if source.is_dir() and not source.is_symlink():
        for prefix, entry in walk(str(source), _caches):
            _one(Path(entry.path), target / f"{prefix}{entry.name}")


def _one(source: Path, target: Path) -> None:
    mode = os.lstat(source).st_mode
    if stat.S_ISDIR(mode):
        durable.create_folders(target)
    elif stat.S_ISLNK(mode):
        durable.symlink(os.readlink(source), target)
    elif stat.S_ISREG(mode):
        durable.clone(source, target)
    else:
        found = durable.kind(mode)
        raise Refused(f"{source}: expected a file, folder or link, found {found}; take it away")


def _caches(prefix: str) -> Callable[[str], bool]:
    return CACHES.__contains__


def everything(tree: Path) -> list[RelPath]:
    """Return the places at the top of a tree that was carried."""
    return [RelPath(name) for name in sorted(os.listdir(tree))]
