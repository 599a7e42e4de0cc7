"""An approval is the exact sentence about exact bytes, by a pinned key, once; or it is nothing."""

from __future__ import annotations

import contextlib
import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from sealwright import approval as agreement
from sealwright.approval import Approvers
from sealwright.contracts.workflow import approval
from sealwright.contracts.workflow.approval import UNSIGNED, Policy
from sealwright.errors import Damaged, Refused
from sealwright.ledger import Ledger
from tests.support import faults, keys
from tests.workflow import packets, worlds
from tests.workflow.worlds import reasons


@pytest.fixture(scope="module")
def person():
    with keys.short_folder() as folder:
        yield keys.made(folder)


@pytest.fixture
def world(tmp_path):
    return worlds.made(tmp_path / "repository")


@pytest.fixture
def used(tmp_path):
    return Ledger(tmp_path / "used.jsonl")


@pytest.fixture
def policy(person, tmp_path):
    public = tmp_path / "public.asc"
    public.write_text(person.public)
    return Policy(tmp_path / "approvals", Approvers((person.fingerprint,), public))


@pytest.fixture
def unsigned(tmp_path):
    return Policy(tmp_path / "approvals", unsigned=True)


def demand(world, used):
    return approval.demand(world.packet, world.head, used)


def signed(world, used, policy, person):
    wanted = demand(world, used)
    agreement.give(wanted, policy.folder, person.fingerprint, person.home)
    return wanted


def written(world, used, policy, change=lambda text: text):
    wanted = demand(world, used)
    policy.folder.mkdir(exist_ok=True)
    about, _ = agreement.places(policy.folder, wanted)
    about.write_bytes(change(wanted.text()))
    return wanted


def test_the_record_binds_the_sentence_to_packet_target_and_commit(world, used):
    told = json.loads(demand(world, used).text())
    assert told["sentence"] == packets.SENTENCE
    assert told["subject"] == {
        "nonce": told["subject"]["nonce"],
        "packet_sha256": world.packet.sha256,
        "target": packets.TARGET,
        "target_head": world.head,
    }


def test_a_signed_one_holds_and_names_the_key(world, used, policy, person):
    signed(world, used, policy, person)
    verdict, found = approval.check(world.packet, world.head, policy, used)
    assert verdict.holds and found == ()
    assert verdict.evidence["approve_CTO_WORK_049"]["key"] == person.fingerprint


def test_without_one_the_exact_text_and_the_command_are_printed(world, used, policy):
    (found,) = approval.check(world.packet, world.head, policy, used)[1]
    text = demand(world, used).text().decode().strip()
    assert found.blocker.reason == "approval_denied"
    assert f"inv workflow.approve {packets.ID}" in found.remedy and text in found.remedy


def test_asking_twice_asks_for_the_same_text(world, used):
    assert demand(world, used).text() == demand(world, used).text()


def test_that_the_packet_holds_its_sentence_approves_nothing(world, used, policy, unsigned):
    about, signature = agreement.places(policy.folder, demand(world, used))
    policy.folder.mkdir()
    about.write_bytes((world.root / packets.NAME).read_bytes())
    signature.write_bytes((world.root / packets.NAME).read_bytes())
    for each in (policy, unsigned):
        assert reasons(approval.check(world.packet, world.head, each, used)[1]) == [
            "approval_denied"
        ]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("I approve", "I\u00a0approve", "found U+00A0 NO-BREAK SPACE"),
        ("approve CTO", "\u0430pprove CTO", "found U+0430 CYRILLIC SMALL LETTER A"),
        ("task.", "task. ", "expected the end, found ' ' (U+0020 SPACE)"),
        ("task.", "task\u2024", "found U+2024 ONE DOT LEADER"),
        ("I approve", "\u201cI approve", "found U+201C LEFT DOUBLE QUOTATION MARK"),
        ("I approve", "I  approve", "expected 'a' (U+0061 LATIN SMALL LETTER A), found ' '"),
        ("I approve", "i approve", "at character 1 expected 'I'"),
        ("slug alignment task.", "", "expected 's'"),
    ],
)
@pytest.mark.parametrize("form", ["typed", "record"])
def test_another_sentence_is_refused_and_the_first_other_character_named(
    world, used, unsigned, before, after, said, form
):
    wrong = packets.SENTENCE.replace(before, after)
    if form == "typed":
        told = str(approval.said(packets.SENTENCE, wrong))
    else:
        record = json.loads(demand(world, used).text()) | {"sentence": wrong}
        data = json.dumps(record, ensure_ascii=False).encode()
        written(world, used, unsigned, lambda _: data)
        found = approval.check(world.packet, world.head, unsigned, used)[1]
        told = "\n".join(str(each.finding()) for each in found)
    assert "approval_denied" in told and said in told


def test_one_line_end_after_what_was_typed_is_no_part_of_it():
    assert approval.said(packets.SENTENCE, f"{packets.SENTENCE}\n").holds
    assert not approval.said(packets.SENTENCE, f"{packets.SENTENCE}\n\n").holds


def test_any_changed_byte_of_the_packet_makes_it_worth_nothing(world, used, policy, person):
    signed(world, used, policy, person)
    place = world.root / packets.NAME
    place.write_text(place.read_text().replace("Local planning only.", "Local planning only!"))
    found = approval.check(world.packet, world.head, policy, used)[1]
    assert any("packet_sha256" in each.where for each in found)


def test_another_commit_of_the_target_makes_it_worth_nothing(world, used, policy, person):
    signed(world, used, policy, person)
    worlds.git(world.target, "commit", "--quiet", "--allow-empty", "--message", "second")
    head = worlds.git(world.target, "rev-parse", "HEAD")
    found = approval.check(world.packet, head, policy, used)[1]
    assert any("target_head" in each.where for each in found)


def test_unsigned_is_what_the_evidence_says(world, used, unsigned):
    wanted = written(world, used, unsigned)
    verdict, found = approval.check(world.packet, world.head, unsigned, used)
    assert found == () and verdict.evidence == {wanted.name: UNSIGNED}
    assert approval.consume(world.packet, wanted, unsigned, used, "r1").by == UNSIGNED


def test_where_signatures_are_needed_a_record_without_one_is_refused(world, used, policy):
    written(world, used, policy)
    assert reasons(approval.check(world.packet, world.head, policy, used)[1]) == ["approval_denied"]


def test_a_waiver_is_no_way_to_run_a_packet(world, used, tmp_path):
    waived = Policy(tmp_path, Approvers(waived="a test"))
    with pytest.raises(Refused, match="found a waiver"):
        approval.check(world.packet, world.head, waived, used)


def test_it_is_used_once(world, used, policy, person):
    wanted = signed(world, used, policy, person)
    grant = approval.consume(world.packet, wanted, policy, used, "r1")
    assert grant.by == person.fingerprint and grant.run == "r1"
    with pytest.raises(Refused, match="found a used one"):
        approval.consume(world.packet, wanted, policy, used, "r2")
    found = approval.check(world.packet, world.head, policy, used)[1]
    assert any("used by the run r1" in each.what for each in found)
    assert demand(world, used).subject["nonce"] != grant.nonce


def test_its_use_is_in_the_ledger_before_anything_runs(world, used, unsigned):
    wanted = written(world, used, unsigned)
    grant = approval.consume(world.packet, wanted, unsigned, used, "r1")
    (entry,) = approval.consumed(used)
    assert entry.digest == grant.line and entry.record["nonce"] == grant.nonce
    assert entry.record["packet"] == packets.ID and entry.record["run"] == "r1"


def test_of_many_who_use_it_at_once_one_does(world, used, unsigned):
    wanted = written(world, used, unsigned)

    def use(number):
        try:
            return approval.consume(world.packet, wanted, unsigned, used, f"r{number}")
        except Refused:
            return None

    with ThreadPoolExecutor(8) as pool:
        assert len([each for each in pool.map(use, range(8)) if each]) == 1
    assert len(list(approval.consumed(used))) == 1


def test_the_use_for_one_packet_leaves_the_approval_of_another_alone(world, used, unsigned):
    wanted = written(world, used, unsigned)
    used.append([{"event": approval.EVENT, "packet": "CTO-WORK-1", "nonce": "x", "run": "r0"}])
    assert demand(world, used) == wanted


@pytest.mark.parametrize("mode", ["lost", "kept", "torn", "ENOSPC", "EIO"])
def test_killed_at_any_call_it_is_used_or_not_and_never_twice(world, tmp_path, unsigned, mode):
    wanted = written(world, Ledger(tmp_path / "none.jsonl"), unsigned)
    at = 0
    while True:
        at += 1
        used, granted = Ledger(tmp_path / f"{at}.jsonl"), None
        with faults.fault(at, mode) as faulty, contextlib.suppress(OSError):
            granted = approval.consume(world.packet, wanted, unsigned, used, "r1")
        try:
            lines = len(list(approval.consumed(used)))
        except Damaged:
            lines = 0  # a torn tail, which was never acknowledged
        assert lines <= 1 and (not granted or lines == 1)
        if faulty.count < at:
            break
    assert at > 3


@pytest.fixture
def granted(world, used, policy, person):
    wanted = signed(world, used, policy, person)
    return approval.consume(world.packet, wanted, policy, used, "r1")


def rechecked(world, used, policy, grant, *, head=None):
    data = (world.root / packets.NAME).read_bytes()
    return approval.recheck(grant, data, head or world.head, policy, used)


def test_right_before_the_change_it_still_holds(world, used, policy, granted):
    assert rechecked(world, used, policy, granted) == ()


def test_right_before_the_change_the_packet_is_still_the_approved_one(world, used, policy, granted):
    (world.root / packets.NAME).write_text(packets.TEXT + "\n")
    assert reasons(rechecked(world, used, policy, granted)) == ["approval_denied"]


def test_right_before_the_change_the_target_is_still_where_it_was(world, used, policy, granted):
    found = rechecked(world, used, policy, granted, head="0" * 40)
    assert reasons(found) == ["target_moved"]


def test_an_approval_that_was_taken_back_stops_the_change(world, used, policy, granted):
    agreement.places(policy.folder, granted.demand)[1].unlink()
    assert reasons(rechecked(world, used, policy, granted)) == ["approval_denied"]


def test_a_ledger_that_lost_the_use_stops_the_change(world, used, policy, granted):
    used.path.unlink()
    assert reasons(rechecked(world, used, policy, granted)) == ["approval_denied"]
