"""A command imports only what the steps that it asks about need: no act's machinery."""

from __future__ import annotations

import importlib.util
import re
import sys

import pytest

from sealwright.contracts.coo import contract
from sealwright.document import parse
from tests.coo.test_chain import CONFIG, FILES
from tests.support.example import Repository, make
from tests.support.governed import configure
from tests.support.workbench import Workbench

COO = "sealwright.contracts.coo"
LIGHT = {
    *("checkpoint", "steps.requests"),
    *("gates", "gates.module_settings", "gates.record", "gates.results", "gates.waivers"),
    *("inventory", "linting", "linting.lint_rules", "logging", "migration"),
    *("manifests", "manifests.places", "manifests.settled_files", "manifests.toolchain"),
    *("manifests.tools",),
    *(
        "migration.carrying",
        "migration.grounds",
        "migration.last_commit",
        "outputs",
        "outputs.documents",
    ),
    *("rollback", "rollback.confirmation", "scanning", "scanning.leak_rules"),
    *("scanning.phrases", "scanning.scanned_files", "scanning.scanned_text", "settings"),
    *("state_machine", "steps", "steps.course", "steps.documents", "steps.facts"),
    *("steps.freezing", "steps.frozen", "steps.gating", "steps.ground", "steps.migrating"),
    *("steps.capture", "steps.handover", "steps.moving", "steps.publishing", "steps.release"),
}
MACHINE = {"manifests.hardware", "manifests.mounts", "manifests.processors"}  # for its fact
HEAVY = {"psutil", "tomllib", "ssl", "sealwright.oci", "sealwright.archive"}
_IMPORTED = re.compile(r"^import time: .*\| +(\S+)$", re.MULTILINE)


@pytest.fixture(scope="module")
def repo(tmp_path_factory) -> Repository:
    made = make(tmp_path_factory.mktemp("imports") / "repository", FILES, ["coo"])
    configure(made, {old: new for old, new in CONFIG.items() if "amendments" not in old})
    made.commit()
    return made


def imported(repo, *words):
    done = repo.run(sys.executable, "-X", "importtime", "-m", "doit", *words)
    assert done.code == 0, done.said
    return set(_IMPORTED.findall(done.err))


def parts(names):
    return {name.removeprefix(f"{COO}.") for name in names if name.startswith(f"{COO}.")}


def test_a_list_and_a_plan_import_what_states_the_steps_and_reads_their_facts(repo):
    for words in (["list"], ["plan"], ["list", "gates:A"]):
        names = imported(repo, *words)
        assert parts(names) <= LIGHT | MACHINE
        assert not names & HEAVY


def test_a_run_with_nothing_stale_imports_no_act(repo):
    asked = ["manifests", "amendments", "lint", "scan"]
    first = parts(imported(repo, *asked))
    assert {"lint_engine", "governance_leak_scanner", "manifests.sandbox"} <= first
    names = imported(repo, *asked)
    assert parts(names) <= LIGHT | MACHINE
    assert not names & HEAVY


def test_a_repository_with_nothing_to_migrate_imports_no_step(tmp_path):
    bare = make(tmp_path / "repository", {"a": "b"}, ["coo"])
    assert not {name for name in parts(imported(bare, "list")) if name.startswith("steps")}


def test_every_step_names_the_modules_that_its_act_imports_and_they_are_there(tmp_path):
    bench = Workbench(tmp_path)
    with parse(b"legacy: old\nmigration_bundle: {implementation_pack: a.md}\n", "c") as table:
        steps = contract(bench.engine().world, table).steps
    for step in steps:
        assert step.code, step.name
        assert all(importlib.util.find_spec(name) for name in step.code)
