"""What a run left, looked at by steps that believe nothing of it: the commit, and the evidence."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sealwright import digest, durable, git
from sealwright.contracts.workflow import evidence, target
from sealwright.contracts.workflow.execution import clone, ground
from sealwright.contracts.workflow.execution import validation as validations
from sealwright.contracts.workflow.execution.plumbing import Repository, commit_fields, differences
from sealwright.contracts.workflow.execution.proposal import message
from sealwright.contracts.workflow.packet import Packet
from sealwright.contracts.workflow.steps import ending, orders
from sealwright.contracts.workflow.steps.case import POOL, Case
from sealwright.contracts.workflow.steps.executing import RUN
from sealwright.contracts.workflow.steps.story import FINISHED, Ended
from sealwright.digest import Digest
from sealwright.errors import Damaged, Refused
from sealwright.git import Commit
from sealwright.runtime import canonical
from sealwright.step import Run, Step, World
from sealwright.verdict import Finding, Verdict, together

VALIDATION = "validation.json"


def steps(case: Case, world: World) -> Iterator[Step]:
    """Yield the two steps."""
    yield _validate(case, world)
    yield _evidence(case, world)


def ended(place: Path) -> Ended:
    """Return what ``run.json`` says; `Damaged` if that is not a run that ended."""
    try:
        told: dict[str, Any] = canonical.decode_line(place.read_bytes())
        if told.pop("event") != FINISHED:
            raise ValueError("another event")
        return Ended(**told)
    except (canonical.NotCanonical, KeyError, TypeError, ValueError) as problem:
        raise Damaged(f"{place}: expected the end of a run, found none: {problem}") from None


def _validate(case: Case, world: World) -> Step:
    given, output = case.file(world, RUN), case.file(world, VALIDATION)

    def act(run: Run) -> Verdict:
        told = ended(run.path(given))
        if told.status != "pass":
            raise ending.refusal(case, run, told)
        packet = case.packet(run)
        landed(case, run, packet, told).enforce()
        tests = _tested(case, run, packet, told)
        if tests.blocker:
            what = f"expected the tests of what landed to pass, found {tests.blocker}"
            raise Refused(f"{case.id}: {what}; inv workflow.outcome {case.id} --reject")
        log = digest.sha256(tests.log)
        about = {"run": told.run, "commit": told.commit, "log": log}
        run.log.write(tests.log)
        durable.create(run.path(output), canonical.line(about))
        return Verdict((), {"commit": told.commit, "touched": len(tests.touched)})

    return Step(
        name=case.name("validate"),
        doc=f"Look at what {case.id} left on its target, and test it again.",
        act=act,
        inputs=(given,),
        outputs=(output,),
        attempt=case.attempt(),
        pools=POOL,
        full=True,
    )


def _tested(case: Case, run: Run, packet: Packet, told: Ended) -> validations.Validation:
    folder = run.folder()
    made = clone.make(target.place(run.root, packet), Commit(told.commit), folder / "clone")
    return validations.validate(
        made,
        made.tree,
        packet.task.validation,
        cage=orders.cage(case),
        limits=orders.limits(case),
        folder=folder / "validation",
    )


def landed(case: Case, world: World, packet: Packet, told: Ended) -> Verdict:
    """Answer whether the target is as the run left it: one commit, in its envelope, and clean."""
    place = target.place(world.root, packet)
    return together([Verdict(tuple(_wrong(case, world, packet, told))), git.clean(place)])


def _wrong(case: Case, world: World, packet: Packet, told: Ended) -> Iterator[Finding]:
    place, name = target.place(world.root, packet), packet.target.repository
    repository = Repository(place)
    if (head := git.head(place)) != told.commit:
        yield Finding(name, f"expected HEAD at {told.commit}, found {head}")
        return
    if (above := commit_fields(repository, told.commit)[1:]) != (told.parent,):
        yield Finding(name, f"expected {told.parent} as the only parent, found {above}")
        return
    if (branch := ground.branch_of(place)) != told.branch:
        yield Finding(name, f"expected the branch {told.branch}, found {branch}")
    envelope = orders.envelope(packet)
    for each in differences(repository, told.parent, told.commit):
        if not envelope.allows(each.path) or envelope.forbidding(each.path):
            yield Finding(f"{name}/{each.path!a}", "expected no change outside the envelope")
    approved = case.story(world).approval(told.run)
    trailers = orders.trailers(packet, approved, told.run)
    said = repository.ask("log", "-1", "--format=%B", told.commit).decode().strip()
    if said != message(orders.subject(packet), trailers).strip():
        yield Finding(name, "expected a message that names packet, approval and run, found another")


def _evidence(case: Case, world: World) -> Step:
    given, kept = case.file(world, RUN), case.member

    def act(run: Run) -> Verdict:
        told = ended(run.path(given))
        folder = case.evidence(run, told.run)
        anchor = Digest(told.evidence)
        if not (verdict := evidence.verify(folder, anchor, case.used(run))).holds:
            raise Damaged(str(verdict))
        place = run.name_member(kept, told.run)
        durable.mkdir(place)
        for name in sorted(os.listdir(folder)):
            durable.copy(folder / name, place / name)
        return Verdict((), {"anchor": anchor, "status": told.status})

    return Step(
        name=case.name("evidence"),
        doc=f"Ask whether the evidence of the run of {case.id} is whole, and keep it.",
        act=act,
        inputs=(given,),
        outputs=(kept,),
        attempt=case.attempt(),
        pools=POOL,
        full=True,
    )
