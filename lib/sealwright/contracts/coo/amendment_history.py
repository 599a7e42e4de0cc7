"""Amendments that were applied are history: applied once, told in the log, never changed.

Each entry of the log has ``amendment_sha256``, the digest of the amendment's canonical form.
`resume` applies those that the log does not name, and adds them to it.  One that it does name
must be the same as then; whoever wants another writes another, under an id of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sealwright import digest
from sealwright.contracts.coo.amendment_engine import FORMAT, Amendment, Applied, apply
from sealwright.digest import Digest
from sealwright.errors import Damaged
from sealwright.paths import RelPath
from sealwright.runtime import canonical
from sealwright.verdict import Finding, Verdict


def resume(
    past: bytes | None, amendments: Iterable[Amendment], documents: Mapping[RelPath, bytes]
) -> Applied:
    """Return what the amendments that ``past``, a log, does not name make of the documents."""
    given = {amendment.id: amendment for amendment in amendments}
    entries = _entries(past)
    Verdict(tuple(_changed(entries, given))).enforce()
    known = {entry["id"] for entry in entries}
    applied = apply((given[name] for name in given if name not in known), documents)
    new = [
        {**entry, "amendment_sha256": identify(given[entry["id"]])}
        for entry in canonical.decode_line(applied.log)["amendments"]
    ]
    log = canonical.line({"format": FORMAT, "amendments": [*entries, *new]})
    return Applied(applied.documents, log, applied.patch)


def identify(amendment: Amendment) -> Digest:
    """Return the digest of an amendment."""
    about = {
        "id": amendment.id,
        "target": amendment.target,
        "anchor": {amendment.anchor.kind: amendment.anchor.text},
        "action": amendment.action,
        "text": amendment.text,
    }
    return digest.sha256(canonical.line(about))


def _entries(past: bytes | None) -> list[dict[str, Any]]:
    if past is None:
        return []
    try:
        log = canonical.decode_line(past)
        if log["format"] != FORMAT:
            raise ValueError(f"the format {log['format']!r}")
        return [dict(entry) for entry in log["amendments"]]
    except (ValueError, KeyError, TypeError) as problem:
        raise Damaged(f"amendment_log.json: expected {FORMAT}, found {problem}") from None


def _changed(
    entries: Iterable[Mapping[str, Any]], given: Mapping[str, Amendment]
) -> Iterable[Finding]:
    for entry in entries:
        amendment = given.get(entry["id"])
        if amendment and identify(amendment) != entry["amendment_sha256"]:
            what = "was applied already, and is another now"
            yield Finding(f"amendment {amendment.id}", what, "give the other an id of its own")
