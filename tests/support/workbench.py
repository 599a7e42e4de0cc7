"""A repository with a graph of steps, run in this process; each run opens everything anew."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from sealwright import durable
from sealwright.clock import Instant
from sealwright.engine import graph
from sealwright.engine.course import Course, Steps
from sealwright.engine.crew import Crew
from sealwright.engine.engine import Engine
from sealwright.engine.execution import Outcome
from sealwright.engine.judge import Reason
from sealwright.engine.schedule import Schedule
from sealwright.paths import RelPath, parse
from sealwright.step import (
    Command,
    File,
    Input,
    Member,
    Output,
    Record,
    Run,
    Step,
    Transition,
    Tree,
    World,
)

MEMORY = next(filter(Path.is_dir, [Path("/dev/shm")]), None)  # where durable writes cost nothing
NOW = Instant(1735689600)


def file(path: str, *, evidence: bool = False) -> File:
    return File(parse(path), evidence=evidence)


def tree(path: str, exclude: tuple[str, ...] = (), *, evidence: bool = False) -> Tree:
    return Tree(parse(path), exclude, evidence=evidence)


class Told:
    """Who is told what happens: how each step ended, in that order."""

    def __init__(self) -> None:
        self.outcomes: dict[str, Outcome] = {}

    def starts(self, name: str, reasons: Iterable[Reason]) -> None:
        assert list(reasons), f"{name} starts for no reason"

    def ended(self, outcome: Outcome) -> None:
        self.outcomes[outcome.step] = outcome


class Workbench:
    """A folder with steps; `run` is a run as `doit NAME…` would do it."""

    def __init__(self, root: Path, steps: Iterable[Step] = ()) -> None:
        self.root = root
        self.steps = list(steps)
        self.environment = {"PATH": os.environ["PATH"]}
        self.now = NOW
        self.notices: list[str] = []
        self.pools: dict[str, int] = {}

    def write(self, path: str, text: str | bytes) -> Path:
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text.encode() if isinstance(text, str) else text)
        return place

    def read(self, path: str) -> str:
        return (self.root / path).read_text()

    def engine(self) -> Engine:
        world = World(
            root=self.root,
            state=self.root / ".sealwright",
            now=self.now,
            environment=self.environment,
        )
        return Engine(world, graph.build(self.steps, RelPath(".sealwright")))

    def run(
        self, *names: str, forced: bool = False, jobs: int = 1, seed: str | None = None
    ) -> dict[str, Outcome]:
        """Run ``names`` and what comes before them; stop at the first that does not end well."""
        engine, told = self.engine(), Told()
        asked = names or engine.graph.order
        with engine.running():
            course = Course(engine, told, forced=asked if forced else ())
            schedule = Schedule(engine.graph, engine.graph.upstream(asked), seed)
            Crew(jobs, self.pools).run(Steps(course, schedule))
        self.notices = engine.notices
        return told.outcomes

    def statuses(self, *names: str) -> dict[str, str]:
        return {name: outcome.status for name, outcome in self.run(*names).items()}

    def executed(self, *names: str) -> list[str]:
        """Run, and return which steps executed; everything must end well."""
        outcomes = self.run(*names)
        assert all(o.code == 0 for o in outcomes.values()), [o.message for o in outcomes.values()]
        return [name for name, outcome in outcomes.items() if outcome.status != "up to date"]

    def reasons(self, name: str) -> list[str]:
        """Ask why, changing nothing."""
        engine = self.engine()
        with engine.asking():
            return [str(reason) for reason in engine.reasons(name)]

    def files(self) -> dict[str, bytes]:
        """Return every file and link of the repository but the engine's state."""
        found = {}
        for folder, folders, names in os.walk(self.root):
            folders[:] = [name for name in folders if name != ".sealwright"]
            for name in [*names, *(n for n in folders if (Path(folder) / n).is_symlink())]:
                place = Path(folder, name)
                key = str(place.relative_to(self.root))
                found[key] = (
                    os.readlink(place).encode() if place.is_symlink() else place.read_bytes()
                )
        return found


def copies(source: Input, target: Output, name: str = "copy", **more: object) -> Step:
    """Return a step that copies one file in this process."""

    def act(run: Run) -> None:
        durable.create(run.path(target), run.path(source).read_bytes())

    return Step(
        name=name,
        doc="Copy.",
        act=act,
        inputs=(source,),
        outputs=(target,),
        **more,  # type: ignore[arg-type]
    )


def acts(name: str, act: Callable[[Run], None], *outputs: Output, **more: object) -> Step:
    return Step(name=name, doc="Act.", act=act, outputs=outputs, **more)  # type: ignore[arg-type]


def every_kind() -> list[Step]:
    """Return a small graph with every kind of output: file, tree, member, record, transition."""
    source, upper = file("in.txt"), file("out/upper.txt")
    parts, report = tree("out/parts"), file("out/report.txt", evidence=True)
    packs, feed = Member(parse("packs"), "{first}"), Record(parse("ledger/feed.jsonl"), "packed")
    moved = Transition(file("state.txt"))

    def split(run: Run) -> None:
        durable.mkdir(run.path(parts))
        for number, word in enumerate(run.path(upper).read_text().split()):
            durable.create(run.path(parts) / f"{number}.txt", word.encode())

    def pack(run: Run) -> None:
        text = run.path(upper).read_text()
        folder = run.name_member(packs, f"pack-{text.split()[0].lower()}")
        durable.mkdir(folder)
        durable.create(folder / "text", text.encode())

    def say(run: Run) -> None:
        names = sorted(p.name for p in run.path(parts).iterdir())
        run.append(feed, {"event": "packed", "parts": names}, {"event": "done"})
        durable.create(run.path(report), run.path(packs).name.encode())

    def move(run: Run) -> None:
        durable.create(run.path(moved), b"after " + run.path(upper).read_bytes())

    upcase = Command(("sh", "-c", 'tr a-z A-Z < "$0" > "$1"', source, upper))
    return [
        Step(name="upper", doc="Upper.", act=upcase, inputs=(source,), outputs=(upper,)),
        Step(name="split", doc="Split.", act=split, inputs=(upper,), outputs=(parts,)),
        Step(name="pack", doc="Pack.", act=pack, inputs=(upper,), outputs=(packs,)),
        Step(name="say", doc="Say.", act=say, inputs=(parts, packs), outputs=(feed, report)),
        Step(
            name="move",
            doc="Move.",
            act=move,
            inputs=(upper, moved.of),
            outputs=(moved,),
            after=("say",),
        ),
    ]
