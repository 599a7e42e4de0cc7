"""The freeze, the capture and the thaw as steps (document 003, §7–8).

The freeze needs an approval (see `sealwright.approval`) of what it rests on: all manifests, both
reports, the amendments that were applied, and which attempt this is.  So an approval of one attempt
is worth nothing for the next.  A freeze that was cut off before it was recorded is undone first.

What only an act needs is imported there: most commands run none of them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sealwright import approval, digest, durable
from sealwright.approval import Approvers, Demand
from sealwright.contracts.coo import checkpoint, logging
from sealwright.contracts.coo.migration import grounds
from sealwright.contracts.coo.migration.grounds import APPROVALS
from sealwright.contracts.coo.settings import FILE, Settings
from sealwright.contracts.coo.state_machine import ENDS, ERROR, Machine
from sealwright.contracts.coo.steps import capture, frozen, ground, release
from sealwright.contracts.coo.steps.requests import request
from sealwright.errors import Refused
from sealwright.paths import relative
from sealwright.runtime import canonical
from sealwright.step import Attempt, Fact, File, Guard, Record, Run, Step, Tree, World
from sealwright.verdict import Verdict, refusal

SENTENCE = "I approve the freeze of what stands here."
COMMAND = "inv coo.approve freeze"
AGAIN = "I approve another attempt of the migration."
AGAIN_COMMAND = "inv coo.approve attempt"
_AMENDED = ("AMENDMENT_PREP", "AMENDMENT_EXEC", "AMENDMENT_VERIFY")
_CAPTURED = ("CAPTURE_AMU0", "MIGRATION_SEQUENCE")
_FROZEN = ("CEO_REVIEW", "FREEZE_PREP", "FREEZE_ACTIVATED")


def steps(settings: Settings, world: World) -> list[Step]:
    """Return freeze, capture and thaw."""
    return [_freeze(settings, world), _amu0(settings, world), _thaw(settings, world)]


def demand(settings: Settings, world: World) -> Demand:
    """Return what has to be agreed to before everything is frozen."""
    files = [world.place(file.path) for file in frozen.evidence(settings, world)]
    subject: dict[str, str] = {
        relative(world.root, place): digest.of_file(place).sha256 if place.is_file() else "none"
        for place in files
    }
    return Demand("freeze", SENTENCE, {**subject, "attempt": str(_attempt(world))})


def _attempt(world: World) -> int:
    """Return which attempt the next freeze would be of."""
    machine = logging.machine(world.place(ground.log(world)))
    return machine.attempt + (machine.state in ENDS)


def attempt(settings: Settings) -> Attempt:
    """Return the attempt that the steps of a migration belong to."""
    return Attempt("coo", Fact("attempts ended", ground.ended), _opening(settings))


def again(world: World) -> Demand:
    """Return what has to be agreed to before there is another attempt."""
    return Demand("attempt", AGAIN, {"ended": str(ground.ended(world))})


def _opening(settings: Settings) -> Guard:
    def ask(world: World) -> Verdict:
        if (lacking := _lacking(settings, world, "put back what the attempt left")).findings:
            return lacking
        wanted, who = again(world), approvers(settings, world)
        place = world.place(APPROVALS)
        return approval.check(wanted, place, who, AGAIN_COMMAND, written=True)

    return Guard("coo:attempt", "Ask whether there shall be another attempt.", ask, waits=True)


def retiring(settings: Settings) -> Guard:
    """Return the guard that asks for the legacy package, which a clone made afterwards lacks."""

    def ask(world: World) -> Verdict:
        moved = ground.migrated(world) is not None
        return Verdict() if moved else _lacking(settings, world, "name what is there")

    return Guard("coo:legacy", "Ask whether there is a package to retire.", ask)


def _lacking(settings: Settings, world: World, way: str) -> Verdict:
    if (world.root / grounds.legacy(settings, world.root)).exists():
        return Verdict()
    what = f"expected a package {settings.legacy} to retire, found none"
    return refusal(f"{FILE}: legacy", what, f'{way}, or legacy: "" where the migration is over')


def approvers(settings: Settings, world: World) -> Approvers:
    """Return whose signatures count."""
    wish = settings.approvals
    return Approvers(wish.keys, world.place(wish.public) if wish.public else None, wish.waived)


def _approved(settings: Settings) -> Guard:
    def ask(world: World) -> Verdict:
        if not settings.approvals.keys and not settings.approvals.waived:
            what = "expected who may approve, found nobody"
            return refusal(FILE, what, "approvals: {keys: [FINGERPRINT], public: PATH}")
        wanted, who = demand(settings, world), approvers(settings, world)
        return approval.check(wanted, world.place(APPROVALS), who, COMMAND)

    return Guard("coo:approval", "Ask whether the freeze is approved.", ask, waits=True)


def _freeze(settings: Settings, world: World) -> Step:
    output = frozen.manifest(settings)
    record, kept = Record(ground.log(world), "FREEZE"), frozen.listing(world)
    files = frozen.evidence(settings, world)

    def act(run: Run) -> Verdict:
        from sealwright.contracts.coo import freeze

        _unmigrated(settings, run)
        if ground.is_frozen(run):
            raise Refused(_again(settings, run))
        lines = ground.move(settings, run, _on)
        freeze.thaw(run.root, ground.modes(run))  # one that was cut off
        given = _approved(settings).ask(run).enforce()
        wish = frozen.wish(settings, run, given)
        data, listed = freeze.activate(run.root, wish, ground.modes(run))
        durable.create(run.path(output), data)
        durable.create(run.path(kept), listed)
        rest = ground.transaction(settings, run, "quiesced", freeze.read(data)["database"])
        run.append(record, *lines[:-1], *rest, lines[-1])
        return Verdict((), {"approval": dict(given)})

    return Step(
        name="freeze",
        doc="Stop all writing, make everything read-only, and set FREEZE=TRUE.",
        act=act,
        after=("amendments",),  # whose log is a transition, which makes no edge
        inputs=(*files, Fact("attempt", _attempt)),
        outputs=(output, kept, record),
        guards=(release.guard(settings), retiring(settings), _approved(settings)),
        code=("sealwright.contracts.coo.freeze",),
        attempt=attempt(settings),
        arguments={"roots": list(frozen.roots(settings, world)), "database": settings.database},
        full=True,
    )


def _again(settings: Settings, run: Run) -> str:
    """Return why a freeze that lasts is not made anew."""
    if path := frozen.strange(settings, run):
        what = f"expected to freeze the places that are frozen, found {path} come or gone"
        return f"freeze: {what}; put that back, or doit thaw ends the attempt"
    what = "expected FREEZE to be FALSE, found it TRUE, and what it rests on changed"
    return f"freeze: {what}; doit thaw ends the attempt"


def _unmigrated(settings: Settings, run: Run) -> None:
    """Ask for a rollback if the tree is migrated, since what it rests on would be made anew.

    Where nothing is left to go back to, nothing is asked for, and a person puts everything back.
    """
    try:
        ground.unmigrated(run)
    except Refused as problem:
        if lost := capture.check(run).findings:
            way = "bring it back, or put everything back as it was frozen, and then doit thaw"
            raise Refused(f"{lost[0]}; {way}") from None
        request(settings, run, str(problem).partition(";")[0])
        raise


def _on(machine: Machine) -> list[dict[str, Any]]:
    """Return the transitions to the freeze, in another attempt where the last one has ended."""
    ended = machine.state in ENDS
    return machine.begin(*_AMENDED, *_FROZEN) if ended else machine.go(*_FROZEN)


def guard(settings: Settings) -> Guard:
    """Return the guard of what rests on the freeze."""

    def ask(world: World) -> Verdict:
        if not ground.is_frozen(world):
            return refusal("coo", "expected FREEZE to be TRUE, found it FALSE", "doit freeze")
        return frozen.check(settings, world)

    return Guard("coo:frozen", "Ask whether FREEZE is TRUE, and everything as it was frozen.", ask)


def _amu0(settings: Settings, world: World) -> Step:
    manifest = frozen.manifest(settings)
    member, point = capture.member(world), ground.checkpoint(world, checkpoint.CAPTURE)
    record = Record(ground.log(world), "AMU0")
    mission = [settings.mission] if world.place(settings.mission).is_file() else []

    def act(run: Run) -> Verdict:
        from sealwright.contracts.coo import amu_capture
        from sealwright.contracts.coo.amu_capture.verification import ABOUT
        from sealwright.contracts.coo.freeze import read_only

        _unmigrated(settings, run)
        given = (*frozen.evidence(settings, run), manifest, *map(File, mission))
        wish = amu_capture.Wish(
            roots=frozen.roots(settings, run),
            database=settings.database,
            given={Path(f.path).name: run.place(f.path).read_bytes() for f in given},
            modes=read_only.before(ground.modes(run)),
        )
        name = amu_capture.capture(run.root, wish, run.path(member))
        run.name_member(member, name)
        told = (run.path(member) / ABOUT).read_bytes()
        about = {"amu0": digest.sha256(told)}  # the id begins it
        kept = canonical.decode_line(told)["database"]
        line = logging.entry("AMU0", about, ground.context(settings, run))
        rest = ground.transaction(settings, run, "captured", kept)
        lines = [*ground.move(settings, run, _capture), *rest, line]
        run.append(record, *lines)
        made = checkpoint.make(checkpoint.CAPTURE, run.place(ground.log(run)), lines)
        durable.create(run.path(point), made)
        return Verdict((), {"amu0": name})

    return Step(
        name="amu0",
        doc="Capture everything that a migration may change, byte for byte.",
        act=act,
        inputs=(manifest, FREEZES, *map(File, mission), *_trees(settings, world)),
        outputs=(member, point, record),
        guards=(release.guard(settings), guard(settings)),
        code=("sealwright.contracts.coo.amu_capture",),
        attempt=attempt(settings),
        arguments={"roots": list(frozen.roots(settings, world)), "database": settings.database},
        full=True,
    )


def _trees(settings: Settings, world: World) -> list[File | Tree]:
    places = [*frozen.roots(settings, world), *([settings.database] if settings.database else [])]
    return [Tree(path) if (world.root / path).is_dir() else File(path) for path in places]


def _capture(machine: Machine) -> list[dict[str, Any]]:
    """Return the way to the capture; one that is made anew leads nowhere back."""
    return [] if machine.state in _CAPTURED else machine.go("CAPTURE_AMU0")


def _freezes(world: World) -> int:
    """Return how often FREEZE became TRUE."""
    lines = logging.read(world.place(ground.log(world)))
    return sum(line["details"].get("to") == _FROZEN[-1] for line in lines)


FREEZES = Fact("freezes", _freezes)  # what a freeze made is worth nothing for the next one


def _end(machine: Machine) -> list[dict[str, Any]]:
    return machine.go(ERROR) if machine.frozen else []


def _as_frozen(settings: Settings, run: Run) -> None:
    """Return if nothing is moved: a migrated tree has to be put back, by whatever hand."""
    if ground.migrated(run) and (path := frozen.moved(settings, run)) is not None:
        what = f"expected everything as it was frozen, found another {path}"
        raise Refused(f"thaw: {what}; doit gates goes on, inv rollback goes back")


def _thaw(settings: Settings, world: World) -> Step:
    """Return the step that ends a freeze, and the attempt with it; it is in no chain."""
    record = Record(ground.log(world), "THAW")

    def act(run: Run) -> Verdict:
        _as_frozen(settings, run)
        verdict = frozen.thaw(settings, run)
        changed = [str(finding) for finding in verdict.findings]
        about = {"FREEZE": "FALSE", "changed": changed}
        line = logging.entry("FREEZE", about, ground.context(settings, run))
        run.append(record, line, *ground.move(settings, run, _end))
        return Verdict((), {"changed": changed})

    return Step(
        name="thaw",
        doc="Give everything its mode back, set FREEZE=FALSE, and end the attempt.",
        act=act,
        inputs=(FREEZES,),
        outputs=(record,),
        code=("sealwright.contracts.coo.freeze",),
    )
