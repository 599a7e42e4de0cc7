"""Verify a snapshot: believe nothing that it says of itself.

Without any key: the manifest is canonical and whole, ``snapshot.enc`` has its digest, the
registry has a record of both, each with the work order as its first parent, and the archive,
made again from what the registry's prefix names, has the plain digest.  With a key, the
ciphertext is decrypted into a hash besides, and never to disk.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sealwright import digest, snapshot
from sealwright.archive import Stream
from sealwright.errors import SealwrightError
from sealwright.lineage import REGISTRY, ROOT, RUNS, Prefix, Registry
from sealwright.paths import RelPath
from sealwright.snapshot import contents
from sealwright.verdict import Finding, Verdict

if TYPE_CHECKING:
    from sealwright.gpg import Passphrase, Ring

_PIECE = 1 << 20


def alone(folder: Path) -> tuple[dict[str, Any], Verdict]:
    """Return the manifest, and whether ``snapshot.enc`` beside it is what it says."""
    about = snapshot.read(folder)
    place = folder / snapshot.ENCRYPTED
    try:
        sums = digest.of_file(place)
    except OSError as problem:
        what = f"expected the encrypted archive, found {problem.strerror}"
        return about, Verdict((Finding(str(place), what),))
    expected = about["archive_enc_bytes"], about["archive_enc_sha256"]
    found = sums.size, digest.hexadecimal(sums.sha256)
    if found != expected:
        what = (
            f"expected {expected[0]} bytes of sha256 {expected[1]}, found {found[0]} of {found[1]}"
        )
        return about, Verdict((Finding(str(place), what, "bring back the file as it was"),))
    keys = ("snapshot_id", "archive_plain_sha256", "archive_enc_sha256", "file_count")
    return about, Verdict((), {key: about[key] for key in keys})


def inside(registry: Registry, folder: Path) -> Verdict:
    """Answer whether the snapshot in ``folder`` is that which the registry names, and can be
    made again, byte for byte, from what stands in the repository."""
    about, verdict = alone(folder)
    findings = [*verdict.findings, *unregistered(registry, folder, about)]
    findings += _other_archive(registry, about)
    return Verdict(tuple(findings), verdict.evidence)


def unregistered(registry: Registry, folder: Path, about: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield what the registry does not say of a snapshot, or says otherwise."""
    order = about["parents"][0]["artifact_id"] if about["parents"] else None
    manifest = digest.of_file(folder / snapshot.MANIFEST)
    wanted = {
        "snapshot": about["archive_enc_sha256"],
        "snapshot_manifest": digest.hexadecimal(manifest.sha256),
    }
    for kind, sha256 in wanted.items():
        name = f"{kind}-{folder.name}"
        found = registry.find(name)
        if found is None:
            yield Finding(REGISTRY, f"expected a record of {name}, found none")
        elif found.artifact.sha256 != sha256:
            what = f"{name}: expected {sha256}, found {found.artifact.sha256}"
            yield Finding(f"{REGISTRY}:{found.number}", what)
        elif found.artifact.parents[0].artifact_id != order:
            yield Finding(f"{REGISTRY}:{found.number}", f"{name}: expected {order} as its parent")


def _other_archive(registry: Registry, about: Mapping[str, Any]) -> Iterator[Finding]:
    view = Prefix(**about["registry"])
    extra = [RelPath(root) for root in about["included_roots"] if root not in (ROOT, RUNS)]
    try:
        with Stream(contents.sources(registry, view, extra)) as stream:
            while stream.read(_PIECE):
                pass
    except (SealwrightError, OSError) as problem:
        yield Finding(about["snapshot_id"], f"cannot be made again: {problem}")
        return
    said = {"archive_plain_sha256": stream.sha256, "total_plain_bytes": stream.bytes}
    for name, found in {**said, "file_count": stream.files}.items():
        if about[name] != found:
            what = f"{name}: expected {about[name]}, found {found} when it was made again"
            yield Finding(about["snapshot_id"], what)


def decrypted(folder: Path, ring: Ring, passphrase: Passphrase = None) -> Verdict:
    """Answer whether ``snapshot.enc`` decrypts to the archive that the manifest names."""
    from sealwright import gpg  # only who decrypts pays for GnuPG

    about, verdict = alone(folder)
    verdict.enforce()
    hasher = digest.Hasher()
    with open(folder / snapshot.ENCRYPTED, "rb") as source:
        gpg.decrypt(ring, source, hasher.update, passphrase)
    found = digest.hexadecimal(hasher.sums().sha256)
    if found != about["archive_plain_sha256"]:
        what = f"expected the archive {about['archive_plain_sha256']}, found {found} inside"
        return Verdict((Finding(str(folder / snapshot.ENCRYPTED), what),))
    return Verdict((), {**verdict.evidence, "decrypted": True})
