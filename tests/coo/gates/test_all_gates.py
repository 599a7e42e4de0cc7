"""All six gates of one small repository: they pass, and a fault in each is found by that one."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from sealwright import process
from sealwright.contracts.coo.gates import (
    governance,
    modules,
    record,
    replaying,
    sandbox,
    suite,
    unification,
)
from sealwright.contracts.coo.gates.module_settings import Module
from sealwright.contracts.coo.gates.results import GateResults
from sealwright.contracts.coo.gates.waivers import GATES, Waiver
from sealwright.contracts.coo.manifests.sandbox import Waived
from sealwright.digest import sha256
from sealwright.paths import RelPath
from sealwright.verdict import Verdict, refusal
from tests.coo.scans import LEAKS, LINT, put

FILES = {
    "coo/__init__.py": "",
    "coo/plan.py": "print(sorted({'a', 'b'}))\n",
    "coo/runtime/gates.py": "from coo import plan\n",
    "tests/test_plan.py": "from coo import plan\n\n\ndef test_plan():\n    assert plan\n",
}
RECORDED = b"WAIVED no foreign code runs\n"


class Repository:
    """A migrated repository, and what was recorded of it."""

    def __init__(self, top: Path, order=1) -> None:
        self.tree, self.work = top / "tree", top / "work"
        for name in list(FILES)[::order]:
            put(self.tree, {name: FILES[name]})
        self.recorded = RECORDED
        self.results = {"passed": 1, "failed": 0, "skipped": 0, "exit_code": 0}
        self.replayed = Verdict((), {"artefacts": {"scanner_report.json": str(sha256(b""))}})

    def snapshot(self) -> dict[str, object]:
        files = [
            {"path": name, "sha256": sha256(data.encode()).removeprefix("sha256:")}
            for name, data in FILES.items()
            if name.startswith("coo/")
        ]
        passed = {"passed": 1, "failed": 0, "skipped": 0, "exit_code": 0}
        return {"manifest_version": "1.0", "files": files, "test_results": passed}

    def modules(self) -> Verdict:
        self.work.mkdir()
        plan = Module("plan", ("python", "-m", "coo.plan"))
        python, weaker = Path(sys.executable), not process.isolated()
        return modules.judge(
            self.tree, modules.Wish((plan,), python=python, weaker=weaker), self.work
        )

    def judged(self, waivers=()) -> GateResults:
        wish = unification.Wish("project_builder", "coo", structure=(RelPath("runtime/gates.py"),))
        second = {**self.snapshot(), "test_results": self.results}
        asks = {
            "A": lambda: unification.judge(self.tree, wish),
            "B": self.modules,
            "C": lambda: sandbox.judge(Waived("no foreign code runs"), self.recorded),
            "D": lambda: suite.judge(self.snapshot(), second),
            "E": lambda: governance.judge(*governance.reports(self.tree, LEAKS, LINT)),
            "F": lambda: replaying.judge(self.replayed),
        }
        names = {self.tree: "{repo}", self.work: "{work}"}
        return GateResults(record.judge_all(asks, waivers, names))


def test_a_migrated_repository_passes_every_gate_with_its_waiver_shown(tmp_path):
    told = Repository(tmp_path).judged()
    assert [result.status for result in told.results] == ["PASS"] * 2 + ["WAIVED"] + ["PASS"] * 3
    assert told.status == "PASS" and told.verdict().holds


def test_the_results_have_the_same_bytes_elsewhere_made_in_another_order(tmp_path, monkeypatch):
    first = Repository(tmp_path / "one").judged().to_bytes()
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    other = Repository(tmp_path / "an other" / "place", order=-1).judged().to_bytes()
    assert first == other
    assert str(tmp_path).encode() not in first


def legacy_import(here: Repository) -> None:
    put(here.tree, {"tests/test_plan.py": "import project_builder\n"})


def unstable(here: Repository) -> None:
    put(here.tree, {"coo/plan.py": "print({'a', 'b', 'c', 'd', 'e'})\n"})


def rebuilt(here: Repository) -> None:
    here.recorded = b"sha256:" + b"0" * 64 + b"\n"


def failing(here: Repository) -> None:
    here.results["failed"] = 1


def leaking(here: Repository) -> None:
    put(here.tree, {"coo/runtime/gates.py": "# The agent approves the release.\n"})


def diverging(here: Repository) -> None:
    here.replayed = refusal("mission_output.json: $.time", "expected 1, found 2")


FAULTS = dict(
    zip(GATES, (legacy_import, unstable, rebuilt, failing, leaking, diverging), strict=True)
)


@pytest.mark.parametrize("gate", GATES)
def test_a_fault_planted_in_a_gate_fails_that_gate_stops_the_rest_and_asks_for_a_rollback(
    tmp_path, gate
):
    here = Repository(tmp_path)
    FAULTS[gate](here)
    told = here.judged()
    failed = {result.gate: result.status for result in told.results}
    place = GATES.index(gate)
    assert failed[gate] == "FAIL"
    assert all(failed[before] in ("PASS", "WAIVED") for before in GATES[:place])
    assert all(failed[after] == "NOT_RUN" for after in GATES[place + 1 :])
    assert (told.status, told.advice) == ("FAIL", "doit rollback")
    assert str(tmp_path).encode() not in told.to_bytes()


@pytest.mark.parametrize("gate", GATES)
def test_a_waiver_of_that_gate_lets_the_rest_be_judged_and_keeps_what_was_found(tmp_path, gate):
    here = Repository(tmp_path)
    FAULTS[gate](here)
    told = here.judged([Waiver(gate, "known", "J. Doe")])
    result = told.results[GATES.index(gate)]
    assert told.status == "PASS" and gate in told.waived
    assert result.status == "WAIVED" and result.findings
