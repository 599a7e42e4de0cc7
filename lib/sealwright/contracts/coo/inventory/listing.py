"""What some places of a tree hold, a line for each entry: what two captures are compared by.

Canonical JSON lines, for the places in the order of their bytes, each folder before what it holds::

    {"mode":493,"path":"docs","type":"folder"}
    {"mode":420,"path":"docs/a.md","sha256":"9f86…","size":12,"type":"file"}
    {"path":"docs/latest","target":"a.md","type":"link"}

``mode`` is all twelve bits of the permissions, as a number; while a read-only lock is on, those
from before it.  Owners, times and hard links are not
told: two names of one file are two files.  A socket, a pipe or a device is refused, by name, and
so is a name that `paths` does not take (control characters, a backslash, no UTF-8).
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sealwright import digest, durable, hashing
from sealwright.errors import Misconfigured, Refused
from sealwright.paths import RelPath
from sealwright.paths import parse as parse_path
from sealwright.runtime import canonical
from sealwright.walk import omitting, walk

Entry = dict[str, Any]


def render(entries: Collection[Entry]) -> bytes:
    """Return the text of entries."""
    return b"".join(map(canonical.line, entries))


def parse(data: bytes) -> list[Entry]:
    """Return the entries that a text says; `ValueError` if it is not canonical."""
    return [dict(canonical.decode_line(line)) for line in data.splitlines(keepends=True)]


def entries(
    top: Path,
    roots: Collection[RelPath],
    omit: Collection[RelPath] = (),
    modes: Mapping[str, int] = MappingProxyType({}),
) -> list[Entry]:
    """Return what the places ``roots`` of ``top`` hold, without the paths ``omit``.

    ``modes`` are those to tell of paths that have others now.  `Refused`, naming all of them,
    for what cannot be told.
    """
    wrong: list[str] = []
    found: list[Entry] = []
    for root in sorted(roots, key=str.encode):
        for path, place in _places(top, root, omit):
            try:
                entry = _entry(path, place)
                if "mode" in entry:
                    entry["mode"] = modes.get(path, entry["mode"])
                found.append(entry)
            except Refused as refused:
                wrong.append(str(refused))
    if wrong:
        raise Refused("\n".join(wrong))
    files = [entry for entry in found if entry["type"] == "file"]
    sums = hashing.identities(top / entry["path"] for entry in files)
    for entry, sha256 in zip(files, sums, strict=True):
        entry["sha256"] = digest.hexadecimal(sha256)
    return found


def _places(top: Path, root: RelPath, omit: Collection[RelPath]) -> Iterator[tuple[str, str]]:
    """Yield the path and place of a root, and of all below it."""
    place = str(top / root)
    yield root, place
    if os.path.isdir(place) and not os.path.islink(place):
        inside = f"{root}/"
        below = [path.removeprefix(inside) for path in omit if path.startswith(inside)]
        for prefix, entry in walk(place, omitting(below)):
            yield f"{inside}{prefix}{entry.name}", entry.path


def _entry(path: str, place: str) -> Entry:
    try:
        parse_path(path)
        info = os.lstat(place)
    except Misconfigured as problem:
        raise Refused(f"{place!a}: cannot be captured: {problem}; rename it") from None
    except FileNotFoundError:
        raise Refused(f"{place}: expected a file or folder, found nothing") from None
    mode = stat.S_IMODE(info.st_mode)
    if stat.S_ISLNK(info.st_mode):
        return {"path": path, "type": "link", "target": os.readlink(place)}
    if stat.S_ISDIR(info.st_mode):
        return {"path": path, "type": "folder", "mode": mode}
    if stat.S_ISREG(info.st_mode):
        return {"path": path, "type": "file", "mode": mode, "size": info.st_size}
    found = durable.kind(info.st_mode)
    raise Refused(f"{place}: expected a file, folder or link, found {found}; take it away")


def first_difference(before: bytes, after: bytes) -> str | None:
    """Return the first path whose entry differs between two texts, if one does."""
    old, new = ({entry["path"]: entry for entry in parse(text)} for text in (before, after))
    return min((path for path in {**old, **new} if old.get(path) != new.get(path)), default=None)
