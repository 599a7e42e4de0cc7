"""The execution context: which run this is, of what, where, and since when.

``repo_root``
    the absolute path of the repository
``baseline_commit``
    the commit that the run began with: 40 or 64 hexadecimal digits, in full
``run_id``
    ``sha256:`` and 64 digits, the same whenever the same is run: the digest of the canonical
    bytes of ``baseline_commit``, ``governance``, ``inputs_hash`` and ``mission_spec``
``run_id_audit``
    a UUID, another for each run
``started_at``
    the time, in UTC: ``2025-01-01T00:00:00Z``, with a fraction of a second or without

``governance`` is the list of pairs of path and digest, sorted, of the files that govern the
mission.  The last two fields and the place are no part of ``run_id``: the same mission from
the same commit is the same run, wherever and whenever.  The time and the UUID are given by
the caller, since nothing here has a clock or chance.

>>> derive_run_id({"goal": "pack"}, "sha256:" + 64 * "0", {}, 40 * "a")[:22]
'sha256:29525409fc747e5'
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any
from uuid import UUID

from .. import canonical

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_TIME = re.compile(
    r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
    r"T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,9})?Z"
)


@dataclass(frozen=True)
class ExecutionContext:
    """One run; a value of another form than the module says is a `ValueError`."""

    repo_root: str
    baseline_commit: str
    run_id: str  # Deterministic run ID (sha256:...)
    run_id_audit: UUID
    started_at: str

    def __post_init__(self) -> None:
        _place(self.repo_root)
        _match("baseline_commit", _COMMIT, self.baseline_commit)
        _match("run_id", _DIGEST, self.run_id)
        _match("started_at", _TIME, self.started_at)
        if type(self.run_id_audit) is not UUID:
            raise ValueError(f"run_id_audit: expected a UUID, found {self.run_id_audit!r:.80}")


def derive_run_id(
    mission_spec: Mapping[str, Any],
    inputs_hash: str,
    governance: Mapping[str, str],
    baseline_commit: str,
) -> str:
    """Return the ``run_id`` of a mission; ``governance`` gives the digest of each path."""
    _match("inputs_hash", _DIGEST, inputs_hash)
    _match("baseline_commit", _COMMIT, baseline_commit)
    for path, digest in governance.items():
        _match(f"governance of {path!r}", _DIGEST, digest)
    body = {
        "baseline_commit": baseline_commit,
        "governance": sorted(governance.items()),
        "inputs_hash": inputs_hash,
        "mission_spec": dict(mission_spec),
    }
    return canonical.digest(canonical.encode(body))


def context_of(
    mission_spec: Mapping[str, Any],
    inputs_hash: str,
    governance: Mapping[str, str],
    *,
    repo_root: str,
    baseline_commit: str,
    run_id_audit: UUID,
    started_at: str,
) -> ExecutionContext:
    """Return the context of a run of a mission, its ``run_id`` derived."""
    run_id = derive_run_id(mission_spec, inputs_hash, governance, baseline_commit)
    return ExecutionContext(repo_root, baseline_commit, run_id, run_id_audit, started_at)


def to_dict(context: ExecutionContext) -> dict[str, str]:
    """Return the fields of ``context`` as strings, fit for a record."""
    return {part.name: str(getattr(context, part.name)) for part in fields(context)}


def from_dict(values: Mapping[str, Any]) -> ExecutionContext:
    """Return the context with exactly these fields; `ValueError` for any other form."""
    wanted = [part.name for part in fields(ExecutionContext)]
    if set(values) != set(wanted) or not all(type(value) is str for value in values.values()):
        raise ValueError(f"expected the fields {sorted(wanted)}, each a string")
    audit = UUID(values["run_id_audit"])
    if str(audit) != values["run_id_audit"]:
        raise ValueError(f"run_id_audit: expected {str(audit)!r}, found another spelling")
    return ExecutionContext(**{**values, "run_id_audit": audit})


def _match(name: str, pattern: re.Pattern[str], value: Any) -> None:
    if type(value) is not str or not pattern.fullmatch(value):
        raise ValueError(f"{name}: expected {pattern.pattern}, found {value!r:.80}")


def _place(value: Any) -> None:
    """Raise `ValueError` unless ``value`` is absolute, here or on another system."""
    text = value if type(value) is str else ""
    absolute = PurePosixPath(text).is_absolute() or PureWindowsPath(text).is_absolute()
    if not absolute or re.search(r"[\x00-\x1f\x7f\ud800-\udfff]", text):
        raise ValueError(f"repo_root: expected an absolute path, found {value!r:.80}")
