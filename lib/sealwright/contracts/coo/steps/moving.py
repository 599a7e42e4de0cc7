"""The commit of a migration to the live tree, and the rollback, as steps (003, §9 and §12).

Both are changes in one commit of the engine: a killed run leaves the whole old tree or the whole
new one, and the log says which.  What only an act needs is imported there.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from sealwright import digest, durable
from sealwright.contracts.coo import logging
from sealwright.contracts.coo.inventory import JOURNALS
from sealwright.contracts.coo.migration import grounds
from sealwright.contracts.coo.rollback import confirmation
from sealwright.contracts.coo.settings import Settings
from sealwright.contracts.coo.state_machine import ERROR, Machine
from sealwright.contracts.coo.steps import capture, freezing, frozen, ground
from sealwright.contracts.coo.steps.course import Course
from sealwright.contracts.coo.steps.migrating import PLAN, SNAPSHOT2
from sealwright.contracts.coo.steps.requests import answerable, requests
from sealwright.paths import RelPath, outermost, parse
from sealwright.step import Change, Changes, Fact, Record, Run, Step, World
from sealwright.verdict import Verdict

if TYPE_CHECKING:
    from sealwright.contracts.coo.migration.committing import Packages
    from sealwright.contracts.coo.rollback.restoring import Restored

WORD = parse(confirmation.FILE)


def steps(settings: Settings, world: World) -> Iterator[Step]:
    """Yield the commit and the rollback."""
    yield _commit(Course(settings, world, live=True))
    yield _rollback(settings, world)


def packages(settings: Settings, root: Path) -> Packages:
    """Return where the legacy package is, and where the canonical one will be."""
    from sealwright.contracts.coo.migration.committing import Packages

    return Packages(grounds.legacy(settings, root), grounds.canonical(settings, root))


def _within(settings: Settings, world: World) -> tuple[RelPath, ...]:
    """Return the places that may come or go: what a migration is about, and nothing else."""
    names = (settings.legacy, settings.canonical)
    both = [settings.below(f"{name}{end}") for name in names for end in ("", ".py")]
    data = [settings.database] if settings.database else []
    journals = [parse(f"{path}{end}") for path in data for end in JOURNALS]
    given = {*both, *grounds.frozen(settings, world), *data, *journals, WORD, world.kept("coo")}
    return outermost(given)


def _commit(course: Course) -> Step:
    settings, world = course.settings, course.world
    changes, listed = Changes("migration", _within(settings, world)), frozen.committed(world)
    tree, told = course.tree("final"), course.file(PLAN)

    def act(run: Run) -> Verdict:
        from sealwright.contracts.coo.freeze import read_only
        from sealwright.contracts.coo.migration import committing
        from sealwright.contracts.coo.rewriting.plan import Plan

        both = packages(settings, run.root)
        held = grounds.frozen(settings, run)
        edited = [file.path for file in Plan.decode(run.path(told).read_bytes()).files]
        come = tuple(committing.places(run.root, run.path(tree), both, held, edited))
        before = read_only.before(ground.modes(run))
        was = run.place(frozen.listing(run).path).read_bytes()
        made = committing.stage(run.path(tree), come, both, was, before, run.folder() / "tree")
        durable.create(run.path(listed), made.listed)
        read_only.extend(ground.modes(run), made.come, made.modes)
        for number, path in enumerate(made.come):
            durable.rename_closed(run.folder() / "tree" / path, run.path(changes) / str(number))
            run.change(changes, Change(path, str(number)))
        run.change(changes, *(Change(path, None) for path in made.gone))
        return Verdict((), {"listing": digest.sha256(made.listed), "places": len(made.come)})

    return course.step(
        "migrate:commit",
        "Put what has changed into the live tree, wholly or not at all.",
        act,
        (tree, told, course.file(SNAPSHOT2), freezing.FREEZES, frozen.listing(world)),
        (changes, listed),
        code=("sealwright.contracts.coo.migration.committing",),
        go=lambda machine: machine.go("GATES"),
        closes=True,
    )


def _rollback(settings: Settings, world: World) -> Step:
    changes = Changes("rollback", _within(settings, world))
    record = Record(ground.log(world), "ROLLBACK")

    def act(run: Run) -> Verdict:
        from sealwright.contracts.coo.rollback import restoring

        confirmation.confirmed(run.root, answerable(settings, run))
        made = restored(settings, run, run.folder() / "restored")
        _state(run, changes, made)
        restoring.reopen(run.root, made)
        about = {"restored": len(made.come), "removed": len(made.gone)}
        line = logging.entry("ROLLBACK", about, ground.context(settings, run))
        data = capture.about(run)["database"]
        what = "restored" if data and data["path"] in made.come else "unchanged"
        done = ground.transaction(settings, run, what, data)
        run.append(record, *done, line, *ground.move(settings, run, _back))
        return Verdict((), about)

    return Step(
        name="rollback",
        doc="Put everything back as AMU0 has it, after a request and a person's word.",
        act=act,
        inputs=(Fact("requests", requests),),
        outputs=(changes, record),
        code=("sealwright.contracts.coo.rollback.restoring",),
        full=True,
    )


def restored(settings: Settings, world: World, to: Path) -> Restored:
    """Return what a rollback would put back, staged in the new folder ``to``."""
    from sealwright.contracts.coo.rollback import restoring

    given = [ground.manifest(settings, each).path for each in (*frozen.EVIDENCE, frozen.MANIFEST)]
    held = grounds.frozen(settings, world)
    return restoring.stage(world.root, capture.place(world), capture.name(world), held, given, to)


def _state(run: Run, changes: Changes, made: Restored) -> None:
    """State what comes and goes; the word and the read-only lock are over with it."""
    for number, path in enumerate(made.come):
        durable.rename_closed(made.tree / path, run.path(changes) / str(number))
        run.change(changes, Change(path, str(number), keep=True))
    run.change(changes, *(Change(path, None, keep=True) for path in made.gone))
    run.change(changes, Change(WORD, None))
    kept = run.kept("coo/modes.jsonl")
    if run.place(kept).exists():
        run.change(changes, Change(kept, None))


def _back(machine: Machine) -> list[dict[str, object]]:
    return machine.go("CAPTURE_AMU0", ERROR)
