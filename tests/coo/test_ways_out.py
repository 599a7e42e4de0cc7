"""In the middle of an attempt: another Sealwright, a lost capture, a tree put back by hand."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest

import sealwright
from sealwright.contracts.coo import logging
from sealwright.contracts.coo.replay import ARTEFACTS, normalisation
from sealwright.contracts.coo.steps.requests import requested
from sealwright.engine import amends
from tests.support import migrations
from tests.support.example import Repository
from tests.support.migrations import KEPT, alone, engine, live, looked, machine
from tests.support.workbench import MEMORY


@pytest.fixture(scope="module")
def work():
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def stages(work):
    return migrations.stages(work, ("freeze", "migrate:commit", "gates:publish"))


@pytest.fixture
def root(request, stages, work):
    """A copy of the stage right before a step."""
    place = migrations.copied(stages[request.param].root, work / "repository")
    yield place
    shutil.rmtree(place)


def before(step):
    return pytest.mark.parametrize("root", [step], indirect=True, ids=[step])


# another Sealwright


@pytest.fixture(scope="module")
def upgrade(work):
    """The folder of another Sealwright, in which a step of the attempt does something else."""
    place = work / "lib"
    here = Path(sealwright.__file__).parent
    shutil.copytree(here, place / "sealwright", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("contracts/coo/amendment_engine.py", "contracts/coo/gates/suite.py"):
        with (place / "sealwright" / name).open("a") as file:
            file.write("# another\n")
    (place / "sealwright/__init__.py").write_text('"""Another."""\n\n__version__ = "9.9"\n')
    return str(place)


def said(done):
    assert done.code == 1 and "Traceback" not in done.said, done.said
    sentence = "with which attempt 1 was frozen, found 9.9 (code "
    (line,) = [line for line in done.said.splitlines() if sentence in line]
    assert line.strip().startswith(f"Sealwright: expected {sealwright.__version__} (code ")
    return line.partition("); ")[2]


@before("migrate:commit")
def test_an_attempt_is_gone_on_with_by_the_sealwright_that_froze_and_no_other(root, upgrade):
    repo = Repository(root)
    done = repo.doit(PYTHONPATH=upgrade)
    assert said(done) == "install that one again, or doit thaw"
    assert "nothing executed" in done.out and machine(root).state == "MIGRATION_SEQUENCE"
    assert said(repo.doit("verify", PYTHONPATH=upgrade)) == "install that one again, or doit thaw"
    assert repo.doit("migrate").code == 0  # by the one that froze
    assert machine(root).state == "GATES"


@before("migrate:commit")
def test_the_other_one_ends_the_attempt_and_begins_another(root, upgrade):
    repo = Repository(root)
    assert repo.doit("thaw", PYTHONPATH=upgrade).code == 0
    done = repo.doit("freeze", PYTHONPATH=upgrade)
    assert done.code == 0 and (machine(root).attempt, machine(root).frozen) == (2, True), done.said


@before("gates:publish")
def test_behind_the_commit_the_way_out_is_a_rollback(root, upgrade):
    done = Repository(root).doit(PYTHONPATH=upgrade)
    assert said(done) == 'install that one again, or inv rollback --reason "…"'
    assert machine(root).state == "GATES"


@before("migrate:commit")
def test_a_freeze_manifest_that_is_none_is_damage_in_a_sentence(root):
    place = root / "coo/manifests/freeze_manifest.json"
    place.unlink()
    place.write_text("{}\n")
    done = Repository(root).doit("-a", "amendments")
    assert done.code == 2 and "Traceback" not in done.said
    assert "freeze_manifest.json: expected sealwright/freeze/1, found another" in done.said


# a capture that is lost


def wanted(root):
    return requested(None, engine(root).world)


def lost(root):
    """Take the capture away as a person does who reads that it is damaged; return where it is."""
    (capture,) = (root / KEPT / "amu0").iterdir()
    (capture / "files/old/plan.py").write_text("other\n")
    outcome = alone(root, "amu0")
    assert outcome.code == 2 and "doit set-aside amu0" in outcome.message
    made = engine(root)
    with made.running():
        (kept,) = amends.set_aside(made, "amu0", "it is damaged")
    return capture, kept


def put_back(root, stage):
    """Put the tree back by hand, as it was before the freeze, but for its modes."""
    for name in ("coo/__init__.py", "coo/plan.py", "coo/deep", "tests", "setup.cfg"):
        place = root / name
        shutil.rmtree(place) if place.is_dir() else place.unlink()
    shutil.copytree(stage.root / "old", root / "old")
    shutil.copytree(stage.root / "tests", root / "tests")
    shutil.copy(stage.root / "setup.cfg", root / "setup.cfg")


@before("gates:publish")
def test_without_its_capture_a_migrated_tree_asks_for_no_rollback(root):
    capture, _ = lost(root)
    outcome = alone(root, "amu0")
    assert outcome.code == 1 and f"{capture}: expected a capture, found" in outcome.message
    assert "put everything back as it was frozen, and then doit thaw" in outcome.message
    assert wanted(root) is None and machine(root).state == "GATES"


@before("gates:publish")
def test_a_capture_that_is_brought_back_whole_leads_back(root, stages):
    capture, kept = lost(root)
    shutil.move(kept, capture)
    (capture / "files/old/plan.py").write_text(migrations.FILES["old/plan.py"])
    assert alone(root, "amu0").code == 1 and wanted(root) is not None
    (root / migrations.WORD).write_text(migrations.WORD)
    assert alone(root, "rollback").code == 0
    assert live(looked(root)) == live(stages["freeze"].before)


@before("gates:publish")
def test_a_tree_that_was_put_back_by_hand_is_thawed(root, stages):
    lost(root)
    put_back(root, stages["freeze"])
    (root / "old/plan.py").write_text("almost\n")
    outcome = alone(root, "thaw")
    assert outcome.code == 1 and "found another old/plan.py" in outcome.message
    (root / "old/plan.py").write_text(migrations.FILES["old/plan.py"])
    (root / "coo/more.py").write_text("")
    assert "found another coo/more.py" in alone(root, "thaw").message
    (root / "coo/more.py").unlink()
    assert alone(root, "thaw").code == 0 and machine(root).state == "ERROR"
    now, was = looked(root), stages["freeze"].before
    assert live(now) == live(was)
    assert {name: now[name][0] for name in live(was)} == {n: was[n][0] for n in live(was)}


# what the log says


@before("migrate:commit")
def test_the_log_says_what_was_done_with_the_database(root):
    rows = [line for line in logging.read(root / migrations.LOG)]
    done = [line["details"] for line in rows if line["event"] == "DB_TRANSACTION"]
    assert [each.pop("what") for each in done] == ["quiesced", "captured"]
    assert done[0] == done[1] and done[0]["path"] == "data/app.db"
    assert set(done[0]) == {"path", "rows", "sha256"}


# what is compared in a replay


@before("gates:publish")
def test_what_a_replay_compares_lies_where_the_document_says_until_it_is_compared(
    root, monkeypatch
):
    place, seen = root / "coo/manifests/normalized", []
    (place / "replay-0").mkdir(parents=True)  # a run was killed
    (place / "replay-0/mission_output.json").write_text("{}")
    clean = normalisation.clean

    def watched(folder):
        seen.append(sorted(str(each.relative_to(root)) for each in folder.rglob("*.json")))
        clean(folder)

    monkeypatch.setattr(normalisation, "clean", watched)
    assert migrations.run(root, "replay", forced=("replay",))["replay"].code == 0
    names = [f"replay-{n}/{name}.json" for n in (0, 1) for name in sorted(ARTEFACTS)]
    assert seen[1] == [f"coo/manifests/normalized/{name}" for name in names]
    assert not place.exists()


@before("gates:publish")
def test_what_others_put_there_is_kept_and_named_and_asks_for_no_rollback(root):
    place = root / "coo/manifests/normalized/notes.txt"
    place.parent.mkdir()
    place.write_text("mine")
    outcome = migrations.run(root, "replay", forced=("replay",))["replay"]
    assert outcome.code == 1 and "artefacts alone, found './notes.txt'" in outcome.message
    assert place.read_text() == "mine" and wanted(root) is None


# what was lost besides


@pytest.mark.parametrize("left", [None, b"{}\n", b"x"], ids=["gone", "another", "no JSON"])
@before("gates:publish")
def test_a_request_that_is_lost_is_made_anew_and_has_to_be_confirmed_anew(root, left, stages):
    migrations.ask_for_a_rollback(root)
    place = root / "coo/manifests/rollback_request.json"
    place.unlink()
    if left is not None:
        place.write_bytes(left)
    outcome = alone(root, "rollback")
    assert outcome.code == 1 and "rollback_request.json: expected the request" in outcome.message
    assert "it is made anew" in outcome.message
    assert "found one that was there before the request" in alone(root, "rollback").message
    (root / migrations.WORD).unlink()
    (root / "other").write_text(migrations.WORD)
    (root / "other").rename(root / migrations.WORD)
    assert alone(root, "rollback").code == 0
    assert live(looked(root)) == live(stages["freeze"].before)


@before("gates:publish")
def test_modes_whose_list_is_lost_are_given_back_by_the_rollback(root, stages):
    (root / KEPT / "modes.jsonl").unlink()
    outcome = alone(root, "gates:publish")
    assert outcome.code == 1 and 'or: inv rollback --reason "…"' in outcome.message
    migrations.ask_for_a_rollback(root)
    assert alone(root, "rollback").code == 0
    now, was = looked(root), stages["freeze"].before
    assert {name: now[name][0] for name in live(was)} == {n: was[n][0] for n in live(was)}


@before("migrate:commit")
def test_or_by_a_thaw_which_has_the_listing_of_the_freeze(root, stages):
    (root / KEPT / "modes.jsonl").unlink()
    outcome = alone(root, "migrate:commit")
    assert outcome.code == 1 and "modes.jsonl: expected a lock, found none; doit thaw" in (
        outcome.message
    )
    assert alone(root, "thaw").code == 0
    now, was = looked(root), stages["freeze"].before
    assert {name: now[name][0] for name in live(was)} == {n: was[n][0] for n in live(was)}
