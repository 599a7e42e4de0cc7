"""Which step may begin next.

A step may begin when every step before it has ended.  Among those that may, the one that
comes first in the graph's order does, or, with a seed, the one whose name has the smallest
digest under that seed: a shuffle that anybody can repeat, which finds steps that rely on an
order they do not declare.

Some steps are before one another only when both run.  Two that append to one ledger, hold
one lock, or of which one moves a place (a transition) that the other reads or moves, keep
the graph's order whatever the seed and however many run at a time; so a parallel run leaves
the bytes of one that runs step by step.

>>> from sealwright.engine.graph import Graph
>>> schedule = Schedule(Graph({}, before={"b": ["a"], "a": []}, order=("a", "b")), ["a", "b"])
>>> schedule.next(), schedule.next()
('a', None)
>>> schedule.ended("a", well=True)
>>> schedule.next()
'b'
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from sealwright import digest
from sealwright.engine.graph import Graph
from sealwright.paths import RelPath, above
from sealwright.step import Changes, File, Step, Transition, Tree


class Schedule:
    """The steps ``names`` of one run, in running order, and which of them may begin."""

    def __init__(self, graph: Graph, names: Sequence[str], seed: str | None = None) -> None:
        self._rank = ranks(names, seed)
        self._names = names
        self._after: dict[str, list[str]] = {}
        self._missing = dict.fromkeys(names, 0)
        self._unmet: dict[str, list[str]] = {}
        later = waits(graph, names)
        for name in names:
            before = [n for n in graph.before[name] if n in self._missing]
            self._wait(name, before + [n for n in later.get(name, ()) if n not in before])
        self._hard = graph.before
        self._ready = [self._rank[name] for name in names if not self._missing[name]]
        heapq.heapify(self._ready)

    def _wait(self, name: str, before: Sequence[str]) -> None:
        self._missing[name] = len(before)
        for earlier in before:
            self._after.setdefault(earlier, []).append(name)

    def next(self) -> str | None:
        """Return the next step that may begin; None while there is none."""
        return self._names[heapq.heappop(self._ready)[1]] if self._ready else None

    def unmet(self, name: str) -> Sequence[str]:
        """Return the steps before ``name`` that did not end well."""
        return self._unmet.get(name, ())

    def ended(self, name: str, *, well: bool) -> None:
        """Say that a step has ended, so that those after it may begin, or learn that it failed."""
        for later in self._after.get(name, ()):
            self._missing[later] -= 1
            if not well and name in self._hard[later]:
                self._unmet.setdefault(later, []).append(name)
            if not self._missing[later]:
                heapq.heappush(self._ready, self._rank[later])


def ranks(names: Sequence[str], seed: str | None) -> dict[str, tuple[str, int]]:
    """Return for each name what it is sorted by: its digest under the seed, then its place."""
    return {
        name: (digest.sha256(f"{seed} {name}".encode()) if seed is not None else "", place)
        for place, name in enumerate(names)
    }


def waits(graph: Graph, names: Iterable[str]) -> dict[str, list[str]]:
    """Return for each step the earlier ones that it must not overtake, though it needs none."""
    found: dict[str, list[str]] = {}
    if not (graph.shared or graph.moved):
        return found
    order = list(names)
    for users in graph.shared.values():
        for earlier, later in pairwise(name for name in order if name in users):
            found.setdefault(later, []).append(earlier)
    for mover, path in graph.moved:
        if mover in order:
            _around(graph.steps, order, mover, path, found)
    return found


def _around(
    steps: Mapping[str, Step],
    order: Sequence[str],
    mover: str,
    path: RelPath,
    found: dict[str, list[str]],
) -> None:
    """Add that whoever reads or moves ``path`` stays on its side of ``mover``."""
    place = order.index(mover)
    for number, name in enumerate(order):
        if name != mover and _touches(steps[name], path):
            earlier, later = (name, mover) if number < place else (mover, name)
            found.setdefault(later, []).append(earlier)


def _touches(step: Step, path: RelPath) -> bool:
    items = [item.of if isinstance(item, Transition) else item for item in step.outputs]
    places = [item.path for item in (*step.inputs, *items) if isinstance(item, File | Tree)]
    places += [place for item in items if isinstance(item, Changes) for place in item.within]
    return any(above(place, path) or above(path, place) for place in places)
