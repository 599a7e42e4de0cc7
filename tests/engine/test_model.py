"""The engine and a model that hashes everything agree on what executes, and on what it leaves.

Random small graphs, random edits, random runs, in two repositories: one as it is, and a twin
whose stat cache is deleted before every run.  For a wide run, with other cases each time::

    pytest tests/engine/test_model.py --hypothesis-profile=wide --hypothesis-seed=1
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sealwright import durable
from sealwright.paths import parse
from sealwright.step import Fact, File, Run, Step, Tree, World
from tests.support import edits, layout, model
from tests.support.layout import Disk
from tests.support.model import Model, Plan, Settings
from tests.support.workbench import MEMORY, Workbench

SOURCES = ("a", "b", "src/c", "src/d")
FOLDERS = ("src", "g", "h")
Script = list[tuple[str, str, str, int]]  # what, one or two places, a step
MOVES = [
    *["run", "run", "run now", "run one"] * 2,
    *[*edits.PLACE, "other", "replace", "mode", "link", "delete", "swap"],
    *["version", "argument", "variable", "fact", "no cache", "no index"],
]


class Repository:
    """A repository with the steps of ``plans``, and the edits that a script makes in it."""

    def __init__(self, root: Path, plans: tuple[Plan, ...], told: Settings) -> None:
        root.mkdir()
        self.bench, self.plans, self.told = Workbench(root), plans, told
        for name in SOURCES:
            self.bench.write(name, f"{name} one")
        for folder in FOLDERS:
            self.bench.write(f"{folder}/extra", "extra")

    def run(self, wanted: int | None) -> set[int]:
        self.bench.steps = [self._step(n, plan) for n, plan in enumerate(self.plans)]
        self.bench.environment["V"] = self.told.variable
        names = () if wanted is None else (f"s{wanted}",)
        return {int(name[1:]) for name in self.bench.executed(*names)}

    def edit(self, what: str, one: str, two: str) -> None:
        place = self.bench.root / one
        match what:
            case "no cache":
                self.lose("stat.cache")
            case "no index":
                self.lose("state.db", "state.db-wal", "state.db-shm")
            case "delete":
                if any(one == model.words(item)[1] for plan in self.plans for item in plan.outputs):
                    edits.delete(place)
            case "swap":
                edits.swap(place, self.bench.root / two)
            case _:
                edits.PLACE[what](place)

    def lose(self, *names: str) -> None:
        for name in names:
            (self.bench.root / ".sealwright" / name).unlink(missing_ok=True)

    def settle(self) -> None:
        """Wait for the next tick of the file system, so that the stat cache may learn."""
        mark = self.bench.root.parent / "mark"
        mark.touch()
        before = mark.stat().st_mtime_ns
        while mark.stat().st_mtime_ns == before:
            time.sleep(0.001)
            mark.touch()

    def _step(self, number: int, plan: Plan) -> Step:
        return Step(
            name=f"s{number}",
            doc="Make.",
            act=partial(act, plan),
            inputs=tuple(self._item(item) for item in plan.inputs),
            outputs=tuple(self._item(item) for item in plan.outputs),  # type: ignore[misc]
            version=self.told.versions.get(number, "1"),
            arguments={"n": self.told.arguments.get(number, 0)},
            environment=("V",) if plan.variable else (),
        )

    def _item(self, item: str) -> File | Tree | Fact:
        kind, name = model.words(item)
        if kind == "fact":
            return Fact(name, partial(value, self.told.facts, name))
        return File(parse(name)) if kind == "file" else Tree(parse(name))


def value(facts: Mapping[str, int], name: str, world: World) -> int:
    return facts.get(name, 0)


def act(plan: Plan, run: Run) -> None:
    """Read what is declared, and write what the model would."""
    there = layout.read(run.root)
    facts = {item.name: run.fact(item) for item in run.step.inputs if isinstance(item, Fact)}
    read = [model.seen(there, item, facts) for item in plan.inputs]
    told = run.step.arguments["n"], run.environment["V"] if plan.variable else None
    for path, (_, data, program) in model.made(plan, told, read).items():
        place = _staged(run, path)
        durable.mkdir(place.parent)
        durable.create(place, data, mode=0o755 if program else 0o644)


def _staged(run: Run, path: str) -> Path:
    for output in run.step.outputs:
        assert isinstance(output, File | Tree)
        if layout.within(path, output.path):
            return Path(f"{run.path(output)}{path.removeprefix(output.path)}")
    raise AssertionError(path)


@st.composite
def graphs(draw: st.DrawFn) -> tuple[Plan, ...]:
    """Draw steps, each of which reads what is there before it; a folder once read is closed."""
    plans: list[Plan] = []
    files, trees, open_ = [f"file {name}" for name in SOURCES], ["tree src"], list(FOLDERS)
    for number in range(draw(st.integers(2, 7))):
        choice = st.sampled_from([*files, *files[4:], *trees, "fact F0", "fact F1"])
        inputs = tuple(draw(st.lists(choice, min_size=1, max_size=3, unique=True)))
        open_ = [folder for folder in open_ if f"tree {folder}" not in inputs]
        outputs = []
        for each in range(draw(st.integers(1, 2))):
            folder = draw(st.sampled_from([*open_, "out"]))
            kind = draw(st.sampled_from(["file", "file", "tree"]))
            outputs.append(f"{kind} {folder}/{number}.{each}")
            trees += [f"tree {folder}"] if folder != "out" else []
            files += outputs[-1:] if kind == "file" else [f"file {folder}/{number}.{each}/x"]
            trees += outputs[-1:] if kind == "tree" else []
        trees = list(dict.fromkeys(trees))
        how = draw(st.sampled_from(["all", "length", "first"]))
        plans.append(Plan(inputs, tuple(outputs), how, draw(st.booleans())))
    return tuple(plans)


def scripts(plans: tuple[Plan, ...]) -> st.SearchStrategy[Script]:
    """Return runs and edits; what is read is edited more often than other places."""
    made = [model.words(item) for plan in plans for item in plan.outputs]
    inside = [f"{name}/x" for kind, name in made if kind == "tree"]
    read = [
        name for plan in plans for kind, name in map(model.words, plan.inputs) if kind != "fact"
    ]
    places = st.sampled_from([*read, *read, *SOURCES, *(name for _, name in made), *inside])
    numbers = st.integers(0, len(plans) - 1)
    return st.lists(
        st.tuples(st.sampled_from(MOVES), places, places, numbers), min_size=6, max_size=16
    )


CASES = graphs().flatmap(lambda plans: st.tuples(st.just(plans), scripts(plans)))


CHAIN = (
    Plan(("tree src", "file a"), ("file g/0.0",)),
    Plan(("tree g", "file src/c"), ("tree out/1.0",), "length"),
    Plan(("file out/1.0/x", "tree out/1.0", "fact F0"), ("file out/2.0",), "all", True),
)


def each(place: str) -> tuple[tuple[Plan, ...], Script]:
    """Return every edit of one place, each followed by a run."""
    edited = [(what, place, "b", 0) for what in dict.fromkeys(MOVES)]
    return CHAIN, [move for edit in edited for move in (edit, ("run", "a", "a", 0))]


@example(each("a"))
@example(each("src/c"))
@example(each("g/0.0"))
@example(each("out/1.0"))
@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(CASES)
def test_what_executes_and_what_it_leaves_is_what_hashing_everything_says(
    case: tuple[tuple[Plan, ...], Script],
) -> None:
    plans, script = case
    told = Settings()
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        pair = [Repository(Path(folder, name), plans, told) for name in ("as-is", "twin")]
        oracle = Model(plans, told)
        all_, again = ("run", "a", "a", 0), ("run now", "a", "a", 0)
        for what, one, two, number in [all_, *script, all_, again]:
            match what:
                case "run" | "run now" | "run one":
                    wanted = number if what == "run one" else None
                    check(pair, oracle, wanted, settle=what == "run")
                case "version" | "argument" | "variable" | "fact":
                    edits.setting(told, what, number)
                case _:
                    for repository in pair:
                        repository.edit(what, one, two)


def check(pair: list[Repository], oracle: Model, wanted: int | None, *, settle: bool) -> None:
    """Run in both; what executes and what is there afterwards is what the model says."""
    cached, twin = pair
    expected: Disk = layout.read(cached.bench.root)
    assert expected == layout.read(twin.bench.root)
    executes = oracle.run(expected, wanted)
    if settle:
        cached.settle()
    twin.lose("stat.cache")
    assert (cached.run(wanted), twin.run(wanted)) == (executes, executes)
    for repository in pair:
        assert layout.read(repository.bench.root) == expected
