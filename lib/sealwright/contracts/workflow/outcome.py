"""The operator's outcome: what a person says of a run after its verification.

Tests that pass are no acceptance.  An operator records ``accept`` or ``reject`` as an approval is
recorded (see `approval`), in ``outcome_CTO_WORK_049.json`` and its signature: a sentence about the
run, its commit and the digest of all its evidence, so that it fits no other::

    {"format":"sealwright/approval/1","sentence":"I accept the outcome of CTO-WORK-049.",
     "subject":{"commit":"4b82…","evidence":"sha256:…","outcome":"accept",
                "packet_sha256":"sha256:…","run":"…"}}

Without one the run is blocked (``missing_operator_outcome``); a rejected one failed
(``reviewer_reject``), and its one commit is reverted.

>>> about = Subject("CTO-WORK-049", "sha256:1", "r1", "4b82", "sha256:2")
>>> about.demand(REJECT).sentence
'I reject the outcome of CTO-WORK-049.'
"""

from __future__ import annotations

from dataclasses import dataclass

from sealwright import approval as agreement
from sealwright.approval import Demand
from sealwright.contracts.workflow import approval
from sealwright.contracts.workflow.approval import Policy
from sealwright.contracts.workflow.blockers import Objection, objection

ACCEPT, REJECT = OUTCOMES = ("accept", "reject")


@dataclass(frozen=True, slots=True)
class Subject:
    """What an outcome is about; ``evidence`` is the anchor that `evidence.write` returned."""

    packet: str
    packet_sha256: str
    run: str
    commit: str
    evidence: str

    @property
    def name(self) -> str:
        """What the record is called."""
        return f"outcome_{self.packet.replace('-', '_')}"

    def demand(self, outcome: str) -> Demand:
        """Return what an operator signs to say this outcome."""
        subject = {
            "commit": self.commit,
            "evidence": self.evidence,
            "outcome": outcome,
            "packet_sha256": self.packet_sha256,
            "run": self.run,
        }
        return Demand(self.name, f"I {outcome} the outcome of {self.packet}.", subject)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was said, by whom; ``outcome`` is empty where nothing valid was."""

    outcome: str
    by: str
    objections: tuple[Objection, ...]


def command(work: str) -> str:
    """Return what an operator types."""
    return f"inv workflow.outcome {work} --accept, or --reject"


def check(subject: Subject, policy: Policy) -> Outcome:
    """Return what was said of a run; nothing, or of something else, is an objection."""
    for outcome in OUTCOMES:
        demand = subject.demand(outcome)
        about, _ = agreement.places(policy.folder, demand)
        if about.is_file() and about.read_bytes() == demand.text():
            return _said(subject, outcome, policy)
    return Outcome("", "", (_missing(subject, policy),))


def _said(subject: Subject, outcome: str, policy: Policy) -> Outcome:
    demand = subject.demand(outcome)
    verdict = policy.check(demand, command(subject.packet))
    if not verdict.holds:
        denied = (
            objection("missing_operator_outcome", f.where, f.what, f.remedy)
            for f in verdict.findings
        )
        return Outcome("", "", tuple(denied))
    signer = approval.signer(verdict, demand)
    if outcome == ACCEPT:
        return Outcome(ACCEPT, signer, ())
    what = "expected acceptance, found the operator's rejection"
    rejected = objection("reviewer_reject", subject.packet, what, "the commit is reverted")
    return Outcome(REJECT, signer, (rejected,))


def _missing(subject: Subject, policy: Policy) -> Objection:
    about, _ = agreement.places(policy.folder, subject.demand(ACCEPT))
    found = "one of something else" if about.is_file() else "none"
    texts = (subject.demand(outcome).text().decode().rstrip("\n") for outcome in OUTCOMES)
    remedy = f"{command(subject.packet)}\nwhich signs one of: " + "\n".join(texts)
    what = f"expected the operator's outcome, found {found}"
    return objection("missing_operator_outcome", str(about), what, remedy)
