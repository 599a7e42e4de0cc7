"""Killed anywhere, or without room: the next run ends where an undisturbed one does.

A spread of what ``make faults`` sweeps, and what was found by it.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from sealwright import process
from sealwright.contracts.coo import checkpoint
from sealwright.contracts.coo.freeze import read_only
from sealwright.contracts.coo.steps import moving, requests
from sealwright.durable import remove
from sealwright.process import Stopping
from tests.support import migrations
from tests.support.faults import fault
from tests.support.migration_faults import Disturbance
from tests.support.migrations import KEPT, STEPS, WORD, machine
from tests.support.sweep import Tally, swept
from tests.support.workbench import MEMORY


@pytest.fixture(scope="module")
def work():
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def stages(work):
    return migrations.stages(work)


@pytest.fixture
def root(request, stages, work):
    """A copy of the stage right before a step."""
    place = migrations.copied(stages[request.param].root, work / "repository")
    yield place
    remove(place)


def before(step):
    return pytest.mark.parametrize("root", [step], indirect=True, ids=[step])


@pytest.mark.parametrize("step", STEPS)
def test_after_a_fault_at_a_write_the_next_run_ends_where_an_undisturbed_one_does(
    step, stages, work
):
    plan = Disturbance(stages[step], work)
    tally = Tally(step).add(swept(plan.some(2), plan))
    assert not tally.complaints, str(tally)
    assert tally.states


@before("freeze")
def test_a_mode_that_is_lost_would_be_seen(root, stages, work):
    plan = Disturbance(stages["freeze"], work)
    assert not list(plan.lost_modes(root))
    (root / "setup.cfg").chmod(0o400)
    (said,) = plan.lost_modes(root)
    assert said.startswith("setup.cfg: has the mode") and said.endswith("and none is kept")


def test_half_a_tree_would_be_seen(stages, work, monkeypatch):
    real = migrations.recovered

    def halved(root):
        real(root)
        (root / "old/plan.py").unlink(missing_ok=True)

    monkeypatch.setattr(migrations, "recovered", halved)
    _, said = Disturbance(stages["migrate:commit"], work)((20, "lost"))
    assert any("half a tree" in each for each in said)


def requested(root):
    return requests.requested(None, migrations.engine(root).world)


@before("migrate:commit")
def test_a_full_disk_and_a_stop_ask_for_no_rollback(root, monkeypatch):
    with fault(30, "ENOSPC"):
        outcome = migrations.alone(root, "migrate:commit")
    assert outcome.code == 1 and "No space left" in outcome.message
    assert requested(root) is None

    def stopped(*_):
        monkeypatch.setattr(process, "stopping", lambda: True)
        raise Stopping("sleep: the run is being stopped")

    monkeypatch.setattr(moving, "packages", stopped)
    assert migrations.alone(root, "migrate:commit").code == 1
    monkeypatch.undo()
    assert requested(root) is None
    assert migrations.run(root, "migrate:commit")["migrate:commit"].code == 0


@before("migrate:commit")
def test_what_is_wrong_with_the_migration_asks_for_one(root, monkeypatch):
    def broken(*_):
        raise ValueError("a bug")

    monkeypatch.setattr(moving, "packages", broken)
    with pytest.raises(ValueError, match="a bug"):
        migrations.alone(root, "migrate:commit")
    assert requested(root) == "migrate:commit: a bug"


@before("migrate:commit")
def test_a_capture_that_is_made_anew_before_the_commit_leads_nowhere_back(root):
    outcomes = migrations.run(root, "migrate:commit", forced=("amu0",))
    assert all(outcome.code == 0 for outcome in outcomes.values()), outcomes
    assert machine(root).state == "GATES"
    told = (root / KEPT / checkpoint.file_name(checkpoint.CAPTURE)).read_bytes()
    assert checkpoint.verify(told, root / KEPT / "log.jsonl").holds


@pytest.mark.parametrize("forced", ["freeze", "amu0"])
@before("gates:publish")
def test_what_a_migrated_tree_rests_on_is_not_made_anew_and_the_way_back_stays_open(
    root, forced, stages
):
    outcome = migrations.run(root, "gates:publish", forced=(forced,))[forced]
    said = f"{forced}: expected a tree that is not migrated, found one"
    assert outcome.code == 1 and said in outcome.message
    assert machine(root).state == "GATES" and requested(root) == said
    (root / WORD).write_text(WORD)
    assert migrations.alone(root, "rollback").code == 0
    assert machine(root).state == "ERROR"
    was = migrations.live(stages["freeze"].before)
    assert migrations.live(migrations.looked(root)) == was


@before("migrate:commit")
def test_a_freeze_is_not_made_anew_while_it_lasts_and_a_thaw_ends_it(root, stages):
    outcome = migrations.run(root, "freeze", forced=("freeze",))["freeze"]
    assert outcome.code == 1 and "doit thaw ends the attempt" in outcome.message
    assert machine(root).state == "MIGRATION_SEQUENCE"
    assert migrations.run(root, "thaw")["thaw"].code == 0
    now, was = migrations.looked(root), stages["freeze"].before
    assert {name: now[name] for name in was if not name.startswith(".")} == {
        name: look for name, look in was.items() if not name.startswith(".")
    }


@pytest.mark.parametrize("forced", ["amendments", "thaw"])
@before("gates:publish")
def test_nothing_else_ends_the_attempt_of_a_migrated_tree(root, forced):
    outcome = migrations.run(root, forced, forced=(forced,))[forced]
    assert outcome.code == 1 and "inv rollback goes back" in outcome.message
    assert machine(root).state == "GATES"


@before("amu0")
def test_a_run_that_is_resumed_on_another_day_compares_like_with_like(root, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1893456000")
    assert all(o.code == 0 for o in migrations.run(root, "migrate:snapshot1").values())


@before("gates:publish")
def test_a_thaw_that_was_cut_off_before_the_end_is_finished_by_the_next_run(root, stages):
    read_only.unlock(root, root / KEPT / "modes.jsonl")
    assert machine(root).state == "GATES"
    assert migrations.run(root, "gates:publish")["gates:publish"].code == 0
    assert migrations.looked(root) == stages["gates:publish"].after
