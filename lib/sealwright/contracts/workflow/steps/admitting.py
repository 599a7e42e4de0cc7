"""Packet and admission: every line is data, and nothing of it speaks against a run.

The admission first ends a run that was cut off, so that the next one begins where things stand.
A packet that is not admitted leaves evidence of a run that did not begin.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from sealwright import durable
from sealwright.contracts.workflow import admission, target
from sealwright.contracts.workflow.steps import ending
from sealwright.contracts.workflow.steps.case import POOL, Case, told
from sealwright.git import Commit
from sealwright.runtime import canonical
from sealwright.step import Fact, File, Run, Step, World
from sealwright.verdict import Verdict


def steps(case: Case, world: World) -> Iterator[Step]:
    """Yield the two steps."""
    yield _packet(case, world)
    yield _admission(case, world)


def _packet(case: Case, world: World) -> Step:
    output = case.file(world, "packet.json")

    def act(run: Run) -> Verdict:
        packet = case.packet(run)
        durable.create(run.path(output), canonical.line(asdict(packet)))
        return Verdict((), {"packet": packet.sha256})

    return Step(
        name=case.name("packet"),
        doc=f"Read the packet of {case.id}: every line is data, or a complaint.",
        act=act,
        inputs=(File(case.work.packet),),
        outputs=(output,),
        arguments={"id": case.id, "admission": case.work.admission},
    )


def _admission(case: Case, world: World) -> Step:
    output = case.file(world, "admission.json")
    cut_off = Fact(f"run of {case.id} that was cut off", told(lambda w: case.story(w).cut_off))

    def act(run: Run) -> Verdict:
        ended = ending.settle(case, run)
        packet = case.packet(run)
        record = case.record(run, packet)
        before, seen = ending.state(run, packet, "dirty_starting_tree")
        found = (*admission.check(packet, record, run.root), *seen)
        if found and case.story(run).open is None:
            asked = case.demand(run, packet, before["head"] or Commit(""))
            account = case.begin(run, packet, asked.subject["nonce"])
            account.before = before
            raise ending.refusal(case, run, ending.blocked(case, run, account, found))
        about = {"packet": packet.sha256, "admission": record.sha256 if record else None}
        durable.create(run.path(output), canonical.line(about))
        settled = {"settled": f"{ended.run}: {ended.status}"} if ended else {}
        return Verdict((), {"target": str(target.place(run.root, packet)), **settled})

    inputs = [case.file(world, "packet.json"), File(case.work.packet)]
    if world.place(case.work.admission).is_file():
        inputs.append(File(case.work.admission))
    return Step(
        name=case.name("admission"),
        doc=f"Ask whether the target of {case.id} is admitted; end a run that was cut off.",
        act=act,
        inputs=(*inputs, cut_off),
        outputs=(output,),
        pools=POOL,
        full=True,
    )
