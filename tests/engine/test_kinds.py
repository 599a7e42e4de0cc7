"""Members, records, transitions, guards, locks and attempts (promises 10 to 14)."""

from __future__ import annotations

import dataclasses
import os
import subprocess

import pytest

from sealwright import durable, lock
from sealwright.engine import amends
from sealwright.errors import Refused
from sealwright.ledger import Ledger
from sealwright.paths import parse
from sealwright.step import Attempt, Fact, Guard, Member, Record, Run, Transition, Tree
from sealwright.verdict import Verdict, refusal
from tests.support.workbench import Workbench, acts, copies, file

PACKS = Member(parse("packs"), "{n}")
FEED = Record(parse("ledger/feed.jsonl"), "said")


def packer(bench: Workbench, counter: list[int]) -> None:
    def act(run: Run) -> None:
        counter[0] += 1
        folder = run.name_member(PACKS, f"pack-{counter[0]}")
        durable.mkdir(folder)
        durable.create(folder / "a", run.path(file("a")).read_bytes())

    bench.write("a", "1")
    bench.steps = [acts("pack", act, PACKS, inputs=(file("a"),))]


# members


def test_a_changed_input_makes_a_new_member_and_keeps_the_old(bench):
    packer(bench, counter := [0])
    bench.executed()
    bench.write("a", "2")
    bench.executed()
    assert bench.read("packs/pack-1/a") == "1"
    assert bench.read("packs/pack-2/a") == "2"
    assert counter == [2]
    assert bench.executed() == []


def test_a_repetition_makes_a_new_member(bench):
    packer(bench, [0])
    bench.executed()
    assert bench.run("pack", forced=True)["pack"].status == "run"
    assert sorted(p.name for p in (bench.root / "packs").glob("pack-*")) == ["pack-1", "pack-2"]


def test_a_member_is_never_replaced(bench):
    packer(bench, [0])
    bench.executed()
    packer(bench, [0])
    bench.write("a", "2")
    outcome = bench.run("pack", forced=True)["pack"]
    assert outcome.status == "refused"
    assert "packs/pack-1: exists already with other bytes" in outcome.message
    assert bench.read("packs/pack-1/a") == "1"


def test_a_member_made_again_with_its_bytes_stays_as_it_stands(bench):
    packer(bench, [0])
    bench.executed()
    before = (bench.root / "packs/pack-1/a").stat()
    packer(bench, [0])
    assert bench.run("pack", forced=True)["pack"].status == "run"
    assert (bench.root / "packs/pack-1/a").stat() == before
    assert bench.executed() == []


def test_several_steps_put_their_members_into_one_folder(bench):
    def packs(name: str):
        member = Member(parse("packs"), f"{name}-{{n}}")

        def act(run: Run) -> None:
            durable.create(run.name_member(member, f"{name}-1"), name.encode())

        return acts(name, act, member)

    listed = acts("list", lambda run: run.path(file("out")).touch(), file("out"))
    listed = dataclasses.replace(listed, inputs=(Tree(parse("packs"), exclude=(".*",)),))
    bench.steps = [listed, packs("one"), packs("two")]
    assert bench.executed() == ["one", "two", "list"]
    assert sorted(p.name for p in (bench.root / "packs").glob("[!.]*")) == ["one-1", "two-1"]
    assert bench.executed() == []
    (bench.root / "packs/two-1").write_text("x")
    assert bench.run("two")["two"].code == 2
    assert bench.run("one")["one"].status == "up to date"


def test_a_folder_with_a_leading_dot_ignores_itself_and_all_that_it_holds(bench):
    subprocess.run(["git", "init", "-q"], cwd=bench.root, check=True)
    member = Member(parse(".own/packs/deep"), "{n}")
    other = Member(parse(".own/other"), "{n}")

    def act(run: Run) -> None:
        durable.create(run.name_member(member, "1"), b"1")
        durable.create(run.name_member(other, "1"), b"1")

    bench.steps = [acts("pack", act, member, other)]
    bench.executed()
    ignoring = {p.relative_to(bench.root).as_posix() for p in bench.root.rglob(".gitignore")}
    assert ignoring == {".sealwright/.gitignore", ".own/.gitignore"}


def test_a_member_without_a_name_fails_the_step(bench):
    bench.steps = [acts("pack", lambda run: durable.mkdir(run.path(PACKS)), PACKS)]
    assert "did not name its new entry" in bench.run()["pack"].message


def test_a_member_that_is_named_out_of_its_folder_is_refused(bench):
    bench.steps = [acts("pack", lambda run: durable.mkdir(run.name_member(PACKS, "../x")), PACKS)]
    assert "inside the repository" in bench.run()["pack"].message


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda place: (place / "a").write_text("x"), "a changed"),
        (lambda place: (place / "b").touch(), "b added"),
        (lambda place: (place / "a").unlink(), "a removed"),
        (lambda place: place.rename(place.with_name("other")), "absent"),
    ],
    ids=["changed", "added", "removed", "renamed"],
)
def test_a_damaged_member_is_refused_until_it_is_set_aside(bench, harm, said):
    packer(bench, [0])
    bench.executed()
    harm(bench.root / "packs/pack-1")
    outcome = bench.run()["pack"]
    assert (outcome.status, outcome.code) == ("refused", 2)
    assert said in outcome.message
    assert 'doit set-aside pack --reason "…"' in outcome.message
    engine = bench.engine()
    with engine.running():
        amends.set_aside(engine, "pack", "it was damaged")
    assert bench.executed() == ["pack"]
    assert bench.executed() == []


def test_intact_evidence_is_not_set_aside(bench):
    packer(bench, [0])
    bench.executed()
    engine = bench.engine()
    with engine.running(), pytest.raises(Refused, match="is what was recorded"):
        amends.set_aside(engine, "pack", "because")


def test_changed_evidence_is_refused_and_not_rebuilt(bench):
    bench.write("a", "1")
    bench.steps = [copies(file("a"), file("proof", evidence=True))]
    bench.executed()
    bench.write("proof", "2")
    outcome = bench.run()["copy"]
    assert (outcome.status, outcome.code) == ("refused", 2)
    assert bench.read("proof") == "2"


# records


def teller(bench: Workbench) -> None:
    def act(run: Run) -> None:
        run.append(FEED, {"event": "said", "text": run.path(file("a")).read_text()})

    bench.write("a", "1")
    bench.steps = [acts("tell", act, FEED, inputs=(file("a"),))]


def test_a_record_is_up_to_date_while_its_lines_stand(bench):
    teller(bench)
    assert bench.executed() == ["tell"]
    Ledger(bench.root / "ledger/feed.jsonl").append([{"event": "of somebody else"}])
    assert bench.executed() == []
    bench.write("a", "2")
    assert bench.executed() == ["tell"]
    events = [e.record.get("text") for e in Ledger(bench.root / "ledger/feed.jsonl").entries()]
    assert events == ["1", None, "2"]


def test_a_changed_line_is_refused(bench):
    teller(bench)
    bench.executed()
    path = bench.root / "ledger/feed.jsonl"
    path.write_text(path.read_text().replace('"1"', '"9"'))
    outcome = bench.run()["tell"]
    assert (outcome.status, outcome.code) == ("refused", 2)


def test_a_torn_ledger_refuses_an_append_and_names_the_way_out(bench):
    teller(bench)
    bench.executed()
    path = bench.root / "ledger/feed.jsonl"
    path.write_bytes(path.read_bytes() + b'{"event"')
    bench.write("a", "2")
    outcome = bench.run()["tell"]
    assert outcome.code == 2
    assert "sealwright recover" in outcome.message


def test_a_declared_record_without_a_line_fails_the_step(bench):
    bench.steps = [acts("tell", lambda run: None, FEED)]
    assert "declares said, but appended no line" in bench.run()["tell"].message


def test_lines_that_stand_already_are_a_record_without_another_line(bench):
    (feed := bench.root / "ledger/feed.jsonl").parent.mkdir()
    Ledger(feed).append([{"event": "said", "text": "before"}])
    size = feed.stat().st_size
    Ledger(feed).append([{"event": "of somebody else"}])
    before = feed.read_bytes()
    bench.steps = [acts("tell", lambda run: run.find(FEED, 0, size), FEED)]
    assert bench.executed() == ["tell"]
    assert feed.read_bytes() == before
    assert bench.executed() == []
    feed.write_bytes(before.replace(b"before", b"beyond"))
    assert bench.run()["tell"].code == 2


@pytest.mark.parametrize("place", [(0, 10), (0, 10_000), (10_000, 5), (1, 67)])
def test_lines_that_do_not_stand_there_fail_the_step(bench, place):
    (feed := bench.root / "ledger/feed.jsonl").parent.mkdir()
    Ledger(feed).append([{"event": "said"}])
    bench.steps = [acts("tell", lambda run: run.find(FEED, *place), FEED)]
    assert "expected lines at byte" in bench.run()["tell"].message


# transitions


def mover(bench: Workbench) -> Transition:
    moved = Transition(file("state"))

    def act(run: Run) -> None:
        durable.create(run.path(moved), b"after " + run.path(file("a")).read_bytes())

    bench.write("a", "1")
    bench.write("state", "before")
    bench.steps = [acts("move", act, moved, inputs=(file("a"), file("state")))]
    return moved


def test_a_transition_is_up_to_date_where_it_led(bench):
    mover(bench)
    assert bench.executed() == ["move"]
    assert bench.read("state") == "after 1"
    assert bench.executed() == []


def test_a_transition_whose_place_was_moved_by_hand_is_told(bench):
    mover(bench)
    bench.executed()
    bench.write("state", "by hand")
    assert "state was changed since the step made it" in bench.reasons("move")[0]


def test_a_later_transition_of_the_same_place_leaves_the_first_up_to_date(bench):
    moved = mover(bench)
    bench.executed()

    def back(run: Run) -> None:
        durable.create(run.path(moved), b"back")

    bench.steps += [acts("back", back, moved, inputs=(file("state"),), after=("move",))]
    assert bench.executed() == ["back"]
    assert bench.executed() == []
    assert bench.read("state") == "back"


def test_a_receipt_of_a_transition_says_from_where_to_where(bench):
    mover(bench)
    outcome = bench.run()["move"]
    engine = bench.engine()
    with engine.asking():
        output = engine.receipts.get(outcome.receipt)["outputs"][0]
    assert output["was"].startswith("file blake3:") and output["is"] != output["was"]


# guards


def guarded(bench: Workbench, answers: list[Verdict], *, waits: bool = False) -> list[int]:
    asked = [0]

    def ask(world: object) -> Verdict:
        asked[0] += 1
        return answers[min(asked[0], len(answers)) - 1]

    guard = Guard("gate:tree", "Is it clean?", ask, waits)
    bench.write("a", "1")
    bench.steps = [copies(file("a"), file("b"), guards=(guard,))]
    return asked


def test_a_guard_is_asked_before_the_act_and_before_the_commit_and_not_when_nothing_acts(bench):
    asked = guarded(bench, [Verdict()])
    bench.executed()
    assert asked == [2]
    bench.executed()
    assert asked == [2]


NO = refusal("tree", "is dirty", "commit it")


@pytest.mark.parametrize("answers", [[NO], [Verdict(), NO]], ids=["before", "at the commit"])
def test_a_guard_that_says_no_refuses_the_step(bench, answers):
    guarded(bench, answers)
    outcome = bench.run()["copy"]
    assert (outcome.status, outcome.message) == ("refused", "tree: is dirty; commit it")
    assert not (bench.root / "b").exists()


def test_a_missing_approval_waits(bench):
    guarded(bench, [NO], waits=True)
    assert bench.run()["copy"].status == "waiting"


def test_a_repetition_passes_no_guard(bench):
    guarded(bench, [Verdict(), Verdict(), NO])
    bench.executed()
    assert bench.run("copy", forced=True)["copy"].status == "refused"


def test_a_guard_is_in_no_definition(bench):
    guarded(bench, [Verdict()])
    bench.executed()
    bench.steps = [copies(file("a"), file("b"))]
    assert bench.executed() == []


# lock files


def test_a_lock_file_is_held_while_the_step_acts_and_gone_afterwards(bench):
    path = parse("packs/.build_lock")
    seen = []

    def act(run: Run) -> None:
        seen.append(lock.state(run.root / path))
        durable.create(run.path(file("b")), b"1")

    bench.steps = [acts("make", act, file("b"), locks=(path,))]
    bench.executed()
    assert seen[0] is not None and seen[0].owner is not None and seen[0].owner.pid == os.getpid()
    assert not (bench.root / path).exists()


@pytest.mark.parametrize("alive", [True, False], ids=["held", "dead"])
def test_a_lock_file_that_is_there_refuses_the_step(bench, alive):
    path = parse("packs/.build_lock")
    bench.steps = [
        acts(
            "make", lambda run: durable.create(run.path(file("b")), b"1"), file("b"), locks=(path,)
        )
    ]
    owner = lock.current("other", "2025-01-01T00:00:00Z")
    place = bench.root / path
    place.parent.mkdir()
    if alive:
        with lock.exclusive(place, owner=owner, remedy="x"):
            outcome = bench.run()["make"]
        assert f"is held by pid {os.getpid()}" in outcome.message
    else:
        child = subprocess.Popen(["true"])
        child.wait()
        from dataclasses import asdict, replace

        from sealwright.runtime import canonical

        dead = replace(owner, pid=child.pid, start=1)
        place.write_bytes(canonical.line(asdict(dead)))
        outcome = bench.run()["make"]
        assert f"sealwright unlock {path}" in outcome.message
        assert place.exists()
    assert outcome.status == "refused"
    assert not (bench.root / "b").exists()


# attempts


def attempted(bench: Workbench, world: list[str], approved: set[str]) -> None:
    identity = Fact("captured", lambda w: world[0])

    def opening(w: object) -> Verdict:
        return Verdict() if world[0] in approved else refusal("attempt", "is not approved", "sign")

    attempt = Attempt("trial", identity, Guard("trial:approval", "Approved?", opening, waits=True))
    bench.write("a", "1")
    bench.steps = [
        copies(file("a"), file("b"), name="first", attempt=attempt),
        copies(file("b"), file("c"), name="last", attempt=attempt, closes=True),
    ]


def test_a_closed_attempt_stays_closed_when_the_world_moves_on(bench):
    attempted(bench, world := ["one"], set())
    assert bench.executed() == ["first", "last"]
    bench.write("a", "2")
    world[0] = "two"
    assert bench.executed() == []
    assert bench.read("c") == "1"


def test_an_open_attempt_runs_again(bench):
    attempted(bench, ["one"], set())
    bench.executed("first")
    bench.write("a", "2")
    assert bench.executed() == ["first", "last"]


def test_a_new_attempt_runs_when_it_is_approved(bench):
    approved: set[str] = set()
    attempted(bench, world := ["one"], approved)
    bench.executed()
    bench.write("a", "2")
    world[0] = "two"
    approved.add("two")
    assert bench.executed() == ["first", "last"]
    assert bench.read("c") == "2"
    assert bench.executed() == []


def test_the_outputs_of_a_closed_attempt_are_still_watched(bench):
    attempted(bench, world := ["one"], set())
    bench.executed()
    world[0] = "two"
    bench.write("c", "forged")
    assert bench.reasons("last") != []


def test_what_a_closed_attempt_left_is_spared_by_forget_and_clean(bench):
    attempted(bench, world := ["one"], approved := set())
    bench.executed("first")
    engine = bench.engine()
    with engine.running():
        assert amends.derived(engine, "first") == [bench.root / "b"]
    bench.executed()
    for world[0] in ("one", "two"):
        engine = bench.engine()
        with engine.running():
            assert amends.derived(engine, "first") == []
            assert not amends.forget(engine, "first")
    approved.add("two")  # then it may be made anew
    engine = bench.engine()
    with engine.running():
        assert amends.derived(engine, "first") and amends.forget(engine, "first")


def test_an_act_whose_answer_does_not_hold_fails_the_step(bench):
    def act(run: Run) -> Verdict:
        durable.create(run.path(file("b")), b"1")
        return refusal("here", "says no")

    bench.steps = [acts("answer", act, file("b"))]
    outcome = bench.run()["answer"]
    assert (outcome.status, outcome.message) == ("refused", "here: says no")
    assert not (bench.root / "b").exists()


def test_what_an_act_answers_is_in_the_receipt(bench):
    def act(run: Run) -> Verdict:
        durable.create(run.path(file("b")), b"1")
        return Verdict((), {"seen": 3})

    bench.steps = [acts("answer", act, file("b"))]
    outcome = bench.run()["answer"]
    engine = bench.engine()
    with engine.asking():
        receipt = engine.receipts.get(outcome.receipt)
    assert (receipt["evidence"], receipt["exit"]) == ({"seen": 3}, 0)


def test_a_guard_that_cannot_answer_says_no(bench):
    def ask(world: object) -> Verdict:
        raise Refused("the world: is not there")

    bench.write("a", "1")
    bench.steps = [copies(file("a"), file("b"), guards=(Guard("gate:x", "?", ask),))]
    outcome = bench.run()["copy"]
    assert (outcome.status, outcome.code) == ("refused", 1)
    assert "the world: is not there" in outcome.message


def test_a_gate_hashes_in_full_whatever_the_stat_cache_says(bench):
    from sealwright import digest

    bench.write("a", "1")
    bench.steps = [
        copies(file("a"), file("b"), name="plain"),
        copies(file("a"), file("c"), name="gate", full=True),
    ]
    bench.executed()
    engine = bench.engine()
    with engine.running():
        for name in ("a", "b", "c"):
            bench.write(name, "2")
            engine.cache._tick = 1 << 62
            engine.cache.put(name, os.stat(bench.root / name), digest.of_bytes(b"1"))
    assert bench.reasons("plain") == []  # the cache lies
    assert len(bench.reasons("gate")) == 2
