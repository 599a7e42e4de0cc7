"""AMU₀: everything that a migration may change, kept byte for byte, so that it can be undone (§8).

A capture is a folder whose name is its id::

    amu0.json        what it is (canonical JSON)
    listing          every folder, file and link of what was captured (see `inventory.listing`)
    files/           the files, under the same paths, with the same bytes
    database.sqlite  the database, where there is one
    given/           the other things: manifests, the sandbox digest, the reference mission, …

``amu0.json``::

    {"database":{"path":"data/app.db","rows":"sha256:…","sha256":"sha256:…"},
     "format":"sealwright/amu0/1","given":{"mission.json":"sha256:…"},"listing":"sha256:…",
     "roots":["docs","project_builder"]}

There is no clock in it, no owner, no place: the same things make the same bytes on another day
and in another folder.  The id is the first 16 digits of the SHA-256 of ``amu0.json``, which
names the digest of all else.

Rules.  1. What is captured is looked at before and after it is copied; if it is not the same,
nothing is captured.  2. A file is cloned where the file system can share blocks, else copied,
never linked: what somebody writes into the original does not change the capture.  3. A
capture is verified from its own bytes before it gets its name.  4. `verify` believes nothing
but the id that it is asked for.  5. Modes, link texts and empty folders are in the listing;
owners, times, hard links and extended attributes are not kept.

By hand: ``sha256sum amu0.json | cut -c1-16`` is the folder's name, ``sha256sum listing`` is told in
it, and the digests of the files are in the listing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sealwright import digest, durable
from sealwright.contracts.coo.amu_capture.restoring import restore
from sealwright.contracts.coo.amu_capture.verification import (
    ABOUT,
    DATABASE,
    FILES,
    FORMAT,
    GIVEN,
    LISTING,
    identify,
    name_of,
    verify,
)
from sealwright.contracts.coo.inventory import database, listing
from sealwright.contracts.coo.inventory.listing import Entry
from sealwright.errors import Damaged, Refused
from sealwright.paths import RelPath
from sealwright.runtime import canonical

__all__ = ["Wish", "capture", "identify", "name_of", "restore", "verify"]


@dataclass(frozen=True, slots=True)
class Wish:
    """What shall be captured: files and folders of a tree, a database, other bytes by name."""

    roots: tuple[RelPath, ...]
    omit: tuple[RelPath, ...] = ()
    database: RelPath | None = None
    given: Mapping[str, bytes] = field(default_factory=dict)
    modes: Mapping[str, int] = field(default_factory=dict)  # from before a read-only lock


def capture(top: Path, wish: Wish, folder: Path) -> str:
    """Write the capture into ``folder``, which it makes and nobody else sees; return its id.

    `Refused` if something changed meanwhile, or is what no capture can tell.
    """
    before = _state(top, wish)
    durable.create_folders(folder)
    _copy(top, wish, listing.parse(before[0]), folder)
    durable.create(folder / LISTING, before[0])
    data = canonical.line(_about(wish, *before))
    durable.create(folder / ABOUT, data)
    after = _state(top, wish)
    if after != before:
        what = listing.first_difference(before[0], after[0]) or wish.database
        raise Refused(f"{top}: changed while it was captured: {what}; end who writes there")
    identity = identify(data)
    verify(folder, identity).enforce(Damaged)
    durable.sync_tree(folder)
    return identity


def _state(top: Path, wish: Wish) -> tuple[bytes, database.Rest | None]:
    rest = database.quiesce(top / wish.database) if wish.database else None
    return listing.render(listing.entries(top, wish.roots, wish.omit, wish.modes)), rest


def _about(wish: Wish, listed: bytes, rest: database.Rest | None) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "roots": sorted(wish.roots),
        "listing": digest.sha256(listed),
        "given": {name: digest.sha256(data) for name, data in wish.given.items()},
        "database": rest and {"path": wish.database, **rest._asdict()},
    }


def _copy(top: Path, wish: Wish, listed: Sequence[Entry], folder: Path) -> None:
    for entry in listed:
        if entry["type"] == "file":
            place = folder / FILES / entry["path"]
            durable.create_folders(place.parent)
            durable.clone(top / entry["path"], place)
    if wish.database:
        durable.clone(top / wish.database, folder / DATABASE)
    for name, data in wish.given.items():
        durable.create_folders(folder / GIVEN)
        durable.create(folder / GIVEN / name, data)
