"""What the facts of a run say against it, whatever its caller concluded.

A run passes because nothing speaks against it, never because somebody says so: each fact that a
run which passed must have, and this one has not, is an objection with its own reason.
"""

from __future__ import annotations

from sealwright.contracts.workflow.blockers import Objection, objection
from sealwright.contracts.workflow.evidence.facts import Facts


def drawn(facts: Facts) -> tuple[Objection, ...]:
    """Return an objection for each fact that a run which passed would not have."""
    after, validation, backend = facts.after, facts.validation, facts.backend
    outside = set(facts.changed) - set(facts.packet.task.allowed_paths)
    landed = facts.commit is not None and facts.commit == after.head
    against = {
        "missing_admission": facts.admission is None,
        "approval_denied": not _granted(facts),
        "dirty_starting_tree": not facts.before.clean or facts.before.head is None,
        "provider_unavailable": not backend.started,
        "failed_backend": backend.started and backend.exit != 0,
        "no_diff": not facts.changed or not facts.patch,
        "disallowed_file": bool(outside),
        "missing_test_command": validation.exit is None,
        "failed_tests": validation.exit not in (0, None),
        "target_moved": not landed or after.head == facts.before.head,
        "dirty_ending_tree": not after.clean,
    }
    what = "expected what a run that passed has, found that the facts of this one say otherwise"
    return tuple(objection(each, facts.run, what) for each, true in against.items() if true)


def _granted(facts: Facts) -> bool:
    """Return whether the approval is of this packet, for this run, at the commit it began at."""
    if facts.grant is None:
        return False
    subject = facts.grant.demand.subject
    found = (facts.grant.run, facts.grant.demand.sentence, subject["packet_sha256"])
    wanted = (facts.run, facts.packet.sentence, facts.packet.sha256)
    return found == wanted and subject["target_head"] == facts.before.head
