"""A capture as files again, in a folder that holds nothing else, equal to what was captured.

Equal is content, kind, link text, all twelve bits of each mode, and the database's file and rows;
what was made is listed again and compared before `restore` returns.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sealwright import durable
from sealwright.contracts.coo.amu_capture.verification import (
    ABOUT,
    DATABASE,
    FILES,
    LISTING,
    verify,
)
from sealwright.contracts.coo.inventory import database, listing
from sealwright.contracts.coo.inventory.listing import Entry
from sealwright.errors import Damaged, Refused
from sealwright.paths import parse, within
from sealwright.runtime import canonical


def restore(folder: Path, name: str, target: Path) -> None:
    """Write what the capture ``name`` holds into ``target``, which must not be there yet."""
    verify(folder, name).enforce(Damaged)
    if target.exists() or target.is_symlink():
        raise Refused(f"{target}: expected nothing, found something; name a new folder")
    about = canonical.decode_line((folder / ABOUT).read_bytes())
    listed = (folder / LISTING).read_bytes()
    entries = listing.parse(listed)
    durable.create_folders(target)
    _write(folder / FILES, entries, target)
    if about["database"]:
        _restore_database(folder, about["database"], target)
    found = listing.render(listing.entries(target, about["roots"]))
    if (path := listing.first_difference(listed, found)) is not None:
        raise Damaged(f"{target}: expected what was captured, found another {path}")
    durable.sync_tree(target)


def _write(files: Path, entries: Sequence[Entry], target: Path) -> None:
    """Make folders, files and links, and then set the modes, what is inside first."""
    for entry in entries:
        path = parse(entry["path"])
        place = within(target, path)
        durable.create_folders(place.parent)
        if entry["type"] == "folder":
            durable.create_folders(place)
        elif entry["type"] == "file":
            durable.clone(files / path, place)
        else:
            durable.symlink(entry["target"], place)
    for entry in reversed(entries):
        if entry["type"] != "link":
            durable.set_mode(target / entry["path"], entry["mode"])


def _restore_database(folder: Path, about: dict[str, str], target: Path) -> None:
    place = within(target, parse(about["path"]))
    if not place.exists():
        durable.create_folders(place.parent)
        durable.clone(folder / DATABASE, place)
    found = database.quiesce(place)
    if found._asdict() != {key: about[key] for key in ("sha256", "rows")}:
        raise Damaged(f"{place}: expected rows {about['rows']}, found {found.rows}")
