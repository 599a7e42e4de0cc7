"""What a repository is apart from its files: refs, configuration, hooks, reflogs, and the rest.

Everything in ``.git`` is told by its path: a file by its digest and x bit, a link by its text,
a folder by being one.  Left out are objects, which say nothing until something names them
(``objects/info`` is told, since it names other stores), the index, whose bytes hold times, and
what git leaves behind for its own comfort.  What differs between two standings is a finding:

>>> one, other = Standing({"HEAD": "a"}), Standing({"HEAD": "b", "hooks/pre-push": "c"})
>>> for finding in one.against(other, "clone"): print(finding)
clone/.git/HEAD: refs: changed
clone/.git/hooks/pre-push: hooks: appeared
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sealwright import digest
from sealwright.contracts.workflow.terms import characters
from sealwright.runtime import canonical
from sealwright.verdict import Finding
from sealwright.walk import walk

_LEFT_OUT = frozenset(("index", "COMMIT_EDITMSG", "gc.log"))
_KINDS = (
    ("refs/remotes/", "remotes"),
    ("refs/tags/", "tags"),
    ("refs/", "refs"),
    ("packed-refs", "refs"),
    ("HEAD", "refs"),
    ("config", "configuration"),
    ("hooks", "hooks"),
    ("logs", "reflog"),
    ("objects/info", "alternates"),
    ("modules", "submodules"),
    ("worktrees", "worktrees"),
)


@dataclass(frozen=True, slots=True)
class Standing:
    """Everything that counts, by its path in ``.git``."""

    entries: Mapping[str, str]

    def against(self, later: Standing, name: str) -> Iterator[Finding]:
        """Yield a finding for each difference; ``name`` is what the repository is called."""
        for path in sorted({*self.entries, *later.entries}, key=os.fsencode):
            before, after = self.entries.get(path), later.entries.get(path)
            if before != after:
                how = "appeared" if before is None else "vanished" if after is None else "changed"
                yield Finding(f"{name}/.git/{characters(path)}", f"{kind(path)}: {how}")

    def told(self) -> str:
        """Return one digest of everything."""
        listed = [[characters(path), value] for path, value in sorted(self.entries.items())]
        return digest.sha256(canonical.line(listed))


def standing(top: Path) -> Standing:
    """Return the standing of the repository whose top is ``top``, or of what is left of it."""
    folder = top / ".git"
    if not folder.is_dir() or folder.is_symlink():
        return Standing({})
    entries = {}
    for prefix, entry in walk(str(folder)):
        path = prefix + entry.name
        if _counts(path):
            entries[path] = _told(entry)
    return Standing(entries)


def kind(path: str) -> str:
    """Return what part of a repository a path in ``.git`` is."""
    return next((kind for start, kind in _KINDS if path.startswith(start)), "repository")


def _counts(path: str) -> bool:
    if path in _LEFT_OUT or path in ("objects", "objects/info", "objects/pack"):
        return False
    return not path.startswith("objects/") or path.startswith("objects/info/")


def _told(entry: os.DirEntry[str]) -> str:
    mode = entry.stat(follow_symlinks=False).st_mode
    if stat.S_ISLNK(mode):
        return f"link {characters(os.readlink(entry.path))}"
    if stat.S_ISREG(mode):
        executable = "program" if mode & stat.S_IXUSR else "file"
        return f"{executable} {digest.of_file(entry.path).sha256}"
    return "folder" if stat.S_ISDIR(mode) else "special"
