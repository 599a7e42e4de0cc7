"""The records of evidence, each made of the facts, or of what the report says of them.

The *core* of a report is what it says of the run.  The freshness proof, the proof of ownership, the
control surface and ``report.md`` are functions of the core and of the digests of what was kept.  So
whoever has the report can make them again, and compare.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sealwright import digest, secrets
from sealwright.contracts.workflow import approval, blockers, outcome
from sealwright.contracts.workflow.blockers import Objection
from sealwright.contracts.workflow.evidence.facts import Facts
from sealwright.contracts.workflow.evidence.forms import (
    AWAITED,
    FRESHNESS_FORMAT,
    PROOF_FORMAT,
    REPORT_FORMAT,
    SURFACE_FORMAT,
)
from sealwright.contracts.workflow.terms import EVIDENCE, FORBIDDEN_ACTIONS, characters
from sealwright.digest import Digest
from sealwright.runtime import canonical

Core = Mapping[str, Any]
Digests = Mapping[str, Digest]


def core(facts: Facts, objections: Sequence[Objection], lacking: Sequence[str]) -> dict[str, Any]:
    """Return what the report says of a run."""
    packet, task = facts.packet, facts.packet.task
    changed = [characters(path) for path in facts.changed]
    return {
        "format": REPORT_FORMAT,
        "run": facts.run,
        "run_start": facts.started.iso(),
        "run_end": facts.ended.iso(),
        "status": blockers.status(objections),
        "exit": blockers.exit_code(objections),
        "blockers": [_blocker(each, facts.root) for each in objections],
        "packet": {
            "id": packet.id,
            "path": facts.packet_path,
            "sha256": packet.sha256,
            "task": task.text,
        },
        "stage": packet.stage,
        "runtime_default_activation": False,
        "admission": _admission(facts),
        "approval_sentence": packet.sentence,
        "approval": _approval(facts),
        "backend": {
            "kind": facts.backend.kind,
            "identity": facts.backend.identity,
            "exit": facts.backend.exit,
            "isolation": dict(facts.backend.isolation),
        },
        "case_process_started": facts.backend.started,
        "target": {
            "path": packet.target.repository,
            "owner": packet.target.owner,
            "before": asdict(facts.before),
            "after": asdict(facts.after),
        },
        "allowed_paths": list(task.allowed_paths),
        "forbidden_paths": list(task.forbidden_paths),
        "forbidden_actions": list(task.forbidden_actions),
        "changed_files": changed,
        "changed_outside": [path for path in changed if path not in task.allowed_paths],
        "commit": facts.commit,
        "validation": {"command": task.validation, "exit": facts.validation.exit},
        "required_events_passed": not lacking,
        "success_criteria": list(task.success_criteria),
        "rollback": {"expectation": list(task.rollback), "command": _rollback(facts)},
        "operator_outcome": _outcome(facts),
    }


def told(text: str, root: Path) -> str:
    """Return text that may hold anything as what evidence may hold.

    That is characters, no secret, and no path of this machine to the repository.
    """
    scrubbed: str = secrets.scrubbed(characters(text).replace(f"{root}/", ""))
    return scrubbed


def _blocker(each: Objection, root: Path) -> dict[str, Any]:
    return {
        "reason": each.blocker.reason,
        "event": each.blocker.event,
        "status": each.blocker.status,
        "evidence": list(each.blocker.evidence),
        "where": told(each.where, root),
        "what": told(each.what, root),
        "remedy": told(each.remedy, root),
    }


def _admission(facts: Facts) -> dict[str, Any]:
    record = facts.admission
    evidence = record.fields.get("ownership_evidence") if record else None
    owner = evidence.get("sha256") if isinstance(evidence, dict) else None
    proven = owner if isinstance(owner, str) and owner.startswith("sha256:") else None
    return {
        "path": facts.packet.target.admission_source,
        "sha256": record.sha256 if record else None,
        "owner_evidence": proven,
    }


def _approval(facts: Facts) -> dict[str, Any] | None:
    grant = facts.grant
    if grant is None:
        return None
    return {
        "sentence": grant.demand.sentence,
        "sha256": grant.sha256,
        "nonce": grant.nonce,
        "by": grant.by,
        "consumed": grant.line,
    }


def _rollback(facts: Facts) -> str:
    if facts.commit is None:
        return ""
    return f"git -C {facts.packet.target.repository} revert --no-edit {facts.commit}"


def _outcome(facts: Facts) -> dict[str, Any]:
    said = facts.outcome
    return {
        "required": True,
        "outcome": (said.outcome if said else "") or AWAITED,
        "by": said.by if said else "",
    }


def freshness(core: Core, kept: Digests) -> dict[str, Any]:
    """Return the proof that evidence is of this run: by states and a nonce, not by times."""
    target, given = core["target"], core["approval"] or {}
    inputs = {
        "packet": core["packet"]["sha256"],
        "admission": core["admission"]["sha256"],
        "approval": given.get("sha256"),
        "backend": core["backend"]["identity"],
    }
    state = {"inputs": inputs, "target": target["before"]}
    return {
        "format": FRESHNESS_FORMAT,
        "run": core["run"],
        "nonce": given.get("nonce"),
        "consumed": given.get("consumed"),
        "inputs": inputs,
        "before": target["before"],
        "after": target["after"],
        "before_sha256": digest.sha256(canonical.encode(state)),
        "folder_existed": False,
        "artifacts": dict(kept),
    }


def proof(core: Core) -> dict[str, Any]:
    """Return the proof that the target is owned, and what became of it."""
    about = ("admission.denied", "target.start.checked", "target.end.checked")
    return {
        "format": PROOF_FORMAT,
        "run": core["run"],
        "target": core["target"]["path"],
        "owner": core["target"]["owner"],
        "owner_evidence": core["admission"]["owner_evidence"],
        "admission_sha256": core["admission"]["sha256"],
        "before": core["target"]["before"],
        "after": core["target"]["after"],
        "commit": core["commit"],
        "unchanged": core["target"]["before"] == core["target"]["after"],
        "objections": [
            f"{b['reason']}: {b['what']}" for b in core["blockers"] if b["event"] in about
        ],
    }


def surface(core: Core) -> dict[str, Any]:
    """Return what a control surface shows; nothing in it can be executed."""
    granted, work = core["approval"] is not None, core["packet"]["id"]
    denied = [b["what"] for b in core["blockers"] if b["reason"] == "approval_denied"]
    waiting = core["status"] == blockers.PASS and core["operator_outcome"]["outcome"] == AWAITED
    return {
        "format": SURFACE_FORMAT,
        "run": core["run"],
        "executable": False,
        "status": core["status"],
        "approval_required": True,
        "approval_granted": granted,
        "execution_allowed": False,
        "approval_reason": f"by {core['approval']['by']}, used" if granted else " ".join(denied),
        "approval_packet": core["packet"]["path"],
        "approval_command_text": approval.command(work),
        "allowed_next_actions": [outcome.command(work)] if waiting else [],
        "blocked_next_actions": list(FORBIDDEN_ACTIONS),
        "required_evidence_paths": sorted(EVIDENCE.values()),
        "replay_paths": ["events.normalized.jsonl", "patch.diff", "trace.jsonl"],
        "rollback_command": core["rollback"]["command"],
        "allowed_paths": core["allowed_paths"],
        "blocked_actions": core["forbidden_actions"],
    }
