"""Snapshots: everything that a work order rests on, archived, hashed and encrypted.

A snapshot is a folder that nobody changes any more::

    .adam_os/artifacts/snapshots/<snapshot_id>/
      snapshot.enc             OpenPGP, to recipients; inside it the archive (see `archive`)
      snapshot_manifest.json   canonical JSON, one LF (below)

What the archive holds follows from the artifact registry's *prefix*, the longest beginning
of it that ends in a record of something else than a snapshot (see `lineage`): these lines as
the registry, every file that they name but snapshots, the receipts that they name, and the
``extra_roots`` of the configuration.  So an export, which appends records of its own,
changes nothing of what the next one holds: unchanged inputs give the same archive, whose
SHA-256 is ``archive_plain_sha256``, although its encryption differs each time.  What is
missing, or is not what its record says, stops an export.

==========================  =================================================================
``format``                  ``sealwright/snapshot/1``
``snapshot_id``             ``<ts>_<the first 12 digits of the plain hash>_<line>``: the run's
                            instant, and the registry's line that the snapshot will be
``created_at_utc``          the run's instant
``included_roots``          ``.adam_os/artifacts``, ``.adam_os/runs``, then the extra roots
``excluded``                what of them is left out, by rule
``registry``                the prefix: ``bytes``, ``lines`` and ``head``, its last line's digest
``file_count``              members of the archive
``total_plain_bytes``       its size
``archive_plain_sha256``    its SHA-256
``archive_enc_bytes``       the size of ``snapshot.enc``
``archive_enc_sha256``      its SHA-256
``encryption_scheme``       ``openpgp-rfc4880-aes256-mdc``
``recipients``              full fingerprints
``tool_version``            of Sealwright
``parents``                 the last work order, its build spec and its bundle, each with
                            ``artifact_id``, ``artifact_type`` and ``sha256``
``notes``                   text; no secrets
==========================  =================================================================

By hand, with the secret key::

    sha256sum snapshot.enc
    gpg --decrypt snapshot.enc | sha256sum
    gpg --decrypt snapshot.enc | tar -x -C NEW
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sealwright.errors import Damaged
from sealwright.lineage import ROOT
from sealwright.paths import RelPath
from sealwright.runtime import canonical

FORMAT = "sealwright/snapshot/1"
SCHEME = "openpgp-rfc4880-aes256-mdc"
ENCRYPTED, MANIFEST = "snapshot.enc", "snapshot_manifest.json"
FOLDER = RelPath(f"{ROOT}/snapshots")
EXCLUDED = (FOLDER, "registry lines after the prefix", "receipts that no line of it names")
_FIELDS: Mapping[str, type] = {
    "format": str,
    "snapshot_id": str,
    "created_at_utc": str,
    "included_roots": list,
    "excluded": list,
    "registry": dict,
    "file_count": int,
    "total_plain_bytes": int,
    "archive_plain_sha256": str,
    "archive_enc_bytes": int,
    "archive_enc_sha256": str,
    "encryption_scheme": str,
    "recipients": list,
    "tool_version": str,
    "parents": list,
    "notes": str,
}
_DIGITS = re.compile("[0-9a-f]{64}")


def read(folder: Path) -> dict[str, Any]:
    """Return the manifest in the folder of a snapshot; `Damaged` unless it is one."""
    place = folder / MANIFEST
    try:
        found = canonical.decode_line(place.read_bytes())
        if not isinstance(found, dict) or found.keys() != _FIELDS.keys():
            raise ValueError(f"expected the fields {', '.join(_FIELDS)}, found others")
        for name, kind in _FIELDS.items():
            if type(found[name]) is not kind:
                raise ValueError(f"{name}: expected {kind.__name__}, found {found[name]!r:.80}")
        if (found["format"], found["snapshot_id"]) != (FORMAT, folder.name):
            raise ValueError(f"expected {FORMAT} of {folder.name}, found another")
        for name in ("archive_plain_sha256", "archive_enc_sha256"):
            if not _DIGITS.fullmatch(found[name]):
                raise ValueError(f"{name}: expected 64 digits, found {found[name]!r:.80}")
    except (OSError, ValueError) as problem:
        raise Damaged(f"{place}: expected the manifest of a snapshot, found: {problem}") from None
    return found
