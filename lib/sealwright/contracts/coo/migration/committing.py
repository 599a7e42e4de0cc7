"""What a migration changes in the live tree, staged with the modes that it will have.

A place is a folder or file that is frozen.  The legacy package goes; a place with a rewritten file
in it is replaced as a whole by the tree's; entries of the canonical package that are not there yet
come.  Nothing else is touched.

A file of the new tree has the mode of the file that it was made from, and is read-only as long as
FREEZE is TRUE (see `freeze.read_only`); so `Staged.listed` is what the freeze holds against the
tree afterwards, and `Staged.modes` what a thaw gives back.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sealwright import durable
from sealwright.contracts.coo.freeze import read_only
from sealwright.contracts.coo.inventory import listing
from sealwright.contracts.coo.inventory.listing import Entry
from sealwright.contracts.coo.migration import carrying
from sealwright.paths import RelPath, above

Modes = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Packages:
    """Where the two packages are: folders, or modules."""

    legacy: RelPath
    canonical: RelPath

    def origin(self, path: str) -> str:
        """Return the path that a file of the canonical package was ported from."""
        inside = above(self.canonical, RelPath(path))
        return self.legacy + path[len(self.canonical) :] if inside else path


@dataclass(frozen=True, slots=True)
class Staged:
    """What comes (the places, below one folder), what goes, and what the freeze holds then."""

    come: tuple[RelPath, ...]
    gone: tuple[RelPath, ...]
    listed: bytes
    modes: dict[str, int]


def places(
    top: Path,
    tree: Path,
    packages: Packages,
    frozen: Iterable[RelPath],
    edited: Collection[RelPath],
) -> Iterator[RelPath]:
    """Yield the places of ``tree`` that have to come into the folder ``top``."""
    for path in frozen:
        there = os.path.lexists(tree / path)
        if there and any(above(path, file) for file in edited):
            yield path
    yield from _new(top, tree, packages.canonical)


def _new(top: Path, tree: Path, canonical: RelPath) -> Iterator[RelPath]:
    """Yield the entries of the canonical package that the folder ``top`` does not have."""
    if (tree / canonical).is_file():
        if not os.path.lexists(top / canonical):
            yield canonical
        return
    for name in sorted(os.listdir(tree / canonical), key=os.fsencode):
        if not os.path.lexists(top / canonical / name):
            yield RelPath(f"{canonical}/{name}")


def stage(
    tree: Path, come: Collection[RelPath], packages: Packages, frozen: bytes, modes: Modes, to: Path
) -> Staged:
    """Copy the places ``come`` to the folder ``to``, read-only, and say what will be frozen.

    ``frozen`` is the listing of the freeze, and ``modes`` those from before it.
    """
    carrying.carry(tree, come, to)
    given = dict(_modes(to, come, packages, modes))
    gone = (packages.legacy,)
    listed = [e for e in listing.parse(frozen) if not _inside(e, (*come, *gone))]
    listed += listing.entries(to, come, modes=given)
    for path in sorted(given, reverse=True):
        durable.set_mode(to / path, read_only.locked(given[path]))
    return Staged(tuple(come), gone, listing.render(listed), {**modes, **given})


def _inside(entry: Entry, places: Iterable[RelPath]) -> bool:
    return any(above(place, RelPath(entry["path"])) for place in places)


def _modes(
    to: Path, come: Iterable[RelPath], packages: Packages, modes: Modes
) -> Iterator[tuple[str, int]]:
    """Yield each file and folder with the mode of what it was made from."""
    for entry in listing.entries(to, tuple(come)):
        if "mode" in entry:
            path = entry["path"]
            yield path, modes.get(path, modes.get(packages.origin(path), entry["mode"]))
