"""The graph of steps and files, with what is stale marked: Mermaid, DOT or JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from sealwright.engine.graph import Graph
from sealwright.step import Changes, Fact, Transition, spot

FORMATS = ("mermaid", "dot", "json")
_COLOURS = {
    "up to date": "#d5f0d5",
    "will_run": "#ffe9b3",
    "may_run": "#fff7df",
    "waiting": "#d9e4ff",
    "refused": "#ffd0d0",
}


@dataclass(frozen=True, slots=True)
class Arrow:
    """What is read by a step, or made by one."""

    start: str
    end: str


def arrows(graph: Graph, names: Iterable[str]) -> Iterator[Arrow]:
    """Yield what the steps read and make; a step after another for no file is an arrow, too."""
    for name in names:
        step = graph.steps[name]
        yield from (Arrow(spot(item), name) for item in step.inputs)
        made = [output for output in step.outputs if not isinstance(output, Transition | Changes)]
        yield from (Arrow(name, spot(output)) for output in made)
        views = any(isinstance(item, Fact) and item.ledger for item in step.inputs)
        yield from (Arrow(n, name) for n in (graph.before[name] if views else step.after))


def draw(graph: Graph, names: Iterable[str], status: Mapping[str, str], form: str) -> str:
    """Return the picture of ``names``; ``status`` gives the list of a plan that a step is in."""
    listed = list(names)
    found = list(dict.fromkeys(arrows(graph, listed)))
    if form == "json":
        return _json(listed, found, status)
    files = dict.fromkeys(end for arrow in found for end in (arrow.start, arrow.end))
    ids = {name: f"n{number}" for number, name in enumerate({**dict.fromkeys(listed), **files})}
    return (_mermaid if form == "mermaid" else _dot)(listed, found, status, ids)


def _json(names: list[str], found: list[Arrow], status: Mapping[str, str]) -> str:
    steps = [{"name": name, "status": status.get(name, "up to date")} for name in names]
    return json.dumps({"steps": steps, "arrows": [[a.start, a.end] for a in found]}, indent=1)


def _mermaid(
    names: list[str], found: list[Arrow], status: Mapping[str, str], ids: Mapping[str, str]
) -> str:
    lines = ["flowchart LR"]
    for name, key in ids.items():
        text = name.replace('"', "#quot;")
        lines.append(f'  {key}["{text}"]' if name in names else f'  {key}(["{text}"])')
    lines += [f"  {ids[a.start]} --> {ids[a.end]}" for a in found]
    for name in names:
        lines.append(f"  style {ids[name]} fill:{_COLOURS[status.get(name, 'up to date')]}")
    return "\n".join(lines)


def _dot(
    names: list[str], found: list[Arrow], status: Mapping[str, str], ids: Mapping[str, str]
) -> str:
    lines = ["digraph steps {", "  rankdir=LR;"]
    for name, key in ids.items():
        text = name.replace("\\", "\\\\").replace('"', '\\"')
        colour = _COLOURS[status.get(name, "up to date")]
        shape = f'shape=box, style=filled, fillcolor="{colour}"' if name in names else "shape=note"
        lines.append(f'  {key} [label="{text}", {shape}];')
    lines += [f"  {ids[a.start]} -> {ids[a.end]};" for a in found]
    return "\n".join([*lines, "}"])
