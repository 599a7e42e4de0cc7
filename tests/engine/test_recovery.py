"""A run that dies, or meets a full or broken disk, at any call that changes the file system.

The graph has every kind of output.  After the fault a run must end in the bytes of an
undisturbed run, nothing acknowledged may be lost, and no junk may stay.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import shutil

import pytest

from sealwright.engine import execution
from sealwright.errors import Refused, SealwrightError
from sealwright.ledger import Ledger
from tests.support.faults import PowerCut, fault
from tests.support.sweep import stride
from tests.support.workbench import Workbench, every_kind

JUNK = ("staging", "quarantine")


def undisturbed(bench: Workbench) -> dict[str, bytes]:
    bench.run()
    return bench.files()


def prepared(quick_path, name: str) -> Workbench:
    root = quick_path / name
    root.mkdir()
    bench = Workbench(root, every_kind())
    bench.write("in.txt", "hello world again")
    bench.write("state.txt", "before")
    return bench


def acknowledged(outcomes: dict[str, execution.Outcome]) -> set[str]:
    return {name for name, outcome in outcomes.items() if outcome.status in ("run", "restored")}


def disturbed(bench: Workbench, at: int, mode: str) -> tuple[bool, set[str]]:
    """Run with a fault; return whether it was reached, and which steps were reported done."""
    done: set[str] = set()
    engine = bench.engine()
    with fault(at, mode) as faulty, contextlib.suppress(SealwrightError, OSError), engine.running():
        for name in engine.graph.order:
            outcome = engine.run(name, engine.reasons(name)) if engine.reasons(name) else None
            if outcome and outcome.code:
                break
            done.add(name)
    return faulty.count >= at, done


FIRST = {"lost": 1, "kept": 1, "torn": 2, "stopped": 1, "ENOSPC": 2, "EIO": 1}


@pytest.mark.parametrize("mode", FIRST)
def test_after_a_fault_at_any_call_the_next_run_ends_where_an_undisturbed_one_does(
    quick_path, mode, record_property
):
    """Every other call in each mode: between two calls the process dies once, ``lost`` or ``kept``.

    ``python -m tests.faults calls`` takes them all.
    """
    expected = undisturbed(prepared(quick_path, "expected"))
    template = prepared(quick_path, "template")
    tried, apart = 0, stride(2)
    for at in itertools.count(min(FIRST[mode], apart), apart):
        root = quick_path / "again"
        shutil.copytree(template.root, root, symlinks=True)
        bench = Workbench(root, template.steps)
        reached, done = disturbed(bench, at, mode)
        if not reached:
            break
        tried += 1
        outcomes = bench.run()
        where = f"{mode} at call {at}"
        assert all(o.code == 0 for o in outcomes.values()), (where, outcomes, bench.notices)
        assert bench.files() == expected, where
        lost = done & acknowledged(outcomes)
        assert not lost, f"{where}: {lost} was acknowledged, and ran again"
        assert bench.executed() == [], where
        for name in JUNK:
            folder = root / ".sealwright" / name
            left = [p.name for p in folder.iterdir()] if folder.exists() else []
            assert all(p.startswith("journal-") for p in left), (where, left)
        engine = bench.engine()
        with engine.asking():
            assert list(engine.journal.entries()), where
        shutil.rmtree(root)
    record_property("states", tried)
    print(f"{mode}: {tried} states tried")
    assert tried > 150


def test_a_member_is_made_once_and_a_line_is_appended_once(quick_path):
    """The same fault table, for a run whose first step is done and whose last dies twice."""
    template = prepared(quick_path, "template")
    template.run("split", "pack")
    for at in itertools.count(1):
        root = quick_path / "again"
        shutil.copytree(template.root, root, symlinks=True)
        bench = Workbench(root, template.steps)
        reached, _ = disturbed(bench, at, "kept")
        disturbed(bench, at // 2 + 1, "lost")
        bench.run()
        assert len(list((root / "packs").glob("pack-*"))) == 1
        lines = [entry.record for entry in Ledger(root / "ledger/feed.jsonl").entries()]
        assert [line["event"] for line in lines] == ["packed", "done"], at
        shutil.rmtree(root)
        if not reached:
            return


@pytest.mark.parametrize("mode", ["ENOSPC", "EIO"])
def test_a_state_that_cannot_be_kept_refuses_the_run_in_a_sentence(full, mode):
    with fault(1, mode), pytest.raises(Refused, match="expected to keep what a run does, found"):
        full.run()
    with full.engine().running():
        pass
    assert full.executed() == ["upper", "split", "pack", "say", "move"]


def test_a_folder_that_is_to_ignore_itself_is_never_seen_half_made(quick_path):
    """Else a killed run would leave an untracked file, and a guard of a clean tree says no."""
    template = prepared(quick_path, "template")
    own = {"packs", "ledger"}
    for at in itertools.count(1):
        root = quick_path / "again"
        shutil.copytree(template.root, root)
        bench = Workbench(root, template.steps)
        reached, _ = disturbed(bench, at, "lost")
        seen = {path.name for path in root.iterdir()} - {"in.txt", "out", "state.txt"}
        assert seen <= {*own, ".sealwright", "..sealwright.tmp"}, at
        assert all((root / name / ".gitignore").exists() for name in seen & own), at
        shutil.rmtree(root)
        if not reached:
            return


def test_a_step_that_was_interrupted_is_said_so_and_in_the_journal(full):
    with fault(60, "lost"), full.engine().running():
        raise PowerCut
    reached, _ = disturbed(full, 40, "lost")
    assert reached
    full.run()
    assert any("interrupted" in notice or "finished" in notice for notice in full.notices)
    journal = (full.root / ".sealwright/journal.jsonl").read_text().splitlines()
    statuses = [json.loads(line)["status"] for line in journal]
    assert statuses.count("started") == len(statuses) - statuses.count("started")


def test_a_ledger_continued_by_somebody_else_after_the_crash_keeps_both(quick_path):
    """The lines of a committed step no longer fit: the step runs again after the other's line."""
    for at in itertools.count(1):
        bench = prepared(quick_path, f"r{at}")
        bench.run("split", "pack")
        reached, _ = disturbed(bench, at, "lost")
        feed = Ledger(bench.root / "ledger/feed.jsonl")
        intents = list((bench.root / ".sealwright/staging").glob("*/intent.json"))
        mine = any("packed" in path.read_text() for path in intents)
        if mine and not list(feed.entries()):
            feed.append([{"event": "by somebody else"}])
            bench.run()
            events = [entry.record["event"] for entry in feed.entries()]
            assert events == ["by somebody else", "packed", "done"]
            assert bench.executed() == []
            return
        assert reached, "no crash between the intent and the append was found"
        shutil.rmtree(bench.root)
