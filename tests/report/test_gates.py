"""Gate results are told as they were recorded, and believed only as a whole."""

from __future__ import annotations

import pytest

from sealwright.report import gates
from sealwright.runtime import canonical
from tests.report.scenes import RESULTS


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
