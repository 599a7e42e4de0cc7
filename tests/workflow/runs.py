"""The facts of a run that passed, and of runs that did not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from sealwright import digest
from sealwright.approval import Demand
from sealwright.clock import Instant
from sealwright.contracts.workflow.admission import Admission
from sealwright.contracts.workflow.approval import Grant
from sealwright.contracts.workflow.blockers import objection
from sealwright.contracts.workflow.evidence import Backend, Event, Facts, State, Validation
from sealwright.contracts.workflow.evidence.streams import REQUIRED
from sealwright.contracts.workflow.outcome import REJECT, Outcome
from sealwright.git import Commit
from sealwright.paths import RelPath
from sealwright.runtime import canonical
from tests.workflow import packets, worlds

BEFORE = State(Commit("1" * 40), "2" * 40, clean=True)
AFTER = State(Commit("3" * 40), "4" * 40, clean=True)
RUN = "20250101T000000Z-CTO-WORK-049-1"
PATCH = b"""\
diff --git a/src/strings.py b/src/strings.py
--- a/src/strings.py
+++ b/src/strings.py
@@ -1 +1 @@
-x = 1
+x = 2
"""
EVENTS = tuple(Event(name) for name in REQUIRED[1:-1])


def passed(**changes: Any) -> Facts:
    """Return the facts of a run that passed, with some of them changed."""
    packet = packets.parsed()
    subject = {
        "nonce": digest.sha256(b"nonce"),
        "packet_sha256": packet.sha256,
        "target": packets.TARGET,
        "target_head": "1" * 40,
    }
    demand = Demand("approve_CTO_WORK_049", packet.sentence, subject)
    made = Facts(
        run=RUN,
        started=Instant(1735689600),
        ended=Instant(1735689660),
        packet=packet,
        root=Path("/somewhere/else"),
        packet_path=RelPath(packets.NAME),
        backend=Backend(
            *("command", digest.sha256(b"argv")),
            started=True,
            exit=0,
            isolation={"level": "namespaces"},
            log=b"working\n",
        ),
        admission=Admission.read(canonical.line(worlds.record()), packets.ADMISSION),
        grant=Grant(
            demand, RUN, digest.sha256(demand.text()), "A" * 40, digest.sha256(b"the line")
        ),
        before=BEFORE,
        after=AFTER,
        validation=Validation(0, b"2 passed\n"),
        patch=PATCH,
        changed=(RelPath("src/strings.py"),),
        commit=AFTER.head,
        events=EVENTS,
        trace=(Event("clone.made", {"head": "1" * 40}), Event("commit.made")),
    )
    return replace(made, **changes)


def until(name: str) -> tuple[Event, ...]:
    """Return the events before the one called ``name``."""
    return EVENTS[: REQUIRED.index(name) - 1]


def _stopped(reason: str, before: str, **changes: Any) -> Facts:
    said = objection(reason, "somewhere", f"expected otherwise, found {reason}")
    kept = {"events": until(before), "objections": (said,), "after": BEFORE, "commit": None}
    return passed(**(kept | changes))


def _unstarted(reason: str, before: str, **changes: Any) -> Facts:
    idle = Backend("command", digest.sha256(b"argv"))
    nothing = {"patch": b"", "changed": (), "validation": Validation(), "backend": idle}
    return _stopped(reason, before, **(nothing | changes))


def failures() -> dict[str, Facts]:
    """Return the facts of a run for each failure of the matrix."""
    refused = {"grant": None}
    owner = passed().admission
    slow = Backend("command", digest.sha256(b"argv"), started=True, log=b"...")
    unchanged = {"patch": b"", "changed": (), "validation": Validation()}
    stray = PATCH.replace(b"src/strings.py", b"setup.py")
    rejected = Outcome(REJECT, "A" * 40, (objection("reviewer_reject", "CTO-WORK-049", "no"),))
    silent = objection("missing_operator_outcome", "outcome.json", "expected one, found none")
    return {
        "no-diff": _stopped("no_diff", "git.diff.checked", **unchanged),
        "approval-denied": _unstarted("approval_denied", "approval.granted", **refused),
        "unowned-repository": _unstarted(
            *("unowned_repository", "admission.checked"), **refused, admission=None
        ),
        "critical-repository": _unstarted(
            *("critical_repository", "admission.checked"), **refused, admission=owner
        ),
        "disallowed-file": _stopped(
            *("disallowed_file", "paths.checked"), patch=stray, changed=(RelPath("setup.py"),)
        ),
        "dirty-starting-tree": _unstarted("dirty_starting_tree", "target.start.checked"),
        "dirty-ending-tree": _stopped("dirty_ending_tree", "target.end.checked"),
        "failed-tests": _stopped(
            *("failed_tests", "tests.finished"), validation=Validation(1, b"1 failed\n")
        ),
        "missing-test-command": _stopped(
            *("missing_test_command", "tests.finished"), validation=Validation()
        ),
        "missing-required-event": passed(events=EVENTS[:-2]),
        "timeout": _stopped("timeout", "backend.finished", **unchanged, backend=slow),
        "provider-unavailable": _unstarted("provider_unavailable", "backend.started"),
        "artifact-write-failure": _stopped("artifact_write_failure", "commit.landed"),
        "reviewer-reject": passed(outcome=rejected),
        "missing-operator-outcome": passed(objections=(silent,)),
    }
