"""The end of a migration: the final approval, and what the gates found, published (003, §11.2).

``gates:publish`` goes once every gate has passed or is waived, and somebody agrees to what they
found: it writes the artefacts of §11.2 into ``coo/manifests/``, as the replay compared them, and
both snapshots in the form of §9.1; gives everything its mode back, and leads to COMPLETE.

What only an act needs is imported there: most commands run none of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sealwright import approval, digest, durable
from sealwright.approval import Demand
from sealwright.contracts.coo import checkpoint
from sealwright.contracts.coo.gates import record, results
from sealwright.contracts.coo.gates.results import GateResults
from sealwright.contracts.coo.gates.waivers import GATES
from sealwright.contracts.coo.migration.grounds import APPROVALS
from sealwright.contracts.coo.settings import Settings
from sealwright.contracts.coo.state_machine import LINE
from sealwright.contracts.coo.steps import facts, freezing, frozen, gating, ground, release
from sealwright.contracts.coo.steps.course import Course, unasked
from sealwright.contracts.coo.steps.migrating import SNAPSHOT1, SNAPSHOT2
from sealwright.runtime import canonical
from sealwright.step import Guard, Record, Run, Step, World
from sealwright.verdict import Verdict

if TYPE_CHECKING:
    pass

SENTENCE = "I approve what the gates found."
COMMAND = "inv coo.approve final"
MISSION_OUTPUT = "mission_output.json"
GATE_RESULTS, JUNIT, SARIF = results.NAME, "gates.junit.xml", "gates.sarif"


def steps(settings: Settings, world: World) -> Iterator[Step]:
    """Yield the publication."""
    course = Course(settings, world, live=True)
    yield _publish(course)


def _results(course: Course, world: World) -> GateResults:
    found = {
        gate: gating.result(course, world, gate)
        for gate in GATES
        if world.place(gating.kept(course, gate).path).is_file()
    }
    return GateResults(record.in_order(found))


def demand(settings: Settings, world: World) -> Demand:
    """Return what has to be agreed to before the attempt is complete."""
    course = Course(settings, world, live=True)
    about = digest.sha256(_results(course, world).to_bytes())
    return Demand("final", SENTENCE, {GATE_RESULTS: about, "ended": str(ground.ended(world))})


def _agreed(settings: Settings) -> Guard:
    def ask(world: World) -> Verdict:
        wanted, who = demand(settings, world), freezing.approvers(settings, world)
        return approval.check(wanted, world.place(APPROVALS), who, COMMAND)

    return Guard("coo:final", "Ask whether somebody agrees to what the gates found.", ask, True)


def _same(settings: Settings) -> Guard:
    doc = "Ask whether the tree is what the migration left, whatever its modes are."
    return Guard("coo:same", doc, lambda world: frozen.same(settings, world))


def _publish(course: Course) -> Step:
    settings = course.settings
    kept = [gating.kept(course, gate) for gate in GATES]
    replay = course.file(gating.REPLAY)
    copied = {
        **{f"{name}.json": file for name, file in gating.compared(course).items()},
        gating.REPLAY: replay,
    }
    taken = {"snapshot_1.json": course.file(SNAPSHOT1), "snapshot_2.json": course.file(SNAPSHOT2)}
    names = (GATE_RESULTS, JUNIT, SARIF, *copied, *taken)
    made = {name: ground.manifest(settings, name) for name in names}
    entry = Record(ground.log(course.world), "COMPLETE")
    told = ground.checkpoint(course.world, checkpoint.FINAL)

    def act(run: Run) -> Verdict:
        from sealwright.contracts.coo import freeze
        from sealwright.contracts.coo.gates import findings_sarif, junit
        from sealwright.contracts.coo.suite import snapshot as snapshots

        found = _results(course, run)
        found.verdict().enforce()
        durable.create(run.path(made[GATE_RESULTS]), found.to_bytes())
        durable.create(run.path(made[JUNIT]), junit.report(found))
        durable.create(run.path(made[SARIF]), findings_sarif.log(found))
        for name, source in copied.items():
            durable.create(run.path(made[name]), run.path(source).read_bytes())
        for name, source in taken.items():
            view = snapshots.decode(run.path(source).read_bytes()).view()
            durable.create(run.path(made[name]), canonical.line(view.document()))
        durable.create(run.path(told), checkpoint.make(checkpoint.FINAL, run.place(entry.ledger)))
        freeze.thaw(run.root, ground.modes(run)).enforce()
        run.append(entry, *ground.move(settings, run, lambda m: m.go("CEO_FINAL_REVIEW", LINE[-1])))
        return Verdict((), {"waived": list(found.waived)})

    return Step(
        name="gates:publish",
        doc="Publish what the gates found, give everything its mode back, and end the attempt.",
        act=act,
        inputs=(*kept, *copied.values(), *taken.values(), freezing.FREEZES),
        outputs=(*made.values(), told, entry),
        code=("sealwright.contracts.coo.gates.results",),
        guards=(
            release.guard(settings),
            _same(settings),
            *facts.unchanged(settings),
            unasked(settings),
            _agreed(settings),
        ),
        attempt=freezing.attempt(settings),
        full=True,
    )
