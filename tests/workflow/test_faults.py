"""Killed at any call, or without room: the target has the whole commit or nothing, and it is said.

A spread of what ``make faults`` sweeps, what was found by it, and that its invariants can fail.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest

from sealwright.contracts.workflow import approval
from sealwright.contracts.workflow.execution import landing, settling
from sealwright.contracts.workflow.steps import concluding, ending
from sealwright.contracts.workflow.steps.case import Case
from sealwright.durable import remove
from sealwright.verdict import Finding
from tests.support import migrations, workflow_stages
from tests.support.program_faults import fault
from tests.support.sweep import Tally, swept
from tests.support.workbench import MEMORY
from tests.support.workflow_faults import Disturbed, calls
from tests.support.workflow_stages import FACTS, STEPS, TARGET, alone, environment, name, run


@pytest.fixture(scope="module")
def work():
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def stages(work):
    return workflow_stages.stages(work)


@pytest.fixture(scope="module")
def made(stages, work):
    """The calls of a run."""
    return calls(stages["execute"], work)


def moved(made):
    """Return the number of the call at which the branch moves."""
    return len(made) - made[::-1].index("git update-ref")


@pytest.mark.parametrize("stage", STEPS)
def test_after_a_fault_at_any_call_there_is_the_whole_commit_or_nothing(stage, stages, work):
    plan = Disturbed(stages[stage], work)
    tally = Tally(stage).add(swept(plan.some(1), plan))
    assert not tally.complaints, str(tally)
    assert tally.states


@pytest.mark.parametrize("mode", ["lost", "kept", "ENOSPC"])
def test_around_the_commit_point_it_is_one_or_the_other(mode, stages, work, made):
    met, said = Disturbed(stages["execute"], work)((moved(made), mode))
    assert (met, said) == (mode, [])


def test_a_line_that_is_cut_in_two_is_damage_that_says_what_mends_it(stages, work, made):
    appends = [at for at, call in enumerate(made) if (call, made[at - 1]) == ("fdatasync", "write")]
    ledger = appends[1]  # the first is the run journal's, which mends itself
    met, said = Disturbed(stages["execute"], work)((ledger, "torn"))
    assert (met, said) == ("torn", [])


def test_every_program_that_writes_is_a_call(made):
    programs = {call for call in made if call.startswith("git ")} | {"sandbox"} & set(made)
    assert programs >= {"git read-tree", "git unpack-objects", "git update-ref", "sandbox"}
    assert made.count("sandbox") == 2  # the backend and the tests


@pytest.fixture
def root(stages, work):
    """A copy of a repository right before its run."""
    place = migrations.copied(stages["execute"].root, work / "repository")
    yield place
    remove(place)


@pytest.mark.parametrize(
    ("mode", "told"),
    [("lost", "was cut off, and nothing has landed"), ("kept", "was cut off, and its commit has")],
)
def test_the_next_run_says_in_a_sentence_what_became_of_one_that_was_killed(
    root, stages, made, mode, told
):
    now = environment(stages["execute"].now)
    with fault(moved(made), mode):
        alone(root, name("execute"), now)
    (sentence,) = (line for line in run(root, now).said.splitlines() if told in line)
    assert "evidence: evidence/2025" in sentence


def test_a_run_whose_commit_landed_and_that_failed_says_what_takes_it_back(root, stages, made):
    """Found by the sweep: nobody was told, where the evidence could not be written at first."""
    now = environment(stages["execute"].now)
    with fault(moved(made), "kept"):
        alone(root, name("execute"), now)
    with fault(200, "EIO"):
        alone(root, name("admission"), now)
    ran = run(root, now)
    assert "artifact_write_failure" in ran.said
    assert "inv workflow.outcome CTO-WORK-049 --reject" in ran.said


def broken(*words):
    raise OSError("no space is left")


def stands(root):
    """Return what git says of the target, and how its runs stand."""
    look = workflow_stages.looked(root)
    return json.loads(look[TARGET]), json.loads(look[FACTS])


def test_a_landing_that_is_not_tidied_at_first_is_no_failure(root, stages, monkeypatch):
    """Found by the sweep: what stayed in the way kept every later run from landing."""
    monkeypatch.setattr(landing, "clear", broken)
    ran = alone(root, name("execute"), environment(stages["execute"].now))
    assert ran.code == 0, ran.said
    target, facts = stands(root)
    assert (target["litter"], facts["landing"]) == ([], [])
    assert [status for _, status, _, _ in facts["ended"]] == ["pass"]


def test_a_commit_that_is_made_and_does_not_come_to_land_is_not_said_to(root, stages, made):
    """Found by the sweep: a full disk between the two, and the step ended well."""
    with fault(made.index("git commit-tree") + 3, "ENOSPC") as full:
        ran = alone(root, name("execute"), environment(stages["execute"].now))
    assert full.made[full.at - 1] == "write"
    assert ran.code == 1 and "nothing has landed" in ran.said
    target, facts = stands(root)
    assert len(target["history"]) == 1
    assert [(status, commit) for _, status, commit, _ in facts["ended"]] == [("fail", "")]


def test_a_run_whose_landing_cannot_be_ended_is_ended_by_the_next_one(
    root, stages, made, monkeypatch
):
    now = environment(stages["execute"].now)
    with monkeypatch.context() as full:
        full.setattr(landing, "clear", broken)
        full.setattr(settling, "clear", broken)
        ran = alone(root, name("execute"), now)
    assert ran.code and "no space is left" in ran.said
    assert stands(root)[1]["ended"] == []
    assert "was cut off, and its commit has landed" in run(root, now).said
    target, facts = stands(root)
    assert (target["litter"], facts["landing"]) == ([], [])
    assert [status for _, status, _, _ in facts["ended"]] == ["pass"]


def seen(complaint, stage, point, stages, work):
    """A defect is found at a point, by the invariant that is about it."""
    _, said = Disturbed(stages[stage], work)(point)
    assert any(complaint in each for each in said), said


def test_half_a_commit_would_be_seen(stages, work, made, monkeypatch):
    monkeypatch.setattr(settling, "recover", lambda target, journal: "nothing")
    point = (moved(made), "kept")
    seen("has_the_whole_commit_or_nothing", "execute", point, stages, work)
    seen("leaves_nothing_half_done", "execute", point, stages, work)


def test_an_approval_that_is_used_too_late_would_be_seen(stages, work, made, monkeypatch):
    monkeypatch.setattr(approval, "consume", lambda *words: (_ for _ in ()).throw(OSError()))
    real = ending.state

    def moving(world, packet, dirty):
        (world.root / packet.target.repository / "README.md").write_text("moved\n")
        return real(world, packet, dirty)

    monkeypatch.setattr(ending, "state", moving)
    seen("uses_an_approval_once_and_first", "execute", (60, "lost"), stages, work)


def test_evidence_that_is_gone_would_be_seen(stages, work, made, monkeypatch):
    real = ending.settle

    def forgetful(case, run):
        if ended := real(case, run):
            remove(run.root / "evidence" / ended.run / "patch.diff")
        return ended

    monkeypatch.setattr(ending, "settle", forgetful)
    point = (moved(made), "lost")
    seen("leaves_whole_evidence_or_says_so", "execute", point, stages, work)


def test_a_run_that_says_nothing_would_be_seen(stages, work, made, monkeypatch):
    monkeypatch.setattr(Case, "standing", lambda case, last: Finding(case.id, "expected something"))
    seen("says_where_things_stand", "execute", (moved(made), "kept"), stages, work)


def test_a_rejection_that_is_forgotten_would_be_seen(stages, work, monkeypatch):
    monkeypatch.setattr(concluding, "_reverted", lambda *words: False)
    point = (moved(calls(stages["reject"], work)), "kept")
    seen("ends_as_an_undisturbed_run", "reject", point, stages, work)
