"""The shapes of the records of evidence."""

from __future__ import annotations

from sealwright.contracts.workflow import blockers
from sealwright.contracts.workflow.outcome import OUTCOMES
from sealwright.contracts.workflow.shapes import (
    COMMIT,
    LINE,
    SHA256,
    TIME,
    Choice,
    Flag,
    Many,
    Maybe,
    Named,
    Record,
    Text,
    Whole,
)
from sealwright.contracts.workflow.terms import EVIDENCE, FORBIDDEN_ACTIONS, ID

REPORT_FORMAT = "sealwright/workflow-report/1"
FRESHNESS_FORMAT = "sealwright/workflow-freshness/1"
PROOF_FORMAT = "sealwright/workflow-owned-repository/1"
SURFACE_FORMAT = "sealwright/workflow-control-surface/1"
AWAITED = "awaited"

ANY = Text()
_WORK = Text(ID.pattern, "an id such as CTO-WORK-049")
_RUN = Text("[A-Za-z0-9][A-Za-z0-9._-]{0,127}", "the name of a run")
_NAME = Text("[a-z][a-z0-9_-]{0,63}(?:[.][a-z0-9_-]{1,64}){0,7}", "a name such as git.diff.checked")
_FILE = Choice(tuple(EVIDENCE.values()))
_STATE = Record({"head": Maybe(COMMIT), "tree": Maybe(COMMIT), "clean": Flag()})
_STREAM = Record({"lines": Whole(), "head": Maybe(SHA256)})
_BLOCKER = Record(
    {
        "reason": Choice(blockers.REASONS),
        "event": _NAME,
        "status": Choice((blockers.FAIL, blockers.BLOCKED)),
        "evidence": Many(_FILE),
        "where": ANY,
        "what": ANY,
        "remedy": ANY,
    }
)
_APPROVAL = Record(
    {"sentence": LINE, "sha256": SHA256, "nonce": SHA256, "by": LINE, "consumed": SHA256}
)
_ADMISSION = Record({"path": LINE, "sha256": Maybe(SHA256), "owner_evidence": Maybe(SHA256)})
CORE = Record(
    {
        "format": Choice((REPORT_FORMAT,)),
        "run": _RUN,
        "run_start": TIME,
        "run_end": TIME,
        "status": Choice((blockers.PASS, blockers.FAIL, blockers.BLOCKED)),
        "exit": Whole(0, 3),
        "blockers": Many(_BLOCKER),
        "packet": Record({"id": _WORK, "path": LINE, "sha256": SHA256, "task": ANY}),
        "stage": Whole(1, 6),
        "runtime_default_activation": Flag(only=False),
        "admission": _ADMISSION,
        "approval_sentence": LINE,
        "approval": Maybe(_APPROVAL),
        "backend": Record(
            {
                "kind": LINE,
                "identity": SHA256,
                "exit": Maybe(Whole(-255, 255)),
                "isolation": Named(_NAME, ANY),
            }
        ),
        "case_process_started": Flag(),
        "target": Record({"path": LINE, "owner": LINE, "before": _STATE, "after": _STATE}),
        "allowed_paths": Many(LINE, unique=True),
        "forbidden_paths": Many(LINE, unique=True),
        "forbidden_actions": Many(Choice(FORBIDDEN_ACTIONS), unique=True),
        "changed_files": Many(ANY, unique=True),
        "changed_outside": Many(ANY, unique=True),
        "commit": Maybe(COMMIT),
        "validation": Record({"command": ANY, "exit": Maybe(Whole(-255, 255))}),
        "required_events_passed": Flag(),
        "success_criteria": Many(ANY),
        "rollback": Record({"expectation": Many(ANY), "command": ANY}),
        "operator_outcome": Record(
            {"required": Flag(only=True), "outcome": Choice((*OUTCOMES, AWAITED)), "by": ANY}
        ),
    }
)
REPORT = Record(
    {
        **CORE.fields,
        "artifact_digests": Named(Text("[a-z0-9_.]+", "the name of a file"), SHA256),
        "events": _STREAM,
        "trace": _STREAM,
    }
)
EVENT = Record(
    {
        "v": Whole(1, 1),
        "seq": Whole(),
        "prev": Maybe(SHA256),
        "event": _NAME,
        "about": Named(_NAME, ANY),
    }
)
FRESHNESS = Record(
    {
        "format": Choice((FRESHNESS_FORMAT,)),
        "run": _RUN,
        "nonce": Maybe(SHA256),
        "consumed": Maybe(SHA256),
        "inputs": Named(_NAME, Maybe(SHA256)),
        "before": _STATE,
        "after": _STATE,
        "before_sha256": SHA256,
        "folder_existed": Flag(only=False),
        "artifacts": Named(Text("[a-z0-9_.]+", "the name of a file"), SHA256),
    }
)
PROOF = Record(
    {
        "format": Choice((PROOF_FORMAT,)),
        "run": _RUN,
        "target": LINE,
        "owner": LINE,
        "owner_evidence": Maybe(SHA256),
        "admission_sha256": Maybe(SHA256),
        "before": _STATE,
        "after": _STATE,
        "commit": Maybe(COMMIT),
        "unchanged": Flag(),
        "objections": Many(ANY),
    }
)
SURFACE = Record(
    {
        "format": Choice((SURFACE_FORMAT,)),
        "run": _RUN,
        "executable": Flag(only=False),
        "status": Choice((blockers.PASS, blockers.FAIL, blockers.BLOCKED)),
        "approval_required": Flag(only=True),
        "approval_granted": Flag(),
        "execution_allowed": Flag(only=False),
        "approval_reason": ANY,
        "approval_packet": LINE,
        "approval_command_text": LINE,
        "allowed_next_actions": Many(LINE),
        "blocked_next_actions": Many(LINE),
        "required_evidence_paths": Many(_FILE),
        "replay_paths": Many(_FILE),
        "rollback_command": ANY,
        "allowed_paths": Many(LINE),
        "blocked_actions": Many(Choice(FORBIDDEN_ACTIONS)),
    }
)
