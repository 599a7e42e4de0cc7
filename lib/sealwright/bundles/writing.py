"""Files become a bundle: the manifest that lists them, and the zip of both.

``manifest.txt`` lists all of a bundle but itself; the digest of the manifest, in base64 after
``h1:``, is the directory hash of Go modules over the listed files.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path

from sealwright import digest, durable, hashing, manifest
from sealwright.archive import source
from sealwright.bundles.layout import MANIFEST
from sealwright.errors import Refused
from sealwright.manifest import Entry
from sealwright.paths import RelPath


def listing(found: Mapping[str, Path]) -> bytes:
    """Return the manifest of files by their places in a bundle."""
    sums = hashing.identities(found.values())
    entries = [
        Entry(RelPath(place), digest.hexadecimal(sha256))
        for place, sha256 in zip(found, sums, strict=True)
    ]
    return manifest.render(entries, itself=MANIFEST)


def h1(listed: bytes) -> str:
    """Return the directory hash of Go modules over the files that a manifest lists."""
    raw = bytes.fromhex(digest.hexadecimal(digest.sha256(listed)))
    return f"h1:{base64.b64encode(raw).decode()}"


def pack(found: Mapping[str, Path], listed_in: Path, place: Path) -> None:
    """Write the zip of files, which must be as a manifest lists them, and of that manifest."""
    from sealwright.bundles import packing

    data = listed_in.read_bytes()
    listed: dict[str, str] = dict(manifest.parse(data, MANIFEST, itself=MANIFEST))
    if listed.keys() != found.keys():
        raise Refused("bundle: other files than were listed; run again")
    listed[MANIFEST] = digest.hexadecimal(digest.sha256(data))
    sources = [
        source.of_file(file, RelPath(path))._replace(sha256=listed[path])
        for path, file in {**found, MANIFEST: listed_in}.items()
    ]
    with durable.growing(place) as sink:
        for piece in packing.zipped(sources):
            sink.write(piece)
