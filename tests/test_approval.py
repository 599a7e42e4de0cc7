"""An approval is worth something for exact bytes, by a pinned key, and for nothing else."""

from __future__ import annotations

import subprocess

import pytest

from sealwright import approval
from sealwright.approval import Approvers, Demand
from sealwright.errors import Refused
from tests.support import keys

DEMAND = Demand("freeze", "I approve the freeze.", {"HEAD": "4b82", "a.md": "sha256:1"})
COMMAND = "inv coo.approve freeze"


@pytest.fixture(scope="module")
def persons():
    """Two people with keys; the first one's counts."""
    with keys.short_folder() as one, keys.short_folder() as two:
        yield keys.made(one), keys.made(two)


@pytest.fixture
def approvers(persons, tmp_path):
    public = tmp_path / "public.asc"
    public.write_text(persons[0].public + persons[1].public)
    return Approvers((persons[0].fingerprint,), public)


@pytest.fixture
def given(persons, tmp_path):
    """A folder in which the first person agreed."""
    approval.give(DEMAND, tmp_path / "approvals", persons[0].fingerprint, persons[0].home)
    return tmp_path / "approvals"


def test_what_a_pinned_key_signed_holds(given, approvers, persons):
    verdict = approval.check(DEMAND, given, approvers, COMMAND)
    assert verdict.holds and verdict.evidence["freeze"]["key"] == persons[0].fingerprint


def test_the_two_commands_by_hand_make_one(tmp_path, approvers, persons):
    folder = tmp_path / "by hand"
    folder.mkdir()
    (folder / "freeze.json").write_bytes(DEMAND.text())
    argv = ["gpg", "--homedir", persons[0].home, "--armor", "--detach-sign", "--local-user"]
    subprocess.run([*argv, persons[0].fingerprint, folder / "freeze.json"], check=True)
    assert approval.check(DEMAND, folder, approvers, COMMAND).holds


def test_a_missing_one_prints_the_command_and_the_exact_text(tmp_path, approvers):
    said = str(approval.check(DEMAND, tmp_path / "none", approvers, COMMAND))
    assert "expected an approval, found none" in said and COMMAND in said
    assert DEMAND.text().decode().strip() in said


@pytest.mark.parametrize(
    "other",
    [
        Demand("freeze", "I approve the freeze!", DEMAND.subject),
        Demand("freeze", DEMAND.sentence, {**DEMAND.subject, "HEAD": "4b83"}),
        Demand("freeze", DEMAND.sentence, {**DEMAND.subject, "b.md": "sha256:2"}),
        Demand("freeze", DEMAND.sentence, {"HEAD": "4b82"}),
    ],
)
def test_one_of_something_else_is_worth_nothing(given, approvers, other):
    verdict = approval.check(other, given, approvers, COMMAND)
    assert not verdict.holds and "found one of something else" in str(verdict)


def test_every_flipped_byte_of_its_text_is_found(given, approvers):
    place = given / "freeze.json"
    whole = place.read_bytes()
    for at in range(len(whole)):
        place.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert not approval.check(DEMAND, given, approvers, COMMAND).holds
    place.write_bytes(whole)
    assert approval.check(DEMAND, given, approvers, COMMAND).holds


def test_a_key_that_is_not_pinned_is_worth_nothing(tmp_path, approvers, persons):
    approval.give(DEMAND, tmp_path / "other", persons[1].fingerprint, persons[1].home)
    said = str(approval.check(DEMAND, tmp_path / "other", approvers, COMMAND))
    assert f"expected one by {persons[0].fingerprint}" in said


def test_no_pinned_key_at_all_agrees_to_nothing(given, approvers):
    assert not approval.check(DEMAND, given, Approvers((), approvers.public), COMMAND).holds


def test_keys_that_are_not_there_are_named(given, approvers, tmp_path):
    nowhere = Approvers(approvers.keys, tmp_path / "none.asc")
    assert "expected public keys" in str(approval.check(DEMAND, given, nowhere, COMMAND))


def test_the_signature_of_another_approval_is_worth_nothing(given, approvers, persons, tmp_path):
    other = Demand("freeze", "I approve something else.", DEMAND.subject)
    approval.give(other, tmp_path / "other", persons[0].fingerprint, persons[0].home)
    (given / "freeze.json.asc").write_bytes((tmp_path / "other/freeze.json.asc").read_bytes())
    assert not approval.check(DEMAND, given, approvers, COMMAND).holds


def test_who_needs_none_says_why_and_that_is_shown(tmp_path):
    verdict = approval.check(DEMAND, tmp_path, Approvers(waived="a test"), COMMAND)
    assert verdict.holds and verdict.evidence == {"freeze": "WAIVED: a test"}


def test_where_no_signature_is_asked_for_its_text_may_be(tmp_path):
    nobody = Approvers(waived="nobody is asked here")

    def ask():
        return approval.check(DEMAND, tmp_path, nobody, COMMAND, written=True)

    (tmp_path / "freeze.json").mkdir()
    text = DEMAND.text().decode().strip()
    assert f"found none; {COMMAND}\nwhich writes: {text}" in str(ask())
    (tmp_path / "freeze.json").rmdir()
    approval.write(DEMAND, tmp_path)
    assert ask().evidence == {"freeze": "WAIVED: nobody is asked here"}


def test_a_name_that_is_a_path_is_refused(persons, tmp_path):
    with pytest.raises(Refused, match="expected a name"):
        bad = Demand("../freeze", "I approve.")
        approval.give(bad, tmp_path, persons[0].fingerprint, persons[0].home)
