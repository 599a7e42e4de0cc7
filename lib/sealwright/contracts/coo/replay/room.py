"""The room of one run: a folder of its own, which is taken away afterwards.

=============  ==================================================================================
``tree``       the inputs of the mission, copied: files 0644 or 0755, everything of 2025-01-01;
               without ``__pycache__``, which holds other times
``layer``      what stands first in ``PYTHONPATH``: the layer inside a Python, and time-machine
``home``       the home folder, empty
``tmp``        for temporary files, empty
``etc``        who is who and where: ``passwd``, ``group`` and ``hostname``
=============  ==================================================================================

The copies are made in the order of their paths, or in the reverse of it, which a file system that
lists what it holds in the order of creation would show.  A link that leads out of the tree, or that
is absolute, is refused, and so is what is neither file, folder nor link.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sealwright import durable, paths
from sealwright.contracts.coo.inventory import listing
from sealwright.contracts.coo.replay import inside
from sealwright.contracts.coo.replay.inside.constants import EPOCH, HOST, NUMBER, USER
from sealwright.errors import Refused
from sealwright.paths import TOP, RelPath
from sealwright.runtime import canonical
from sealwright.walk import walk

SITE = b"from _replay import install\n\ninstall()\n"
_LEFT_OUT = "__pycache__"
_INSIDE = Path(inside.__file__).parent


def furnish(
    room: Path,
    home: str,
    settings: Mapping[str, Any],
    libraries: Sequence[Path],
    places: Mapping[RelPath, Path],
    writes: Sequence[RelPath],
    *,
    backwards: bool = False,
) -> None:
    """Make a room whose home folder will be called ``home``, with copies of ``places``."""
    clear(room)
    for name in ("tree", "layer/_replay", "home", "tmp", "etc"):
        durable.create_folders(room / name)
    copy(places, room / "tree", backwards=backwards)
    for folder in writes:
        durable.create_folders(paths.within(room / "tree", folder))
    _lay(room / "layer", settings, libraries)
    _etc(room / "etc", home)
    durable.normalize(room)
    _date(room)


def gathered(tree: Path, inputs: Sequence[RelPath]) -> dict[RelPath, Path]:
    """Return the files, folders and links that the inputs are, by their paths."""
    found: dict[RelPath, Path] = {}
    for root in sorted(set(inputs), key=str.encode):
        for above in _folders(root):
            found[above] = tree / above
            if found[above].is_symlink():
                raise Refused(f"{root}: expected folders above an input, found the link {above}")
        place = paths.within(tree, root)
        if not os.path.lexists(place):
            raise Refused(f"{root}: expected an input of the mission, found nothing")
        found[root] = place
        if place.is_dir() and not place.is_symlink():
            for prefix, entry in walk(str(place), lambda prefix: _LEFT_OUT.__eq__):
                found[paths.parse(f"{root}/{prefix}{entry.name}")] = Path(entry.path)
    return found


def left_out(path: str) -> bool:
    """Return whether a path is not copied."""
    return _LEFT_OUT in path.split("/")


def copy(places: Mapping[RelPath, Path], target: Path, *, backwards: bool = False) -> None:
    """Copy what was `gathered` into a folder, in its order or backwards."""
    for path in sorted(places, key=str.encode, reverse=backwards):
        _copy_one(path, places[path], target)


def contents(room: Path, writes: Sequence[RelPath]) -> bytes:
    """Return what the tree of a room holds, but for what the mission may write."""
    top = room / "tree"
    if TOP in writes:
        return b""
    roots = [RelPath(name) for name in sorted(os.listdir(top), key=os.fsencode)]
    return listing.render(
        listing.entries(top, [root for root in roots if root not in writes], writes)
    )


def close(room: Path, writes: Sequence[RelPath]) -> None:
    """Take the write bits of the tree of a room, but for what the mission may write."""
    if TOP in writes:
        return
    _set_mode(room / "tree", 0o555)
    for prefix, entry in walk(str(room / "tree")):
        path = RelPath(f"{prefix}{entry.name}")
        if not entry.is_symlink() and not any(paths.above(folder, path) for folder in writes):
            mode = stat.S_IMODE(entry.stat(follow_symlinks=False).st_mode)
            _set_mode(Path(entry.path), mode & ~0o222)


def clear(room: Path) -> None:
    """Take a room away, whatever modes its folders have by now."""
    if os.path.lexists(room):
        _set_mode(room, 0o755)
    for folder, names, _ in os.walk(room):
        for name in names:
            if not os.path.islink(place := os.path.join(folder, name)):
                _set_mode(Path(place), 0o755)
    durable.remove(room)


def _folders(path: RelPath) -> Iterator[RelPath]:
    parts = path.split("/")
    for count in range(1, len(parts)):
        yield RelPath("/".join(parts[:count]))


def _copy_one(path: RelPath, place: Path, target: Path) -> None:
    mode = os.lstat(place).st_mode
    durable.create_folders((target / path).parent)
    if stat.S_ISLNK(mode):
        text = os.readlink(place)
        leads = os.path.normpath(os.path.join(os.path.dirname(path), text))
        if os.path.isabs(text) or leads.split("/")[0] == "..":
            raise Refused(f"{path}: expected a link that stays in the tree, found one to {text!a}")
        durable.system.symlink(text, target / path)
    elif stat.S_ISDIR(mode):
        durable.create_folders(target / path)
    elif stat.S_ISREG(mode):
        durable.clone(place, target / path)
    else:
        found = durable.kind(mode)
        raise Refused(f"{path}: expected a file, folder or link, found {found}; take it away")


def _lay(layer: Path, settings: Mapping[str, Any], libraries: Sequence[Path]) -> None:
    for source in sorted(_INSIDE.glob("*.py")):
        durable.copy(source, layer / "_replay" / source.name)
    durable.create(layer / "_replay" / "settings.json", canonical.line(dict(settings)))
    durable.create(layer / "sitecustomize.py", SITE)
    for library in libraries:
        if library.is_dir():
            below = gathered(library.parent, [paths.parse(library.name)])
            copy(below, layer)
        else:
            durable.copy(library, layer / library.name)


def _etc(etc: Path, home: str) -> None:
    nobody = "nobody:x:65534:65534::/:/usr/sbin/nologin\n"
    durable.create(etc / "passwd", f"{USER}:x:{NUMBER}:{NUMBER}::{home}:/bin/sh\n{nobody}".encode())
    durable.create(etc / "group", f"{USER}:x:{NUMBER}:\nnogroup:x:65534:\n".encode())
    durable.create(etc / "hostname", f"{HOST}\n".encode())


def _date(room: Path) -> None:
    """Let everything be of one time."""
    found = [Path(entry.path) for _, entry in walk(str(room))]
    for place in [*reversed(found), room]:
        durable.system.utime(place, (EPOCH, EPOCH), follow_symlinks=False)


def _set_mode(place: Path, mode: int) -> None:
    durable.system.chmod(place, mode)
