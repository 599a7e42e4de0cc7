"""Stages are passed in their order, each by the evidence of a run."""

from __future__ import annotations

import json

from sealwright.contracts.workflow import gate
from sealwright.ledger import Ledger
from tests.workflow import chains, packets
from tests.workflow.chains import TEXT
from tests.workflow.worlds import git


def test_stages_are_earned_one_after_the_other(tmp_path):
    repo = chains.made(tmp_path / "repository")
    book = Ledger(repo.root / "evidence/stages.jsonl")
    book.path.unlink()
    repo.approve()
    repo.fails(repo.step("execute"), "stage_out_of_order")
    assert gate.stages(book) == ()

    staged = packets.edited(TEXT, ("CTO_HARNESS_CASE_STAGE=5", "CTO_HARNESS_CASE_STAGE=2"))
    repo.write(packets.NAME, staged)
    repo.approve()
    repo.fails(repo.doit("workflow"), "gate_closed")  # it stayed shut: nothing was changed
    assert gate.stages(book) == (1,)

    assert repo.work(CTO_HARNESS_CASE_STAGE="2").code == 1
    repo.say("accept")
    done = repo.work(CTO_HARNESS_CASE_STAGE="2")
    assert done.code == 0, done.said
    assert gate.stages(book) == (1, 2)
    (line,) = (json.loads(x) for x in book.path.read_text().splitlines() if '"stage":2' in x)
    assert repo.sealwright("verify", repo.runs[-1]).code == 0
    assert line["evidence"] in (repo.root / "evidence/approvals.jsonl").read_text()
    assert git(repo.target, "status", "--porcelain") == ""
