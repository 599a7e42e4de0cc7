"""Where a report may be written, so that writing it changes nothing but itself.

Without a place, the page lies in the state folder, as ``.sealwright/report.html``, which git does
not see.  A given place must be new, or hold a report of ours; and no step may make it, read it or
keep evidence around it, for a report that makes a step stale would not be only a report.
"""

from __future__ import annotations

from pathlib import Path

from sealwright import durable
from sealwright.engine.graph import Graph
from sealwright.engine.settings import Settings
from sealwright.engine.staging import keep_out_of_git
from sealwright.errors import Refused
from sealwright.paths import RelPath, above, relative
from sealwright.report.page import MARK
from sealwright.step import (
    Changes,
    Fact,
    File,
    Input,
    Member,
    Output,
    Record,
    Transition,
    Tree,
    World,
)

NAME = "report.html"
_JSON = b'{"approvals":['  # how a report as JSON begins: its keys are sorted
_BEGINNINGS = (MARK.encode(), _JSON)


def place(settings: Settings, out: str, cwd: Path) -> Path:
    """Return where the report goes; `Refused` if it may not lie there."""
    world = settings.world
    if not out:
        return world.state / NAME
    given = cwd / out
    path = given.parent.resolve() / given.name
    if not path.parent.is_dir() or path.is_dir():
        raise Refused(f"{out}: expected a file in a folder that is there, found none; name another")
    _ours(out, path)
    if inside := within(world, path):
        _free(out, inside, settings)
    return path


def within(world: World, path: Path) -> RelPath | None:
    """Return the path from the repository's top, or None if it lies elsewhere."""
    root = world.root.resolve()
    return relative(root, path) if path.is_relative_to(root) else None


def write(settings: Settings, path: Path, data: bytes) -> None:
    """Write the report, and nothing else."""
    if path.parent == settings.world.state:
        keep_out_of_git(settings.world.state)
    durable.write(path, data)


def _ours(out: str, path: Path) -> None:
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise Refused(f"{out}: expected a file or nothing, found something else; name another")
    if path.exists():
        with path.open("rb") as file:
            begins = file.read(max(map(len, _BEGINNINGS)))
        if not begins.startswith(_BEGINNINGS):
            raise Refused(f"{out}: expected nothing or a report, found another file; name another")


def _free(out: str, path: RelPath, settings: Settings) -> None:
    state = relative(settings.world.root, settings.world.state)
    if above(state, path) and path != f"{state}/{NAME}":
        raise Refused(f"{out}: lies in the engine's own folder; name a place outside of {state}")
    if above(RelPath(".git"), path):
        raise Refused(f"{out}: lies in git's own folder; name another")
    if step := _used(path, settings.engine().graph):
        raise Refused(f"{out}: is read or made by step {step}; name a place that no step looks at")


def _used(path: RelPath, graph: Graph) -> str | None:
    for name, step in graph.steps.items():
        if any(_touches(item, path) for item in (*step.inputs, *step.outputs)):
            return name
    return None


def _touches(item: Input | Output, path: RelPath) -> bool:
    match item:
        case Transition(of):
            return _touches(of, path)
        case File(at):
            return at == path
        case Tree(at) | Member(folder=at):
            return above(at, path)
        case Changes(_, within_these):
            return any(above(place, path) for place in within_these)
        case Record(ledger):
            return ledger == path
        case Fact():
            return False
