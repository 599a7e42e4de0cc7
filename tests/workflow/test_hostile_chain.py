"""Backends that want more than they may, through doit; and what a repository sees of them."""

from __future__ import annotations

import os

import pytest

from sealwright.contracts.workflow.steps import story
from tests.support.example import BIN
from tests.workflow import chains
from tests.workflow.chains import ID
from tests.workflow.execution.targets import picture
from tests.workflow.worlds import git

HONEST = "echo '# more' >> src/strings.py; "


@pytest.fixture(scope="module")
def _approved(tmp_path_factory):
    repo = chains.made(tmp_path_factory.mktemp("workflow") / "repository")
    repo.approve()
    assert repo.step("approval").code == 0
    return repo


@pytest.fixture
def repo(_approved, tmp_path):
    return chains.copied(_approved, tmp_path / "repository")


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("mkdir -p .git/hooks; echo x > .git/hooks/pre-push", "forbidden_action"),
        ("mkdir -p .github/workflows; echo x > .github/workflows/ci.yml", "disallowed_file"),
        ("ln -s /etc/passwd src/link", "disallowed_file"),
        ("git -c user.name=x -c user.email=x commit -qam x", "forbidden_action"),
        ("head -c 200000000 /dev/zero > big; false", "failed_backend"),
        ("(sleep 600 &) ; sleep 600", "timeout"),
    ],
)
def test_nothing_gets_through(repo, code, reason):
    before = picture(repo.target)
    repo.script(HONEST + code, limits={**chains.LIMITS, "seconds": 4})
    repo.fails(repo.step("execute"), reason)
    assert picture(repo.target) == before


def test_what_it_cannot_reach_stays_as_it_is(repo):
    """It deletes the target, forges evidence, pushes, and calls out: none of it is there."""
    secret = repo.root / "evidence"
    wanted = (
        f"rm -rf {repo.target} {repo.root}; mkdir -p {secret}/forged; echo x > {secret}/forged/a; "
    )
    push = f"git push {repo.target} HEAD:refs/heads/stolen; "
    net = "python3 -c \"import socket; socket.create_connection(('127.0.0.1', 22), 1)\" && exit 9; "
    repo.script(f"{HONEST}{wanted}{push}{net}true")
    done = repo.step("execute")
    assert done.code == 0, done.said
    report = repo.report()
    assert report["status"] == "pass" and report["changed_files"] == ["src/strings.py"]
    assert not (repo.root / "evidence/forged").exists()
    assert git(repo.target, "for-each-ref", "--format=%(refname)") == "refs/heads/main"


def test_it_sees_no_variable_but_those_that_it_is_given(repo):
    repo.script(f"{HONEST}env", variables=["COLOUR"])
    done = repo.step("execute", COLOUR="blue", SECRET_TOKEN="hush")
    assert done.code == 0, done.said
    log = (repo.runs[-1] / "backend.log").read_text()
    assert "COLOUR=blue" in log and "hush" not in log and "CTO_HARNESS" not in log


def test_a_packet_that_is_edited_after_its_approval_does_not_run(repo):
    before = picture(repo.target)
    path = repo.root / "docs/packet.md"
    path.write_text(path.read_text().replace("align the slugs", "align all slugs"))
    done = repo.step("execute")
    repo.fails(done, "approval_denied")
    assert picture(repo.target) == before and story.read(repo.ledger, ID).used == ()


def test_a_target_that_went_on_after_its_approval_does_not_run(repo):
    (repo.target / "README.md").write_text("another\n")
    git(repo.target, "commit", "-qam", "meanwhile")
    tip = repo.tip
    repo.fails(repo.step("execute"), "approval_denied")
    assert repo.tip == tip and os.listdir(repo.root / "evidence")


def test_another_run_needs_another_approval_and_has_its_own_evidence(repo):
    assert repo.work().code == 1
    repo.say("reject")
    assert repo.work().code == 0
    first = repo.runs[0]
    assert "nothing executed" in repo.work().out
    asked = repo.run(BIN / "inv", "workflow.approve", ID)
    text = asked.said[asked.said.index('{"format"') :].splitlines()[0]
    repo.write("config/approvals/approve_CTO_WORK_049.json", text + "\n")
    done = repo.work()
    assert done.code == 1 and "missing_operator_outcome" in done.said, done.said
    assert len(story.read(repo.ledger, ID).used) == 2
    repo.say("accept")
    done = repo.work()
    assert done.code == 0, done.said
    assert "nothing executed" in repo.work().out
    assert repo.runs[0] == first and len(repo.runs) == 4
    assert repo.doit("verify").code == 0
