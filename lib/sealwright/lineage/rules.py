"""What a record must say about those on the lines before it: the rules of lineage.

The reasons against a record are all told at once.  They are asked of an index that knows
exactly the lines before, so that admitting, catching up and checking use the same rules.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from sealwright import secrets
from sealwright.lineage.artifact import Artifact, Parent
from sealwright.lineage.index import Index, Row

_PARENTS: Mapping[str, tuple[str, ...]] = {
    "raw": (),
    "sanitized": ("raw",),
    "canon": ("sanitized",),
    "bundle_manifest": ("canon",),  # or more of them
    "build_spec": ("bundle_manifest",),
    "work_order": ("build_spec",),
    "snapshot": ("work_order", "build_spec", "bundle_manifest"),
    "snapshot_manifest": ("work_order", "snapshot"),
}
_CUT = {"v", "seq", "prev", "event", "reason", "at", "kept_lines", "lost_bytes", "lost_sha256"}


def reasons(artifact: Artifact, earlier: Index) -> list[str]:
    """Return why a well-shaped record may not follow the ``earlier`` ones; none if it may."""
    found = [*_taken(artifact, earlier), *_bred(artifact, earlier)]

    def known(word: str) -> bool:
        own = (artifact.artifact_id, *(parent.artifact_id for parent in artifact.parents))
        return word in own or earlier.by_id(word) is not None or _is_place(word, artifact, earlier)

    return found + list(secrets.found(artifact.meta, known))


def is_cut(record: Mapping[str, Any]) -> bool:
    """Return whether a record calls itself that of a cut, by `Ledger.recover`."""
    return record.get("event") == "recovered"


def against_cut(record: Mapping[str, Any], number: int) -> str | None:
    """Return why a record on line ``number`` is not that of a cut, or None."""
    if record.keys() != _CUT:
        return f"recovered: expected the fields {', '.join(sorted(_CUT))} alone, found others"
    if record["kept_lines"] != number - 1 or type(record["kept_lines"]) is not int:
        return f"kept_lines: expected {number - 1}, found {record['kept_lines']!r:.80}"
    return None


def _is_place(word: str, artifact: Artifact, earlier: Index) -> bool:
    receipt = artifact.meta.get("receipt", {})
    own = (artifact.relpath, receipt.get("relpath"))
    return word in own or earlier.by_path(word) is not None


def _taken(artifact: Artifact, earlier: Index) -> Iterator[str]:
    if row := earlier.by_id(artifact.artifact_id):
        yield f"artifact_id: expected a new one, found that of line {row.number}"
    if row := earlier.by_path(artifact.relpath):
        yield f"relpath: expected a new one, found that of line {row.number}"


def _bred(artifact: Artifact, earlier: Index) -> Iterator[str]:
    parents, expected = artifact.parents, _PARENTS[artifact.artifact_type]
    if artifact.artifact_type == "bundle_manifest":
        expected *= len(parents) or 1
    if len(parents) != len(expected):
        yield f"parents: expected {', '.join(expected) or 'none'}, found {len(parents)}"
        return
    if len({parent.artifact_id for parent in parents}) != len(parents):
        yield "parents: expected each once, found one twice"
    rows = [earlier.by_id(parent.artifact_id) for parent in parents]
    wrong = [
        f"parents[{number}]: {reason}"
        for number, (parent, row, wanted) in enumerate(zip(parents, rows, expected, strict=True))
        if (reason := _unfit(parent, row, wanted))
    ]
    yield from wrong or _chain(artifact, [row for row in rows if row])


def _unfit(parent: Parent, row: Row | None, wanted: str) -> str | None:
    name = parent.artifact_id
    if row is None:
        return f"expected {name} on an earlier line, found it on none"
    if row.artifact_type != wanted:
        return f"expected a {wanted}, found {name}, a {row.artifact_type}"
    if row.sha256 != parent.sha256:
        return f"expected sha256 {row.sha256} of {name}, found {parent.sha256}"
    return None


def _chain(artifact: Artifact, rows: list[Row]) -> Iterator[str]:
    """Yield what is wrong between the parents of an export, each of which is right by itself."""
    if artifact.artifact_type == "snapshot":
        for number, (child, row) in enumerate(itertools.pairwise(rows), 1):
            if child.parent != row.artifact_id:
                expected = f"{child.parent}, the parent of {child.artifact_id}"
                yield f"parents[{number}]: expected {expected}, found {row.artifact_id}"
    if artifact.artifact_type == "snapshot_manifest":
        order, snapshot = rows
        if snapshot.parent != order.artifact_id:
            expected = f"{snapshot.parent}, the work_order of {snapshot.artifact_id}"
            yield f"parents[0]: expected {expected}, found {order.artifact_id}"
        folder = PurePosixPath(snapshot.relpath).parent
        if PurePosixPath(artifact.relpath).parent != folder:
            yield f"relpath: expected a file in {folder}, found {artifact.relpath!r}"
