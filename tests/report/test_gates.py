"""Gate results are told as they were recorded, and believed only as a whole."""

from __future__ import annotations

import pytest

from sealwright import digest, document
from sealwright.clock import Instant
from sealwright.contracts.coo import logging
from sealwright.contracts.coo.gates.record import Result
from sealwright.contracts.coo.settings import FILE, Settings
from sealwright.contracts.coo.state_machine import LINE, Machine
from sealwright.contracts.coo.steps import gating, ground
from sealwright.contracts.coo.steps.course import Course
from sealwright.ledger import Ledger
from sealwright.report import gates
from sealwright.runtime import canonical
from sealwright.step import World
from sealwright.verdict import Finding
from tests.report.scenes import RESULTS

START = Instant(1735689600)


def written(folder, data):
    path = folder / gates.FILE
    path.write_bytes(data)
    return gates.read(path)


def test_without_a_file_no_gate_was_run(tmp_path):
    results = gates.read(tmp_path / gates.FILE)
    assert results.problem == results.advice == ""
    told = {gate["gate"]: gate["status"] for gate in results.gates}
    assert told == dict.fromkeys("ABCDEF", "NOT_RUN")


def test_results_are_told_with_findings_waivers_evidence_and_advice(tmp_path):
    results = written(tmp_path, RESULTS.to_bytes())
    assert (results.problem, results.advice) == ("", "doit rollback")
    found = {gate["gate"]: gate for gate in results.gates}
    told = {name: gate["status"] for name, gate in found.items()}
    expected = {"A": "PASS", "B": "PASS", "C": "WAIVED", "D": "FAIL"}
    assert told == expected | {"E": "NOT_RUN", "F": "NOT_RUN"}
    assert found["C"]["waiver"] == {"name": "E. Xample", "reason": "no image is built here"}
    assert found["C"]["findings"][0]["what"] == "expected an image, found none"
    assert found["D"]["findings"][0]["remedy"] == "doit rollback"
    assert found["B"]["evidence"] == [["modules", "2"], ["tree", f"sha256:{'0' * 64}"]]


def test_evidence_that_is_very_long_is_cut(tmp_path):
    long = gates.Result("A", "PASS", evidence={f"e{n:03}": "x" * 10_000 for n in range(100)})
    (gate, *_) = written(tmp_path, gates.results.GateResults((long,)).to_bytes()).gates
    assert len(gate["evidence"]) == gates.MOST
    assert {len(words) for _, words in gate["evidence"]} == {2001}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}\n",
        b"[]\n",
        RESULTS.to_bytes().rstrip(b"\n"),
        RESULTS.to_bytes().replace(b'"status":"FAIL"', b'"status":"PASS"', 1),
        RESULTS.to_bytes().replace(b'"gate":"A"', b'"gate":"G"'),
        canonical.line({"gates": []}),
    ],
)
def test_a_file_that_says_something_else_is_a_problem_and_no_gate_counts(tmp_path, data):
    results = written(tmp_path, data)
    assert gates.FILE in results.problem and results.problem.endswith("; doit gates")
    assert {gate["status"] for gate in results.gates} == {"NOT_RUN"}


class Attempt:
    """An attempt that the log says to be in a state, with the results of some gates."""

    def __init__(self, root):
        self.world = World(root=root, state=root / ".sealwright", now=START, environment={})
        (root / "config").mkdir()
        (root / FILE).write_text("legacy: old\n")
        with document.load(root / FILE, name=FILE) as table:
            self.settings = Settings.read(table)
        self.course = Course(self.settings, self.world, live=True)
        self.log = Ledger(self.world.place(ground.log(self.world)))
        self.log.path.parent.mkdir(parents=True)
        self.machine = Machine()
        self.moves(self.machine.begin(*LINE[1 : LINE.index("GATES") + 1]))

    def says(self, event, **details):
        about = logging.Context(digest.sha256(b"configuration"), None)
        self.log.append([logging.entry(event, details, about)])

    def moves(self, lines):
        for line in lines:
            self.says(logging.TRANSITION, **line)

    def judges(self, result, place=None):
        place = self.world.place(place or gating.kept(self.course, result.gate).path)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(gates.results.one(result))

    def passes(self, gate):
        self.judges(Result(gate, "PASS", evidence={"modules": 2}))
        self.says("GATE_RESULT", step=f"gates:{gate}")

    def told(self):
        made = gates.told(self.settings, self.world)
        return made, {gate["gate"]: gate["status"] for gate in made.gates}


@pytest.fixture
def attempt(tmp_path):
    return Attempt(tmp_path)


def test_an_attempt_shows_what_its_gates_found_before_that_is_published(attempt):
    attempt.passes("A")
    attempt.passes("B")
    made, told = attempt.told()
    assert told == {"A": "PASS", "B": "PASS", **dict.fromkeys("CDEF", "NOT_RUN")}
    assert made.path == ".sealwright/contracts/coo/migrate/gates"
    assert made.gates[0]["evidence"] == [["modules", "2"]]
    assert (made.problem, made.advice) == ("", "")


def test_a_gate_that_failed_is_shown_with_the_way_back(attempt):
    attempt.passes("A")
    failed = Result("B", "FAIL", (Finding("old", "is still imported"),))
    attempt.judges(failed, attempt.world.report("coo/gate_B.failed.json"))
    assert attempt.told()[1]["B"] == "NOT_RUN"  # left by an attempt that was taken back
    attempt.says("ROLLBACK", requested="gates:B: old: is still imported")
    made, told = attempt.told()
    assert (told["A"], told["B"], made.advice) == ("PASS", "FAIL", "doit rollback")
    assert made.gates[1]["findings"][0]["what"] == "is still imported"


def test_what_was_judged_before_a_rollback_counts_no_more(attempt):
    attempt.passes("A")
    attempt.moves(attempt.machine.go("CAPTURE_AMU0"))
    assert attempt.told()[1]["A"] == "NOT_RUN"
    attempt.moves(attempt.machine.go("MIGRATION_SEQUENCE", "GATES"))
    assert attempt.told()[1]["A"] == "NOT_RUN"
    attempt.passes("A")
    assert attempt.told()[1]["A"] == "PASS"


def test_a_result_that_was_changed_is_a_problem_and_no_gate_counts(attempt):
    attempt.passes("A")
    place = attempt.world.place(gating.kept(attempt.course, "A").path)
    place.write_bytes(place.read_bytes().replace(b"PASS", b"GOOD"))
    made, told = attempt.told()
    assert "expected the result of a gate" in made.problem
    assert set(told.values()) == {"NOT_RUN"}


def test_an_attempt_that_is_over_shows_what_was_published(attempt):
    attempt.passes("A")
    attempt.moves(attempt.machine.go("CEO_FINAL_REVIEW", "COMPLETE"))
    manifests = attempt.world.root / attempt.settings.manifests
    manifests.mkdir(parents=True)
    (manifests / gates.FILE).write_bytes(RESULTS.to_bytes())
    made, told = attempt.told()
    assert made.path == f"{attempt.settings.manifests}/{gates.FILE}"
    assert (told["C"], told["D"]) == ("WAIVED", "FAIL")
