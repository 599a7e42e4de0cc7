"""The private clone: the target's approved commit and its history, and nothing else of it.

It is a new repository to which the objects that the commit reaches are copied, in a pack of
their own.  So it has one branch, which is called as the target's; no other ref, no tag, no
stash and no reflog; no remote, hook, alternate, submodule or include; none of the target's
configuration.  Files are checked out as they are stored, byte for byte: neither line ends nor
filters of the target's attributes count.

The clone itself is never given to a program: what works in the sandbox gets a copy of it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sealwright import digest, durable, git
from sealwright.contracts.workflow.execution.plumbing import Repository
from sealwright.contracts.workflow.execution.standing import standing
from sealwright.errors import Refused
from sealwright.git import Commit

_CORE = "[core]\n\trepositoryformatversion = {}\n\tfilemode = true\n\tbare = false\n"
_CONFIGURATION = {
    "sha1": _CORE.format(0).encode(),
    "sha256": (_CORE.format(1) + "[extensions]\n\tobjectformat = sha256\n").encode(),
}
AS_STORED = b"* -text !eol -filter -ident !working-tree-encoding\n"


@dataclass(frozen=True, slots=True)
class Clone:
    """A private clone in ``place``, at ``head``, whose tree is ``tree``."""

    place: Path
    head: Commit
    tree: str
    branch: str

    @property
    def repository(self) -> Repository:
        """The clone as git sees it."""
        return Repository(self.place)

    def tracked(self) -> dict[str, str]:
        """Return the paths of its tree, each with its mode as git writes it."""
        fields = self.repository.ask("ls-tree", "-r", "-z", "--full-tree", self.tree)
        entries = (field.partition(b"\t") for field in fields.split(b"\0")[:-1])
        return {os.fsdecode(path): told.split(b" ")[0].decode() for told, _, path in entries}

    def baseline(self) -> dict[str, Any]:
        """Return what was there before anybody worked: plain JSON, the same for the same commit."""
        listed = self.repository.ask("ls-files", "--stage", "-z")
        return {
            "branch": self.branch,
            "head": self.head,
            "index": digest.sha256(listed),
            "repository": standing(self.place).told(),
            "tree": self.tree,
        }


def make(target: Path, head: Commit, place: Path) -> Clone:
    """Clone ``target`` at ``head`` into the new folder ``place``; `Refused` if it is elsewhere."""
    source = Repository(target)
    branch = checked_out(source)
    if (found := git.head(target)) != head:
        raise Refused(
            f"{target}: expected HEAD at {head}, which was approved, found {found}; "
            f"check that commit out, or have the new one approved"
        )
    _initialise(source, place, branch)
    clone = Repository(place)
    pack = place / ".git/objects/pack/pack"
    source.ask("pack-objects", "--revs", "-q", str(pack.resolve()), stdin=f"{head}\n".encode())
    settings = ("-c", "core.logAllRefUpdates=false")
    clone.ask(*settings, "update-ref", f"refs/heads/{branch}", head)
    clone.ask("read-tree", "--reset", "-u", head)
    tree = clone.word("rev-parse", f"{head}^{{tree}}")
    return Clone(place, head, tree, branch)


def checked_out(repository: Repository) -> str:
    """Return the branch that is checked out; `Refused` if a commit is without one."""
    code, out = repository.tried("symbolic-ref", "--quiet", "HEAD")
    ref = out.decode().strip()
    if code or not ref.startswith("refs/heads/"):
        raise Refused(
            f"{repository.top}: expected a branch that is checked out, found none; "
            f"git switch to the one that shall have the commit"
        )
    return ref.removeprefix("refs/heads/")


def _initialise(source: Repository, place: Path, branch: str) -> None:
    if place.exists() and any(place.iterdir()):
        raise Refused(f"{place}: expected no folder or an empty one, found something; remove it")
    kind = source.word("rev-parse", "--show-object-format")
    for folder in ("info", "objects/pack", "refs/heads"):
        durable.mkdir(place / ".git" / folder)
    durable.write(place / ".git/config", _CONFIGURATION[kind])
    durable.write(place / ".git/info/attributes", AS_STORED)
    durable.write(place / ".git/HEAD", f"ref: refs/heads/{branch}\n".encode())
