"""What cannot be built is refused when the graph is loaded; edges are found by place."""

from __future__ import annotations

import pytest

from sealwright.engine import graph
from sealwright.errors import Misconfigured
from sealwright.paths import RelPath, parse
from sealwright.step import Fact, Member, Record, Step, Transition
from tests.support.workbench import acts, file, tree

STATE = RelPath(".sealwright")
FEED = parse("feed.jsonl")


def step(name, *outputs, **more):
    return acts(name, lambda run: None, *outputs, **more)


def built(*steps):
    return graph.build(steps, STATE)


REFUSED = [
    ("two of one name", [step("a", file("x")), step("a", file("y"))], "step a: is defined twice"),
    ("two makers", [step("a", file("x")), step("b", file("x"))],
     "x: is made by two steps, a and b"),
    ("two spellings", [step("a", file("d//x")), step("b", file("./d/x"))],
     "d/x: is made by two steps, a and b"),
    ("a file in a tree", [step("a", tree("d")), step("b", file("d/x"))],
     "d/x of b lies inside d/ of a"),
    ("a file and a tree", [step("a", tree("d")), step("b", file("d"))],
     "d: is made in two ways"),
    ("its own input", [step("a", file("x"), inputs=(file("x"),))],
     "step a: makes x, its own input"),
    ("inside its own tree", [step("a", file("d/x"), inputs=(tree("d"),))],
     "step a: makes d/, its own input"),
    ("a growing ledger", [step("a", Record(FEED, "x")), step("b", file("y"),
                                                             inputs=(file("feed.jsonl"),))],
     "feed.jsonl: is a ledger that grows; declare a record or a view of it"),
    ("one record twice", [step("a", Record(FEED, "x")), step("b", Record(FEED, "x"))],
     "feed.jsonl#x: is made by two steps"),
    ("its own view", [step("a", Record(FEED, "x"),
                           inputs=(Fact("view", lambda w: 1, ledger=FEED),))],
     "step a: makes fact view, its own input"),
    ("the engine's folder", [step("a", file(".sealwright/state.db"))],
     "step a: .sealwright/state.db lies in the engine's own folder"),
    ("an unknown name", [step("a", file("x"), after=("b",))],
     "step a: comes after b, which is no step"),
    ("a circle", [step("a", file("x"), inputs=(file("y"),)),
                  step("b", file("y"), inputs=(file("x"),))],
     "steps wait for one another in a circle: "),
]  # fmt: skip


@pytest.mark.parametrize(("steps", "said"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_what_cannot_be_built_is_refused_in_one_sentence(steps, said):
    with pytest.raises(Misconfigured) as refused:
        built(*steps)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", ["", "a b", "a:", ":a", "-a", "a::b", "ä", "a\n", "a/b"])
def test_a_step_has_a_proper_name(name):
    with pytest.raises(Misconfigured, match="expected a name"):
        step(name, file("x"))


def test_a_step_without_output_is_refused():
    with pytest.raises(Misconfigured, match="declares no output"):
        step("a")


EDGES = [
    ("a file", file("x"), file("x")),
    ("another spelling", file("d/x"), file("./d//x")),
    ("a file in a tree made before", tree("d"), file("d/e/x")),
    ("a tree around a file", file("d/e/x"), tree("d")),
    ("a tree of a tree", tree("d/e"), tree("d")),
    ("a tree inside a tree", tree("d"), tree("d/e")),
    ("a member", Member(parse("packs"), "{ts}"), Member(parse("packs"), "{ts}")),
    ("the folder of a member", Member(parse("packs"), "{ts}"), tree("packs")),
    ("a record", Record(FEED, "x"), Record(FEED, "x")),
    ("a view", Record(FEED, "x"), Fact("view", lambda w: 1, ledger=FEED)),
]


@pytest.mark.parametrize(("made", "read"), [e[1:] for e in EDGES], ids=[e[0] for e in EDGES])
def test_who_makes_what_another_reads_comes_first(made, read):
    found = built(step("reader", file("out"), inputs=(read,)), step("maker", made))
    assert found.before["reader"] == ["maker"]
    assert found.order == ("maker", "reader")


def test_an_excluded_output_makes_no_edge():
    found = built(
        step("reader", file("out"), inputs=(tree("d", ("*.log",)),)), step("maker", file("d/x.log"))
    )
    assert found.before["reader"] == []


def test_a_similar_name_makes_no_edge():
    found = built(step("reader", file("out"), inputs=(tree("d"),)), step("maker", file("dd/x")))
    assert found.before["reader"] == []


def test_a_transition_makes_no_edge_but_its_after_does():
    moved = Transition(file("x"))
    found = built(
        step("move", moved, inputs=(file("x"),)),
        step("reader", file("out"), inputs=(file("x"),)),
        step("late", file("late"), inputs=(file("x"),), after=("move",)),
    )
    assert found.before == {"move": [], "reader": [], "late": ["move"]}


def test_upstream_holds_all_that_comes_before_in_running_order():
    chain = [
        step("c", file("3"), inputs=(file("2"),)),
        step("b", file("2"), inputs=(file("1"),)),
        step("a", file("1")),
        step("other", file("4")),
    ]
    assert built(*chain).upstream(["c"]) == ["a", "b", "c"]


def test_a_report_may_lie_in_the_engines_folder():
    assert built(step("a", file(".sealwright/reports/x.json"))).order == ("a",)


def test_a_step_is_plain_data():
    assert isinstance(step("a", file("x")), Step)
    assert step("a", file("x")).version == "1"
