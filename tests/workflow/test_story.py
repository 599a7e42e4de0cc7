"""From a packet to its outcome, once with each end, as the steps of a run would call it."""

from __future__ import annotations

import pytest

from sealwright import approval as agreement
from sealwright.approval import Approvers
from sealwright.clock import Instant
from sealwright.contracts.workflow import admission, approval, evidence, gate, outcome, target
from sealwright.contracts.workflow.approval import Policy
from sealwright.contracts.workflow.evidence import Backend, Facts, State, Validation
from sealwright.contracts.workflow.outcome import ACCEPT, REJECT, Subject
from sealwright.contracts.workflow.settings import Backend as Orders
from sealwright.errors import Damaged, Refused
from sealwright.ledger import Ledger
from sealwright.paths import RelPath
from tests.support import keys
from tests.workflow import packets, runs, worlds
from tests.workflow.test_gate import BEFORE, OPEN
from tests.workflow.worlds import git, reasons

PATH = RelPath("src/strings.py")


@pytest.fixture(scope="module")
def person():
    with keys.short_folder() as folder:
        yield keys.made(folder)


@pytest.fixture
def policy(person, tmp_path):
    (tmp_path / "public.asc").write_text(person.public)
    approvers = Approvers((person.fingerprint,), tmp_path / "public.asc")
    return Policy(tmp_path / "approvals", approvers)


def state(world):
    seen = target.observe(world.root, world.packet, dirty="dirty_ending_tree")
    return State(seen.head, git(world.target, "rev-parse", "HEAD^{tree}"), seen.clean)


def landed(world):
    """Stand in for the execution: one commit of the one allowed path."""
    (world.target / PATH).write_text("x = 2\n")
    git(world.target, "commit", "--quiet", "--all", "--message", "the task")
    return git(world.target, "diff", "--no-color", "HEAD~1", "HEAD").encode() + b"\n"


@pytest.fixture
def ran(tmp_path, person, policy):
    """A run up to its evidence; gives what the outcome is about."""
    world, used = worlds.made(tmp_path / "repository"), Ledger(tmp_path / "used.jsonl")
    packet = world.packet
    record = admission.load(world.root, packet)
    assert admission.check(packet, record, world.root) == ()
    assert gate.check(OPEN, packet, world.root, BEFORE) == ()
    seen, before = target.observe(world.root, packet), state(world)
    assert seen.objections == ()

    (denied,) = approval.check(packet, seen.head, policy, used)[1]
    assert "inv workflow.approve" in denied.remedy
    wanted = approval.demand(packet, seen.head, used)
    agreement.give(wanted, policy.folder, person.fingerprint, person.home)
    assert approval.check(packet, seen.head, policy, used)[1] == ()
    grant = approval.consume(packet, wanted, policy, used, runs.RUN)
    data = (world.root / packets.NAME).read_bytes()
    assert approval.recheck(grant, data, seen.head, policy, used) == ()

    patch, after = landed(world), state(world)
    facts = Facts(
        run=runs.RUN,
        started=Instant(1735689600),
        ended=Instant(1735689660),
        packet=packet,
        root=world.root,
        packet_path=RelPath(packets.NAME),
        backend=Backend("fake", Orders("fake", fake={PATH: "x = 2\n"}).identity(), True, 0),
        admission=record,
        grant=grant,
        before=before,
        after=after,
        validation=Validation(0, b"passed\n"),
        patch=patch,
        changed=(PATH,),
        commit=after.head,
        events=runs.EVENTS,
    )
    folder = world.root / "evidence" / runs.RUN
    anchor = evidence.write(folder, facts)
    assert evidence.verify(folder, anchor, used).holds
    return world, used, wanted, Subject(packet.id, packet.sha256, runs.RUN, after.head, anchor)


@pytest.mark.parametrize(("said", "found"), [(ACCEPT, []), (REJECT, ["reviewer_reject"])])
def test_a_packet_runs_to_its_outcome(ran, policy, person, said, found):
    *_, about = ran
    assert reasons(outcome.check(about, policy).objections) == ["missing_operator_outcome"]
    agreement.give(about.demand(said), policy.folder, person.fingerprint, person.home)
    assert reasons(outcome.check(about, policy).objections) == found


def test_its_approval_runs_nothing_again(ran, policy):
    world, used, wanted, _ = ran
    with pytest.raises(Refused, match="found a used one"):
        approval.consume(world.packet, wanted, policy, used, "another")
    assert approval.check(world.packet, world.head, policy, used)[1]
    git(world.target, "reset", "--quiet", "--hard", "HEAD~1")
    assert approval.check(world.packet, world.head, policy, used)[1]


def test_evidence_whose_approval_is_not_in_the_ledger_is_found(ran, tmp_path):
    world, *_ = ran
    other = Ledger(tmp_path / "other.jsonl")
    verdict = evidence.verify(world.root / "evidence" / runs.RUN, used=other)
    assert "expected its one line" in str(verdict)


def test_a_ledger_that_forgot_a_use_of_which_there_is_evidence_grants_nothing(ran, policy):
    world, used, wanted, _ = ran
    spent = evidence.nonces(world.root / "evidence")
    assert spent == {wanted.subject["nonce"]: runs.RUN}
    used.path.unlink()
    assert approval.demand(world.packet, world.head, used) == wanted
    verdict, found = approval.check(world.packet, world.head, policy, used, spent)
    assert not verdict.holds and "restore it" in str(found[-1].finding())
    with pytest.raises(Refused, match=f"by the run {runs.RUN}"):
        approval.consume(world.packet, wanted, policy, used, "another", spent)
    assert list(approval.consumed(used)) == []


def test_evidence_that_cannot_be_read_counts_as_damage(tmp_path):
    assert evidence.nonces(tmp_path / "none") == {}
    (tmp_path / "freshness_proof.json").write_text("{}")
    with pytest.raises(Damaged, match="expected a freshness proof"):
        evidence.nonces(tmp_path)
