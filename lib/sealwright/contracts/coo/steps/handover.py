"""What a migration hands over, once it is COMPLETE: specification and bundle (003, §14).

Both are made of what the attempt left, and of nothing that is developed on afterwards: the tree
that was migrated as the state folder has it, the manifests that its capture holds, its part of
the log.  So they have the same bytes whenever they are made again.

What only an act needs is imported there: most commands run none of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sealwright import digest, durable
from sealwright.contracts.coo.gates import results
from sealwright.contracts.coo.migration import grounds
from sealwright.contracts.coo.settings import Settings
from sealwright.contracts.coo.state_machine import COMPLETE, LINE
from sealwright.contracts.coo.steps import capture, frozen, gating, ground
from sealwright.contracts.coo.steps.course import TREES, Course
from sealwright.contracts.coo.steps.migrating import DIFF, PLAN, SNAPSHOT1, SNAPSHOT2, before
from sealwright.contracts.coo.steps.publishing import GATE_RESULTS, MISSION_OUTPUT
from sealwright.errors import Refused
from sealwright.ledger import Ledger
from sealwright.paths import RelPath
from sealwright.step import File, Run, Step, World
from sealwright.verdict import Verdict

if TYPE_CHECKING:
    from sealwright.contracts.coo.outputs.facts import Facts

BUNDLE, SPECIFICATION = "migration_bundle.zip", "RUNTIME_SPECIFICATION.md"
_CODE = "sealwright.contracts.coo.outputs"


def steps(settings: Settings, world: World) -> Iterator[Step]:
    """Yield the specification, and the bundle where there is a pack to put into it."""
    course = Course(settings, world, live=True)
    yield _specification(course)
    if pack := settings.documents.implementation_pack:
        yield _bundle(course, pack)


def _specification(course: Course) -> Step:
    settings, held = course.settings, capture.member(course.world)
    tree, plan = course.tree(TREES[-1]), course.file(PLAN)
    gates, told = ground.manifest(settings, GATE_RESULTS), _told(course)
    text = ground.manifest(settings, SPECIFICATION)

    def act(run: Run) -> Verdict:
        from sealwright.contracts.coo.outputs import specification

        about = _facts(course, run)
        found = results.parse(run.path(gates).read_bytes())
        name, template = _template(settings, run)
        durable.create(run.path(text), specification.render(template, name, about, found))
        durable.create(run.path(told), about.to_bytes())
        return Verdict((), {"gates": found.status})

    return Step(
        name="specification",
        doc="Write the runtime specification anew, from its template and what was recorded.",
        act=act,
        inputs=(held, tree, plan, gates, *_documents(settings.template)),
        outputs=(text, told),
        code=tuple(f"{_CODE}.{name}" for name in ("specification", "facts", "entry_points")),
    )


def _told(course: Course) -> File:
    """Return the facts that the specification was filled with."""
    return course.file("facts.json")


def _documents(*paths: RelPath | None) -> list[File]:
    return [File(path) for path in paths if path]


def _template(settings: Settings, run: Run) -> tuple[str, bytes]:
    from sealwright.contracts.coo.outputs import specification

    if settings.template is None:
        return "default template", specification.DEFAULT
    return settings.template, run.place(settings.template).read_bytes()


def _facts(course: Course, run: Run) -> Facts:
    from sealwright.contracts.coo.outputs import entry_points
    from sealwright.contracts.coo.outputs import facts as told
    from sealwright.contracts.coo.rewriting.plan import Plan

    settings, tree = course.settings, run.path(course.tree(TREES[-1]))
    package = grounds.canonical(settings, tree)
    plan = Plan.decode(run.path(course.file(PLAN)).read_bytes())
    manifests = _manifests(run)
    return told.Facts(
        legacy=settings.legacy,
        canonical=settings.canonical,
        source_root=settings.source_root,
        amu0=capture.name(run),
        configuration=_ended(run)[1]["config_sha256"],
        entry_points=entry_points.of(tree, package, settings.canonical),
        states=LINE,
        modules=told.modules(tree, package),
        manifests=tuple((name, digest.of_file(each).sha256) for name, each in manifests.items()),
        rules=tuple(plan.rules.items()),
    )


def _manifests(run: Run) -> dict[str, Path]:
    """Return the manifests that were in force, as the capture has them."""
    from sealwright.contracts.coo.amu_capture.verification import GIVEN

    given = run.path(capture.member(run)) / GIVEN
    return {name: given / name for name in (*frozen.EVIDENCE, frozen.MANIFEST)}


def _ended(run: Run) -> tuple[bytes, dict[str, Any]]:
    """Return the log up to where the last attempt was COMPLETE, and that line."""
    data, ended, last = b"", b"", {}
    for entry in Ledger(run.place(ground.log(run))).entries():
        data += entry.line + b"\n"
        if entry.record.get("details", {}).get("to") == COMPLETE:
            ended, last = data, entry.record
    if not last:
        raise Refused(f"{run.step.name}: expected an attempt that is COMPLETE, found none; doit")
    return ended, last


def _bundle(course: Course, pack: RelPath) -> Step:
    settings, world = course.settings, course.world
    output, held = ground.manifest(settings, BUNDLE), capture.member(world)
    replays = [ground.manifest(settings, name) for name in (gating.REPLAY, MISSION_OUTPUT)]
    gates, told = ground.manifest(settings, GATE_RESULTS), _told(course)
    diffs = [course.file(DIFF), ground.manifest(settings, "amendment_diff.patch")]
    logs = [course.file(PLAN), before(world), course.file(SNAPSHOT1), course.file(SNAPSHOT2)]
    outline = settings.documents.plan
    documents = _documents(pack, outline, settings.template)

    def act(run: Run) -> Verdict:
        from sealwright.contracts.coo.outputs import bundle_contents, facts, migration_bundle

        log = run.folder() / "log.jsonl"
        durable.create(log, _ended(run)[0])
        name, template = _template(settings, run)
        contents = bundle_contents.Contents(
            logs={"log.jsonl": log, **_named(run, logs)},
            diffs=_named(run, diffs),
            manifests=_manifests(run),
            replay=_named(run, replays),
            gates=results.parse(run.path(gates).read_bytes()),
            facts=facts.parse(run.path(told).read_bytes()),
            implementation_pack=run.place(pack),
            template=template,
            template_name=name,
            plan=run.place(outline).read_bytes() if outline else bundle_contents.PLAN,
        )
        made = run.folder() / "made"
        durable.mkdir(made)
        return migration_bundle.write(contents, run.path(output), made)

    return Step(
        name="migration_bundle",
        doc="Hand the migration over: logs, diffs, manifests, replay, gates, as one zip.",
        act=act,
        inputs=(held, *replays, gates, told, *diffs, *logs, *documents),
        outputs=(output,),
        code=tuple(f"{_CODE}.{name}" for name in ("migration_bundle", "bundle_contents")),
        full=True,
    )


def _named(run: Run, files: list[File]) -> dict[str, Path]:
    return {Path(file.path).name: run.path(file) for file in files}
