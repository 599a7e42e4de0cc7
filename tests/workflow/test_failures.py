"""Every failure of the matrix through doit: its blocker, event, exit code, and whole evidence."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest

from sealwright.contracts.workflow.blockers import MATRIX
from sealwright.contracts.workflow.steps import story
from tests.support.example import BIN, PROJECT, Done
from tests.workflow import chains, packets, worlds
from tests.workflow.chains import ID, OPEN, TEXT
from tests.workflow.execution.targets import EDITS

TRIED = {  # reason: the test that tries it; the matrix has no other
    "no_diff": "test_what_a_backend_comes_to",
    "failed_tests": "test_what_a_backend_comes_to",
    "disallowed_file": "test_what_a_backend_comes_to",
    "timeout": "test_what_a_backend_comes_to",
    "provider_unavailable": "test_what_a_backend_comes_to",
    "missing_test_command": "test_a_validation_command_that_is_not_there",
    "unowned_repository": "test_a_target_that_is_not_admitted",
    "critical_repository": "test_a_target_that_is_not_admitted",
    "dirty_starting_tree": "test_a_target_that_is_not_clean",
    "approval_denied": "test_an_approval_of_something_else",
    "dirty_ending_tree": "test_a_target_that_somebody_changes_meanwhile",
    "artifact_write_failure": "test_evidence_that_cannot_be_written_is_written_by_the_next_run",
    "missing_required_event": "test_an_account_that_lost_an_event",
    "missing_operator_outcome": "test_a_word_that_is_of_something_else",
    "reviewer_reject": "test_a_run_that_a_person_rejects",
}


@pytest.fixture(scope="module")
def _made(tmp_path_factory):
    return chains.made(tmp_path_factory.mktemp("workflow") / "repository")


@pytest.fixture
def repo(_made, tmp_path):
    return chains.copied(_made, tmp_path / "repository")


@pytest.fixture
def approved(repo):
    repo.approve()
    return repo


def test_each_failure_of_the_matrix_is_tried_here():
    assert {blocker.reason for blocker in MATRIX} == TRIED.keys()
    assert set(TRIED.values()) <= globals().keys()


def running(repo):
    """Begin the run, and return it when its approval is used and the backend is at work."""
    repo.now += 60
    process = subprocess.Popen(
        [BIN / "doit", f"workflow:execute:{ID}"],
        cwd=repo.root,
        env={**repo.environment, **OPEN, "SOURCE_DATE_EPOCH": str(repo.now)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    while not story.read(repo.ledger, ID).used:
        assert process.poll() is None, process.stdout.read()
        time.sleep(0.02)
    return process


def done(process):
    said = process.communicate(timeout=120)[0]
    return Done(process.returncode, said, "")


@pytest.mark.parametrize(
    ("reason", "backend", "started"),
    [
        ("no_diff", {"command": ["true"]}, True),
        ("failed_tests", {"fake": {**EDITS, "src/strings.py": "x = 1\n"}}, True),
        ("disallowed_file", {"fake": {**EDITS, "README.md": "other\n"}}, True),
        ("timeout", {"command": ["sleep", "60"]}, True),
        ("provider_unavailable", {"command": ["no-such-backend"]}, False),
        ("failed_backend", {"command": ["false"]}, True),
    ],
)
def test_what_a_backend_comes_to(approved, reason, backend, started):
    tip = approved.tip
    approved.configure(backend=backend, limits={**chains.LIMITS, "seconds": 3})
    report = approved.fails(approved.step("execute"), reason)
    assert report["case_process_started"] is started
    assert (report["commit"], approved.tip) == (None, tip)
    assert worlds.git(approved.target, "status", "--porcelain") == ""
    again = approved.step("execute")
    assert again.code == 1 and "inv workflow.approve" in again.said  # it needs another approval
    assert len(story.read(approved.ledger, ID).used) == 1


def test_a_validation_command_that_is_not_there(repo):
    edit = ("python3 -B test_strings.py", "no-such-command -q")
    repo.write(packets.NAME, packets.edited(TEXT, edit))
    repo.approve()
    repo.fails(repo.step("execute"), "missing_test_command")


@pytest.mark.parametrize(
    ("reason", "field", "value"),
    [
        ("unowned_repository", "ownership_evidence", None),
        ("critical_repository", "risk_classification", "critical"),
        ("missing_forbidden_actions", "forbidden_actions", ["push"]),
    ],
)
def test_a_target_that_is_not_admitted(repo, reason, field, value):
    repo.admit(**{field: value})
    report = repo.fails(repo.step("admission"), reason)
    assert report["case_process_started"] is False and report["approval"] is None
    repo.step("admission")
    assert len(repo.runs) == 1  # the same is not told twice


def test_a_target_that_is_not_clean(repo):
    (repo.target / "src/strings.py").write_text("x = 3\n")
    report = repo.fails(repo.step("admission"), "dirty_starting_tree")
    assert report["target"]["before"]["clean"] is False
    assert (repo.target / "src/strings.py").read_text() == "x = 3\n"


def test_a_target_that_is_dirty_when_the_run_begins(approved):
    assert approved.step("approval").code == 0
    (approved.target / "new.txt").write_text("")
    approved.fails(approved.step("execute"), "dirty_starting_tree")
    assert story.read(approved.ledger, ID).used == ()  # the approval is still there
    (approved.target / "new.txt").unlink()
    assert approved.step("execute").code == 0


@pytest.mark.parametrize("field", ["sentence", "target_head", "packet_sha256", "nonce"])
def test_an_approval_of_something_else(approved, field):
    place = approved.root / "config/approvals/approve_CTO_WORK_049.json"
    record = json.loads(place.read_text())
    where = record if field == "sentence" else record["subject"]
    where[field] = where[field].replace("I approve", "I Approve")
    where[field] = where[field][:-1] + ("0" if where[field][-1] != "0" else "1")
    place.write_text(json.dumps(record, sort_keys=True, separators=(",", ":")) + "\n")
    report = approved.fails(approved.step("execute"), "approval_denied")
    assert report["case_process_started"] is False


def test_a_closed_gate_is_evidence_and_uses_no_approval(approved):
    tip = approved.tip
    closed = approved.doit(f"workflow:execute:{ID}")
    report = approved.fails(closed, "gate_closed")
    assert report["case_process_started"] is False
    assert "export CTO_HARNESS_ALLOW_CASE=1" in closed.said
    assert approved.tip == tip and story.read(approved.ledger, ID).used == ()
    assert approved.step("execute").code == 0


def test_a_target_that_somebody_changes_meanwhile(approved):
    approved.script("sleep 2; echo '# more' >> src/strings.py")
    tip, process = approved.tip, running(approved)
    (approved.target / "README.md").write_text("mine\n")
    approved.fails(done(process), "dirty_ending_tree")
    assert approved.tip == tip
    assert (approved.target / "README.md").read_text() == "mine\n"


def test_evidence_that_cannot_be_written_is_written_by_the_next_run(approved):
    approved.script("sleep 2; true")
    process = running(approved)
    run = story.read(approved.ledger, ID).unsettled
    place = approved.root / "evidence" / run
    place.mkdir()
    (place / "mine").write_text("")
    ended = done(process)
    assert ended.code == 1 and "artifact_write_failure" in ended.said
    place.rename(approved.root / "moved")
    ended = approved.work()
    approved.fails(ended, "artifact_write_failure", place)
    assert f"inv workflow.approve {ID}" in ended.said


def kill(repo, at, task="execute"):
    """Kill a run at one call; see `tests.workflow.killed`."""
    repo.now += 60
    words = (sys.executable, "-m", "tests.workflow.killed", at)
    path = f"{PROJECT}:{PROJECT}/lib"
    dodo = str(repo.root / "dodo.py")
    return repo.run(*words, dodo, "run", f"workflow:{task}:{ID}", PYTHONPATH=path, **OPEN)


def test_an_account_that_lost_an_event(approved):
    tip = approved.tip
    assert kill(approved, "/evidence/.2").code == -9
    assert approved.tip != tip and approved.runs == []
    place = approved.root / f".sealwright/contracts/workflow/{ID}/account.json"
    account = json.loads(place.read_text())
    account["events"] = [each for each in account["events"] if each["event"] != "paths.checked"]
    place.write_text(
        json.dumps(account, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n"
    )
    ended = approved.work()
    report = approved.fails(ended, "missing_required_event")
    assert report["commit"] == approved.tip
    approved.say("accept")
    refused = approved.step("outcome")
    assert refused.code == 1 and "reject it" in refused.said


def test_a_word_that_is_of_something_else(approved):
    assert approved.work().code == 1
    (run,) = approved.runs
    approved.say("accept")
    place = approved.root / "config/approvals/outcome_CTO_WORK_049.json"
    record = json.loads(place.read_text())
    record["subject"]["run"] = "another"
    place.write_text(json.dumps(record, sort_keys=True, separators=(",", ":")) + "\n")
    ended = approved.step("outcome")
    approved.fails(ended, "missing_operator_outcome", run.with_name(f"{run.name}.unsaid"))


def test_a_run_that_a_person_rejects(approved):
    assert approved.work().code == 1
    tip, (run,) = approved.tip, approved.runs
    approved.say("reject")
    assert approved.step("outcome").code == 0  # the step did what the person said
    report = approved.report(run.with_name(f"{run.name}.reject"))
    assert (report["status"], report["exit"]) == ("fail", 1)
    assert [each["event"] for each in report["blockers"]] == ["outcome.rejected"]
    assert worlds.git(approved.target, "rev-parse", "HEAD~1") == tip


def test_evidence_that_was_changed_before_it_was_kept_is_damage(approved):
    assert approved.step("execute").code == 0
    (run,) = approved.runs
    (run / "patch.diff").write_text("")
    ended = approved.step("evidence")
    assert ended.code == 2 and "patch.diff" in ended.said
