"""An operation runs once, inside its rules, and what it changed is measured and not believed."""

from __future__ import annotations

import dataclasses
import re
import shutil
import subprocess
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from sealwright.runtime import canonical
from sealwright.runtime.governance.envelope_enforcer import Envelope
from sealwright.runtime.orchestration import operations
from sealwright.runtime.orchestration.compensation import Compensation
from sealwright.runtime.orchestration.execution_context import ExecutionContext
from sealwright.runtime.orchestration.mission_journal import MissionJournal, line_of
from sealwright.runtime.orchestration.operations import (
    UNKNOWN,
    Operation,
    Receipt,
    Result,
    Runner,
    receipt_from_dict,
    receipt_to_dict,
)
from sealwright.runtime.state import state_hash

AT = "2025-01-01T00:00:00Z"
DELETE = Compensation("fs_delete", ("fs_delete", "src/a"))
RESTORE = Compensation("fs_restore", ("fs_restore", "src/a"))
CUSTOM = Compensation("custom", ("tidy", "src"))


class Mission:
    """A runner below a folder, its journal, and what its handlers and executors were called with.

    The folder is copied when the mission is made, so that an executor can restore from it.
    """

    def __init__(self, folder: Path, journal: MissionJournal | None = None, **options: Any) -> None:
        self.root = folder / "root"
        self.backup = folder / "backup"
        if not self.root.exists():
            for name in ("src/deep", "src/keys", "other", "runtime"):
                (self.root / name).mkdir(parents=True)
            (self.root / "src/old").write_text("old")
            (self.root / "runtime/judge.py").write_text("judge")
        shutil.copytree(self.root, self.backup, symlinks=True, dirs_exist_ok=True)
        self.journal = MissionJournal() if journal is None else journal
        self.ran: list[str] = []
        self.undone: list[Compensation] = []
        self.ticks = 0
        self.context = ExecutionContext(
            str(self.root), 40 * "a", "sha256:" + 64 * "0", UUID(int=1), AT
        )
        envelope = options.pop("envelope", self.envelope())
        defaults: dict[str, Any] = {"clock": self.clock, "compensate": self.compensate}
        self.runner = Runner(self.context, envelope, self.journal, **defaults | options)

    @staticmethod
    def envelope(**changes: Any) -> Envelope:
        values = {
            "allow_ops": ["tool_invoke", "gate_check"],
            "allow_paths": ["src/**", "runtime/**", "CLAUDE.md"],
            "deny_paths": ["src/keys"],
            "max_budget_usd": 1.0,
        }
        return Envelope(**values | changes)

    def clock(self) -> str:
        self.ticks += 1
        return f"2025-01-01T00:00:{self.ticks:02}Z"

    def compensate(self, compensation: Compensation) -> None:
        self.undone.append(compensation)
        for path in compensation.command[1:]:
            if compensation.type == "fs_delete":
                (self.root / path).unlink()
            else:
                shutil.copy2(self.backup / path, self.root / path)

    def write(self, operation: Operation, places: Mapping[str, Path]) -> Any:
        self.ran.append(operation.operation_id)
        for place in places.values():
            place.write_text("written")
        return {"written": sorted(places)}

    def fail(self, operation: Operation, places: Mapping[str, Path]) -> Any:
        self.ran.append(operation.operation_id)
        raise RuntimeError("no more")

    def write_and_fail(self, operation: Operation, places: Mapping[str, Path]) -> Any:
        self.write(operation, places)
        raise RuntimeError("no more")

    def run(self, handler: Any = None, **values: Any) -> Result:
        return self.runner.run(_operation(**values), handler or self.write)

    @property
    def statuses(self) -> list[str]:
        return [record.status for record in self.journal.records]

    def holds(self) -> bool:
        """Return whether the journal is intact, also once it was written and read."""
        again = MissionJournal.parse(map(line_of, self.journal.records))
        return self.journal.verify_integrity()[0] and again.verify_integrity()[0]


def _operation(**values: Any) -> Operation:
    defaults = {"operation_id": "o1", "type": "tool_invoke", "paths": ("src/a",)}
    return Operation(**defaults | values)


@pytest.fixture
def mission(tmp_path: Path) -> Mission:
    return Mission(tmp_path)


def _receipt(result: Result) -> Receipt:
    assert result.receipt is not None
    return result.receipt


# The records.


def test_the_records_have_the_fields_that_are_told():
    assert [part.name for part in dataclasses.fields(Receipt)] == [
        "operation_id",
        "timestamp",
        "pre_state_hash",
        "post_state_hash",
        "compensation_type",
        "compensation_command",
        "idempotency_key",
        "compensation_verified",
    ]
    names = [part.name for part in dataclasses.fields(Result)]
    assert names == ["status", "output", "evidence", "receipt"]
    assert operations.TYPES == ("llm_call", "tool_invoke", "packet_route", "gate_check")
    for record in (Operation, Receipt, Result):
        assert typing.cast("Any", record).__dataclass_params__.frozen


@pytest.mark.parametrize(
    "values",
    [
        {"type": "shell"},
        {"type": ""},
        {"operation_id": ""},
        {"operation_id": None},
        {"operation_id": "a\nb"},
        {"operation_id": "\udcff"},
        {"idempotency_key": ""},
        {"idempotency_key": 7},
        {"idempotency_key": "a\0"},
        {"paths": ["src/a"]},
        {"paths": "src/a"},
        {"paths": (Path("src/a"),)},
        {"params": {"a": 1.5}},
        {"params": {"\u00e9": 1}},
        {"params": {"a": {1, 2}}},
        {"cost_usd": 0.1},
        {"compensation": Compensation("fs_delete", ("fs_delete", "src/b"))},
        {"compensation": Compensation("none", ("x",))},
    ],
    ids=repr,
)
def test_what_has_not_the_form_of_an_operation_is_none(values):
    with pytest.raises(ValueError, match=r"expected"):
        _operation(**values)


def test_a_definition_is_all_of_an_operation_but_its_id():
    base = operations.definition_hash(_operation())
    assert operations.definition_hash(_operation(operation_id="o2")) == base
    others = [
        {"type": "gate_check"},
        {"paths": ("src/b",)},
        {"paths": ("src/a", "src/b")},
        {"params": {"a": 1}},
        {"cost_usd": "0.1"},
        {"compensation": DELETE},
        {"idempotency_key": "k"},
    ]
    found = {operations.definition_hash(_operation(**values)) for values in others}
    assert len(found | {base}) == len(others) + 1


def test_a_receipt_is_read_as_it_was_written_and_in_no_other_form(mission):
    receipt = _receipt(mission.run(compensation=DELETE, idempotency_key="k"))
    values = canonical.decode(canonical.encode(receipt_to_dict(receipt)))
    assert receipt_from_dict(values) == receipt
    for name in values:
        with pytest.raises(ValueError, match="fields of a receipt"):
            receipt_from_dict({key: value for key, value in values.items() if key != name})
        with pytest.raises(ValueError, match="fields of a receipt"):
            receipt_from_dict(values | {name: 7})
    with pytest.raises(ValueError, match="fields of a receipt"):
        receipt_from_dict(values | {"more": 7})


# Success.


def test_a_success_is_completed_with_the_states_that_were_found(mission):
    before = state_hash(mission.root, ["src/a"])
    result = mission.run()
    after = state_hash(mission.root, ["src/a"])
    assert (result.status, result.output) == ("success", {"written": ["src/a"]})
    assert _receipt(result) == Receipt("o1", AT[:-2] + "2Z", before, after, "none", (), None, False)
    assert mission.statuses == ["started", "completed"]
    assert mission.holds()


def test_the_journal_holds_what_it_takes_to_judge_a_step(mission):
    result = mission.run(params={"secret": "s3cr3t"}, idempotency_key="k", compensation=DELETE)
    first, last = mission.journal.records
    assert first.inputs["run_id"] == mission.context.run_id
    assert first.inputs["pre_state_hash"] == _receipt(result).pre_state_hash
    assert first.inputs["paths"] == ["src/a"]
    assert last.outputs["receipt"]["post_state_hash"] == _receipt(result).post_state_hash
    assert last.outputs["output"] == result.output
    assert first.name == "tool_invoke"
    assert "s3cr3t" not in str(mission.journal.export())


def test_a_handler_is_given_the_places_to_which_the_links_lead(mission):
    (mission.root / "src/link").symlink_to("deep")
    seen: list[Any] = []
    mission.run(lambda _, places: seen.append(dict(places)), paths=("src/link/a", "src/a"))
    root = mission.root.resolve()
    assert seen == [{"src/link/a": root / "src/deep/a", "src/a": root / "src/a"}]


def test_an_operation_without_paths_is_held_to_the_listed_operations(mission):
    assert mission.run(type="gate_check", paths=()).status == "success"
    refused = mission.run(operation_id="o2", type="llm_call", paths=())
    assert "is not among the allowed ones" in refused.evidence["refused"]
    assert mission.ran == ["o1"]


def test_what_a_handler_says_about_files_is_not_believed(mission):
    result = mission.run(lambda *_: {"post_state_hash": "sha256:" + 64 * "f"})
    assert _receipt(result).pre_state_hash == _receipt(result).post_state_hash


def test_an_operation_may_run_others(mission):
    inner: list[Result] = []

    def outer(operation: Operation, places: Mapping[str, Path]) -> Any:
        inner.append(mission.run(operation_id="o2", paths=("src/b",)))

    assert mission.run(outer).status == "success"
    assert inner[0].status == "success"
    assert mission.statuses == ["started", "started", "completed", "completed"]
    assert mission.holds()


@pytest.mark.parametrize(
    "output",
    [1.5, {1}, b"a", object(), {"\u00e9": 1}, "\udcff", "x" * operations.OUTPUT],
    ids=["float", "set", "bytes", "object", "key", "surrogate", "long"],
)
def test_an_output_that_no_journal_can_hold_is_a_failure(mission, output):
    result = mission.run(lambda *_: output)
    assert (result.status, result.output) == ("failed", None)
    assert mission.statuses == ["started", "failed"]
    assert mission.holds()


# Failure, without compensation and with.


def test_a_failure_without_compensation_stays_failed_and_says_what_it_left(mission):
    result = mission.run(mission.write_and_fail)
    assert (result.status, result.evidence) == ("failed", {"error": "RuntimeError: no more"})
    assert _receipt(result).pre_state_hash != _receipt(result).post_state_hash
    assert not _receipt(result).compensation_verified
    assert (mission.statuses, mission.undone) == (["started", "failed"], [])


def test_a_failure_is_taken_back_and_that_is_verified(mission):
    result = mission.run(mission.write_and_fail, compensation=DELETE)
    receipt = _receipt(result)
    assert (result.status, receipt.compensation_verified) == ("failed", True)
    assert receipt.pre_state_hash == receipt.post_state_hash
    assert receipt.compensation_command == DELETE.command
    assert mission.statuses == ["started", "noted", "compensated"]
    assert mission.undone == [DELETE]
    noted = mission.journal.records[1]
    assert noted.outputs["error"] == "RuntimeError: no more"
    assert noted.outputs["state_after_failure"] != receipt.pre_state_hash
    assert mission.holds()


def test_a_file_that_was_there_is_restored_and_that_is_verified(mission):
    restore = Compensation("fs_restore", ("fs_restore", "src/old"))
    result = mission.run(mission.write_and_fail, paths=("src/old",), compensation=restore)
    assert _receipt(result).compensation_verified
    assert (mission.root / "src/old").read_text() == "old"


def _nothing(compensation: Compensation) -> None:
    """Say that all was taken back."""


def _raise(compensation: Compensation) -> None:
    raise OSError("disk on fire")


@pytest.mark.parametrize(
    ("executor", "why"), [(_nothing, "state: expected sha256:"), (_raise, "OSError: disk on fire")]
)
def test_what_was_not_taken_back_is_escalated_whatever_the_executor_says(tmp_path, executor, why):
    mission = Mission(tmp_path, compensate=executor)
    result = mission.run(mission.write_and_fail, compensation=DELETE)
    assert result.status == "escalated"
    assert result.evidence["compensation"].startswith(why)
    assert not _receipt(result).compensation_verified
    assert mission.statuses == ["started", "noted", "failed"]
    assert mission.holds()


def test_a_compensation_that_leaves_another_state_is_escalated(mission):
    restore = Compensation("fs_delete", ("fs_delete", "src/old"))
    result = mission.run(mission.write_and_fail, paths=("src/old",), compensation=restore)
    assert result.status == "escalated"
    assert mission.undone == [restore]
    assert _receipt(result).post_state_hash == state_hash(mission.root, ["src/old"])


def test_a_compensation_that_touches_what_is_protected_is_escalated(tmp_path):
    def reset(compensation: Compensation) -> None:
        (mission.root / "src/a").unlink()
        (mission.root / "runtime/judge.py").write_text("friend")

    mission = Mission(tmp_path, compensate=reset)
    hard = Compensation("git_reset_hard", ("git", "reset", "--hard", "HEAD"))
    result = mission.run(mission.write_and_fail, compensation=hard)
    assert (result.status, mission.statuses[-1]) == ("escalated", "failed")
    assert result.evidence["compensation"] == "what is protected has changed"


@pytest.mark.parametrize("words", ["x" * 10_000, "\udcff", "a\nb", ""], ids=["long", "b", "n", "e"])
def test_the_words_of_a_failure_are_recorded_so_that_a_journal_can_hold_them(mission, words):
    def handler(*_: object) -> None:
        raise RuntimeError(words)

    result = mission.run(handler)
    assert result.status == "failed"
    assert len(result.evidence["error"]) <= 600
    assert mission.holds()


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_is_let_through_and_leaves_the_step_open(mission, interrupt):
    def handler(*_: object) -> None:
        raise interrupt

    with pytest.raises(interrupt):
        mission.run(handler, idempotency_key="k")
    assert mission.statuses == ["started"]
    refused = mission.run(operation_id="o2", idempotency_key="k")
    assert refused.evidence["refused"] == "idempotency key 'k' was begun and has no ending"
    assert mission.ran == []


def test_a_step_that_was_found_open_and_ended_may_be_tried_again(mission):
    def handler(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        mission.run(handler, idempotency_key="k")
    mission.journal.finish("o1", "interrupted", {}, AT)
    assert mission.run(operation_id="o2", idempotency_key="k").status == "success"


# Once.


def test_a_completed_key_is_answered_from_the_journal(mission):
    first = mission.run(idempotency_key="k")
    again = mission.run(operation_id="o2", idempotency_key="k")
    assert (again.status, again.output, again.receipt) == ("success", first.output, first.receipt)
    assert again.evidence["replayed"] == mission.journal.head
    assert again.evidence["state_now"] == _receipt(first).post_state_hash
    assert (mission.ran, mission.statuses) == (["o1"], ["started", "completed"])


def test_a_completed_key_is_answered_by_another_process(mission, tmp_path):
    first = mission.run(idempotency_key="k", compensation=DELETE)
    read = MissionJournal.parse(map(line_of, mission.journal.records))
    other = Mission(tmp_path, read)
    assert other.run(idempotency_key="k", compensation=DELETE).receipt == first.receipt
    assert other.ran == []


def test_an_answer_from_the_journal_says_what_the_state_is_now(mission):
    first = mission.run(idempotency_key="k")
    (mission.root / "src/a").write_text("changed since")
    again = mission.run(operation_id="o2", idempotency_key="k")
    assert again.evidence["state_now"] == state_hash(mission.root, ["src/a"])
    assert again.evidence["state_now"] != _receipt(first).post_state_hash


def test_an_answer_from_the_journal_costs_nothing(mission):
    for number in range(5):
        result = mission.run(operation_id=f"o{number}", idempotency_key="k", cost_usd="0.9")
        assert result.status == "success"
    assert mission.ran == ["o0"]


def test_a_key_that_failed_may_be_tried_again_under_another_id(mission):
    assert mission.run(mission.fail, idempotency_key="k").status == "failed"
    assert mission.run(operation_id="o2", idempotency_key="k").status == "success"
    assert mission.run(operation_id="o3", idempotency_key="k").output is not None
    assert mission.ran == ["o1", "o2"]


def test_a_key_of_another_operation_is_refused(mission):
    mission.run(idempotency_key="k")
    result = mission.run(operation_id="o2", idempotency_key="k", params={"other": True})
    assert result.evidence["refused"] == "idempotency key 'k' belongs to another operation"
    assert (result.status, mission.ran) == ("failed", ["o1"])


@pytest.mark.parametrize("handler", ["write", "fail"])
def test_an_id_is_used_once(mission, handler):
    mission.run(getattr(mission, handler))
    result = mission.run()
    assert result.evidence["refused"] == "operation 'o1' was begun already"
    assert mission.ran == ["o1"]
    assert mission.holds()


def test_a_completed_step_without_a_receipt_is_no_answer(mission):
    inputs = {
        "idempotency_key": "k",
        "definition": operations.definition_hash(_operation(idempotency_key="k")),
    }
    mission.journal.start("x", "tool_invoke", inputs, AT)
    mission.journal.finish("x", "completed", {"receipt": {"forged": True}}, AT)
    result = mission.run(idempotency_key="k")
    assert "has no receipt" in result.evidence["refused"]
    assert mission.ran == []


def test_a_key_that_is_already_running_is_refused(mission):
    inner: list[Result] = []

    def outer(operation: Operation, places: Mapping[str, Path]) -> Any:
        inner.append(mission.run(operation_id="o2", idempotency_key="k"))

    mission.run(outer, idempotency_key="k")
    assert "has no ending" in inner[0].evidence["refused"]


def test_a_broken_journal_makes_no_runner(mission, tmp_path):
    mission.run()
    mission.run(operation_id="o2")
    broken = MissionJournal(mission.journal.records[1:])
    with pytest.raises(ValueError, match="journal cannot go on"):
        Mission(tmp_path, broken)


# Refusals: nothing is run.


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"type": "llm_call"}, "is not among the allowed ones"),
        ({"paths": ("other/a",)}, "is allowed by no rule"),
        ({"paths": ("src/keys/a",)}, "is denied by 'src/keys'"),
        ({"paths": ("src/KEYS/a",)}, "is denied by 'src/keys'"),
        ({"paths": ("src/a", "src/b", "other/a")}, "is allowed by no rule"),
        ({"paths": ("../outside",)}, "has a component . or .."),
        ({"paths": ("/etc/passwd",)}, "is absolute"),
        ({"paths": ("",)}, "is empty"),
        ({"paths": ("src/a\0",)}, "has a control character"),
        ({"paths": ("src\\a",)}, "has a backslash"),
        ({"paths": ("src/out/a",)}, "leads out of its root"),
        ({"paths": ("src/to_keys/a",)}, "is denied by 'src/keys'"),
        ({"paths": ("runtime/judge.py",)}, "is protected by 'runtime'"),
        ({"paths": ("runtime",)}, "is protected by 'runtime'"),
        ({"paths": ("CLAUDE.md",)}, "is protected by 'CLAUDE.md'"),
        ({"paths": ("src/to_judge",)}, "is protected by 'runtime'"),
        ({"paths": ("src/mine",)}, "is protected by 'src/mine'"),
        ({"paths": ("src/strange",)}, "path 'src/deep/"),
        ({"cost_usd": "1.01"}, "budget: expected at most 1"),
        ({"cost_usd": "-1"}, "expected dollars from 0 up"),
        ({"cost_usd": "1e1"}, "expected dollars from 0 up"),
        ({"cost_usd": ""}, "expected dollars from 0 up"),
        ({"compensation": CUSTOM}, "expected one of the pinned commands"),
    ],
    ids=repr,
)
def test_what_the_rules_refuse_runs_nothing_and_is_noted(tmp_path, values, why):
    mission = Mission(tmp_path, protected=["src/mine"])
    (mission.root / "src/out").symlink_to("../../outside")
    (mission.root / "src/to_keys").symlink_to("keys")
    (mission.root / "src/to_judge").symlink_to("../runtime/judge.py")
    (mission.root / "src/strange").symlink_to("deep/\udcff")
    result = mission.run(**values)
    assert (result.status, result.output, result.receipt) == ("failed", None, None)
    assert why in result.evidence["refused"]
    assert (mission.ran, mission.statuses) == ([], ["noted"])
    assert mission.journal.records[0].outputs == result.evidence
    assert mission.holds()
    assert mission.run().status == "success"  # the id was not used up


def test_a_budget_is_spent_by_what_ran_also_if_it_failed(mission):
    assert mission.run(cost_usd="0.6").status == "success"
    assert mission.run(mission.fail, operation_id="o2", cost_usd="0.4").status == "failed"
    assert mission.run(operation_id="o3", cost_usd="0.01").receipt is None
    assert mission.run(operation_id="o4").status == "success"
    assert mission.ran == ["o1", "o2", "o4"]


def test_what_is_refused_spends_nothing(mission):
    assert mission.run(paths=("other/a",), cost_usd="0.9").status == "failed"
    assert mission.run(cost_usd="1").status == "success"


def test_a_custom_command_that_is_pinned_is_run(tmp_path):
    mission = Mission(tmp_path, custom=[CUSTOM.command])
    result = mission.run(mission.fail, compensation=CUSTOM)
    assert mission.undone == [CUSTOM]
    assert result.status == "escalated"  # the executor of these tests knows no such command


@pytest.mark.parametrize(
    "command",
    [("tidy",), ("tidy", "src", "-f"), ("tidy", "src "), ("src", "tidy"), ("TIDY", "src")],
)
def test_a_custom_command_is_compared_word_for_word(tmp_path, command):
    mission = Mission(tmp_path, custom=[CUSTOM.command])
    result = mission.run(compensation=Compensation("custom", command))
    assert "expected one of the pinned commands" in result.evidence["refused"]
    assert mission.ran == []


def test_a_declared_compensation_without_an_executor_runs_nothing(tmp_path):
    mission = Mission(tmp_path, compensate=None)
    result = mission.run(compensation=DELETE)
    assert "expected an executor, found none" in result.evidence["refused"]
    assert mission.ran == []


def test_a_protected_link_that_leads_out_stops_everything(mission):
    (mission.root / "CLAUDE.md").symlink_to("../../CLAUDE.md")
    assert "'CLAUDE.md' leads out of its root" in mission.run().evidence["refused"]


# Between the question and the use.


def _swap(root: Path, target: str) -> None:
    (root / "src/deep").rmdir()
    (root / "src/deep").symlink_to(target)


TARGETS = [
    ("../other", "moved|allowed by no rule"),
    ("keys", "is denied by 'src/keys'"),
    ("../runtime", "protected|moved"),
    ("../../outside", "leads out of its root"),
    ("fresh", "moved: expected 'src/deep/a', found 'src/fresh/a'"),
]


@pytest.mark.parametrize(("target", "why"), TARGETS)
def test_a_link_that_is_swapped_before_the_use_runs_nothing(tmp_path, target, why):
    def clock() -> str:  # is asked between the question and the use
        if not (mission.root / "src/deep").is_symlink():
            _swap(mission.root, target)
        return AT

    mission = Mission(tmp_path, clock=clock)
    result = mission.run(paths=("src/deep/a",))
    assert result.status == "escalated"
    assert re.search(why, result.evidence["error"])
    assert (mission.ran, mission.undone) == ([], [])
    assert mission.statuses == ["started", "failed"]
    assert mission.holds()


@pytest.mark.parametrize(("target", "why"), TARGETS)
@pytest.mark.parametrize("fails", [False, True])
def test_a_link_that_is_swapped_during_the_use_is_escalated_and_not_compensated(
    mission, target, why, fails
):
    def handler(operation: Operation, places: Mapping[str, Path]) -> None:
        _swap(mission.root, target)
        if fails:
            raise RuntimeError("no more")

    delete = Compensation("fs_delete", ("fs_delete", "src/deep/a"))
    result = mission.run(handler, paths=("src/deep/a",), compensation=delete)
    assert (result.status, mission.undone) == ("escalated", [])
    assert re.search(why, result.evidence["strayed"])
    assert ("error" in result.evidence) is fails
    assert not _receipt(result).compensation_verified
    assert mission.statuses == ["started", "failed"]
    assert mission.holds()


@pytest.mark.parametrize(
    "path", ["runtime/judge.py", "runtime/new.py", "pytest.ini", ".git/hooks/post-checkout"]
)
@pytest.mark.parametrize("fails", [False, True])
def test_a_change_of_what_is_protected_is_found_though_nobody_named_it(mission, path, fails):
    def handler(operation: Operation, places: Mapping[str, Path]) -> None:
        (mission.root / path).parent.mkdir(parents=True, exist_ok=True)
        (mission.root / path).write_text("friend")
        if fails:
            raise RuntimeError("no more")

    result = mission.run(handler, compensation=DELETE)
    assert result.status == "escalated"
    assert result.evidence["strayed"] == "what is protected has changed"
    assert (mission.statuses, mission.undone) == (["started", "failed"], [])


def test_a_hard_link_to_a_judge_that_appears_during_the_use_is_found(mission):
    def handler(operation: Operation, places: Mapping[str, Path]) -> None:
        places["src/a"].hardlink_to(mission.root / "runtime/judge.py")

    result = mission.run(handler)
    assert result.status == "escalated"
    assert "has 2 names on disk" in result.evidence["strayed"]


def test_a_state_that_cannot_be_told_afterwards_is_escalated(mission, monkeypatch):
    def handler(operation: Operation, places: Mapping[str, Path]) -> None:
        def refuse(root: object, paths: Any) -> str:
            if "src/a" in paths:
                raise operations.Unknown("src/a", "cannot be read: Permission denied")
            return state_hash(root, paths)

        monkeypatch.setattr(operations, "state_hash", refuse)

    result = mission.run(handler)
    assert (result.status, _receipt(result).post_state_hash) == ("escalated", UNKNOWN)
    assert "cannot be read" in result.evidence["strayed"]
    assert mission.statuses == ["started", "failed"]


def test_a_state_that_cannot_be_told_before_runs_nothing(mission, monkeypatch):
    def refuse(root: object, paths: object) -> str:
        raise operations.Unknown("src/a", "cannot be read: Permission denied")

    monkeypatch.setattr(operations, "state_hash", refuse)
    assert "cannot be read" in mission.run().evidence["refused"]
    assert (mission.ran, mission.statuses) == ([], ["noted"])


def test_rules_that_are_changed_afterwards_change_nothing(tmp_path):
    envelope, custom, protected = Mission.envelope(), [CUSTOM.command], ["src/mine"]
    mission = Mission(tmp_path, envelope=envelope, custom=custom, protected=protected)
    envelope.allow_paths.append("**")
    custom.append(("rm", "-rf", "/"))
    protected.clear()
    assert mission.run(paths=("other/a",)).receipt is None
    assert mission.run(paths=("src/mine",)).receipt is None
    rm = Compensation("custom", ("rm", "-rf", "/"))
    assert mission.run(compensation=rm).receipt is None


# With git as the executor.


def _git(root: Path, *words: str) -> None:
    settings = ["-c", "user.name=t", "-c", "user.email=t@t.invalid", "-c", "core.hooksPath="]
    argv = ["git", "-C", str(root), *settings, *words]
    subprocess.run(argv, check=True, capture_output=True)


LITERAL = ("git", "--literal-pathspecs")


@pytest.mark.parametrize(
    ("kind", "command", "path"),
    [
        ("git_checkout", (*LITERAL, "checkout", "HEAD", "--", "src/old"), "src/old"),
        ("git_checkout", (*LITERAL, "checkout", "HEAD", "--", "src/[ab]"), "src/[ab]"),
        ("git_clean", (*LITERAL, "clean", "-f", "-d", "--", "src/a"), "src/a"),
        ("git_clean", (*LITERAL, "clean", "-f", "-d", "--", "src/[a]"), "src/[a]"),
        ("git_reset_hard", ("git", "reset", "--hard", "HEAD"), "src/old"),
    ],
)
def test_the_commands_for_git_take_back_what_they_name(tmp_path, kind, command, path):
    def execute(compensation: Compensation) -> None:
        _git(mission.root, *compensation.command[1:])

    mission = Mission(tmp_path, compensate=execute)
    (mission.root / "src/[ab]").write_text("brackets")
    _git(mission.root, "init", "--quiet")
    _git(mission.root, "add", ".")
    _git(mission.root, "commit", "--quiet", "--message=first")
    (mission.root / "src/b").write_text("a neighbour that nobody named")
    result = mission.run(
        mission.write_and_fail, paths=(path,), compensation=Compensation(kind, command)
    )
    assert _receipt(result).compensation_verified, result.evidence
    assert (mission.root / "src/b").exists()


@pytest.mark.parametrize(
    "command",
    [
        (*LITERAL, "reset", "HEAD", "--", "src/old"),
        ("git", "reset", "--soft", "HEAD"),
    ],
)
def test_a_command_for_the_index_takes_no_file_back_and_that_is_escalated(tmp_path, command):
    def execute(compensation: Compensation) -> None:
        _git(mission.root, *compensation.command[1:])

    mission = Mission(tmp_path, compensate=execute)
    _git(mission.root, "init", "--quiet")
    _git(mission.root, "add", ".")
    _git(mission.root, "commit", "--quiet", "--message=first")
    kind = "git_reset_soft" if "--soft" in command else "git_reset_head"
    undo = Compensation(kind, command)
    result = mission.run(mission.write_and_fail, paths=("src/old",), compensation=undo)
    assert result.status == "escalated"
