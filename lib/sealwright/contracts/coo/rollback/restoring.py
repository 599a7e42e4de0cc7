"""What has to be put back so that a tree is what a capture holds, and its copies.

A place is one of the capture's roots, one that is frozen now, the database and its journals, or a
manifest.  ``come`` is staged from the capture with its modes; ``gone`` was not there; what is the
same needs its modes at most (``modes``, of all that is captured).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sealwright import digest, durable
from sealwright.contracts.coo import amu_capture
from sealwright.contracts.coo.amu_capture.verification import ABOUT, GIVEN, LISTING
from sealwright.contracts.coo.inventory import JOURNALS, listing
from sealwright.contracts.coo.inventory.listing import Entry
from sealwright.paths import RelPath, above, parse
from sealwright.runtime import canonical


@dataclass(frozen=True, slots=True)
class Restored:
    """A folder that holds what comes, under its paths; what goes; and all modes."""

    tree: Path
    come: tuple[RelPath, ...]
    gone: tuple[RelPath, ...]
    modes: Mapping[str, int]

    def sentences(self) -> list[str]:
        """Return what would be done, a line for each place."""
        back = [f"{path}: is put back as AMU0 has it" for path in self.come]
        return back + [f"{path}: is taken away, since AMU0 has none" for path in self.gone]


def stage(
    top: Path,
    capture: Path,
    name: str,
    frozen: Iterable[RelPath],
    manifests: Iterable[RelPath],
    to: Path,
) -> Restored:
    """Restore the capture ``name`` into the new folder ``to``, and compare the folder ``top``.

    ``frozen`` is what is frozen now, ``manifests`` where those of the capture belong.  `Damaged`
    if the capture is not what its name says.
    """
    amu_capture.restore(capture, name, to)
    about = canonical.decode_line((capture / ABOUT).read_bytes())
    roots = [parse(root) for root in about["roots"]]
    entries = listing.parse((capture / LISTING).read_bytes())
    come = [root for root in roots if _differs(top, root, entries)]
    gone = [path for path in frozen if not any(above(r, path) or above(path, r) for r in roots)]
    if about["database"]:
        database = parse(about["database"]["path"])
        come += [database] if _other(top / database, about["database"]["sha256"]) else []
        gone += _journals(top, database)
    come += _manifests(top, capture, about["given"], manifests, to)
    modes = {entry["path"]: entry["mode"] for entry in entries if "mode" in entry}
    return Restored(to, tuple(come), tuple(gone), modes)


def _differs(top: Path, root: RelPath, entries: Iterable[Entry]) -> bool:
    """Return whether a root holds something else than was captured, whatever its modes are."""
    if not os.path.lexists(top / root):
        return True
    found = listing.entries(top, [root])
    return [_plain(entry) for entry in found] != [
        _plain(entry) for entry in entries if above(root, RelPath(entry["path"]))
    ]


def _plain(entry: Entry) -> Entry:
    return {key: value for key, value in entry.items() if key != "mode"}


def _other(place: Path, expected: str) -> bool:
    return not place.is_file() or place.is_symlink() or digest.of_file(place).sha256 != expected


def _journals(top: Path, database: RelPath) -> Iterator[RelPath]:
    for end in JOURNALS:
        if os.path.lexists(top / f"{database}{end}"):
            yield RelPath(f"{database}{end}")


def _manifests(
    top: Path, capture: Path, given: Mapping[str, str], manifests: Iterable[RelPath], to: Path
) -> Iterator[RelPath]:
    """Yield the manifests that are others now, and put those of the capture below ``to``."""
    for path in manifests:
        name = os.path.basename(path)
        if name in given and _other(top / path, given[name]):
            durable.create_folders((to / path).parent)
            durable.clone(capture / GIVEN / name, to / path)
            yield path


def reopen(top: Path, restored: Restored) -> None:
    """Give what is the same as in AMU₀, and stays where it is, its modes back."""
    moved = (*restored.come, *restored.gone)
    for path in sorted(restored.modes, reverse=True):
        if not any(above(place, RelPath(path)) for place in moved):
            durable.set_mode(top / path, restored.modes[path])
