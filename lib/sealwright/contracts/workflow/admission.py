"""An admission record: that a repository may be a target at all, for what, and why.

It is JSON, apart from the packet, and says::

    {"admission_status":"admitted","target_repository_path":"targets/strings",
     "repository_owner":"jp","ownership_evidence":{"path":"admissions/owner.txt","sha256":"sha256:…"},
     "risk_classification":"low_risk_noncritical","noncritical_rationale":"…",
     "allowed_paths":["src/strings.py"],"forbidden_paths":[".git/"],"forbidden_actions":["push",…],
     "approval_source":"docs/packet.md","approval_timestamp":"2026-06-01T10:00:00Z",
     "operator_outcome_required":true,"review_trigger":"…"}

A record that became history says so with ``admission_lifecycle`` (other than ``active``),
``future_execution_authorized`` (false) or ``future_execution_requires_new_admission`` (true), and
admits nothing more.  No time in it makes anything valid.

`check` asks all gates before anything runs and tells all objections at once, each with its reason.
The packet may ask for less than the record admits, never for more: its allowed paths are among the
record's, and it forbids everything that the record forbids.  The evidence of ownership is a file
of this repository outside the target, with the digest that the record says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sealwright import digest, paths
from sealwright.contracts.workflow import records
from sealwright.contracts.workflow.blockers import Objection, objection
from sealwright.contracts.workflow.packet import Packet
from sealwright.contracts.workflow.shapes import (
    LINE,
    SHA256,
    TIME,
    Choice,
    Flag,
    Many,
    Record,
    Shape,
    Text,
)
from sealwright.contracts.workflow.terms import ADMITTED, FORBIDDEN_ACTIONS, LOW_RISK, PLACEHOLDER
from sealwright.digest import Digest
from sealwright.errors import Misconfigured, Refused

_FIELDS: Mapping[str, tuple[Shape, str]] = {  # and the reason, if a field is not as it should be
    "admission_status": (Choice((ADMITTED,)), "missing_admission"),
    "target_repository_path": (LINE, "unfit_target"),
    "repository_owner": (Text("[A-Za-z0-9_-]+", "a name"), "unowned_repository"),
    "ownership_evidence": (Record({"path": LINE, "sha256": SHA256}), "unowned_repository"),
    "risk_classification": (Choice((LOW_RISK,)), "critical_repository"),
    "noncritical_rationale": (LINE, "critical_repository"),
    "allowed_paths": (Many(LINE, least=1, unique=True), "empty_allowed_paths"),
    "forbidden_paths": (Many(LINE, least=1, unique=True), "missing_forbidden_paths"),
    "forbidden_actions": (
        Many(Choice(FORBIDDEN_ACTIONS), least=10, unique=True),
        "missing_forbidden_actions",
    ),
    "approval_source": (LINE, "approval_denied"),
    "approval_timestamp": (TIME, "approval_denied"),
    "operator_outcome_required": (Flag(only=True), "missing_operator_outcome"),
    "review_trigger": (LINE, "malformed_admission"),
}
_LATER: Mapping[str, tuple[Shape, str]] = {
    "admission_lifecycle": (Choice(("active",)), "consumed_admission"),
    "future_execution_authorized": (Flag(only=True), "consumed_admission"),
    "future_execution_requires_new_admission": (Flag(only=False), "consumed_admission"),
}
SHAPE = Record(
    {name: shape for name, (shape, _) in _FIELDS.items()},
    {name: shape for name, (shape, _) in _LATER.items()},
)


@dataclass(frozen=True, slots=True)
class Admission:
    """A record as somebody wrote it; nothing of it is believed before `check`."""

    name: str
    sha256: Digest
    fields: Mapping[str, Any]

    @classmethod
    def read(cls, data: bytes, name: str) -> Admission:
        """Return the record in ``data``; `Misconfigured` if that is no JSON."""
        return cls(name, digest.sha256(data), records.read(data, name))


def load(root: Path, packet: Packet) -> Admission | None:
    """Return the record that the packet names, or None if there is none."""
    name = packet.target.admission_source
    place = paths.within(root, name)
    return Admission.read(place.read_bytes(), name) if place.is_file() else None


def check(packet: Packet, admission: Admission | None, root: Path) -> tuple[Objection, ...]:
    """Return every objection against the packet and its record; none, and it is admitted."""
    return tuple(_objections(packet, admission, root))


def _objections(packet: Packet, admission: Admission | None, root: Path) -> Iterator[Objection]:
    if undecided := packet.placeholders():
        what = f"expected decisions, found {PLACEHOLDER} in {', '.join(dict.fromkeys(undecided))}"
        yield objection("undecided_packet", packet.id, what, "edit the packet")
    if admission is None:
        name = packet.target.admission_source
        yield objection("missing_admission", name, "expected an admission record, found none")
        return
    malformed = list(_malformed(admission))
    yield from malformed
    wrong = {each.where.rpartition(": ")[2].split(".")[0].split("[")[0] for each in malformed}
    fields = {name: value for name, value in admission.fields.items() if name not in wrong}
    yield from _disagreements(packet, admission.name, fields)
    yield from _unowned(packet, admission.name, fields, root)


def _malformed(admission: Admission) -> Iterator[Objection]:
    known = {**_FIELDS, **_LATER}
    for name in sorted(admission.fields.keys() - known.keys()):
        where = f"{admission.name}: {name}"
        yield objection("malformed_admission", where, "expected no such key", "remove it")
    for name, (shape, reason) in known.items():
        where = f"{admission.name}: {name}"
        if name in admission.fields:
            for problem in shape.problems(admission.fields[name], name):
                place, _, what = problem.partition(": ")
                yield objection(reason, f"{admission.name}: {place}", what)
        elif name in _FIELDS:
            yield objection(reason, where, "is missing")


def _disagreements(packet: Packet, name: str, fields: Mapping[str, Any]) -> Iterator[Objection]:
    same = {
        "admission_status": packet.target.admission_status,
        "target_repository_path": packet.target.repository,
        "repository_owner": packet.target.owner,
        "risk_classification": packet.target.risk,
    }
    for field, wanted in same.items():
        if field in fields and fields[field] != wanted:
            what = f"expected {wanted!r} as in the packet, found {fields[field]!r}"
            yield objection("admission_mismatch", f"{name}: {field}", what)
    subsets = {
        "allowed_paths": set(packet.task.allowed_paths) - set(fields.get("allowed_paths", ())),
        "forbidden_paths": set(fields.get("forbidden_paths", ()))
        - set(packet.task.forbidden_paths),
    }
    says = {"allowed_paths": "expected the packet's", "forbidden_paths": "in the packet: expected"}
    for field, missing in subsets.items():
        if field in fields and missing:
            what = f"{says[field]} {', '.join(sorted(missing))}, found none of them"
            yield objection("admission_mismatch", f"{name}: {field}", what)
    if lacking := [a for a in FORBIDDEN_ACTIONS if a not in packet.task.forbidden_actions]:
        what = f"expected all ten forbidden actions, found no {', '.join(lacking)}"
        yield objection("missing_forbidden_actions", packet.id, what)


def _unowned(
    packet: Packet, name: str, fields: Mapping[str, Any], root: Path
) -> Iterator[Objection]:
    if "ownership_evidence" not in fields:
        return
    about, where = fields["ownership_evidence"], f"{name}: ownership_evidence"
    try:
        path = paths.parse(about["path"])
        found = digest.of_file(paths.within(root, path)).sha256
    except (Misconfigured, Refused) as problem:
        yield objection("unowned_repository", where, str(problem))
        return
    except OSError as problem:
        what = f"expected the file {about['path']}: {problem.strerror}"
        yield objection("unowned_repository", where, what)
        return
    if packet.target.repository.startswith("/"):
        inside = (root / path).resolve().is_relative_to(Path(packet.target.repository).resolve())
    else:
        inside = paths.above(paths.RelPath(packet.target.repository), path)
    if inside:
        what = f"expected a file that the target does not hold, found {path}"
        yield objection("unowned_repository", where, what)
    if found != about["sha256"]:
        what = f"expected {path} to be {about['sha256']}, found {found}"
        yield objection("unowned_repository", where, what)
