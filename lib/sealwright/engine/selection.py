"""What the names on a command line stand for.

A name is that of a step, of a group (the first part of its steps' names), or of a chain of
such names.  All others (guards, targets, patterns, tasks of somebody's own) doit resolves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sealwright.engine.graph import Graph


def groups(graph: Graph) -> dict[str, list[str]]:
    """Return the steps of each group, groups in the order of their first step."""
    found: dict[str, list[str]] = {}
    for name in graph.steps:
        found.setdefault(name.partition(":")[0], []).append(name)
    return {group: names for group, names in found.items() if names != [group]}


def steps(
    words: Iterable[str], graph: Graph, chains: Mapping[str, tuple[str, ...]]
) -> list[str] | None:
    """Return the steps that ``words`` stand for; None if one is no step, group or chain."""
    members: dict[str, Iterable[str]] = {**chains, **groups(graph)}
    found: dict[str, None] = {}
    rest = list(reversed(list(words)))
    while rest:
        word = rest.pop()
        if word in graph.steps:
            found[word] = None
        elif word in members:
            rest += reversed(list(members[word]))
        else:
            return None
    return list(found)
