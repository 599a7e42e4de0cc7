"""An operation runs once, inside its rules, and what it changed is measured and not believed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from ..governance.envelope_enforcer import Envelope
from ..orchestration import operations
from ..orchestration.compensation import Compensation
from ..orchestration.execution_context import context_of
from ..orchestration.mission_journal import MissionJournal
from ..orchestration.operations import Operation, Runner

AT = "2025-01-01T00:00:00Z"
DELETE = Compensation("fs_delete", ("fs_delete", "src/a"))


class Mission:
    """A runner, its journal, and how often its handlers were called."""

    def __init__(self, root: Path) -> None:
        context = context_of(
            {"goal": "test"},
            "sha256:" + 64 * "0",
            {},
            repo_root=str(root),
            baseline_commit=40 * "a",
            run_id_audit=UUID(int=1),
            started_at=AT,
        )
        envelope = Envelope(["tool_invoke"], ["src/**", "runtime/**"], ["src/keys"], 1.0)
        self.root, self.calls, self.journal = root, 0, MissionJournal()
        self.runner = Runner(
            context, envelope, self.journal, clock=lambda: AT, compensate=self.compensate
        )

    def compensate(self, compensation: Compensation) -> None:
        for path in compensation.command[1:]:
            (self.root / path).unlink()

    def write(self, operation: Operation, places: Mapping[str, Path]) -> Any:
        self.calls += 1
        for place in places.values():
            place.write_text("written")
        return {"written": len(places)}

    def write_and_fail(self, operation: Operation, places: Mapping[str, Path]) -> Any:
        self.write(operation, places)
        raise RuntimeError("no more")

    @property
    def statuses(self) -> list[str]:
        return [record.status for record in self.journal.records]


@pytest.fixture
def mission(tmp_path: Path) -> Mission:
    (tmp_path / "src").mkdir()
    return Mission(tmp_path)


def _writes(name: str = "o1", path: str = "src/a", **values: Any) -> Operation:
    return Operation(name, "tool_invoke", (path,), **values)


def test_a_success_is_completed_with_both_states(mission: Mission) -> None:
    result = mission.runner.run(_writes(), mission.write)
    assert (result.status, result.output) == ("success", {"written": 1})
    assert result.receipt is not None
    assert result.receipt.pre_state_hash != result.receipt.post_state_hash
    assert mission.statuses == ["started", "completed"]


def test_a_key_that_is_completed_is_not_run_again(mission: Mission) -> None:
    first = mission.runner.run(_writes(idempotency_key="k"), mission.write)
    again = mission.runner.run(_writes("o2", idempotency_key="k"), mission.write)
    assert (again.receipt, again.output) == (first.receipt, first.output)
    assert (mission.calls, len(mission.statuses)) == (1, 2)


def test_a_failure_is_taken_back_and_that_is_verified(mission: Mission) -> None:
    result = mission.runner.run(_writes(compensation=DELETE), mission.write_and_fail)
    assert result.status == "failed"
    assert result.receipt is not None
    assert result.receipt.compensation_verified
    assert mission.statuses == ["started", "noted", "compensated"]


def test_a_compensation_that_leaves_another_state_is_escalated(mission: Mission) -> None:
    (mission.root / "src/a").write_text("before")
    result = mission.runner.run(_writes(compensation=DELETE), mission.write_and_fail)
    assert result.status == "escalated"
    assert result.receipt is not None
    assert not result.receipt.compensation_verified
    assert mission.statuses == ["started", "noted", "failed"]


@pytest.mark.parametrize("path", ["src/keys", "other", "../a", "runtime/x.py"])
def test_a_path_outside_the_rules_runs_nothing(mission: Mission, path: str) -> None:
    result = mission.runner.run(_writes(path=path), mission.write)
    assert (result.status, result.receipt, mission.calls) == ("failed", None, 0)
    assert mission.statuses == ["noted"]


def test_more_than_the_budget_runs_nothing(mission: Mission) -> None:
    assert mission.runner.run(_writes(cost_usd="0.9"), mission.write).status == "success"
    assert mission.runner.run(_writes("o2", cost_usd="0.2"), mission.write).status == "failed"
    assert mission.calls == 1


def test_a_change_of_what_is_protected_is_found_though_nobody_named_it(mission: Mission) -> None:
    def stray(operation: Operation, places: Mapping[str, Path]) -> None:
        (mission.root / "pytest.ini").write_text("[pytest]")

    result = mission.runner.run(_writes(), stray)
    assert (result.status, mission.statuses) == ("escalated", ["started", "failed"])


@pytest.mark.parametrize(
    ("kind", "command"),
    [
        ("shell", ("rm", "-rf", "/")),
        ("none", ("anything",)),
        ("git_reset_hard", ("git", "reset", "--hard", "main; rm -rf /")),
        ("fs_delete", ("fs_delete", "src/other")),
        ("fs_delete", ("fs_delete",)),
    ],
)
def test_a_command_of_another_form_is_no_compensation(kind: str, command: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="compensation"):
        _writes(compensation=Compensation(kind, command))


def test_a_custom_command_is_pinned_or_refused(mission: Mission) -> None:
    custom = Compensation("custom", ("make", "clean"))
    result = mission.runner.run(_writes(compensation=custom), mission.write)
    assert "expected one of the pinned commands" in result.evidence["refused"]
    assert mission.calls == 0


def test_the_types_are_these() -> None:
    assert operations.TYPES == ("llm_call", "tool_invoke", "packet_route", "gate_check")
