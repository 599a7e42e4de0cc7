"""The table of blockers has the fifteen failures of the matrix, and each is whole."""

from __future__ import annotations

import pytest

from sealwright.contracts.workflow import blockers
from sealwright.contracts.workflow.terms import EVIDENCE
from sealwright.errors import Misconfigured

MATRIX = [
    *("no-diff", "approval-denied", "unowned-repository", "critical-repository"),
    *("disallowed-file", "dirty-starting-tree", "dirty-ending-tree", "failed-tests"),
    *("missing-test-command", "missing-required-event", "timeout", "provider-unavailable"),
    *("artifact-write-failure", "reviewer-reject", "missing-operator-outcome"),
]


def test_the_matrix_has_exactly_its_fifteen_fixtures():
    assert [each.fixture for each in blockers.MATRIX] == MATRIX and len(MATRIX) == 15


def test_what_is_known_of_the_matrix_is_so():
    no_diff = blockers.named("no-diff")
    assert (no_diff.reason, no_diff.event, no_diff.status) == (
        *("no_diff", "git.diff.checked", "fail"),
    )
    assert blockers.named("gate-closed").event == "backend.gate.blocked"
    assert blockers.named("approval-denied").event == "approval.denied"


@pytest.mark.parametrize("each", [*blockers.MATRIX, *blockers.OTHERS], ids=lambda b: b.fixture)
def test_every_row_is_whole(each):
    assert each.trigger and each.event.count(".") >= 1
    assert each.status in ("fail", "blocked") and each.exit == 1
    assert each.evidence and set(each.evidence) <= set(EVIDENCE.values())
    assert blockers.named(each.reason) is each


def test_no_reason_is_there_twice():
    assert len(blockers.REASONS) == len(blockers.MATRIX) + len(blockers.OTHERS)


def test_an_unknown_reason_is_misconfigured():
    with pytest.raises(Misconfigured, match="expected a reason"):
        blockers.named("bad_mood")


@pytest.mark.parametrize(
    ("reasons", "status", "code"),
    [
        ([], "pass", 0),
        (["approval-denied"], "blocked", 1),
        (["approval-denied", "no-diff"], "fail", 1),
    ],
)
def test_what_several_come_to(reasons, status, code):
    found = [blockers.objection(reason, "x", "y") for reason in reasons]
    assert (blockers.status(found), blockers.exit_code(found)) == (status, code)


def test_a_verdict_tells_every_objection_and_lists_the_reasons_once():
    found = [blockers.objection(r, "x", "y", "z") for r in ("no_diff", "timeout", "no_diff")]
    verdict = blockers.verdict(found)
    assert str(verdict).split("\n")[0] == "x: no_diff: y; z"
    assert len(verdict.findings) == 3 and verdict.evidence["blockers"] == ["no_diff", "timeout"]
    assert blockers.verdict([]).holds
