"""The run itself: an approval is used, a backend works, and one commit lands on the target or none.

1. Everything is asked again (see `beginning`).  What speaks against it is evidence of a run that
   did not begin; the approval stays unused.
2. The approval is used: a durable line in its ledger.  From here on the run has to be ended.
3. The backend works in its private clone, as `orders` say; what came of it is examined, tested,
   made a commit, and told (see `attempted`).
4. Right before the branch moves, the approval is asked for once more; then the commit lands.
5. The run ends (see `ending`); one of which nothing has landed fails the step.

A run whose commit landed and of which nobody has said anything is adopted, never run again.
"""

from __future__ import annotations

from collections.abc import Sequence

from sealwright import durable
from sealwright.contracts.workflow import approval, gate, target
from sealwright.contracts.workflow.approval import Grant
from sealwright.contracts.workflow.blockers import Objection, objection
from sealwright.contracts.workflow.execution import ground, landing
from sealwright.contracts.workflow.execution.attempt import Attempted, attempt
from sealwright.contracts.workflow.packet import Packet
from sealwright.contracts.workflow.steps import attempted, beginning, ending, orders
from sealwright.contracts.workflow.steps.account import Account
from sealwright.contracts.workflow.steps.case import POOL, Case
from sealwright.contracts.workflow.steps.ending import ACCOUNT, JOURNAL, Objected, enforce
from sealwright.contracts.workflow.steps.story import Ended
from sealwright.contracts.workflow.terms import ALLOW_CASE
from sealwright.errors import SealwrightError
from sealwright.git import Commit
from sealwright.runtime import canonical
from sealwright.sandbox.cage import Cage
from sealwright.step import File, Run, Step, World

RUN = "run.json"


def step(case: Case, world: World) -> Step:
    """Return the step that runs the packet."""
    output, work = case.file(world, RUN), case.work
    patches = [File(work.backend.patch)] if work.backend.patch else []

    def act(run: Run) -> None:
        ended = _ended(case, run)
        if not ended.commit:
            raise ending.refusal(case, run, ended)
        durable.create(run.path(output), canonical.line(ended.line()))

    return Step(
        name=case.name("execute"),
        doc=f"Run {case.id} once: one commit lands on its target, or none.",
        act=act,
        inputs=(
            *(File(work.packet), File(work.admission), case.file(world, "approval.json")),
            *patches,
        ),
        outputs=(output,),
        attempt=case.attempt(),
        arguments={"backend": work.backend.identity(), "isolation": work.isolation},
        pools=POOL,
        full=True,
        timeout=4 * float(work.limits.seconds) + 3600,
    )


def _ended(case: Case, run: Run) -> Ended:
    """Return the run that is open, or the one that was cut off, or a new one."""
    story = case.story(run)
    if story.open:
        return story.open
    if (settled := ending.settle(case, run)) is not None:
        return settled
    packet = case.packet(run)
    seen = target.observe(run.root, packet)
    nonce = case.demand(run, packet, seen.head or Commit("")).subject["nonce"]
    account = case.begin(run, packet, nonce)
    try:
        cage = beginning.begin(case, run, account, packet)
    except Objected as stop:
        return _blocked(case, run, account, stop.objections)
    return _run(case, run, account, packet, cage)


def _blocked(case: Case, run: Run, account: Account, found: Sequence[Objection]) -> Ended:
    ended = ending.blocked(case, run, account, found)
    reasons = {each.blocker.reason for each in found}
    shut = ALLOW_CASE in {each.where for each in found}
    if shut and reasons <= {"gate_closed", "stage_out_of_order"}:
        book = case.stages(run)
        if not gate.stages(book):  # a gate that stayed shut, and nothing was changed: stage 1
            gate.passed(book, 1, ended.evidence)  # type: ignore[arg-type]
    return ended


def _run(case: Case, run: Run, account: Account, packet: Packet, cage: Cage) -> Ended:
    head = Commit(account.before["head"])
    account.isolation = orders.isolation(case, cage)
    account.save(case.kept(run, ACCOUNT))
    grant = _used(case, run, account, packet, head)
    problem: Exception | None = None
    try:
        request = orders.request(case, run, packet, head, grant)
        tried = attempt(request, cage=cage, folder=run.folder() / "attempt")
        attempted.tell(account, tried)
        enforce(list(attempted.objections(tried.blocked)))
        _land(case, run, account, packet, tried, grant)
    except Objected as stop:
        account.object(stop.objections)
    except (SealwrightError, OSError) as met:
        problem = met
    ending.land(case, run, account)
    if problem is not None and not account.commit:
        account.object(_reasons(run, packet, head, problem))
    return ending.end(case, run, account)


def _used(case: Case, run: Run, account: Account, packet: Packet, head: Commit) -> Grant:
    """Use the approval, and tell so."""
    asked = case.demand(run, packet, head)
    policy, used = case.policy(run), case.used(run)
    grant = approval.consume(packet, asked, policy, used, account.run, case.spent(run))
    account.grants(grant)
    account.event("approval.granted", by=grant.by, nonce=grant.nonce)
    account.event("target.start.checked", head=head)
    account.save(case.kept(run, ACCOUNT))
    return grant


def _reasons(run: Run, packet: Packet, head: Commit, problem: Exception) -> list[Objection]:
    """Return what a refusal of the execution comes to: the target went on, or is not fit."""
    seen = target.observe(run.root, packet, dirty="dirty_ending_tree")
    if seen.head not in (head, None):
        return [objection("target_moved", packet.target.repository, str(problem))]
    reason = "dirty_ending_tree" if seen.objections else "interrupted"
    return [objection(reason, packet.id, str(problem))]


def _land(
    case: Case, run: Run, account: Account, packet: Packet, tried: Attempted, grant: Grant
) -> None:
    proposal = tried.proposal
    if proposal is None:
        raise Objected([objection("no_diff", packet.id, "expected a commit, found none")])
    place = target.place(run.root, packet)
    account.commit, account.parent = proposal.commit, proposal.parent
    account.branch = ground.branch_of(place)
    account.did("commit.made", commit=proposal.commit, tree=proposal.tree)
    account.save(case.kept(run, ACCOUNT))

    def last() -> None:
        data, head = run.place(case.work.packet).read_bytes(), Commit(proposal.parent)
        enforce(approval.recheck(grant, data, head, case.policy(run), case.used(run)))

    envelope, journal = orders.envelope(packet), case.kept(run, JOURNAL)
    landing.land(place, tried.clone, proposal, envelope, journal=journal, last=last)
