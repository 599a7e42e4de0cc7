"""The states of an attempt: what may follow what, and what a log of them says."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealwright.contracts.coo.state_machine import (
    BACK,
    ENDS,
    ERROR,
    LINE,
    STATES,
    GovernanceError,
    Machine,
    allowed,
)
from sealwright.errors import Damaged


def test_the_table_has_these_edges_and_no_other():
    onward = set(itertools.pairwise(LINE)) | BACK
    failing = {(state, ERROR) for state in LINE if state not in ENDS}
    pairs = itertools.product(STATES, STATES)
    assert {pair for pair in pairs if allowed(*pair)} == onward | failing
    assert len(onward) == 13


def test_an_attempt_goes_from_the_first_state_to_the_last():
    machine = Machine()
    lines = machine.begin(*LINE[1:])
    assert machine.history == list(LINE) and not machine.frozen
    assert lines[0] == {"attempt": 1, "from": "INIT", "to": "AMENDMENT_PREP"}
    assert Machine(lines).state == "COMPLETE"


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("wish", STATES)
def test_what_is_not_in_the_table_is_refused(state, wish):
    machine = Machine()
    machine.attempt, machine.state = 1, state
    if allowed(state, wish):
        assert machine.go(wish)[0]["to"] == wish
    else:
        with pytest.raises(GovernanceError, match=f"found a wish for {wish}"):
            machine.go(wish)
        assert machine.state == state


def test_freeze_is_true_from_its_activation_to_the_end():
    machine, frozen = Machine(), []
    machine.begin()
    for state in LINE[1:]:
        machine.go(state)
        frozen += [state] if machine.frozen else []
    assert frozen == list(LINE[6:-1])


def test_no_other_attempt_begins_while_freeze_is_true():
    machine = Machine()
    machine.begin(*LINE[1:7])
    with pytest.raises(GovernanceError, match="expected no other while FREEZE is TRUE"):
        machine.begin()
    machine.go(ERROR)
    assert machine.begin("AMENDMENT_PREP")[0]["attempt"] == 2


def test_a_rollback_leads_back_to_the_capture_and_on_from_there():
    machine = Machine()
    machine.begin(*LINE[1:10], "CAPTURE_AMU0", "MIGRATION_SEQUENCE", "CAPTURE_AMU0")
    assert machine.state == "CAPTURE_AMU0" and machine.frozen


@given(st.lists(st.sampled_from(STATES), max_size=30))
def test_any_log_that_was_written_is_read_back_to_the_same_state(wishes):
    machine, lines = Machine(), []
    lines += machine.begin("AMENDMENT_PREP")
    for wish in wishes:
        if allowed(machine.state, wish):
            lines += machine.go(wish)
        elif not machine.frozen:
            lines += machine.begin("AMENDMENT_PREP")
    again = Machine(lines)
    assert (again.attempt, again.state, again.history) == (
        machine.attempt,
        machine.state,
        machine.history,
    )


@given(st.data())
def test_a_log_with_a_line_changed_removed_or_moved_is_damage_or_another_state(data):
    machine = Machine()
    lines = machine.begin(*LINE[1:9])
    at = data.draw(st.integers(0, len(lines) - 1))
    kind = data.draw(st.sampled_from(["drop", "swap", "to", "from", "attempt"]))
    if kind == "drop":
        lines.pop(at)
    elif kind == "swap":
        lines.append(lines.pop(at))
    else:
        lines[at] = lines[at] | {kind: data.draw(st.sampled_from(["COMPLETE", 7, None]))}
    try:
        again = Machine(lines)
    except Damaged as damaged:
        assert "transition" in str(damaged)
    else:
        assert again.state != machine.state or kind == "swap"
