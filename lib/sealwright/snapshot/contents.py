"""What a snapshot's archive holds: the same list for an export and for who verifies it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from functools import lru_cache
from operator import attrgetter
from pathlib import Path

from sealwright import archive, digest
from sealwright.archive import Source
from sealwright.digest import Sha256
from sealwright.errors import Refused
from sealwright.lineage import EXPORTS, REGISTRY, Artifact, Prefix, Registry
from sealwright.paths import RelPath, within


def sources(registry: Registry, prefix: Prefix, extra_roots: Iterable[RelPath]) -> list[Source]:
    """Return the members of the archive, in its order; `Refused` if a root is not there."""
    listed = [*_registered(registry, prefix)]
    for extra in extra_roots:
        listed += _extra(registry.root, extra)
    return sorted(listed, key=attrgetter("path"))


def _registered(registry: Registry, prefix: Prefix) -> Iterator[Source]:
    """Yield the registry's prefix, and what its lines name."""

    @lru_cache
    def inside(folder: str) -> Path:
        return within(registry.root, RelPath(folder))

    def place(path: str) -> str:
        folder, _, name = path.rpartition("/")
        return f"{inside(folder)}/{name}"

    yield _beginning(registry, prefix, place(REGISTRY))
    for found in prefix.entries(registry):
        artifact = found.artifact
        if artifact.artifact_type not in EXPORTS:
            path = artifact.relpath
            yield Source(path, place(path), artifact.byte_size, False, artifact.sha256)
            if receipt := artifact.meta.get("receipt"):
                where = place(receipt["relpath"])
                path = RelPath(receipt["relpath"])
                yield Source(path, where, _size(where, artifact), False, receipt["sha256"])


def _beginning(registry: Registry, prefix: Prefix, place: str) -> Source:
    """Return the registry as far as the prefix goes, bound to the bytes that were proved."""
    total = Sha256()
    for piece in prefix.read(registry):
        total.update(piece)
    sha256 = digest.hexadecimal(total.digest())
    return Source(REGISTRY, place, prefix.bytes, False, sha256, beginning=True)


def _size(place: str, artifact: Artifact) -> int:
    try:
        return os.lstat(place).st_size
    except FileNotFoundError:
        said = f"{artifact.artifact_id}: expected its receipt at {place}, found none"
        raise Refused(f"{said}; bring it back, for no snapshot may lack it") from None


def _extra(root: Path, extra: RelPath) -> Iterable[Source]:
    place = within(root, extra)
    if place.is_dir():
        return archive.of_tree(place, extra)
    if place.is_file():
        return [archive.of_file(place, extra)]
    raise Refused(f"{extra}: expected a file or folder for the snapshot, found none; make it")
