"""Which ways lead back, and what can be played again.

What undoes something is in no chain and runs by its own name: `ways_back` tells every such step,
with its command.  `replays` tells what the events of governed runs lie in, and the step that
plays a migration again.  The report only names commands: whoever types them decides.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from typing import Any

from sealwright.engine.engine import Engine
from sealwright.engine.settings import Settings
from sealwright.report import status, workflows

Row = dict[str, str]
Runs = Iterable[Mapping[str, Any]]
_AGAIN = ("replay", "rehearse")


def ways_back(settings: Settings, engine: Engine, runs: Runs) -> list[Row]:
    """Return the steps that are in no chain, and how a governed run is taken back."""
    chained = status.in_a_chain(settings, engine)
    steps = engine.graph.steps.values()
    alone = [s for s in steps if s.name not in chained and _group(s.name) not in _AGAIN]
    found = [{"what": step.doc, "command": f"doit {shlex.quote(step.name)}"} for step in alone]
    for path, command in workflows.ways_back(runs):
        found.append({"what": f"Take back what {path} tells of.", "command": command})
    return found


def _group(name: str) -> str:
    return name.partition(":")[0]


def replays(settings: Settings, engine: Engine, runs: Runs) -> list[Row]:
    """Return what can be played again, or read event by event."""
    docs = {name: step.doc for name, step in engine.graph.steps.items()} | settings.groups()
    there = {name for step in engine.graph.steps for name in (step, _group(step))}
    found = [
        {"what": docs[name], "command": f"doit {name}", "path": ""}
        for name in _AGAIN
        if name in there
    ]
    for run in runs:
        for name in workflows.REPLAYS:
            if name in run["files"]:
                path = f"{run['path']}/{name}"
                command = f"sealwright verify {shlex.quote(run['path'])}"
                found.append({"what": "The events of a run.", "command": command, "path": path})
    return found
