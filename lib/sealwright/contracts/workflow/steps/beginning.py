"""Everything that is asked before the approval is used; what speaks against the run ends it here.

In this order, each with its event: admission, gate and stage, the target itself, the approval, a
clean start, the ground that a commit would land on, the tests, and the isolation.
"""

from __future__ import annotations

from collections.abc import Iterator

from sealwright.contracts.workflow import admission, approval, gate, target
from sealwright.contracts.workflow.blockers import Objection, objection, objections
from sealwright.contracts.workflow.execution import ground
from sealwright.contracts.workflow.execution import validation as validations
from sealwright.contracts.workflow.packet import Packet
from sealwright.contracts.workflow.steps import ending, orders
from sealwright.contracts.workflow.steps.account import Account
from sealwright.contracts.workflow.steps.case import Case
from sealwright.contracts.workflow.steps.ending import Objected, enforce
from sealwright.contracts.workflow.terms import OPERATOR_OUTCOME
from sealwright.errors import Refused
from sealwright.git import Commit
from sealwright.sandbox.cage import Cage
from sealwright.step import Run


def begin(case: Case, run: Run, account: Account, packet: Packet) -> Cage:
    """Ask everything, and return the cage for the work; `Objected` says why there is no run."""
    account.before, seen = ending.state(run, packet, "dirty_starting_tree")
    enforce(admission.check(packet, case.record(run, packet), run.root))
    account.event("admission.checked", admission=account.admission_path)
    stages = gate.stages(case.stages(run))
    enforce([*gate.check(run.environment, packet, run.root, stages), *_shut(case, run, packet)])
    account.event("backend.gate.opened", stage=str(packet.stage))
    enforce([each for each in seen if each.blocker.reason == "unfit_target"])
    account.event("approval.requested", packet=packet.sha256)
    head = Commit(account.before["head"])
    policy, used = case.policy(run), case.used(run)
    enforce(approval.check(packet, head, policy, used, case.spent(run))[1])
    enforce(seen)
    place = target.place(run.root, packet)
    enforce(objections(ground.check(place, head), "unfit_target"))
    if not validations.words(packet.task.validation):
        enforce([objection("missing_test_command", packet.id, "expected a command, found none")])
    return _cage(case)


def _cage(case: Case) -> Cage:
    try:
        return orders.cage(case)
    except Refused as problem:
        raise Objected([objection("isolation_unavailable", case.id, str(problem))]) from None


def _shut(case: Case, run: Run, packet: Packet) -> Iterator[Objection]:
    """Yield what else keeps the gate shut: a stage of no changes, an outcome nobody looks for."""
    if packet.stage == 1:
        what = "expected a stage at which something may change, found 1"
        yield objection("stage_out_of_order", packet.id, what, "a gate that stays shut passes it")
    given = run.environment.get(OPERATOR_OUTCOME, "")
    wanted = case.settings.approvals_folder
    if packet.stage >= 5 and given and (run.root / given).resolve() != run.place(wanted).resolve():
        what = f"expected the folder {wanted}, found {given!a:.120}"
        yield objection(
            "gate_closed", OPERATOR_OUTCOME, what, f"export {OPERATOR_OUTCOME}={wanted}"
        )
