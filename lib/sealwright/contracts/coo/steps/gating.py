"""The six gates as steps, of the live tree and of a rehearsal (document 003, §10 and §11).

They go in their order.  Each keeps its result as a file; one that fails keeps it beside the reports
as ``gate_X.failed.json``, no later one is judged, and the live one asks for a rollback.

What only a judgement needs is imported there: most commands make none.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sealwright import durable
from sealwright.contracts.coo import checkpoint as checkpoints
from sealwright.contracts.coo.gates import record, results
from sealwright.contracts.coo.gates.record import PASSABLE, Result
from sealwright.contracts.coo.gates.waivers import GATES, TITLES
from sealwright.contracts.coo.migration import carrying, grounds
from sealwright.contracts.coo.settings import Settings
from sealwright.contracts.coo.steps import documents, facts, freezing, ground
from sealwright.contracts.coo.steps.course import Course, carried, carried_inputs
from sealwright.contracts.coo.steps.migrating import (
    SNAPSHOT1,
    SNAPSHOT2,
    before,
    interpreter,
)
from sealwright.errors import Refused
from sealwright.paths import RelPath, above, outermost
from sealwright.runtime import canonical
from sealwright.step import Fact, File, Guard, Input, Run, Step, Tree, World
from sealwright.verdict import Finding, Verdict

if TYPE_CHECKING:
    from sealwright.contracts.coo.governance_leak_scanner import Report
    from sealwright.contracts.coo.lint_engine import LintReport
    from sealwright.contracts.coo.replay.mission import Mission
    from sealwright.contracts.coo.suite import snapshot as snapshots

REPLAY = "replay_result.json"
_CACHES = tuple(sorted(grounds.CACHES))
Ask = Callable[[Run], Verdict]


def steps(settings: Settings, world: World) -> Iterator[Step]:
    """Yield the gates, with the replay before the last."""
    for live in (True, False):
        course = Course(settings, world, live)
        for gate in GATES:
            if gate == "F":
                yield _replay(course)
            yield _gate(course, gate)


def name(course: Course, gate: str) -> str:
    """Return the name of a gate's step."""
    return f"{'gates' if course.live else course.name}:{gate}"


def kept(course: Course, gate: str) -> File:
    """Return where the result of a gate is kept."""
    return course.file(f"gates/{gate}.json")


def result(course: Course, world: World, gate: str) -> Result:
    """Return the result of a gate that was judged."""
    file = kept(course, gate)
    return results.parse_one(world.place(file.path).read_bytes(), file.path)


def _gate(course: Course, gate: str) -> Step:
    settings, output = course.settings, kept(course, gate)
    inputs, ask = _ASKED[gate](course)
    earlier = GATES[: GATES.index(gate)]

    def act(run: Run) -> Verdict:
        if unpassed := [each for each in earlier if _status(course, run, each) not in PASSABLE]:
            what = f"expected gate {unpassed[0]} to have passed, found otherwise"
            raise Refused(f"gate {gate}: {what}; doit {name(course, unpassed[0])}")
        names = {course.top(run): "{repo}", run.root: "{repo}", run.work: "{work}"}
        made = record.judge_alone(gate, lambda: ask(run), settings.waivers, names)
        failed = run.place(run.report(f"coo/gate_{gate}.failed.json"))
        if made.status not in PASSABLE:
            durable.mkdir(failed.parent)
            durable.write(failed, results.one(made))
            return Verdict(made.findings)
        durable.remove(failed)
        durable.create(run.path(output), results.one(made))
        return Verdict((), {"gate": gate, "status": made.status})

    before_this = [Fact(f"gate {each} of {course.name}", _reader(course, each)) for each in earlier]
    last = name(course, earlier[-1]) if earlier else _LAST[course.live]
    return course.step(
        name(course, gate),
        f"Gate {gate}: {TITLES[gate]}.",
        act,
        (*inputs, *before_this, *((freezing.FREEZES,) if course.live else ())),
        (output,),
        event="GATE_RESULT",
        code=(f"sealwright.contracts.coo.gates.{_JUDGES[gate]}",),
        checkpoint=checkpoints.GATES if gate == GATES[-1] else "",
        after=("replay" if course.live else "rehearse:replay",) if gate == "F" else (last,),
        arguments={"waived": [w.reason for w in settings.waivers if w.gate == gate]},
        timeout=6 * 3600,
    )


_LAST = {True: "migrate:commit", False: "rehearse:snapshot2"}


def _status(course: Course, world: World, gate: str) -> str:
    place = world.place(kept(course, gate).path)
    return result(course, world, gate).status if place.is_file() else record.NOT_RUN


def _reader(course: Course, gate: str) -> Callable[[World], str]:
    return lambda world: _status(course, world, gate)


def places(course: Course, wanted: Iterable[RelPath]) -> list[Input]:
    """Return what a gate reads at places, of the live tree or of the rehearsal's."""
    if course.live:
        root = course.world.root
        return [Tree(p, _without(course, p)) if _folder(root / p) else File(p) for p in wanted]
    top = course.tree("final").path
    return [Tree(RelPath(f"{top}/{path}"), _without(course, path)) for path in wanted]


def _folder(place: Path) -> bool:
    return place.is_dir() or not place.exists()


def _without(course: Course, path: RelPath) -> tuple[str, ...]:
    inside = course.settings.manifests
    return (
        (*_CACHES, inside[len(path) + 1 :]) if path != inside and above(path, inside) else _CACHES
    )


def _governed(course: Course) -> list[RelPath]:
    """Return what scan and lint look at, with the canonical package."""
    settings, root = course.settings, course.world.root
    tops = documents.tops(settings, course.world)
    given = {grounds.canonical(settings, root), settings.scan.ruleset, settings.lint, *tops}
    found = [p for p in given if (root / p).exists() or p == grounds.canonical(settings, root)]
    return list(outermost(found))


def _all(course: Course) -> list[RelPath]:
    """Return everything of the tree that the tests need."""
    settings, world = course.settings, course.world
    old, new = grounds.legacy(settings, world.root), grounds.canonical(settings, world.root)
    listed = {p for p in carried(settings, world) if not above(old, p)} | {new}
    return list(outermost(listed))


def _besides(course: Course) -> list[RelPath]:
    """Return what git has besides: no migration changes it, and it may name the legacy package."""
    settings, world = course.settings, course.world
    packages = (grounds.legacy(settings, world.root), grounds.canonical(settings, world.root))
    held = (*carried(settings, world), *packages, *grounds.published(settings, world))
    every = carried(replace(settings, carried=()), world)
    return [path for each in every for path in grounds.opened(world.root, each, held)]


def _gathered(course: Course, run: Run, wanted: Iterable[RelPath]) -> Path:
    """Return a private copy of places of the tree, without what is published."""
    target, top = run.folder() / "gathered", course.top(run)
    without = (course.settings.manifests,)
    opened = [path for each in wanted for path in grounds.opened(top, each, without)]
    carrying.carry(top, opened, target)
    return target


def _unification(course: Course) -> tuple[list[Input], Ask]:
    settings = course.settings

    def ask(run: Run) -> Verdict:
        from sealwright.contracts.coo.gates import unification

        wish = unification.Wish(
            legacy=settings.legacy,
            canonical=settings.canonical,
            source_root=settings.source_root,
            structure=settings.structure,
        )
        tree = _gathered(course, run, wanted)
        carrying.carry(run.root, rest, tree)
        return unification.judge(tree, wish)

    wanted, rest = _all(course), _besides(course)
    return [*places(course, wanted), *carried_inputs(course, rest, _CACHES)], ask


def _modules(course: Course) -> tuple[list[Input], Ask]:
    settings = course.settings
    wanted = _all(course) if settings.modules else _governed(course)

    def ask(run: Run) -> Verdict:
        from sealwright.contracts.coo.gates import modules
        from sealwright.contracts.coo.steps import own_modules

        package = grounds.canonical(settings, run.root)
        wish = modules.Wish(
            modules=settings.modules,
            builtin=own_modules.modules(settings, package),
            python=interpreter(settings, run),
            source_root=settings.source_root,
            environment=ground.surroundings(settings, run),
            seconds=run.step.timeout,
        )
        tree, work = _gathered(course, run, wanted), run.folder() / "runs"
        durable.create_folders(work)
        return modules.judge(tree, wish, work)

    return places(course, wanted), ask


def _sandbox(course: Course) -> tuple[list[Input], Ask]:
    settings = course.settings
    recorded = ground.manifest(settings, facts.SANDBOX)

    def ask(run: Run) -> Verdict:
        from sealwright.contracts.coo.gates import sandbox

        data = run.path(recorded).read_bytes()
        return sandbox.judge(facts.declared(settings, run), data)

    return [recorded, *facts.image(settings, course.world)], ask


def _suite(course: Course) -> tuple[list[Input], Ask]:
    settings = course.settings
    files = (before(course.world), course.file(SNAPSHOT1), course.file(SNAPSHOT2))
    package = grounds.canonical(settings, course.world.root)

    def ask(run: Run) -> Verdict:
        from sealwright.contracts.coo.gates import suite
        from sealwright.contracts.coo.suite import Names, comparison
        from sealwright.contracts.coo.suite import snapshot as snapshots

        s0, s1, s2 = (snapshots.decode(run.path(file).read_bytes()) for file in files)
        known = Names(settings.legacy, settings.canonical)
        compared = comparison.consolidated(s0, s1, s2, known)
        now = snapshots.files(
            _gathered(course, run, [package]), settings.source_root, settings.canonical
        )
        findings = [*compared.findings, *_others(s2.files, now)]
        return suite.judge(s1.view().document(), s2.view().document(), findings)

    return [*files, *places(course, [package])], ask


def _others(
    expected: Iterable[snapshots.File], found: Iterable[snapshots.File]
) -> Iterator[Finding]:
    was, is_ = ({file.path: file.sha256 for file in each} for each in (expected, found))
    for path in sorted(was.keys() | is_.keys()):
        if was.get(path) != is_.get(path):
            what = f"expected {was.get(path, 'nothing')}, as in Snapshot 2, found another"
            yield Finding(path, what)


def _governance(course: Course) -> tuple[list[Input], Ask]:
    settings, wanted = course.settings, _governed(course)

    def ask(run: Run) -> Verdict:
        from sealwright.contracts.coo.gates import governance

        tree = _gathered(course, run, wanted)
        return governance.judge(*_reports(settings, run, tree))

    return [*places(course, wanted), *documents.reviewed(settings)], ask


def _reports(settings: Settings, run: Run, tree: Path) -> tuple[Report, LintReport]:
    from sealwright.contracts.coo.gates import governance
    from sealwright.contracts.coo.linting import lint_rules

    scan, lint = settings.scan, settings.lint
    leaks = documents.pinned(settings, (tree / scan.ruleset).read_bytes())
    rules = lint_rules.read((tree / lint).read_bytes(), lint, None)
    return governance.reports(tree, leaks, rules, scan.scope, documents.held(settings, run))


def _replay(course: Course) -> Step:
    settings, output = course.settings, course.file(REPLAY)
    log = _log(course)
    results_of = [kept(course, gate) for gate in GATES[:-1]]
    wanted = _all(course)

    def act(run: Run) -> Verdict:
        from sealwright.contracts.coo import replay as replaying_engine
        from sealwright.contracts.coo.replay import normalisation

        tree, place = course.top(run), normalized(course, run)
        normalisation.clean(place)  # what a killed run left
        opened = [p for each in wanted for p in grounds.opened(tree, each, (settings.manifests,))]
        made = replaying_engine.replay(
            tree,
            _mission(course, run, opened),
            _player(course, run),
            _path(settings, run),
            run.folder() / "replays",
            run.log,
            produce=lambda copy: _artefacts(course, run, copy, log),
            roots=opened,
            normalized=place,
        )
        normalisation.clean(place)
        durable.create(run.path(output), made.result_bytes())
        for name, file in compared(course).items():
            durable.create(run.path(file), made.artefacts[0][name])
        return Verdict((), {"holds": str(made.holds)})

    mission = [File(settings.mission)] if course.world.place(settings.mission).is_file() else []
    return course.step(
        "replay" if course.live else "rehearse:replay",
        "Run the reference mission again and again in one deterministic layer, and compare.",
        act,
        (*places(course, wanted), *mission, *log, *results_of, *documents.reviewed(settings)),
        (output, *compared(course).values()),
        event="REPLAY_RESULT",
        code=("sealwright.contracts.coo.replay", "sealwright.contracts.coo.steps.own_modules"),
        guards=(_empty(course),) if course.live else (),
        timeout=6 * 3600,
    )


def normalized(course: Course, run: World) -> Path:
    """Return where what is compared can be looked at until it is compared (003, §11.3)."""
    name = ground.manifest(course.settings, "normalized") if course.live else course.file("normal")
    return run.place(name.path)


def _empty(course: Course) -> Guard:
    """Return the guard that keeps what others put there from being taken away."""

    def ask(world: World) -> Verdict:
        from sealwright.contracts.coo.replay import normalisation

        normalisation.examine(normalized(course, world))
        return Verdict()

    return Guard("coo:normalized", "Ask whether nothing else lies where artefacts are kept.", ask)


def compared(course: Course) -> dict[str, File]:
    """Return what the replay made anew and compared, but for what stands elsewhere."""
    return {name: course.file(f"{name}.json") for name in ("mission_output", "scanner_report")}


def _log(course: Course) -> tuple[File, ...]:
    """Return the log of amendments; a rehearsal may come before there is one."""
    file = ground.manifest(course.settings, documents.LOG)
    return (file,) if course.live or course.world.place(file.path).is_file() else ()


def _path(settings: Settings, run: Run) -> list[Path]:
    return [Path(p) for p in ground.surroundings(settings, run)["PATH"].split(os.pathsep) if p]


def _player(course: Course, run: Run) -> Path:
    """Return what ``python`` is in the mission: in the chain's own one what runs the chain."""
    declared = (course.top(run) / course.settings.mission).is_file()
    return interpreter(course.settings, run) if declared else Path(sys.executable)


def _mission(course: Course, run: Run, inputs: list[RelPath]) -> Mission:
    from sealwright.contracts.coo.replay import mission as missions
    from sealwright.contracts.coo.steps import own_modules

    settings = course.settings
    place = course.top(run) / settings.mission
    if place.is_file():
        return missions.read(place.read_bytes(), settings.mission)
    package = grounds.canonical(settings, run.root)
    return own_modules.mission(settings, package, inputs)


def _artefacts(course: Course, run: Run, copy: Path, log: tuple[File, ...]) -> Mapping[str, bytes]:
    """Return what a replay compares besides the mission's output, made of a copy of the tree."""
    from sealwright.contracts.coo.gates import governance

    settings = course.settings
    scanned, linted = _reports(settings, run, copy)
    again = record.judge_alone("E", lambda: governance.judge(scanned, linted), settings.waivers)
    told = [result(course, run, gate) if gate != "E" else again for gate in GATES[:-1]]
    return {
        "gate_results": _rows(told),
        "amendment_log": b"".join(run.path(file).read_bytes() for file in log) or b"[]\n",
        "scanner_report": scanned.report_bytes(),
    }


def _rows(told: Iterable[Result]) -> bytes:
    return canonical.line({"gates": [canonical.decode_line(results.one(each)) for each in told]})


def _replaying(course: Course) -> tuple[list[Input], Ask]:
    file = course.file(REPLAY)

    def ask(run: Run) -> Verdict:
        from sealwright.contracts.coo.gates import replaying
        from sealwright.contracts.coo.replay.result import verdict

        told = canonical.decode_line(run.path(file).read_bytes())
        return replaying.judge(verdict(told), {"artefacts": told["normalized"]})

    return [file], ask


_JUDGES = {
    "A": "unification",
    "B": "modules",
    "C": "sandbox",
    "D": "suite",
    "E": "governance",
    "F": "replaying",
}
_ASKED: dict[str, Callable[[Course], tuple[list[Input], Ask]]] = {
    "A": _unification,
    "B": _modules,
    "C": _sandbox,
    "D": _suite,
    "E": _governance,
    "F": _replaying,
}
