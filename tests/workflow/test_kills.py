"""A run that is killed: the target has the whole commit or nothing, and the next run says which."""

from __future__ import annotations

import pytest

from sealwright.contracts.workflow.steps import story
from tests.workflow import chains
from tests.workflow.chains import ID
from tests.workflow.execution.targets import BETTER, FILES
from tests.workflow.test_failures import kill
from tests.workflow.worlds import git

POINTS = 4  # of several hundred calls; the landing alone is killed at each of its own elsewhere


@pytest.fixture(scope="module")
def _approved(tmp_path_factory):
    repo = chains.made(tmp_path_factory.mktemp("workflow") / "repository")
    repo.approve()
    assert repo.step("approval").code == 0
    return repo


@pytest.fixture(scope="module")
def calls(_approved, tmp_path_factory):
    """How many calls there are that change the file system."""
    repo = chains.copied(_approved, tmp_path_factory.mktemp("counted") / "repository")
    done = kill(repo, "0")
    assert done.code == 0, done.said
    return int(done.out.rpartition("calls: ")[2])


def settled(repo, before):
    """Run again, and ask for what must hold after a kill at any call."""
    landed = repo.tip != before
    used = len(story.read(repo.ledger, ID).used)
    done = repo.work()
    assert git(repo.target, "status", "--porcelain") == ""
    text = (repo.target / "src/strings.py").read_text()
    finished = repo.tip != before
    assert text == (BETTER if finished else FILES["src/strings.py"])
    assert git(repo.target, "rev-list", "--count", "HEAD") == ("2" if finished else "1")
    told = story.read(repo.ledger, ID)
    assert len(told.used) <= 1 and told.unsettled == ""
    if used and not landed and not finished:
        assert f"inv workflow.approve {ID}" in done.said  # the approval was used: another is needed
        assert "interrupted" in str(repo.report(repo.runs[-1])["blockers"])
    if finished:
        assert "missing_operator_outcome" in done.said
        assert repo.report(repo.runs[-1])["status"] == "pass"
    assert done.code == 1  # somebody has to say something, either way
    for run in repo.runs:
        assert repo.sealwright("verify", run).code == 0
    again = repo.work()
    assert len(story.read(repo.ledger, ID).used) == len(told.used)
    assert again.code == 1 and repo.tip == (repo.tip if finished else before)
    return finished


def test_killed_anywhere_a_run_is_whole_or_nothing(_approved, calls, tmp_path):
    assert calls > 50
    outcomes = set()
    for number in range(POINTS):
        repo = chains.copied(_approved, tmp_path / str(number))
        at = 1 + (calls - 1) * number // (POINTS - 1)
        before = repo.tip
        assert kill(repo, str(at)).code in (-9, 0)
        outcomes.add(settled(repo, before))
    assert True in outcomes


@pytest.mark.parametrize(
    ("at", "lands"),
    [
        ("account.json", True),  # before the approval is used, which then still counts
        ("approvals.jsonl", True),
        ("attempt/clone", False),
        ("landing.json", False),
        ("/evidence/.2", True),
    ],
)
def test_killed_where_it_matters(_approved, tmp_path, at, lands):
    repo = chains.copied(_approved, tmp_path / "repository")
    before = repo.tip
    assert kill(repo, at).code == -9
    assert settled(repo, before) is lands


def test_a_rejection_that_is_killed_is_carried_out_once(_approved, tmp_path):
    template = chains.copied(_approved, tmp_path / "template")
    assert template.work().code == 1
    template.say("reject")
    for number, at in enumerate(("index.lock", ".reject.tmp")):
        repo = chains.copied(template, tmp_path / str(number))
        commit = repo.tip
        assert kill(repo, at, "outcome").code == -9, at
        done = repo.work()
        assert done.code == 0, (at, done.said)
        assert git(repo.target, "rev-parse", "HEAD~1") == commit
        assert git(repo.target, "diff", "HEAD~2", "HEAD") == ""
        assert "nothing executed" in repo.work().out
