"""Changes: an act decides which places are replaced, made and taken away, and all or none are."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import stat

import pytest

from sealwright import durable
from sealwright.errors import Misconfigured, SealwrightError
from sealwright.paths import parse
from sealwright.step import Attempt, Change, Changes, Fact, Guard, Run
from sealwright.verdict import Verdict, refusal
from tests.support.faults import fault
from tests.support.workbench import Workbench, acts, file

WITHIN = ("old", "new", "tests", "setup.cfg")
MOVED = Changes("migration", tuple(map(parse, WITHIN)))


def migrate(run: Run) -> None:
    folder = run.path(MOVED)
    durable.mkdir(folder / "tests")
    durable.create(folder / "tests/test_a.py", b"import new\n")
    durable.set_mode(folder / "tests/test_a.py", 0o444)
    durable.set_mode(folder / "tests", 0o555)
    durable.mkdir(folder / "package")
    durable.create(folder / "package/a.py", b"a = 1\n")
    durable.create(folder / "cfg", b"name = new\n")
    run.change(
        MOVED,
        Change(parse("tests"), "tests", keep=True),
        Change(parse("new/package"), "package"),
        Change(parse("setup.cfg"), "cfg"),
        Change(parse("old"), None),
    )


@pytest.fixture
def moving(bench: Workbench) -> Workbench:
    return filled(bench)


def filled(bench: Workbench) -> Workbench:
    bench.write("in", "1")
    bench.write("old/a.py", "a = 1\n")
    bench.write("tests/test_a.py", "import old\n")
    bench.write("setup.cfg", "name = old\n")
    bench.write("new/manifests/kept.json", "{}")
    for folder in ("old", "tests"):
        (bench.root / folder).chmod(0o555)
    bench.steps = [acts("move", migrate, MOVED, inputs=(file("in"),))]
    return bench


def modes(bench: Workbench) -> dict[str, int]:
    return {
        name: stat.S_IMODE((bench.root / name).stat().st_mode)
        for name in ("tests", "tests/test_a.py", "new/package")
    }


def test_everything_that_an_act_states_comes_and_goes_at_once(moving):
    assert moving.executed() == ["move"]
    assert moving.files() == {
        "in": b"1",
        "new/manifests/kept.json": b"{}",
        "new/package/a.py": b"a = 1\n",
        "setup.cfg": b"name = new\n",
        "tests/test_a.py": b"import new\n",
    }
    assert moving.executed() == []


def test_modes_are_those_that_the_act_gave(moving):
    moving.run()
    assert modes(moving) == {"tests": 0o555, "tests/test_a.py": 0o444, "new/package": 0o755}


def test_what_is_to_be_kept_is_in_quarantine_with_its_mode(moving):
    moving.run()
    (kept,) = (moving.root / ".sealwright/quarantine").iterdir()
    assert (kept / "test_a.py").read_text() == "import old\n"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o555


def test_a_place_that_is_not_declared_is_refused(moving):
    def act(run: Run) -> None:
        with pytest.raises(Misconfigured, match="other: expected a place of changes migration"):
            run.change(MOVED, Change(parse("other"), None))
        run.change(MOVED, Change(parse("old"), None))

    moving.steps = [acts("move", act, MOVED)]
    assert moving.executed() == ["move"]


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ((Change(parse("new/b"), "b"),), "changes migration: b, but did not produce it"),
        ((), "produced left, but does not declare it"),
        ((Change(parse("old"), None), Change(parse("old"), None)), "states old twice"),
    ],
)
def test_what_is_stated_and_what_is_there_must_agree(moving, stated, message):
    def act(run: Run) -> None:
        if not stated:
            durable.create(run.path(MOVED) / "left", b"")
        run.change(MOVED, *stated)

    before = moving.files()
    moving.steps = [acts("move", act, MOVED)]
    assert message in moving.run()["move"].message
    assert moving.files() == before


def test_a_place_that_somebody_changed_afterwards_is_damage_and_named(moving):
    moving.run()
    moving.write("new/package/a.py", "a = 2\n")
    (reason,) = moving.reasons("move")
    assert "changes migration is evidence and is not what was recorded" in reason
    assert moving.run()["move"].code == 2
    assert moving.read("new/package/a.py") == "a = 2\n"


def test_later_changes_of_the_same_places_are_no_damage(moving):
    def back(run: Run) -> None:
        durable.mkdir(run.path(BACK) / "old")
        run.change(BACK, Change(parse("old"), "old"), Change(parse("new/package"), None))

    BACK = Changes("rollback", MOVED.within)
    moving.steps.append(acts("back", back, BACK, inputs=(file("in"),), after=("move",)))
    assert moving.executed() == ["move", "back"]
    assert moving.executed() == []
    assert not (moving.root / "new/package").exists()


def test_a_closed_attempt_goes_on_and_leaves_its_places_to_the_world(moving):
    approved = []

    def opening(world) -> Verdict:
        return Verdict() if approved else refusal("attempt", "expected an approval", "say so")

    number = Fact("attempt", lambda world: world.place(parse("number")).read_text())
    attempt = Attempt("coo", number, Guard("opening", "Ask.", opening, waits=True))
    commit = acts("move", migrate, MOVED, inputs=(file("in"),), attempt=attempt, closes=True)
    check = acts("check", lambda run: copy(run), file("out"), attempt=attempt, after=("move",))
    moving.write("number", "1")
    moving.steps = [commit, check]
    assert moving.executed() == ["move", "check"]
    moving.write("new/package/a.py", "a = 2\n")  # the attempt is over, and work goes on
    moving.write("number", "2")
    moving.write("in", "2")
    assert moving.executed() == []
    approved.append("yes")
    assert moving.reasons("move")


def copy(run: Run) -> None:
    durable.create(run.path(file("out")), b"checked")


@pytest.mark.parametrize("mode", ["lost", "kept", "torn", "stopped", "ENOSPC", "EIO"])
def test_after_a_fault_at_any_call_everything_or_nothing_has_moved(quick_path, mode):
    def fresh(name: str) -> Workbench:
        (quick_path / name).mkdir()
        return filled(Workbench(quick_path / name))

    before = fresh("before").files()
    expected = fresh("expected")
    expected.run()
    for at in itertools.count(1):
        bench = fresh("again")
        engine = bench.engine()
        ending = contextlib.suppress(SealwrightError, OSError)
        with fault(at, mode) as faulty, ending, engine.running():
            engine.run("move", engine.reasons("move"))
        if faulty.count < at:
            break
        with bench.engine().running():  # which recovers, and does no more
            found = bench.files()
        assert found in (before, expected.files()), (mode, at)
        assert all(outcome.code == 0 for outcome in bench.run().values()), (mode, at)
        assert bench.files() == expected.files(), (mode, at)
        assert modes(bench) == modes(expected), (mode, at)
        durable.remove(bench.root)
    assert at > 40


def test_a_folder_that_nobody_may_write_to_is_removed(tmp_path):
    place = tmp_path / "old/inner"
    place.mkdir(parents=True)
    (place / "a").write_bytes(b"")
    for folder in (place, place.parent):
        folder.chmod(0o555)
    durable.remove(tmp_path / "old")
    assert os.listdir(tmp_path) == []
    shutil.rmtree(tmp_path)
