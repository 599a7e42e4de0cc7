"""Export: the archive is streamed through its hash into GnuPG, and only ciphertext is written.

Nothing but ``snapshot.enc`` and the manifest is written, into a folder that its caller has
staged below ``snapshots/``, and little is in memory at a time.  An export counts only when the
archive came to its end, GnuPG said that it encrypted all of it, and every byte is synced.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sealwright import __version__, digest, durable, snapshot
from sealwright.archive import Stream
from sealwright.archive.aside import Ahead, Aside
from sealwright.clock import Instant
from sealwright.errors import Refused
from sealwright.lineage import REGISTRY, ROOT, RUNS, Artifact, Parent, Prefix, Registry, prefix
from sealwright.paths import RelPath
from sealwright.runtime import canonical
from sealwright.snapshot import contents

_CHAIN = ("work_order", "build_spec", "bundle_manifest")


@dataclass(frozen=True, slots=True)
class Wish:
    """What shall be exported besides all artifacts, and to whom."""

    recipients: tuple[str, ...]
    public: Path
    extra_roots: tuple[RelPath, ...] = ()
    notes: str = ""


def export(
    registry: Registry, wish: Wish, now: Instant, line: int, folder: Path
) -> tuple[str, list[Artifact]]:
    """Write a snapshot into ``folder``, which it makes; return its id and its two records.

    ``line`` is the registry's line that the first of them will be.  `Refused` without a work
    order, without recipients that can be encrypted to, and where anything is not as its
    record says.
    """
    view = prefix(registry)
    chain = _chain(registry, view)
    sources = contents.sources(registry, view, wish.extra_roots)
    durable.mkdir(folder)
    with Stream(sources) as stream:
        size, sha256 = _encrypted(stream, wish, now, folder / snapshot.ENCRYPTED)
    name = f"{now.compact()}_{stream.sha256[:12]}_{line}"
    about = _about(name, now, view, wish, chain) | {
        "file_count": len(sources),
        "total_plain_bytes": stream.bytes,
        "archive_plain_sha256": stream.sha256,
        "archive_enc_bytes": size,
        "archive_enc_sha256": sha256,
    }
    data = canonical.line(about)
    durable.create(folder / snapshot.MANIFEST, data)
    return name, _records(about, data, chain)


def _chain(registry: Registry, view: Prefix) -> list[Artifact]:
    """Return the last work order, its build spec and its bundle."""
    found = registry.last(_CHAIN[0], view)
    if found is None:
        raise Refused(
            f"{REGISTRY}: expected a work order, found none; doit work_order_emit, then export"
        )
    chain = [found.artifact]
    while len(chain) < len(_CHAIN):
        parent = registry.find(chain[-1].parents[0].artifact_id)
        if parent is None:
            raise Refused(
                f"{chain[-1].artifact_id}: its parent is not in the registry; doit verify"
            )
        chain.append(parent.artifact)
    return chain


def _encrypted(stream: Stream, wish: Wish, now: Instant, place: Path) -> tuple[int, str]:
    """Write the ciphertext of ``stream``, and return its size and SHA-256."""
    from sealwright import gpg  # only who encrypts pays for GnuPG

    with gpg.temporary_ring() as ring:
        ring.import_keys(wish.public.read_bytes())
        ring.check_recipients(wish.recipients, now.seconds).enforce()
        with (
            durable.growing(place) as file,
            closing(Aside()) as aside,
            closing(Ahead(stream)) as ahead,
        ):
            total = digest.Sha256()

            def keep(piece: bytes) -> None:
                total.update(piece)
                file.write(piece)

            gpg.encrypt(ring, wish.recipients, ahead, lambda piece: aside.put(keep, piece))
            aside.settle()
        return file.size, digest.hexadecimal(total.digest())


def _about(
    name: str, now: Instant, view: Prefix, wish: Wish, chain: list[Artifact]
) -> dict[str, Any]:
    parents = [
        {"artifact_id": a.artifact_id, "artifact_type": a.artifact_type, "sha256": a.sha256}
        for a in chain
    ]
    return {
        "format": snapshot.FORMAT,
        "snapshot_id": name,
        "created_at_utc": now.iso(),
        "included_roots": [ROOT, RUNS, *wish.extra_roots],
        "excluded": list(snapshot.EXCLUDED),
        "registry": {"bytes": view.bytes, "lines": view.lines, "head": view.head},
        "encryption_scheme": snapshot.SCHEME,
        "recipients": list(wish.recipients),
        "tool_version": f"sealwright {__version__}",
        "parents": parents,
        "notes": wish.notes,
    }


def _records(about: Mapping[str, Any], manifest: bytes, chain: list[Artifact]) -> list[Artifact]:
    name, meta = about["snapshot_id"], {"tool_version": __version__}
    sha256 = digest.hexadecimal(digest.sha256(manifest))
    links = tuple(Parent(artifact.artifact_id, artifact.sha256) for artifact in chain)
    encrypted = Artifact(
        artifact_id=f"snapshot-{name}",
        created_at_utc=about["created_at_utc"],
        artifact_type="snapshot",
        relpath=RelPath(f"{snapshot.FOLDER}/{name}/{snapshot.ENCRYPTED}"),
        sha256=about["archive_enc_sha256"],
        byte_size=about["archive_enc_bytes"],
        media_type="application/pgp-encrypted",
        parents=links,
        meta={**meta, "archive_plain_sha256": about["archive_plain_sha256"]},
    )
    described = Artifact(
        artifact_id=f"snapshot_manifest-{name}",
        created_at_utc=about["created_at_utc"],
        artifact_type="snapshot_manifest",
        relpath=RelPath(f"{snapshot.FOLDER}/{name}/{snapshot.MANIFEST}"),
        sha256=sha256,
        byte_size=len(manifest),
        media_type="application/json",
        parents=(links[0], Parent(encrypted.artifact_id, encrypted.sha256)),
        meta=meta,
    )
    return [encrypted, described]
