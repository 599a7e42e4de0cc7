"""The run itself: an approval is used, a backend works, and one commit lands on the target or none.

1. Everything is asked again: admission, gate, approval, target, isolation.  What speaks against it
   is evidence of a run that did not begin; the approval stays unused.
2. The approval is used: a durable line in its ledger.  From here on the run has to be ended.
3. The backend works in its private clone; what came of it is examined, tested, and made a commit.
4. Right before the branch moves, the approval is asked for once more; then the commit lands.
5. The run ends (see `ending`); one of which nothing has landed fails the step.

A run whose commit landed and of which nobody has said anything is adopted, never run again.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from sealwright import durable
from sealwright.clock import Instant
from sealwright.contracts.workflow import admission, approval, gate, target
from sealwright.contracts.workflow.approval import Grant
from sealwright.contracts.workflow.blockers import Objection, objection, objections
from sealwright.contracts.workflow.execution import ground, landing
from sealwright.contracts.workflow.execution import validation as validations
from sealwright.contracts.workflow.execution.attempt import Attempted, Request, attempt
from sealwright.contracts.workflow.execution.backend import Backend, Command, Fake, Patch
from sealwright.contracts.workflow.execution.envelope import Envelope
from sealwright.contracts.workflow.execution.examination import Blocked
from sealwright.contracts.workflow.execution.plumbing import Stamp
from sealwright.contracts.workflow.packet import Packet
from sealwright.contracts.workflow.steps import ending
from sealwright.contracts.workflow.steps.account import Account, legible, packed
from sealwright.contracts.workflow.steps.case import POOL, Case
from sealwright.contracts.workflow.steps.ending import ACCOUNT, JOURNAL, Objected
from sealwright.contracts.workflow.steps.story import Ended
from sealwright.contracts.workflow.terms import ALLOW_CASE, OPERATOR_OUTCOME
from sealwright.errors import Refused, SealwrightError
from sealwright.git import Commit
from sealwright.runtime import canonical
from sealwright.sandbox.cage import Cage, Came, Limits, offered
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
        cage = _may_begin(case, run, account, packet)
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


def _may_begin(case: Case, run: Run, account: Account, packet: Packet) -> Cage:
    """Ask everything before the approval is used, each with its event; `Objected` says why not."""
    account.before, seen = ending.state(run, packet, "dirty_starting_tree")
    _held(admission.check(packet, case.record(run, packet), run.root))
    account.event("admission.checked", admission=account.admission_path)
    stages = gate.stages(case.stages(run))
    _held([*gate.check(run.environment, packet, run.root, stages), *_place(case, run, packet)])
    account.event("backend.gate.opened", stage=str(packet.stage))
    _held([each for each in seen if each.blocker.reason == "unfit_target"])
    account.event("approval.requested", packet=packet.sha256)
    head = Commit(account.before["head"])
    policy, used = case.policy(run), case.used(run)
    _held(approval.check(packet, head, policy, used, case.spent(run))[1])
    _held(seen)
    place = target.place(run.root, packet)
    _held(objections(ground.check(place, head), "unfit_target"))
    if not validations.words(packet.task.validation):
        _held([objection("missing_test_command", packet.id, "expected a command, found none")])
    try:
        return cage_of(case)
    except Refused as problem:
        raise Objected([objection("isolation_unavailable", case.id, str(problem))]) from None


def _held(found: Sequence[Objection]) -> None:
    if found:
        raise Objected(found)


def _place(case: Case, run: Run, packet: Packet) -> Iterator[Objection]:
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


def cage_of(case: Case) -> Cage:
    """Return the cage that the configuration demands, in which Python is seen."""
    seen = {Path(sys.prefix), Path(sys.base_prefix), Path(sys.executable).resolve()}
    return offered(case.work.isolation, visible=sorted(seen))


def limits_of(case: Case) -> Limits:
    """Return the limits of the configuration in seconds and bytes."""
    wish = case.work.limits
    return Limits(
        seconds=wish.seconds,
        processes=wish.processes,
        memory=wish.memory_mib << 20,
        file=wish.file_mib << 20,
        disk=wish.disk_mib << 20,
        output=wish.output_kib << 10,
    )


def _run(case: Case, run: Run, account: Account, packet: Packet, cage: Cage) -> Ended:
    head = Commit(account.before["head"])
    account.isolation = {
        "level": cage.level,
        "mechanisms": ", ".join(cage.mechanisms),
        "seconds": str(case.work.limits.seconds),
        "memory_mib": str(case.work.limits.memory_mib),
        "disk_mib": str(case.work.limits.disk_mib),
        "budget": case.work.limits.budget,
    }
    account.save(case.kept(run, ACCOUNT))
    asked = case.demand(run, packet, head)
    policy, used = case.policy(run), case.used(run)
    grant = approval.consume(packet, asked, policy, used, account.run, case.spent(run))
    account.grants(grant)
    account.event("approval.granted", by=grant.by, nonce=grant.nonce)
    account.event("target.start.checked", head=head)
    account.save(case.kept(run, ACCOUNT))
    try:
        tried = attempt(
            _request(case, run, packet, head, grant), cage=cage, folder=run.folder() / "attempt"
        )
        _tell(account, tried)
        _held(list(_objections(tried.blocked)))
        _land(case, run, account, packet, tried, grant)
    except Objected as stop:
        account.object(stop.objections)
    except (SealwrightError, OSError) as problem:
        account.object(_reasons(run, packet, head, problem))
    return ending.end(case, run, account)


def _reasons(run: Run, packet: Packet, head: Commit, problem: Exception) -> list[Objection]:
    """Return what a refusal of the execution comes to: the target went on, or is not fit."""
    seen = target.observe(run.root, packet, dirty="dirty_ending_tree")
    if seen.head not in (head, None):
        return [objection("target_moved", packet.target.repository, str(problem))]
    reason = "dirty_ending_tree" if seen.objections else "interrupted"
    return [objection(reason, packet.id, str(problem))]


def _request(case: Case, run: Run, packet: Packet, head: Commit, grant: Grant) -> Request:
    name, email = case.settings.author
    env = {n: run.environment[n] for n in case.work.variables if n in run.environment}
    task = packet.task
    return Request(
        target=target.place(run.root, packet),
        head=head,
        envelope=envelope_of(packet),
        backend=_backend(case, run, env),
        task={
            "id": packet.id,
            "task": task.text,
            "allowed_paths": list(task.allowed_paths),
            "forbidden_paths": list(task.forbidden_paths),
            "forbidden_actions": list(task.forbidden_actions),
            "success_criteria": list(task.success_criteria),
            "validation": task.validation,
            "budget_usd": case.work.limits.budget,
        },
        validation=task.validation,
        subject=subject_of(packet),
        trailers=trailers(packet, grant.sha256, grant.run),
        stamp=Stamp(name, email, Instant(run.now.seconds)),
        limits=limits_of(case),
        variables={},
    )


def subject_of(packet: Packet) -> str:
    """Return the first line of the commit's message."""
    words = " ".join(packet.task.text.split())
    return f"{packet.id}: {words}"[:200].rstrip()


def trailers(packet: Packet, approved: str, run: str) -> dict[str, str]:
    """Return the last lines of the commit's message, which name packet and approval."""
    return {"Packet-SHA256": packet.sha256, "Approval-SHA256": approved, "Run": run}


def envelope_of(packet: Packet) -> Envelope:
    """Return which paths may change."""
    return Envelope(tuple(packet.task.allowed_paths), tuple(packet.task.forbidden_paths))


def _backend(case: Case, run: Run, env: dict[str, str]) -> Backend:
    wish = case.work.backend
    if wish.patch:
        return Patch(run.place(wish.patch).read_bytes())
    if wish.fake is not None:
        return Fake({str(path): text for path, text in wish.fake.items()})
    return Command(wish.command, env)


def _tell(account: Account, tried: Attempted) -> None:
    """Tell what the attempt came to."""
    came, tests = tried.worked.came, tried.validation
    account.did("clone.made", head=tried.clone.head, index=str(tried.baseline["index"]))
    account.begun = came.ended not in ("missing", "unreadable")
    account.exit = _code(came) if account.begun else None
    account.log = packed(tried.worked.log)
    account.did("backend.worked", ended=came.ended, code=str(came.code))
    account.patch = packed(tried.patch)
    account.changed = [legible(change.path) for change in tried.examination.changes]
    account.did("tree.examined", changed=str(len(account.changed)))
    if tests is not None:
        account.tested = _code(tests.came) if tests.came and tests.came.ended != "missing" else None
        account.test_log = packed(tests.log)
        account.did("proposal.tested", touched=str(len(tests.touched)))
    for name in _events(account, tried):
        account.event(name)


def _events(account: Account, tried: Attempted) -> Iterator[str]:
    """Yield the events up to the first that did not come to a good end."""
    if account.begun:
        yield "backend.started"
        if tried.worked.came.well:
            yield "backend.finished"
            if account.patch:
                yield "git.diff.checked"
                if not tried.examination.blocked:
                    yield "paths.checked"
                    if tried.validation is not None and not tried.validation.blocker:
                        yield "tests.finished"


def _code(came: Came | None) -> int | None:
    return came.code if came is not None and -255 <= came.code <= 255 else None


def _objections(found: Sequence[Blocked]) -> Iterator[Objection]:
    """Yield what blocked an attempt: a backend that began and failed is no missing one, and a
    change of the clone's own repository is no file but the trace of an action.
    """
    for each in found:
        reason, told = each.blocker, each.finding
        if reason == "provider-unavailable" and "found it missing" not in told.what:
            reason = "failed-backend"
        if reason == "disallowed-file" and told.where.startswith("clone/.git/"):
            reason = "forbidden-action"
        yield objection(reason, legible(told.where), legible(told.what), told.remedy)


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
        _held(approval.recheck(grant, data, head, case.policy(run), case.used(run)))

    try:
        envelope, journal = envelope_of(packet), case.kept(run, JOURNAL)
        landing.land(place, tried.clone, proposal, envelope, journal=journal, last=last)
    except (SealwrightError, OSError):
        account.commit = proposal.commit if ending.landed(place, proposal.commit) else ""
        raise
    account.event("commit.landed", commit=proposal.commit)
