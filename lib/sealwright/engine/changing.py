"""Changes: outputs at places that an act decides on while it acts.

The act writes what is new into one folder, and says of each place what of it comes there, or that
nothing does.  The receipt has them all, in the order of their paths::

    {"spot":"changes migration","is":"changes blake3:…","was":"changes blake3:…",
     "places":[{"path":"project_builder","was":"tree blake3:…","is":"absent"}]}

Like a transition, a change stands as long as each place is as it was left, or as a change that was
recorded later left it.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sealwright import digest
from sealwright.engine.observer import ABSENT, Observation, Observer
from sealwright.errors import Refused
from sealwright.paths import TOP, RelPath, parse, relative, within
from sealwright.runtime import canonical
from sealwright.step import Change, Changes, Run, Tree, spot


@dataclass(frozen=True, slots=True)
class Place:
    """Where something goes: what stands there, and what shall; ``modes`` where they matter."""

    output: Any
    final: RelPath
    staged: RelPath
    before: str | None
    after: str | None
    modes: tuple[int | None, int | None] = (None, None)
    strange: bool = False


def names(run: Run, changes: Changes) -> set[str]:
    """Return what has to be in the folder of ``changes``; `Refused` where one is told twice."""
    stated: list[str] = [change.staged for change in run.changed.get(changes, ()) if change.staged]
    finals: list[str] = [change.path for change in run.changed.get(changes, ())]
    for told in (stated, finals):
        if twice := sorted({name for name in told if told.count(name) > 1}):
            raise Refused(f"{run.step.name}: states {', '.join(twice)} twice")
    return set(stated)


def places(run: Run, changes: Changes, folder: Path, observer: Observer) -> Iterator[Place]:
    """Yield where what an act stated goes, in the order of the paths."""
    for number, change in enumerate(sorted(run.changed.get(changes, ()), key=_path)):
        final = within(run.root, RelPath(change.path.rpartition("/")[0] or TOP)) / _name(change)
        staged = folder / (change.staged or f".gone-{number}")
        before, after = (_look(observer, place) for place in (final, staged))
        yield Place(
            output=changes,
            final=change.path,
            staged=relative(run.root, staged),
            before=before,
            after=after,
            modes=(_mode(final), _mode(staged)),
            strange=change.keep and before is not None,
        )


def _path(change: Change) -> bytes:
    return change.path.encode()


def _name(change: Change) -> str:
    return os.path.basename(change.path)


def _look(observer: Observer, place: Path) -> str | None:
    seen: str = observer.at(str(place), Tree(TOP))["is"]
    return None if seen == ABSENT else seen


def _mode(place: Path) -> int | None:
    """Return the mode of a folder; what is none can be moved whatever its mode is."""
    try:
        info = os.lstat(place)
    except FileNotFoundError:
        return None
    return stat.S_IMODE(info.st_mode) if stat.S_ISDIR(info.st_mode) else None


def observation(changes: Changes, placed: Iterable[Place]) -> Observation:
    """Return what a receipt says of changes."""
    told = [
        {"path": place.final, "was": place.before or ABSENT, "is": place.after or ABSENT}
        for place in placed
    ]
    about = {"spot": spot(changes), "is": _sum(told, "is"), "was": _sum(told, "was")}
    return {**about, "places": told}


def now(
    recorded: Mapping[str, Any], observer: Observer, later: Callable[[str], set[str]]
) -> Observation:
    """Return what the places of a receipt are now.

    ``later`` tells what changes that were recorded later left at a path: that counts as what
    was left at first.
    """
    told = []
    for place in recorded["places"]:
        path = parse(place["path"])
        seen = _look(observer, observer.world.place(path)) or ABSENT
        told.append({**place, "is": place["is"] if seen in later(path) else seen})
    return {**recorded, "is": _sum(told, "is"), "places": told}


def _sum(told: Iterable[Mapping[str, str]], key: str) -> str:
    lines = [[place["path"], place[key]] for place in told]
    return f"changes {digest.blake3(canonical.encode(lines))}"
