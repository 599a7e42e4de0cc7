"""What a capture must be, asked of its own bytes; see the package for the form."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sealwright import digest
from sealwright.contracts.coo.inventory import listing
from sealwright.contracts.coo.inventory.listing import Entry
from sealwright.digest import Digest
from sealwright.errors import Refused
from sealwright.paths import RelPath
from sealwright.runtime import canonical
from sealwright.verdict import Finding, Verdict, refusal

FORMAT = "sealwright/amu0/1"
ABOUT, LISTING, FILES = "amu0.json", "listing", "files"
GIVEN, DATABASE = "given", "database.sqlite"
_KEYS = {"database", "format", "given", "listing", "roots"}


def identify(about: bytes) -> str:
    """Return the id of a capture by the bytes of its ``amu0.json``."""
    return name_of(digest.sha256(about))


def name_of(about: Digest) -> str:
    """Return the id of a capture by the digest of its ``amu0.json``."""
    return digest.hexadecimal(about)[:16]


def verify(folder: Path, name: str) -> Verdict:
    """Answer whether the folder is the capture with the id ``name``, and nothing else."""
    try:
        data = (folder / ABOUT).read_bytes()
        about = canonical.decode_line(data)
        listed = (folder / LISTING).read_bytes()
        entries = listing.parse(listed)
    except (OSError, ValueError) as problem:
        return refusal(str(folder), f"expected a capture, found: {problem}")
    if identify(data) != name:
        return refusal(f"{folder}/{ABOUT}", f"expected the id {name}, found {identify(data)}")
    if about.keys() != _KEYS or about["format"] != FORMAT:
        return refusal(f"{folder}/{ABOUT}", f"expected {FORMAT}, found another format")
    if digest.sha256(listed) != about["listing"]:
        return refusal(f"{folder}/{LISTING}", f"expected {about['listing']}, found another")
    findings = (*_files(folder, entries), *_given(folder, about), *_database(folder, about))
    return Verdict((*findings, *_strange(folder, about)), {"amu0": name, "entries": len(entries)})


def _files(folder: Path, entries: list[Entry]) -> Iterator[Finding]:
    expected = {e["path"]: (e["size"], e["sha256"]) for e in entries if e["type"] == "file"}
    tops = [RelPath(name) for name in _names(folder / FILES)]
    try:
        found = {e["path"]: e for e in listing.entries(folder / FILES, tops)}
    except Refused as problem:
        yield Finding(f"{folder}/{FILES}", str(problem))
        return
    for path, is_ in expected.items():
        seen = found.get(path, {})
        if (seen.get("size"), seen.get("sha256")) != is_:
            yield Finding(f"{folder}/{FILES}/{path}", f"expected {is_[1]}, found another file")
    for path, seen in found.items():
        above = any(each.startswith(f"{path}/") for each in expected)
        if path not in expected and not (seen["type"] == "folder" and above):
            yield Finding(f"{folder}/{FILES}/{path}", "expected nothing, found something")


def _given(folder: Path, about: Mapping[str, Any]) -> Iterator[Finding]:
    found = _names(folder / GIVEN)
    for name in sorted({*found, *about["given"]}):
        place = folder / GIVEN / name
        expected = about["given"].get(name, "nothing")
        if not place.is_file() or digest.of_file(place).sha256 != expected:
            yield Finding(str(place), f"expected {expected}, found another")


def _database(folder: Path, about: Mapping[str, Any]) -> Iterator[Finding]:
    place = folder / DATABASE
    if about["database"] is None:
        return
    expected = about["database"]["sha256"]
    if not place.is_file() or digest.of_file(place).sha256 != expected:
        yield Finding(str(place), f"expected {expected}, found another")


def _strange(folder: Path, about: Mapping[str, Any]) -> Iterator[Finding]:
    known = {ABOUT, LISTING, FILES, GIVEN} | ({DATABASE} if about["database"] else set())
    for name in sorted({*_names(folder)} - known):
        yield Finding(f"{folder}/{name}", "expected nothing, found something")


def _names(folder: Path) -> list[str]:
    return sorted(os.listdir(folder)) if folder.is_dir() else []
