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

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sealwright.errors import Damaged, Misconfigured
from sealwright.lineage import ROOT
from sealwright.paths import RelPath, parse
from sealwright.runtime import canonical

FORMAT = "sealwright/snapshot/1"
SCHEME = "openpgp-rfc4880-aes256-mdc"
ENCRYPTED, MANIFEST = "snapshot.enc", "snapshot_manifest.json"
FOLDER = RelPath(f"{ROOT}/snapshots")
EXCLUDED = (FOLDER, "registry lines after the prefix", "receipts that no line of it names")
LARGEST = 1 << 20  # bytes of a manifest


def _is(kind: type) -> Callable[[Any], bool]:
    return lambda value: type(value) is kind


def _count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _all(each: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: type(value) is list and all(map(each, value))


def _table(**parts: Callable[[Any], bool]) -> Callable[[Any], bool]:
    def fits(value: Any) -> bool:
        known = type(value) is dict and value.keys() == parts.keys()
        return known and all(part(value[name]) for name, part in parts.items())

    return fits


def _digits(value: Any) -> bool:
    return type(value) is str and re.fullmatch("[0-9a-f]{64}", value) is not None


def _path(value: Any) -> bool:
    try:
        return type(value) is str and parse(value) == value
    except Misconfigured:
        return False


_text = _is(str)
_FIELDS: Mapping[str, Callable[[Any], bool]] = {
    "format": _text,
    "snapshot_id": _text,
    "created_at_utc": _text,
    "included_roots": _all(_path),
    "excluded": _all(_text),
    "registry": _table(bytes=_count, lines=_count, head=_text),
    "file_count": _count,
    "total_plain_bytes": _count,
    "archive_plain_sha256": _digits,
    "archive_enc_bytes": _count,
    "archive_enc_sha256": _digits,
    "encryption_scheme": _text,
    "recipients": _all(_text),
    "tool_version": _text,
    "parents": _all(_table(artifact_id=_text, artifact_type=_text, sha256=_digits)),
    "notes": _text,
}


def read(folder: Path) -> dict[str, Any]:
    """Return the manifest in the folder of a snapshot; `Damaged` unless it is one."""
    place = folder / MANIFEST
    try:
        return _proven(_content(place), folder.name)
    except (OSError, ValueError) as problem:
        raise Damaged(f"{place}: expected the manifest of a snapshot, found: {problem}") from None


def _content(place: Path) -> bytes:
    """Return the bytes of a file that somebody else may have put there."""
    descriptor = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise ValueError(f"more than {LARGEST} bytes")
    return data


def _proven(data: bytes, name: str) -> dict[str, Any]:
    found = canonical.decode_line(data)
    if not isinstance(found, dict) or found.keys() != _FIELDS.keys():
        raise ValueError(f"other fields than {', '.join(_FIELDS)}")
    for field, fits in _FIELDS.items():
        if not fits(found[field]):
            raise ValueError(f"{field}: {found[field]!r:.80}, which it cannot be")
    if (found["format"], found["snapshot_id"]) != (FORMAT, name):
        raise ValueError(f"another than {FORMAT} of {name}")
    return found
