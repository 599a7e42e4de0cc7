"""Steps and the edges between them.

Who makes what another reads comes first: a file or tree that overlaps with an output, a
member, a record, and for a fact that views a ledger all who append to it.  A transition
makes no edge, for which of several comes first is the contract's to say, in ``after``.

Refused when the graph is loaded, each in one sentence: two steps of one name, two makers
of one place, an output inside the step's own input, a growing ledger as input, a place
in the engine's own folder, an unknown name in ``after``, a circle.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from sealwright.engine import trees
from sealwright.errors import Misconfigured
from sealwright.paths import TOP, RelPath, above
from sealwright.step import (
    Changes,
    Fact,
    File,
    Guard,
    Input,
    Member,
    Record,
    Step,
    Transition,
    Tree,
    spot,
)

FREE = ("reports", "contracts")  # of the engine's own folder: what steps may write to


@dataclass(slots=True)
class Graph:
    """The steps by name, and for each the names of those that come before it."""

    steps: Mapping[str, Step]
    before: dict[str, list[str]] = field(default_factory=dict)
    order: tuple[str, ...] = ()
    producers: dict[tuple[str, str], str] = field(default_factory=dict)
    shared: dict[str, set[str]] = field(default_factory=dict)  # who appends to, who locks what
    moved: list[tuple[str, RelPath]] = field(default_factory=list)  # who moves which place
    alone: tuple[Guard, ...] = ()  # guards that protect no step

    def guards(self) -> dict[str, Guard]:
        """Return every guard by name, those of steps first."""
        asked = (guard for step in self.steps.values() for guard in step.guards)
        return {guard.name: guard for guard in (*asked, *self.alone)}

    def upstream(self, names: Iterable[str]) -> list[str]:
        """Return ``names`` and all that come before them, in running order."""
        wanted, rest = set(names), list(names)
        while rest:
            new = [name for name in self.before[rest.pop()] if name not in wanted]
            wanted.update(new)
            rest += new
        return [name for name in self.order if name in wanted]

    def maker(self, item: Input) -> str | None:
        """Return the step that makes a member or a record, if one of the graph does."""
        return self.producers.get((type(item).__name__, spot(item)))


def build(steps: Iterable[Step], state: RelPath, guards: Iterable[Guard] = ()) -> Graph:
    """Return the graph of ``steps``; `Misconfigured` names what cannot be built."""
    named: dict[str, Step] = {}
    for step in steps:
        if step.name in named:
            raise Misconfigured(f"step {step.name}: is defined twice")
        named[step.name] = step
    graph, makers = Graph(named, alone=tuple(guards)), _Makers(named.values(), state)
    graph.producers, graph.shared, graph.moved = makers.others, makers.shared, makers.moved
    for step in named.values():
        graph.before[step.name] = list(dict.fromkeys(makers.before(step, named)))
    graph.order = _order(graph.before)
    return graph


def _order(before: Mapping[str, list[str]]) -> tuple[str, ...]:
    """Return the steps as they are defined, but each after those before it."""
    done: dict[str, None] = {}
    for first in before:
        path = {} if first in done else {first: iter(before[first])}  # each, and what it awaits
        while path:
            last = next(reversed(path))
            name = next((name for name in path[last] if name not in done), None)
            if name is None:
                del path[last]
                done[last] = None
            elif name in path:
                circle = [*list(path)[list(path).index(name) :], name]
                told = " -> ".join(circle)
                raise Misconfigured(f"steps wait for one another in a circle: {told}")
            else:
                path[name] = iter(before[name])
    return tuple(done)


class _Makers:
    """Who makes which place; the index that edges are found in."""

    def __init__(self, steps: Iterable[Step], state: RelPath) -> None:
        self.files: dict[RelPath, str] = {}
        self.folders: dict[RelPath, str] = {}
        self.members: dict[RelPath, list[str]] = {}
        self.others: dict[tuple[str, str], str] = {}
        self.ledgers: dict[RelPath, list[str]] = {}
        self.shared: dict[str, set[str]] = {}
        self.moved: list[tuple[str, RelPath]] = []
        self._state = state
        for step in steps:
            for output in step.outputs:
                self._add(step, output)
            for lock in step.locks:
                self.shared.setdefault(lock, set()).add(step.name)
        self._all = {p: [name] for p, name in (self.files | self.folders).items()} | self.members
        self._sorted = sorted(self._all)
        self._no_overlaps()

    def _add(self, step: Step, output: object) -> None:
        match output:
            case File(path) | Tree(path):
                self._claim(self.files if isinstance(output, File) else self.folders, path, step)
            case Member(folder):
                self._own(folder, step)
                self.members.setdefault(folder, []).append(step.name)
                self._alone(output, step)
            case Record(ledger):
                self._own(ledger, step)
                self.ledgers.setdefault(ledger, []).append(step.name)
                self.shared.setdefault(ledger, set()).add(step.name)
                self._alone(output, step)
            case Transition(of):
                self._move(step, of.path)
            case Changes(_, within):
                for path in within:
                    self._move(step, path)

    def _move(self, step: Step, path: RelPath) -> None:
        self._own(path, step)
        self.moved.append((step.name, path))

    def _claim(self, kind: dict[RelPath, str], path: RelPath, step: Step) -> None:
        self._own(path, step)
        if kind.setdefault(path, step.name) != step.name:
            raise Misconfigured(f"{path}: is made by two steps, {kind[path]} and {step.name}")

    def _alone(self, output: Member | Record, step: Step) -> None:
        name = spot(output)
        if self.others.setdefault((type(output).__name__, name), step.name) != step.name:
            raise Misconfigured(f"{name}: is made by two steps, of which each needs its own name")

    def _own(self, path: RelPath, step: Step) -> None:
        free = [RelPath(f"{self._state}/{name}") for name in FREE]
        if above(self._state, path) and not any(path != f and above(f, path) for f in free):
            raise Misconfigured(f"step {step.name}: {path} lies in the engine's own folder")

    def _no_overlaps(self) -> None:
        for path in self._sorted if self.folders else ():
            for holder in _parents(path):
                other = self.folders.get(holder)
                if other is not None:
                    mine = self._all[path][0]
                    raise Misconfigured(f"{path} of {mine} lies inside {holder}/ of {other}")
        for path in (self.files.keys() & self.folders.keys()) | (
            self.members.keys() & (self.files.keys() | self.folders.keys())
        ):
            raise Misconfigured(
                f"{path}: is made in two ways, as a file, a tree or a folder of members"
            )

    def before(self, step: Step, steps: Mapping[str, Step]) -> Iterator[str]:
        for item in step.inputs:
            for maker in self._makers(item):
                if maker == step.name and not self._moved(step, item):
                    raise Misconfigured(f"step {step.name}: makes {spot(item)}, its own input")
                if maker != step.name:
                    yield maker
        for name in step.after:
            if name not in steps:
                raise Misconfigured(f"step {step.name}: comes after {name}, which is no step")
            yield name

    def _makers(self, item: Input) -> Iterator[str]:
        match item:
            case File(path):
                if path in self.ledgers:
                    raise Misconfigured(
                        f"{path}: is a ledger that grows; declare a record or a view of it"
                    )
                yield from self._at_or_above(path)
            case Tree(path, exclude):
                yield from self._at_or_above(path)
                yield from self._below(path, exclude)
            case Member() | Record():
                if maker := self.others.get((type(item).__name__, spot(item))):
                    yield maker
            case Fact(ledger=ledger) if ledger is not None:
                yield from self.ledgers.get(ledger, ())

    def _at_or_above(self, path: RelPath) -> Iterator[str]:
        yield from self._all.get(path, ())
        for holder in _parents(path) if self.folders else ():
            if holder in self.folders:
                yield self.folders[holder]

    def _below(self, path: RelPath, exclude: tuple[str, ...]) -> Iterator[str]:
        prefix = "" if path == TOP else f"{path}/"
        patterns = [trees.pattern(glob) for glob in exclude]
        for index in range(bisect.bisect_left(self._sorted, prefix), len(self._sorted)):
            found = self._sorted[index]
            if not found.startswith(prefix):
                break
            if not any(p.match(found.removeprefix(prefix)) for p in patterns):
                yield from self._all[found]

    @staticmethod
    def _moved(step: Step, item: Input) -> bool:
        return any(isinstance(out, Transition) and out.of == item for out in step.outputs)


def _parents(path: RelPath) -> Iterator[RelPath]:
    while "/" in path:
        path = RelPath(path.rpartition("/")[0])
        yield path
