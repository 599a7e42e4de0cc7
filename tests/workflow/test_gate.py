"""The gate is closed until every variable is as the packet has it, and stages come in order."""

from __future__ import annotations

import pytest

from sealwright import digest
from sealwright.contracts.workflow import gate
from sealwright.contracts.workflow.gate import NAMES
from sealwright.errors import Damaged, Refused
from sealwright.ledger import Ledger
from tests.workflow.packets import ADMISSION, parsed
from tests.workflow.worlds import reasons

OPEN = dict(zip(NAMES, ("1", "5", ADMISSION, "outcomes"), strict=True))
BEFORE = (1, 2, 3, 4)
EVIDENCE = digest.sha256(b"")


def closed(tmp_path, environment, stages=BEFORE, **more):
    return gate.check(environment, parsed(), tmp_path, stages, **more)


def test_it_opens_for_exactly_the_variables_of_the_packet(tmp_path):
    assert closed(tmp_path, OPEN) == ()


def test_by_default_it_is_closed_and_says_what_would_open_it(tmp_path):
    found = closed(tmp_path, {})
    assert reasons(found) == ["gate_closed"] and [each.where for each in found] == list(NAMES)
    assert "export CTO_HARNESS_ALLOW_CASE=1" in str(found[0].finding())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((NAMES[0], value) for value in ("", "0", "true", "1 ", "01")),
        *((NAMES[1], value) for value in ("", "4", "6", "5.0", " 5")),
        *((NAMES[2], value) for value in ("", "admissions/other.json", "/etc/passwd")),
        *((NAMES[3], value) for value in ("", "accept", "reject", "file")),
    ],
)
def test_any_other_value_keeps_it_closed(tmp_path, name, value):
    (tmp_path / "file").write_text("")
    found = closed(tmp_path, OPEN | {name: value})
    assert reasons(found) == ["gate_closed"] and {each.where for each in found} == {name}


def test_an_absolute_name_of_the_same_record_is_the_same_record(tmp_path):
    assert closed(tmp_path, OPEN | {NAMES[2]: str(tmp_path / ADMISSION)}) == ()


@pytest.mark.parametrize("stages", [(), (1,), (1, 2, 3), (2, 3, 4)])
def test_a_stage_needs_the_evidence_of_all_before_it(tmp_path, stages):
    assert reasons(closed(tmp_path, OPEN, stages)) == ["stage_out_of_order"]


def test_the_backend_never_becomes_the_default(tmp_path):
    found = closed(tmp_path, OPEN, default_activation=True)
    assert reasons(found) == ["runtime_default_activation"]


def test_an_earlier_stage_needs_no_admission(tmp_path):
    made = parsed(("STAGE=5`", "STAGE=1`"))
    assert gate.check({NAMES[0]: "1", NAMES[1]: "1"}, made, tmp_path, ()) == ()


def test_stages_are_recorded_strictly_in_their_order(tmp_path):
    ledger = Ledger(tmp_path / "stages.jsonl")
    assert gate.stages(ledger) == ()
    with pytest.raises(Refused, match="expected 1 next"):
        gate.passed(ledger, 2, EVIDENCE)
    for stage in (1, 2, 2, 3):
        gate.passed(ledger, stage, EVIDENCE)
    assert gate.stages(ledger) == (1, 2, 3)
    with pytest.raises(Refused, match="expected 4 next"):
        gate.passed(ledger, 6, EVIDENCE)
    with pytest.raises(Refused):
        gate.passed(ledger, 0, EVIDENCE)


def test_a_ledger_with_a_stage_out_of_order_is_damage(tmp_path):
    ledger = Ledger(tmp_path / "stages.jsonl")
    ledger.append([{"event": gate.PASSED, "stage": 3, "evidence": EVIDENCE}])
    with pytest.raises(Damaged, match="expected a stage up to 1"):
        gate.stages(ledger)
