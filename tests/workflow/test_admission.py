"""Nothing runs against a repository that no record admits for exactly this."""

from __future__ import annotations

import pytest

from sealwright.contracts.workflow import admission, packet
from sealwright.contracts.workflow.admission import Admission
from sealwright.errors import Misconfigured
from tests.workflow import worlds
from tests.workflow.packets import ADMISSION, NAME, parsed
from tests.workflow.worlds import reasons


@pytest.fixture
def world(tmp_path):
    return worlds.made(tmp_path / "repository")


def checked(world, made=None):
    made = made or world.packet
    return admission.check(made, admission.load(world.root, made), world.root)


def test_a_whole_record_that_says_what_the_packet_says_admits(world):
    assert checked(world) == ()


def test_no_record_is_no_admission(world):
    (world.root / ADMISSION).unlink()
    assert reasons(checked(world)) == ["missing_admission"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"admission_status": "not_admitted"}, "missing_admission"),
        ({"admission_status": None}, "missing_admission"),
        ({"ownership_evidence": None}, "unowned_repository"),
        ({"repository_owner": ""}, "unowned_repository"),
        ({"risk_classification": "critical"}, "critical_repository"),
        ({"risk_classification": None}, "critical_repository"),
        ({"noncritical_rationale": ""}, "critical_repository"),
        ({"allowed_paths": []}, "empty_allowed_paths"),
        ({"allowed_paths": None}, "empty_allowed_paths"),
        ({"forbidden_paths": []}, "missing_forbidden_paths"),
        ({"forbidden_actions": ["push"]}, "missing_forbidden_actions"),
        ({"forbidden_actions": ["push"] * 10}, "missing_forbidden_actions"),
        ({"forbidden_actions": None}, "missing_forbidden_actions"),
        ({"approval_source": None}, "approval_denied"),
        ({"approval_timestamp": "yesterday"}, "approval_denied"),
        ({"operator_outcome_required": False}, "missing_operator_outcome"),
        ({"operator_outcome_required": None}, "missing_operator_outcome"),
        ({"operator_outcome_required": 1}, "missing_operator_outcome"),
        ({"review_trigger": None}, "malformed_admission"),
        ({"surprise": True}, "malformed_admission"),
        ({"admission_lifecycle": "historical-proof-target"}, "consumed_admission"),
        ({"future_execution_authorized": False}, "consumed_admission"),
        ({"future_execution_requires_new_admission": True}, "consumed_admission"),
        ({"target_repository_path": "targets/other"}, "admission_mismatch"),
        ({"repository_owner": "jo"}, "admission_mismatch"),
        ({"allowed_paths": ["src/strings.py"]}, "admission_mismatch"),
        ({"forbidden_paths": ["src/"]}, "admission_mismatch"),
    ],
)
def test_each_gate_says_no_for_its_own_reason(world, changes, reason):
    world.admit(**changes)
    assert reasons(checked(world)) == [reason]


def test_a_record_that_is_not_history_yet_may_say_so(world):
    world.admit(admission_lifecycle="active", future_execution_authorized=True)
    assert checked(world) == ()


def test_all_gates_answer_at_once(world):
    world.admit(ownership_evidence=None, allowed_paths=[], risk_classification="critical")
    found = reasons(checked(world))
    assert found == ["unowned_repository", "critical_repository", "empty_allowed_paths"]


def test_the_evidence_of_the_owner_has_the_digest_that_the_record_says(world):
    (world.root / "admissions/owner.txt").write_text("jo owns it.")
    assert reasons(checked(world)) == ["unowned_repository"]


@pytest.mark.parametrize("path", ["../owner.txt", "/etc/hostname", "admissions", "none.txt"])
def test_the_evidence_of_the_owner_is_a_file_of_the_repository(world, path):
    world.admit(ownership_evidence={"path": path, "sha256": "sha256:" + "0" * 64})
    assert reasons(checked(world)) == ["unowned_repository"]


def test_a_target_cannot_prove_its_own_owner(world):
    (world.target / "owner.txt").write_bytes(worlds.OWNER)
    evidence = {"path": "targets/strings/owner.txt"}
    world.admit(ownership_evidence=worlds.record()["ownership_evidence"] | evidence)
    (said,) = checked(world)
    assert said.blocker.reason == "unowned_repository" and "the target does not hold" in said.what


def test_a_packet_with_placeholders_is_not_admitted(world):
    made = packet.parse(packet.template("CTO-WORK-7"), NAME)
    assert "undecided_packet" in reasons(admission.check(made, None, world.root))


def test_a_packet_that_forbids_less_than_all_actions_is_not_admitted(world):
    made = parsed(("- push\n", ""))
    assert reasons(checked(world, made)) == ["missing_forbidden_actions"]


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"{", b'{"a":1,"a":1}', b'{"a":1.5}', b'{"a":NaN}', b"\xff", b"[" * 100000],
)
def test_what_is_no_record_is_misconfigured(data):
    with pytest.raises(Misconfigured, match=r"admission\.json: expected"):
        Admission.read(data, "admission.json")
