"""From the packet to its outcome with doit, as a person meets it."""

from __future__ import annotations

import shutil

import pytest

from sealwright.contracts.workflow.steps import story
from tests.workflow import chains
from tests.workflow.chains import ID, VERBS
from tests.workflow.execution.targets import BETTER
from tests.workflow.worlds import git


@pytest.fixture(scope="module")
def _made(tmp_path_factory):
    return chains.made(tmp_path_factory.mktemp("workflow") / "repository")


@pytest.fixture(scope="module")
def _landed(_made, tmp_path_factory):
    repo = chains.copied(_made, tmp_path_factory.mktemp("landed") / "repository")
    repo.approve()
    done = repo.work()
    assert f"workflow:evidence:{ID}" in done.out, done.said
    return repo


@pytest.fixture
def repo(_made, tmp_path):
    """A repository before any run."""
    return chains.copied(_made, tmp_path / "repository")


@pytest.fixture
def landed(_landed, tmp_path):
    """The same after a run that passed; nobody has said anything of it."""
    return chains.copied(_landed, tmp_path / "repository")


def test_one_commit_lands_and_a_person_accepts_it(landed):
    (run,) = landed.runs
    report = landed.report()
    assert (report["status"], report["commit"]) == ("pass", landed.tip)
    assert (landed.target / "src/strings.py").read_text() == BETTER
    assert git(landed.target, "status", "--porcelain") == ""
    assert git(landed.target, "rev-list", "--count", "HEAD") == "2"
    landed.say("accept")
    done = landed.work()
    assert done.code == 0, done.said
    assert landed.report(landed.runs[-1])["operator_outcome"]["outcome"] == "accept"
    assert landed.runs == [run, run.with_name(f"{run.name}.accept")]
    again = landed.work()
    assert again.code == 0 and "nothing executed" in again.out, again.said
    assert landed.doit("verify").code == 0


def test_what_a_person_rejects_is_reverted_by_one_commit(landed):
    commit = landed.tip
    landed.say("reject")
    done = landed.work()
    assert done.code == 0, done.said
    assert git(landed.target, "rev-parse", "HEAD~1") == commit
    assert git(landed.target, "diff", "HEAD~2", "HEAD") == ""
    assert git(landed.target, "status", "--porcelain") == ""
    report = landed.report(landed.runs[-1])
    assert [each["reason"] for each in report["blockers"]] == ["reviewer_reject"]
    assert report["status"] == "fail" and report["exit"] == 1
    assert "outcome.rejected" in landed.names()
    assert "nothing executed" in landed.work().out


def test_every_step_has_its_name_and_a_sentence(repo):
    listed = repo.doit("list", "--all").out
    assert [verb for verb in VERBS if f"workflow:{verb}:{ID}" in listed] == list(VERBS)


def test_a_step_that_waits_says_the_exact_text_and_command(repo):
    done = repo.work()
    assert done.code == 1
    assert f"inv workflow.approve {ID}" in done.said
    assert '"sentence":"I approve CTO-WORK-049 against targets/strings' in done.said
    assert repo.runs == [] and story.read(repo.ledger, ID).used == ()


def test_a_used_approval_runs_nothing_again(landed):
    landed.say("accept")
    assert landed.work().code == 0
    tip, runs = landed.tip, landed.runs
    done = landed.work("-a", f"workflow:execute:{ID}")
    assert done.code == 1, done.said
    assert (landed.tip, landed.runs) == (tip, runs)
    assert f"expected an approval that no run has used, found that of the run {runs[0].name}" in (
        done.said
    )
    assert len(story.read(landed.ledger, ID).used) == 1


def test_a_target_that_was_thrown_away_after_the_outcome_makes_nothing_stale(landed):
    landed.say("accept")
    assert landed.work().code == 0
    shutil.rmtree(landed.target)
    done = landed.doit()
    assert done.code == 0 and "nothing executed" in done.out, done.said
    assert landed.doit("verify").code == 0
