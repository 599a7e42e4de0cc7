"""A small migration, at the moments right before the steps that must survive a fault.

`Stages` makes a repository with a package, a database and a test, and takes it in this process from
INIT to COMPLETE, keeping a copy right before each step of `STEPS`; `Stage.copied` gives a fresh
one.  `looked` is all that a migration leaves behind, with modes: the live tree, and what the
runtime keeps in the state folder (log, captures, modes, listings), but no receipts, which have
clocks.  `run` is what a person's next ``doit`` does: the step with all that comes before it.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from sealwright import durable
from sealwright.contracts.coo import logging
from sealwright.contracts.coo.settings import FILE, Settings
from sealwright.contracts.coo.state_machine import Machine
from sealwright.contracts.coo.steps.requests import request
from sealwright.document import load
from sealwright.engine import settings
from sealwright.engine.course import Course, Steps
from sealwright.engine.crew import Crew
from sealwright.engine.engine import Engine
from sealwright.engine.execution import Outcome
from sealwright.engine.schedule import Schedule
from tests.support.example import START, make
from tests.support.workbench import Told

STEPS = ("freeze", "amu0", "migrate:commit", "gates:publish", "rollback")
KEPT = ".sealwright/contracts/coo"
LOG = f"{KEPT}/log.jsonl"
WORD = "CONFIRM_ROLLBACK"
CHARTER = """# Charter

This document is subordinate to the constitution. It defines only mechanical behaviour.
Execution is deterministic.
"""
FILES = {
    "old/__init__.py": "from old.plan import build\n",
    "old/plan.py": "def build(text):\n    return text.upper()\n",
    "old/deep/__init__.py": "",
    "tests/__init__.py": "",
    "tests/test_it.py": (
        "import unittest\n\nimport old\n\n\nclass It(unittest.TestCase):\n"
        "    def test_it(self):\n        self.assertEqual(old.build('a'), 'A')\n"
    ),
    "docs/01_governance/charter.md": CHARTER,
    "setup.cfg": "[options]\npackages = old\n",
}
CONFIG = {
    'legacy: ""': "legacy: old",
    "governed: []": "governed: [docs/01_governance]",
    "# approvals: {keys: [FINGERPRINT], public: config/approvers.asc}": (
        "approvals: {waived: nobody is asked in a test}"
    ),
    "test_command: [python, -m, pytest, -q]": "test_command: [python, -m, unittest]",
    "stop_writers: false": "stop_writers: false\ndatabase: data/app.db",
}
MODES = {"old/plan.py": 0o600, "old/deep": 0o775, "tests/test_it.py": 0o755, "docs": 0o700}
Look = Mapping[str, tuple[int, bytes]]


def prepare(root: Path) -> None:
    """Make the repository."""
    repo = make(root, FILES, ["coo"])
    text = (root / FILE).read_text()
    for old, new in CONFIG.items():
        assert old in text, old
        text = text.replace(old, new)
    repo.write(FILE, text)
    (root / "data").mkdir()
    database = sqlite3.connect(root / "data/app.db")
    database.executescript("create table t (a); insert into t values ('kept');")
    database.close()
    repo.commit()
    for path, mode in MODES.items():
        (root / path).chmod(mode)


def engine(root: Path) -> Engine:
    """Return the engine of a repository, as ``doit`` loads it."""
    environment = {"PATH": os.environ["PATH"], "SOURCE_DATE_EPOCH": str(START)}
    return settings.load(root, environment).engine()


def run(root: Path, *names: str, forced: Collection[str] = ()) -> dict[str, Outcome]:
    """Run ``names`` and what comes before them."""
    made, told = engine(root), Told()
    with made.running():
        course = Course(made, told, forced=forced)
        Crew(1, {}).run(Steps(course, Schedule(made.graph, made.graph.upstream(names))))
    return told.outcomes


def alone(root: Path, name: str) -> Outcome | None:
    """Run one step, if it is to run."""
    made = engine(root)
    with made.running():
        reasons = made.reasons(name)
        return made.run(name, reasons) if reasons else None


def recovered(root: Path) -> None:
    """Begin a run, which ends or undoes what a killed one left, and run nothing."""
    with engine(root).running():
        pass


def ask_for_a_rollback(root: Path) -> None:
    """Ask for a rollback as a gate that failed does, and confirm it as a person does."""
    world = engine(root).world
    with load(root / FILE, name=FILE) as table:
        wish = Settings.read(table)
    assert wish is not None
    request(wish, world, "gates:A: a test asks for it")
    (root / WORD).write_text(WORD)


def machine(root: Path) -> Machine:
    """Return where the log says that the attempt is."""
    return logging.machine(root / LOG)


def looked(root: Path) -> Look:
    """Return mode and bytes of everything that a migration leaves behind; of a folder, its mode."""
    found = dict(_below(root, root, {".git", ".sealwright", "__pycache__"}))
    return found | dict(_below(root, root / KEPT, set()))


def live(look: Look) -> dict[str, bytes]:
    """Return the files that a migration moves, whatever their modes are."""
    moved = ("old/", "coo/", "tests/", "docs/", "data/", "setup.cfg")
    return {
        name: data
        for name, (mode, data) in look.items()
        if name.startswith(moved) and stat.S_ISREG(mode) and not name.startswith("coo/manifests/")
    }


def _below(root: Path, top: Path, without: set[str]) -> list[tuple[str, tuple[int, bytes]]]:
    found = []
    for folder, folders, names in os.walk(top):
        folders[:] = sorted(name for name in folders if name not in without)
        for name in (*folders, *names):
            place = Path(folder, name)
            mode = place.lstat().st_mode
            data = place.read_bytes() if stat.S_ISREG(mode) else b""
            found.append((str(place.relative_to(root)), (mode, data)))
    return found


def copied(root: Path, place: Path) -> Path:
    """Return a copy of a repository in the new folder ``place``, with its modes."""
    durable.remove(place)
    shutil.copytree(root, place, symlinks=True)
    return place


@dataclass(frozen=True, slots=True)
class Stage:
    """A repository right before a step, and what it is after the step, undisturbed."""

    step: str
    root: Path
    before: Look
    after: Look


def stages(work: Path, wanted: tuple[str, ...] = STEPS) -> dict[str, Stage]:
    """Make all stages below ``work``: one way to COMPLETE, and a rollback from behind the commit.

    ``amendments`` is asked for by name, as plain ``doit`` does, since nothing comes after it.
    """
    root, made = work / "way", {}
    prepare(root)
    _well(run(root, "manifests:tools", "amendments", "lint", "scan", "suite"))
    for name in STEPS[:-1]:
        graph = engine(root).graph
        _well(run(root, *(before for before in graph.upstream([name]) if before != name)))
        if name in wanted:
            made[name] = _stage(work, name, root)
        _well(run(root, name))
        if name == "migrate:commit" and STEPS[-1] in wanted:
            failed = copied(root, work / "failed")
            ask_for_a_rollback(failed)
            made[STEPS[-1]] = _stage(work, STEPS[-1], failed)
        if not set(wanted) - made.keys():
            break
    return made


def _stage(work: Path, name: str, root: Path) -> Stage:
    short = name.replace(":", "-")
    kept = copied(root, work / f"before-{short}")
    done = copied(root, work / f"after-{short}")
    _well(run(done, name))
    return Stage(name, kept, looked(kept), looked(done))


def _well(outcomes: Mapping[str, Outcome]) -> None:
    wrong = [outcome for outcome in outcomes.values() if outcome.code]
    assert not wrong, wrong
