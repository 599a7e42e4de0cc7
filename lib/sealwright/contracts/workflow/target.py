"""The target: a git repository of its own, apart from the one that governs it.

It is fit if it is a folder, reached through no symbolic link, whose ``.git`` is a folder too (so no
worktree or submodule of another), with a commit, clean; if it is neither the governing repository
nor above it, and where it lies inside it, ignored there and without a tracked file.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sealwright import git, paths
from sealwright.contracts.workflow import blockers
from sealwright.contracts.workflow.blockers import Objection, objection
from sealwright.contracts.workflow.packet import Packet
from sealwright.errors import SealwrightError
from sealwright.git import Commit

_OWN = (".git", ".sealwright")


@dataclass(frozen=True, slots=True)
class Observation:
    """What was seen of a target: its commit, if it has one, and what speaks against it."""

    place: Path
    head: Commit | None
    objections: tuple[Objection, ...]

    @property
    def clean(self) -> bool:
        """Whether nothing was found in the tree that HEAD has not."""
        dirty = ("dirty_starting_tree", "dirty_ending_tree")
        return self.head is not None and not any(
            each.blocker.reason in dirty for each in self.objections
        )


def place(root: Path, packet: Packet) -> Path:
    """Return where the packet's target lies."""
    return Path(os.path.realpath(root)) / packet.target.repository


def observe(root: Path, packet: Packet, *, dirty: str = "dirty_starting_tree") -> Observation:
    """Look at the target of a packet; ``dirty`` is the reason if it is not clean."""
    where = place(root, packet)
    name = packet.target.repository
    try:
        unfit = tuple(_unfit(Path(os.path.realpath(root)), where, name))
        if unfit:
            return Observation(where, None, unfit)
        head = git.head(where)
        changes = blockers.objections(git.clean(where), dirty)
    except SealwrightError as problem:
        return Observation(where, None, (objection("unfit_target", name, str(problem)),))
    return Observation(where, head, changes)


def _unfit(root: Path, where: Path, name: str) -> Iterator[Objection]:
    what = _no_repository(where)
    if what:
        yield objection("unfit_target", name, what)
        return
    if root.is_relative_to(where):
        what = "expected a repository apart from the governing one, found it or one above it"
        yield objection("unfit_target", name, what)
    elif where.is_relative_to(root):
        yield from _inside(root, paths.RelPath(str(where.relative_to(root))), name)


def _no_repository(where: Path) -> str:
    if os.path.realpath(where) != str(where):
        return f"expected no symbolic link on the way, found {os.path.realpath(where)}"
    for place, expected in ((where, "a folder"), (where / ".git", "a folder .git of its own")):
        try:
            mode = os.lstat(place).st_mode
        except (FileNotFoundError, NotADirectoryError):
            return f"expected {expected}, found none"
        if not stat.S_ISDIR(mode):
            return f"expected {expected}, found something else"
    return ""


def _inside(root: Path, path: paths.RelPath, name: str) -> Iterator[Objection]:
    if path.split("/")[0] in _OWN:
        yield objection(
            "unfit_target", name, "expected a place of its own, found a folder of state"
        )
    elif tracked := [each for each in git.tracked(root) if paths.above(path, paths.RelPath(each))]:
        what = f"expected no tracked file of the governing repository, found {tracked[0]!r}"
        yield objection("unfit_target", name, what, f"git rm -r --cached -- {path}")
    elif not git.is_ignored(root, [path])[path]:
        what = "expected the governing repository to ignore it, found that it does not"
        yield objection("unfit_target", name, what, f"name /{path}/ in .gitignore")
