"""Gate D: the document's equality of snapshots, and a full pass."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from sealwright.contracts.coo.gates import suite
from sealwright.verdict import Finding

A, B = "a" * 64, "b" * 64


def snapshot() -> dict[str, Any]:
    return {
        "manifest_version": "1.0",
        "files": [{"path": "coo/a.py", "sha256": A}, {"path": "coo/b.py", "sha256": B}],
        "test_results": {"passed": 42, "failed": 0, "skipped": 1, "exit_code": 0},
    }


def told(first: Any, second: Any, compared=()) -> list[str]:
    return [str(each) for each in suite.judge(first, second, compared).findings]


def test_two_equal_snapshots_of_a_suite_that_passed_hold():
    verdict = suite.judge(snapshot(), snapshot())
    assert verdict.holds
    assert verdict.evidence["snapshot_1"] == verdict.evidence["snapshot_2"]


def test_the_order_of_the_files_is_none():
    other = snapshot()
    other["files"].reverse()
    verdict = suite.judge(snapshot(), other)
    assert verdict.holds and len(set(verdict.evidence.values())) == 1


def test_everything_that_differs_is_named():
    second = snapshot()
    second["files"][0]["sha256"] = B
    second["files"][1]["path"] = "coo/c.py"
    second["test_results"] |= {"passed": 41, "skipped": 2}
    assert told(snapshot(), second) == [
        f"coo/a.py: expected sha256:{A}, found sha256:{B}",
        "coo/b.py: expected to be in both snapshots, found only in Snapshot 1",
        "coo/c.py: expected to be in both snapshots, found only in Snapshot 2",
        "test_results: passed: expected 42, found 41",
        "test_results: skipped: expected 1, found 2",
    ]


@pytest.mark.parametrize(("key", "value"), [("failed", 1), ("exit_code", 5), ("passed", 0)])
def test_equal_snapshots_of_a_suite_that_did_not_pass_fail(key, value):
    both = snapshot()
    both["test_results"][key] = value
    (what,) = told(both, copy.deepcopy(both))
    assert what.startswith(f"Snapshot 2: {key}: expected")


def test_snapshots_of_no_files_are_none_of_a_package():
    both = snapshot() | {"files": []}
    assert told(both, both) == ["Snapshot 2: files: expected files of the package, found none"]


def test_what_a_comparison_test_by_test_found_is_found():
    more = Finding("tests/test_a.py::test_x", "passed before, failed after")
    assert told(snapshot(), snapshot(), [more]) == [str(more)]


@pytest.mark.parametrize(
    "change",
    {
        "a key too many": lambda s: s.update(extra=1),
        "a key too few": lambda s: s.pop("files"),
        "another version": lambda s: s.update(manifest_version="2.0"),
        "files that are none": lambda s: s.update(files={}),
        "a file that is none": lambda s: s["files"].append("x"),
        "a digest that is none": lambda s: s["files"][0].update(sha256="A" * 64),
        "a path twice": lambda s: s["files"].append(s["files"][0]),
        "a path that nothing can write": lambda s: s["files"][0].update(path="\ud800"),
        "a count that is none": lambda s: s["test_results"].update(passed=True),
        "a count too few": lambda s: s["test_results"].pop("failed"),
    }.values(),
)
def test_what_is_no_snapshot_is_no_equal_one(change):
    bad = snapshot()
    change(bad)
    assert len(told(bad, bad)) == 2
    assert told(snapshot(), bad)[0].startswith("Snapshot 2: expected a snapshot of form 1.0")


def test_what_is_no_object_at_all_is_none():
    assert told(None, snapshot()) == [
        "Snapshot 1: expected a snapshot of form 1.0, found no object"
    ]
