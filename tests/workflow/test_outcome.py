"""An outcome is what a person signed about one run's commit and all its evidence."""

from __future__ import annotations

import json

import pytest

from sealwright import approval as agreement
from sealwright.approval import Approvers
from sealwright.contracts.workflow import outcome
from sealwright.contracts.workflow.approval import UNSIGNED, Policy
from sealwright.contracts.workflow.outcome import ACCEPT, REJECT, Subject
from tests.support import keys
from tests.workflow.worlds import reasons

ABOUT = Subject("CTO-WORK-049", "sha256:1", "r1", "4b82", "sha256:2")


@pytest.fixture(scope="module")
def person():
    with keys.short_folder() as folder:
        yield keys.made(folder)


@pytest.fixture
def policy(person, tmp_path):
    (tmp_path / "public.asc").write_text(person.public)
    approvers = Approvers((person.fingerprint,), tmp_path / "public.asc")
    return Policy(tmp_path / "outcomes", approvers)


def give(person, policy, said, about=ABOUT):
    agreement.give(about.demand(said), policy.folder, person.fingerprint, person.home)


def test_an_acceptance_holds(person, policy):
    give(person, policy, ACCEPT)
    said = outcome.check(ABOUT, policy)
    assert (said.outcome, said.by, said.objections) == (ACCEPT, person.fingerprint, ())


def test_a_rejection_is_the_reviewers(person, policy):
    give(person, policy, REJECT)
    said = outcome.check(ABOUT, policy)
    assert said.outcome == REJECT and reasons(said.objections) == ["reviewer_reject"]


def test_none_is_an_objection_that_prints_both_texts(policy):
    said = outcome.check(ABOUT, policy)
    assert said.outcome == "" and reasons(said.objections) == ["missing_operator_outcome"]
    for each in (ACCEPT, REJECT):
        assert ABOUT.demand(each).text().decode().strip() in said.objections[0].remedy


@pytest.mark.parametrize("field", ["packet_sha256", "run", "commit", "evidence"])
def test_one_about_anything_else_is_none(person, policy, field):
    give(person, policy, ACCEPT)
    other = Subject(**{name: getattr(ABOUT, name) for name in Subject.__slots__} | {field: "x"})
    said = outcome.check(other, policy)
    assert said.outcome == "" and "found one of something else" in said.objections[0].what


def test_the_signature_of_an_acceptance_signs_no_rejection(person, policy):
    give(person, policy, ACCEPT)
    agreement.places(policy.folder, ABOUT.demand(ACCEPT))[0].write_bytes(
        ABOUT.demand(REJECT).text()
    )
    said = outcome.check(ABOUT, policy)
    assert said.outcome == "" and reasons(said.objections) == ["missing_operator_outcome"]


def test_an_unsigned_one_says_so(tmp_path):
    policy = Policy(tmp_path, unsigned=True)
    (tmp_path / "outcome_CTO_WORK_049.json").write_bytes(ABOUT.demand(ACCEPT).text())
    assert outcome.check(ABOUT, policy).by == UNSIGNED
    assert json.loads(ABOUT.demand(ACCEPT).text())["subject"]["outcome"] == ACCEPT
