"""The six steps of the migration (document 003, §9), each on a tree of its own.

``suite`` is the snapshot before: the tests as they are, twice, so that those which end differently
by themselves are known before anything is compared.

What only an act needs is imported there: most commands run none of them.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from sealwright import durable
from sealwright.contracts.coo.migration import carrying, grounds
from sealwright.contracts.coo.settings import FILE, Settings
from sealwright.contracts.coo.state_machine import Machine
from sealwright.contracts.coo.steps import capture, freezing, ground, release
from sealwright.contracts.coo.steps.course import Course, carried, carried_inputs
from sealwright.paths import RelPath, above, parse
from sealwright.step import Fact, File, Input, Run, Step, World
from sealwright.verdict import Verdict, together

if TYPE_CHECKING:
    from sealwright.contracts.coo import suite
    from sealwright.contracts.coo.package_names import Names
    from sealwright.contracts.coo.rewriting import plan as plans
    from sealwright.contracts.coo.rewriting.rulings import Rulings

_CARRYING = "sealwright.contracts.coo.migration.carrying"
_RUNNING = ("sealwright.contracts.coo.suite.running", "sealwright.contracts.coo.suite.comparison")
_OUTSIDE = "sealwright.contracts.coo.rewriting.outside"
SNAPSHOT0, SNAPSHOT1, SNAPSHOT2 = "snapshot0.json", "snapshot1.json", "snapshot2.json"
PLAN, DIFF = "rewriting_plan.json", "rewriting.diff"
_CACHES = tuple(sorted(grounds.CACHES))


def steps(settings: Settings, world: World) -> Iterator[Step]:
    """Yield the snapshot before, and the six steps of the migration and of its rehearsal."""
    yield _suite(Course(settings, world, live=False))
    for live in (True, False):
        course = Course(settings, world, live)
        yield from (_create(course), _port(course), _imports(course))
        yield _snapshot(course, SNAPSHOT1, "rewritten", "while the legacy package is there")
        yield _delete(course)
        yield _snapshot(course, SNAPSHOT2, "final", "without it, and compare")


def before(world: World) -> File:
    """Return the snapshot before."""
    return File(world.kept(f"coo/{SNAPSHOT0}"))


def live_places(course: Course) -> list[Input]:
    """Return what the tests need of the live tree."""
    return carried_inputs(course, carried(course.settings, course.world), _CACHES)


def interpreter(settings: Settings, world: World) -> Path:
    """Return the Python that the tests run by."""
    return world.root / settings.python if settings.python else Path(sys.executable)


def _suite(course: Course) -> Step:
    settings, output = course.settings, before(course.world)

    def act(run: Run) -> Verdict:
        from sealwright.contracts.coo.suite import comparison

        ground.unmigrated(run)
        _outside(settings, run)  # it takes seconds, and the tests may take hours
        tree = run.folder() / "tree"
        carrying.carry(run.root, carried(settings, run), tree)
        results = [run_suite(settings, run, tree, legacy_allowed=True) for _ in range(2)]
        taken = [result.snapshot(tree) for result in results]
        told = comparison.unstable(taken, settings.unstable).enforce()
        made = results[0].snapshot(tree, unstable=told["unstable"])
        durable.create(run.path(output), made.encode())
        return Verdict((), {"totals": dict(results[0].outcomes.totals()), **told})

    return Step(
        name="suite",
        doc="Run the tests as they are, twice: what the migration must not change.",
        act=act,
        inputs=(*live_places(course), _python(settings)),
        outputs=(output,),
        code=(*_RUNNING, _OUTSIDE),
        arguments=_arguments(settings),
        guards=(release.guard(settings), freezing.retiring(settings)),
        attempt=freezing.attempt(settings),
        full=True,
        timeout=6 * 3600,
    )


def _arguments(settings: Settings) -> dict[str, object]:
    return {
        "test_command": list(settings.test_command),
        "python": settings.python,
        "unstable": list(settings.unstable),
        "names": [settings.legacy, settings.canonical],
    }


def _python(settings: Settings) -> Fact:
    """Return what tells that the environment of the tests is another, without running it."""

    def read(world: World) -> list[str]:
        prefix = interpreter(settings, world).parent.parent
        sites = sorted(prefix.glob("lib/python3*/site-packages"))
        return sorted(place.name for site in sites for place in site.glob("*.dist-info"))

    return Fact("packages of the tests", read)


def names(settings: Settings) -> Names:
    """Return the two names of the package."""
    from sealwright.contracts.coo.package_names import Names

    return Names(settings.legacy, settings.canonical)


def run_suite(settings: Settings, run: Run, tree: Path, *, legacy_allowed: bool) -> suite.Result:
    """Run the tests on a copy of ``tree``, with proof that all of them ran."""
    from sealwright.contracts.coo import suite

    wish = suite.Wish(
        command=settings.test_command,
        names=names(settings),
        interpreter=interpreter(settings, run),
        source_root=settings.source_root,
        variables=_variables(settings, run),
        legacy_allowed=legacy_allowed,
        timeout=run.step.timeout,
    )
    with tempfile.TemporaryDirectory(prefix="sealwright-") as folder:  # no project above it
        result = suite.run(tree, wish, Path(folder) / "work", run.log)
    result.verdict().enforce()
    return result


def _variables(settings: Settings, world: World) -> dict[str, str]:
    given = world.environment
    return {name: given[name] for name in settings.variables if name in given}


def _create(course: Course) -> Step:
    settings, tree = course.settings, course.tree("created")

    def act(run: Run) -> Verdict:
        grounds.present(settings, run.root)
        held = _outside(settings, run)
        carrying.carry(run.root, carried(settings, run), run.path(tree))
        if not (run.root / grounds.legacy(settings, run.root)).is_file():
            durable.create_folders(run.path(tree) / settings.below(settings.canonical))
        return Verdict((), {"accepted": ", ".join(held)})

    return course.step(
        f"{course.name}:create",
        "Copy what the tests need, with a canonical folder; look for contracts with the outside.",
        act,
        (*live_places(course), _python(settings), *_ruled(course), *_frozen(course)),
        (tree,),
        go=_sequence,
        code=(_CARRYING, _OUTSIDE),
        arguments=_arguments(settings),
    )


def _sequence(machine: Machine) -> list[dict[str, object]]:
    return machine.go("MIGRATION_SEQUENCE") if machine.state == "CAPTURE_AMU0" else []


def _frozen(course: Course) -> tuple[Input, ...]:
    """Return what a live course begins with: another freeze, and its capture."""
    return (freezing.FREEZES, capture.member(course.world)) if course.live else ()


def _ruled(course: Course) -> tuple[File, ...]:
    path = course.settings.rulings
    return (File(path),) if course.world.place(path).is_file() else ()


def _rulings(settings: Settings, world: World) -> Rulings:
    from sealwright.contracts.coo.rewriting.rulings import Rulings

    return Rulings.load(world.place(settings.rulings), settings.rulings)


def _outside(settings: Settings, run: Run) -> list[str]:
    """Look for contracts with the outside; return those that somebody accepts."""
    from sealwright.contracts.coo.rewriting import outside

    taken = {each.name: each.why for each in _rulings(settings, run).outside}
    who = interpreter(settings, run)
    found = outside.check(who, names(settings), run.root, settings.source_root)
    Verdict(outside.accepted(found.findings, taken)).enforce()
    return sorted(taken)


def _port(course: Course) -> Step:
    settings, source, tree = course.settings, course.tree("created"), course.tree("ported")

    def act(run: Run) -> None:
        place = run.path(tree)
        carrying.carry(run.path(source), carrying.everything(run.path(source)), place)
        carrying.port(place, grounds.legacy(settings, place), grounds.canonical(settings, place))

    return course.step(
        f"{course.name}:port",
        "Port every file of the legacy package, byte for byte, in the order of the paths.",
        act,
        (source,),
        (tree,),
        code=(_CARRYING,),
        arguments=_arguments(settings),
    )


def _imports(course: Course) -> Step:
    settings, source, tree = course.settings, course.tree("ported"), course.tree("rewritten")
    told, diff = course.file(PLAN), course.file(DIFF)

    def act(run: Run) -> Verdict:
        from sealwright.contracts.coo.rewriting import plan as plans

        place = run.path(tree)
        carrying.carry(run.path(source), carrying.everything(run.path(source)), place)
        made = plan(settings, run, place)
        made.verdict.enforce()
        plans.apply(made, place)
        durable.create(run.path(told), made.encode())
        durable.create(run.path(diff), made.diff)
        return Verdict((), {"plan": made.digest, "files": len(made.files)})

    return course.step(
        f"{course.name}:imports",
        "Rewrite every reference to the legacy package, in tests and code, in one pass.",
        act,
        (source, *_ruled(course)),
        (tree, told, diff),
        code=("sealwright.contracts.coo.rewriting.planning",),
        arguments={**_arguments(settings), "rewrite": list(settings.rewrite)},
    )


def plan(settings: Settings, world: World, tree: Path) -> plans.Plan:
    """Return the plan of the one pass over a tree in which the package is ported."""
    from sealwright.contracts.coo.rewriting import planning
    from sealwright.contracts.coo.rewriting.module_tree import ModuleTree

    old = grounds.legacy(settings, tree)
    own = {parse(FILE), settings.rulings, *settings.amendments}
    given = settings.rewrite or carrying.everything(tree)
    canonical = grounds.package(settings, tree, settings.canonical)
    where = {path for path in _spread(tree, given, (old, *own)) if (tree / path).exists()}
    index = ModuleTree.of(tree, settings.source_root, names(settings))
    return planning.plan(
        tree,
        sorted({*where, canonical}),
        names(settings),
        index,
        _rulings(settings, world),
    )


def _spread(
    tree: Path, places: Iterable[RelPath], without: tuple[RelPath, ...]
) -> Iterator[RelPath]:
    """Yield places but those in ``without``; a folder that holds one of these by its entries."""
    for path in places:
        if any(above(each, path) for each in without):
            continue
        if not any(above(path, each) for each in without):
            yield path
        elif (tree / path).is_dir():
            entries = [RelPath(f"{path}/{name}") for name in sorted(os.listdir(tree / path))]
            yield from _spread(tree, entries, without)


def _snapshot(course: Course, name: str, of: str, when: str) -> Step:
    settings, tree, output = course.settings, course.tree(of), course.file(name)
    first = course.file(SNAPSHOT1)
    earlier = (before(course.world), *((first,) if output != first else ()))

    def act(run: Run) -> Verdict:
        from sealwright.contracts.coo.suite import comparison, snapshot, tripwire

        result = run_suite(settings, run, run.path(tree), legacy_allowed=False)
        made = result.snapshot(run.path(tree))
        known, failures = names(settings), result.outcomes.failures
        s0, *rest = (snapshot.decode(run.path(file).read_bytes()) for file in earlier)
        verdict = comparison.preserved(s0, made, known, failures)
        if rest:
            verdict = comparison.consolidated(s0, rest[0], made, known, ({}, failures))
        verdict = together([tripwire.untouched(result.looks), verdict])
        evidence = verdict.enforce()
        durable.create(run.path(output), made.encode())
        return Verdict((), {"compared": evidence["compared"]})

    return course.step(
        f"{course.name}:{name.removesuffix('.json')}",
        f"Run the tests {when}.",
        act,
        (tree, *earlier),
        (output,),
        code=_RUNNING,
        arguments=_arguments(settings),
        timeout=6 * 3600,
    )


def _delete(course: Course) -> Step:
    settings, source, tree = course.settings, course.tree("rewritten"), course.tree("final")
    taken = course.file(SNAPSHOT1)

    def act(run: Run) -> Verdict:
        place = run.path(tree)
        old = grounds.legacy(settings, run.path(source))
        listed = carrying.everything(run.path(source))
        carrying.carry(run.path(source), _spread(run.path(source), listed, (old,)), place)
        return Verdict((), {"deleted": old})

    return course.step(
        f"{course.name}:delete_legacy",
        "Delete the legacy package.",
        act,
        (source, taken),
        (tree,),
        code=(_CARRYING,),
        arguments=_arguments(settings),
    )
