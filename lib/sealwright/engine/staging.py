"""Where an act writes, and what it wrote.

A step that acts has a folder of its own, ``<state>/staging/<number>/``, until it is done::

    running.json    who runs which step, the locks it holds, and the folders below
    out/<i>/<name>  the place of the i-th output; nothing else may be there afterwards
    work/           private to the act, if it asks for one
    log             what its programs printed
    intent.json     from the commit point on: see `settlement`

A member is staged inside its own folder, in ``.staging/``, and any output whose place is
on another file system beside that place, so that it can become real by one rename.  What
a killed run left is told by ``running.json`` alone.  Modes are set to 0644 and 0755, by
the owner's x bit, so that the caller's umask is in no result.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sealwright import durable, transaction
from sealwright.engine import changing
from sealwright.engine.observer import ABSENT, Observation, Observer
from sealwright.errors import Damaged, Refused
from sealwright.paths import RelPath, parse, relative, within
from sealwright.runtime import canonical
from sealwright.step import (
    Changes,
    File,
    Member,
    Output,
    Record,
    Run,
    Step,
    Transition,
    Tree,
    spot,
)

RUNNING = "running.json"
_EVERYTHING = b"*\n"


@dataclass(frozen=True, slots=True)
class Staging:
    """The folders of one act; ``places`` says where each output that is a place is written."""

    root: Path
    folder: Path
    places: Mapping[Output, Path]

    @property
    def log(self) -> Path:
        """Return the file that takes what the act's programs print."""
        return self.folder / "log"

    @property
    def work(self) -> Path:
        """Return the folder that is private to the act."""
        return self.folder / "work"

    @property
    def committed(self) -> bool:
        """Return whether the commit point is passed, so that nothing may be discarded."""
        return (self.folder / transaction.INTENT).exists()

    def collect(self, run: Run, observer: Observer) -> dict[Output, Observation]:
        """Return what was written, made durable; `Refused` if it is not just what is declared."""
        step, missing, extra = run.step, [], []
        found: dict[Output, Observation] = {}
        for output, place in self.places.items():
            extra += [p for p in place.parent.iterdir() if p != place]
            if isinstance(output, Changes):
                wanted, there = changing.names(run, output), {p.name for p in place.iterdir()}
                missing += [f"{spot(output)}: {name}" for name in sorted(wanted - there)]
                extra += [place / name for name in there - wanted]
                continue
            durable.normalize(place)
            seen = observer.at(str(place), target(output), both=True)
            if seen["is"] == ABSENT:
                missing.append(spot(output))
            found[output] = {"spot": spot(output), **seen}
        if missing:
            raise Refused(f"{step.name}: declares {', '.join(missing)}, but did not produce it")
        if extra:
            names = ", ".join(sorted(path.name for path in extra))
            raise Refused(f"{step.name}: produced {names}, but does not declare it")
        for place in self.places.values():
            durable.sync_tree(place.parent)
        return found

    def discard(self) -> None:
        """Remove everything, the folders beside the final places first."""
        discard(self.root, self.folder)


def prepare(step: Step, root: Path, folder: Path, names: Mapping[str, Any]) -> Staging:
    """Make the staging folders of ``step``; ``names`` go into ``running.json``."""
    durable.mkdir(folder)
    places: dict[Output, Path] = {}
    for number, output in enumerate(step.outputs):
        if not isinstance(output, Record):
            base = _base(root, folder, output)
            places[output] = base / str(number) / _name(output)
    beside = {relative(root, p.parent.parent) for p in places.values()} - {
        relative(root, folder / "out")
    }
    running = {"step": step.name, "beside": sorted(beside), **names}
    durable.write(folder / RUNNING, canonical.line(running))
    for output, place in places.items():
        durable.mkdir(place if isinstance(output, Changes) else place.parent)
    return Staging(root, folder, places)


def _name(output: Output) -> str:
    if isinstance(output, Member | Changes):
        return "member" if isinstance(output, Member) else "changes"
    return os.path.basename(target(output).path)


def target(output: Output) -> File | Tree:
    """Return the file or tree that an output is, once it is real."""
    match output:
        case Transition(of):
            return of
        case File() | Tree():
            return output
        case Member(folder):
            return Tree(folder)
        case Record() | Changes():
            raise TypeError("records and changes have no one place of their own")


def keep_out_of_git(folder: Path, apart: Path | None = None) -> None:
    """Make ``folder``, which only Sealwright writes to, and let it ignore itself.

    Where it is to lie in a folder with a leading dot that is not there either, that one ignores
    itself, with everything in it.  What ignores itself appears with its ``.gitignore`` in it,
    so that a killed run leaves both or neither.  It is made in ``apart``, a folder that is out
    of git and goes after a kill, for half of it elsewhere would be untracked, and stand in the
    way of whatever wants a clean tree.
    """
    if folder.exists():
        return
    if not _ignored(folder):
        hidden = (path for path in reversed(folder.parents) if path.name.startswith("."))
        _make_ignored(next((path for path in hidden if not path.exists()), folder), apart)
    durable.mkdir(folder)


def _ignored(folder: Path) -> bool:
    """Return whether a folder above, in the same work tree, ignores all that it holds."""
    for above in folder.parents:
        ignoring = above / ".gitignore"
        if ignoring.is_file() and ignoring.read_bytes() == _EVERYTHING:
            return True
        if (above / ".git").exists():
            break
    return False


def _make_ignored(folder: Path, apart: Path | None) -> None:
    durable.mkdir(folder.parent)
    if apart is None or apart.stat().st_dev != folder.parent.stat().st_dev:
        apart = folder.parent
    made = apart / f".{folder.name}.tmp"
    durable.remove(made)
    durable.mkdir(made)
    durable.write(made / ".gitignore", _EVERYTHING)
    try:
        durable.rename(made, folder)
    except FileExistsError:
        durable.remove(made)


def _base(root: Path, folder: Path, output: Output) -> Path:
    if isinstance(output, Changes):
        if folder.parent.stat().st_dev != root.stat().st_dev:
            raise Refused(f"{folder}: expected it on the file system of {root}, found another")
        return folder / "out"
    path = target(output).path
    above = within(root, path)
    if isinstance(output, Member):
        keep_out_of_git(above, folder)
        return above / ".staging" / folder.name
    above = above.parent
    while not above.exists():
        above = above.parent
    if above.stat().st_dev == folder.parent.stat().st_dev:
        return folder / "out"
    return above / f".sealwright-{folder.name}"


def running(folder: Path) -> dict[str, Any]:
    """Return what ``running.json`` of a staging folder says; `Damaged` if nobody can tell."""
    file = folder / RUNNING
    try:
        found = canonical.decode_line(file.read_bytes())
    except FileNotFoundError:
        return {"step": "", "beside": []}  # killed before it was written: nothing else was
    except canonical.NotCanonical as error:
        raise Damaged(f"{file}: {error}; look at the folder, then remove it") from None
    return dict(found)


def discard(root: Path, folder: Path) -> None:
    """Remove a staging folder and those that it names beside final places."""
    for name in running(folder)["beside"]:
        place = within(root, RelPath(parse(name)))
        durable.remove(place)
        beside = place.parent
        if beside.name == ".staging" and beside.is_dir() and not any(beside.iterdir()):
            durable.remove(beside)
    durable.remove(folder)
