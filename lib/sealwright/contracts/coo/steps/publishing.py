"""The end of a migration: the final approval, results published, and the bundle (003, §13–14).

``gates:publish`` goes once every gate has passed or is waived, and somebody agrees to what they
found: it writes the artefacts of §11.2 into ``coo/manifests/``, gives everything its mode back,
and leads to COMPLETE.  ``migration_bundle`` hands all of it over.

What only an act needs is imported there: most commands run none of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from sealwright import approval, digest, durable
from sealwright.approval import Demand
from sealwright.contracts.coo import checkpoint
from sealwright.contracts.coo.gates import record, results
from sealwright.contracts.coo.gates.results import GateResults
from sealwright.contracts.coo.gates.waivers import GATES
from sealwright.contracts.coo.migration import grounds
from sealwright.contracts.coo.migration.grounds import APPROVALS
from sealwright.contracts.coo.settings import FILE, Settings
from sealwright.contracts.coo.state_machine import LINE
from sealwright.contracts.coo.steps import capture, facts, freezing, frozen, gating, ground, release
from sealwright.contracts.coo.steps.course import Course, unasked
from sealwright.contracts.coo.steps.migrating import DIFF, PLAN, SNAPSHOT1, SNAPSHOT2, before
from sealwright.paths import parse
from sealwright.step import File, Guard, Record, Run, Step, World
from sealwright.verdict import Verdict

if TYPE_CHECKING:
    from sealwright.contracts.coo.outputs.facts import Facts

SENTENCE = "I approve what the gates found."
COMMAND = "inv coo.approve final"
GATE_RESULTS, JUNIT, SARIF = results.NAME, "gates.junit.xml", "gates.sarif"
MISSION_OUTPUT, SCANNER_REPORT = "mission_output.json", "scanner_report.json"
_OUTPUTS = ("migration_bundle", "bundle_contents", "specification", "facts", "entry_points")
BUNDLE, SPECIFICATION = "migration_bundle.zip", "RUNTIME_SPECIFICATION.md"


def steps(settings: Settings, world: World) -> Iterator[Step]:
    """Yield the publication and the bundle."""
    course = Course(settings, world, live=True)
    yield _publish(course)
    if settings.documents.implementation_pack:
        yield _bundle(course)


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
        MISSION_OUTPUT: gating.mission_output(course),
        SCANNER_REPORT: File(course.world.report(f"coo/{SCANNER_REPORT}")),
        gating.REPLAY: replay,
    }
    made = {name: ground.manifest(settings, name) for name in (GATE_RESULTS, JUNIT, SARIF, *copied)}
    entry = Record(ground.log(course.world), "COMPLETE")
    told = ground.checkpoint(course.world, checkpoint.FINAL)

    def act(run: Run) -> Verdict:
        from sealwright.contracts.coo import freeze
        from sealwright.contracts.coo.gates import findings_sarif, junit

        found = _results(course, run)
        found.verdict().enforce()
        durable.create(run.path(made[GATE_RESULTS]), found.to_bytes())
        durable.create(run.path(made[JUNIT]), junit.report(found))
        durable.create(run.path(made[SARIF]), findings_sarif.log(found))
        for name, source in copied.items():
            durable.create(run.path(made[name]), run.path(source).read_bytes())
        durable.create(run.path(told), checkpoint.make(checkpoint.FINAL, run.place(entry.ledger)))
        freeze.thaw(run.root, ground.modes(run)).enforce()
        run.append(entry, *ground.move(settings, run, lambda m: m.go("CEO_FINAL_REVIEW", LINE[-1])))
        return Verdict((), {"waived": list(found.waived)})

    return Step(
        name="gates:publish",
        doc="Publish what the gates found, give everything its mode back, and end the attempt.",
        act=act,
        inputs=(*kept, *copied.values(), freezing.FREEZES),
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


def _bundle(course: Course) -> Step:
    settings, world = course.settings, course.world
    pack = settings.documents.implementation_pack
    assert pack is not None
    output, text = (ground.manifest(settings, name) for name in (BUNDLE, SPECIFICATION))
    held = capture.member(world)  # it has the manifests that were in force
    replays = [ground.manifest(settings, name) for name in (gating.REPLAY, MISSION_OUTPUT)]
    gates = ground.manifest(settings, GATE_RESULTS)
    diffs = [course.file(DIFF), ground.manifest(settings, "amendment_diff.patch")]
    logs = [course.file(PLAN), before(world), course.file(SNAPSHOT1), course.file(SNAPSHOT2)]
    documents = [File(path) for path in (pack, settings.documents.plan, settings.template) if path]

    def act(run: Run) -> Verdict:
        from sealwright.contracts.coo.amu_capture.verification import GIVEN
        from sealwright.contracts.coo.outputs import migration_bundle, specification
        from sealwright.contracts.coo.outputs.bundle_contents import Contents

        log = run.folder() / "log.jsonl"
        durable.create(log, run.place(ground.log(run)).read_bytes())
        template = run.place(settings.template).read_bytes() if settings.template else None
        found = results.parse(run.path(gates).read_bytes())
        given = run.path(held) / GIVEN
        manifests = {name: given / name for name in (*frozen.EVIDENCE, frozen.MANIFEST)}
        about = _facts(course, run, manifests)
        contents = Contents(
            logs={"log.jsonl": log, **_named(run, logs)},
            diffs=_named(run, diffs),
            manifests=manifests,
            replay=_named(run, replays),
            gates=found,
            facts=about,
            implementation_pack=run.place(pack),
            template=template or specification.DEFAULT,
            template_name=settings.template or "default template",
        )
        spec = specification.render(contents.template, contents.template_name, about, found)
        durable.create(run.path(text), spec)
        made = run.folder() / "made"
        durable.mkdir(made)
        return migration_bundle.write(contents, run.path(output), made)

    return Step(
        name="migration_bundle",
        doc="Hand the migration over: logs, diffs, manifests, replay, gates, as one zip.",
        act=act,
        inputs=(held, *replays, gates, *diffs, *logs, *documents),
        outputs=(output, text),
        code=tuple(f"sealwright.contracts.coo.outputs.{name}" for name in _OUTPUTS),
        full=True,
    )


def _named(run: Run, files: list[File]) -> dict[str, Path]:
    return {Path(file.path).name: run.path(file) for file in files}


def _facts(course: Course, run: Run, manifests: Mapping[str, Path]) -> Facts:
    from sealwright.contracts.coo.outputs import entry_points
    from sealwright.contracts.coo.outputs import facts as told
    from sealwright.contracts.coo.rewriting.plan import Plan

    settings = course.settings
    package = grounds.canonical(settings, run.root)
    plan = Plan.decode(run.path(course.file(PLAN)).read_bytes())
    return told.Facts(
        legacy=settings.legacy,
        canonical=settings.canonical,
        source_root=settings.source_root,
        amu0=capture.name(run),
        configuration=digest.of_file(run.place(parse(FILE))).sha256,
        entry_points=entry_points.of(run.root, package, settings.canonical),
        states=LINE,
        modules=told.modules(run.root, package),
        manifests=tuple((name, digest.of_file(each).sha256) for name, each in manifests.items()),
        rules=tuple(plan.rules.items()),
    )
