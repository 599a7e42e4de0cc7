"""Several steps at a time leave what one after another leaves, whatever order they begin in."""

from __future__ import annotations

import contextlib
import shutil
import threading
from pathlib import Path

import pytest

from sealwright import durable
from sealwright.engine.graph import build
from sealwright.engine.schedule import Schedule, waits
from sealwright.errors import Refused, SealwrightError
from sealwright.paths import RelPath, parse
from sealwright.step import Command, Fact, Record, Run, Step, Transition
from tests.support.faults import PowerCut, fault
from tests.support.workbench import Workbench, acts, copies, every_kind, file, tree

FEED = parse("ledger/feed.jsonl")


def appends(name: str, **more: object) -> Step:
    record = Record(FEED, name)
    return acts(name, lambda run: run.append(record, {"event": name}), record, **more)


def moves(name: str) -> Step:
    moved = Transition(file("state.txt"))

    def act(run: Run) -> None:
        durable.create(run.path(moved), run.path(moved.of).read_bytes() + name.encode())

    return Step(name=name, doc="Move.", act=act, inputs=(moved.of,), outputs=(moved,))


def mixed_up() -> list[Step]:
    """Every kind of output, and steps that would get in one another's way."""
    view = Fact("feed", lambda world: (world.root / FEED).read_text().count("\n"), FEED)
    counted = file("out/counted.txt")

    def count(run: Run) -> None:
        durable.create(run.path(counted), str(run.fact(view)).encode())

    count_step = Step(name="count", doc="Count.", act=count, inputs=(view,), outputs=(counted,))
    return [
        *every_kind(),
        *(copies(file("in.txt"), file(f"many/{n}"), f"copy{n}") for n in range(6)),
        moves("one"),
        moves("two"),
        copies(file("state.txt"), file("out/state-after"), "reads-after"),
        *(appends(f"append{n}") for n in range(4)),
        count_step,
    ]


def prepared(root: Path) -> Workbench:
    root.mkdir()
    bench = Workbench(root, mixed_up())
    bench.write("in.txt", "hello world again")
    bench.write("state.txt", "before")
    return bench


def test_fifty_shuffles_four_at_a_time_leave_what_a_run_step_by_step_leaves(quick_path):
    expected = prepared(quick_path / "sequential")
    expected.run()
    files = expected.files()
    for seed in range(50):
        bench = prepared(quick_path / f"shuffled{seed}")
        outcomes = bench.run(jobs=4, seed=str(seed))
        assert {o.status for o in outcomes.values()} == {"run"}, (seed, outcomes)
        assert bench.files() == files, seed
        assert set(bench.run(jobs=4).values()) == set(bench.run().values()), seed
        assert bench.executed() == [], seed
        shutil.rmtree(bench.root)


@pytest.mark.parametrize("mode", ["lost", "kept", "stopped", "ENOSPC", "EIO"])
def test_a_fault_while_several_are_at_work_is_mended_by_the_next_run(quick_path, mode):
    expected = prepared(quick_path / "expected")
    expected.run()
    tried = 0
    for at in range(7, 2000, 41):
        bench = prepared(quick_path / "again")
        with (
            fault(at, mode) as faulty,
            contextlib.suppress(SealwrightError, OSError, PowerCut),
        ):
            bench.run(jobs=4, seed=str(at))
        outcomes = bench.run(jobs=4)
        assert all(o.code == 0 for o in outcomes.values()), (at, outcomes)
        assert bench.files() == expected.files(), at
        assert list((bench.root / ".sealwright/staging").iterdir()) == [], at
        assert bench.executed() == [], at
        shutil.rmtree(bench.root)
        tried += 1
        if faulty.count < at:
            break
    print(f"{mode}: {tried} states tried, four steps at a time")
    assert tried > 10


def test_steps_really_run_at_the_same_time(bench):
    meeting = threading.Barrier(3, timeout=30)
    bench.steps = [meets(f"s{n}", meeting) for n in range(3)]
    assert {o.status for o in bench.run(jobs=3).values()} == {"run"}


def meets(name: str, meeting: threading.Barrier) -> Step:
    target = file(f"out/{name}")

    def act(run: Run) -> None:
        meeting.wait()
        durable.create(run.path(target), b"met")

    return acts(name, act, target)


class Counter:
    """How many acts were at work at the same time, at most."""

    def __init__(self) -> None:
        self.now = self.most = 0
        self._lock = threading.Lock()

    def step(self, name: str, *pools: str) -> Step:
        target = file(f"out/{name}")

        def act(run: Run) -> None:
            with self._lock:
                self.now += 1
                self.most = max(self.most, self.now)
            threading.Event().wait(0.02)
            with self._lock:
                self.now -= 1
            durable.create(run.path(target), b"")

        return acts(name, act, target, pools=pools)


@pytest.mark.parametrize(("size", "expected"), [(None, 1), (2, 2)])
def test_a_pool_lets_through_as_many_as_it_holds(bench, size, expected):
    scarce, free = Counter(), Counter()
    bench.steps = [scarce.step(f"gpg{n}", "gpg") for n in range(6)]
    bench.steps += [free.step(f"free{n}") for n in range(6)]
    bench.pools = {"gpg": size} if size else {}
    assert {o.status for o in bench.run(jobs=6).values()} == {"run"}
    assert scarce.most == expected
    assert free.most > 1


def test_after_a_failure_nothing_more_begins_and_what_was_begun_is_ended(bench):
    meeting = threading.Barrier(2, timeout=30)
    target = file("out/bad")

    def fail(run: Run) -> None:
        meeting.wait()
        raise Refused("no")

    def last(run: Run) -> None:
        meeting.wait()
        while '"failed"' not in (run.state / "journal.jsonl").read_text():
            threading.Event().wait(0.01)
        threading.Event().wait(0.1)
        durable.create(run.path(file("out/good")), b"")

    good = acts("good", last, file("out/good"))
    bench.steps = [acts("bad", fail, target), good, meets("late", meeting)]
    outcomes = bench.run(jobs=2)
    assert {n: o.status for n, o in outcomes.items()} == {"bad": "refused", "good": "run"}


def test_after_a_failure_nothing_begins_that_only_waited_for_its_pool(bench):
    counter, target = Counter(), file("out/bad")

    def fail(run: Run) -> None:
        raise Refused("no")

    bench.steps = [acts("bad", fail, target, pools=("gpg",))]
    bench.steps += [counter.step(f"late{n}", "gpg") for n in range(4)]
    assert list(bench.run(jobs=3)) == ["bad"]
    assert counter.most == 0


def test_a_program_that_is_killed_fails_its_step_and_no_other(bench):
    killed = Command(("sh", "-c", "kill -KILL $$", file("x")))
    bench.steps = [
        Step(name="killed", doc="Die.", act=killed, outputs=(file("x"),)),
        *(copies(file("a"), file(f"b{n}"), f"copy{n}") for n in range(3)),
    ]
    bench.write("a", "1")
    outcomes = bench.run(jobs=2, seed="1")
    assert outcomes["killed"].status == "failed"
    assert "SIGKILL" in outcomes["killed"].message
    bench.steps = bench.steps[1:]
    assert all(o.code == 0 for o in bench.run(jobs=2).values())


def order(seed: str | None) -> list[str]:
    graph = build([copies(file("a"), file(f"b{n}"), f"s{n}") for n in range(9)], RelPath("state"))
    schedule = Schedule(graph, graph.order, seed)
    return list(iter(schedule.next, None))


def test_a_seed_gives_an_order_that_can_be_had_again():
    assert order("1") == order("1") != order("2")
    assert order(None) == [f"s{n}" for n in range(9)]
    assert sorted(order("1")) == sorted(order(None))


def test_who_shares_a_ledger_or_moves_a_place_keeps_the_order_of_the_graph():
    before = copies(file("state.txt"), file("out/state-before"), "reads-before")
    graph = build([before, *mixed_up()], RelPath("state"))
    found = waits(graph, graph.order)
    assert found["append2"] == ["append1"]
    assert "one" in found["two"]
    assert "reads-before" in found["one"]
    assert "two" in found["reads-after"]
    assert waits(graph, ["append0", "append3"]) == {"append3": ["append0"]}


def test_a_lock_is_held_by_one_at_a_time(bench):
    counter = Counter()
    lock = (parse("ledger/.lock"),)
    bench.steps = [counter.step(f"s{n}") for n in range(4)]
    for step in bench.steps:
        object.__setattr__(step, "locks", lock)
    assert {o.status for o in bench.run(jobs=4).values()} == {"run"}
    assert counter.most == 1


def test_a_tree_with_parts_made_at_the_same_time_is_whole(bench):
    bench.steps = [copies(file("a"), file(f"all/{n}"), f"copy{n}") for n in range(5)]
    names = file("names")

    def listed(run: Run) -> None:
        found = sorted(p.name for p in (run.root / "all").iterdir())
        durable.create(run.path(names), " ".join(found).encode())

    bench.steps.append(
        Step(name="names", doc="List.", act=listed, inputs=(tree("all"),), outputs=(names,))
    )
    bench.write("a", "1")
    bench.write("all/extra", "1")
    bench.run(jobs=4)
    assert bench.read("names") == "0 1 2 3 4 extra"
    assert bench.executed() == []
