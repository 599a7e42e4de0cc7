"""What came back is compared with the clone, byte by byte; what the backend said is not asked.

A change is a path whose content, kind or x bit differs.  Every change must be inside the
envelope and be a regular file that is not executable if it is new.  Each of these is a finding:

``outside`` ``forbidden``   a path that is in no allowed one, or that a pattern forbids
``symlink`` ``special``     a symbolic link; a pipe, socket or device
``mode`` ``kind``           another x bit; a folder where a file was, or the other way round
``submodule`` ``nested-repository`` ``attributes``   what makes git look elsewhere
``strange-name`` ``collision``   a name that is not portable, or that is another's elsewhere
``hard-link``               a file with a second name
``refs`` ``tags`` ``remotes`` ``hooks`` ``configuration`` ``reflog`` ``alternates`` …
                            what changed in the copy's ``.git`` (see `standing`)

What is new, ignored by the rules of the approved commit, and harmless (such as bytecode) is no
change; it is listed, and goes nowhere.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sealwright import git
from sealwright.contracts.workflow.execution import names
from sealwright.contracts.workflow.execution.clone import Clone
from sealwright.contracts.workflow.execution.envelope import Envelope
from sealwright.contracts.workflow.execution.standing import standing
from sealwright.verdict import Finding, Verdict
from sealwright.walk import walk

DISALLOWED, NO_DIFF = "disallowed-file", "no_diff"
MOST = 1000  # reasons that are told one by one
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Entry:
    """Something in a tree: ``kind`` is file, symlink, folder or special."""

    kind: str
    executable: bool = False
    names: int = 1


@dataclass(frozen=True, slots=True)
class Change:
    """A path that is not as it was; none where there was, or is, nothing."""

    path: str
    before: Entry | None
    after: Entry | None


@dataclass(frozen=True, slots=True)
class Blocked:
    """Why a run is blocked: the reason of the failure matrix, the rule, and what was found."""

    blocker: str
    rule: str
    finding: Finding


@dataclass(frozen=True, slots=True)
class Examination:
    """All changes, everything that is wrong with them, and what is ignored."""

    changes: tuple[Change, ...]
    blocked: tuple[Blocked, ...]
    ignored: tuple[str, ...]

    @property
    def verdict(self) -> Verdict:
        """The answer to whether the changes may become a commit."""
        evidence = {"blockers": sorted({each.blocker for each in self.blocked})}
        return Verdict(tuple(each.finding for each in self.blocked), evidence)

    @property
    def plain(self) -> tuple[Change, ...]:
        """The changes that git can keep: regular files, there or gone, under sound names."""
        return tuple(change for change in self.changes if _plain(change))


def examine(clone: Clone, after: Path, envelope: Envelope) -> Examination:
    """Compare what came back in ``after`` with the clone."""
    before, now, modes = _entries(clone.place), _entries(after), clone.tracked()
    every = sorted({*before, *now}, key=os.fsencode)
    changed = [_change(clone.place, after, path, before, now) for path in every]
    changes = [change for change in changed if change is not None]
    ignored = _ignored(clone, changes, envelope)
    changes = [change for change in changes if change.path not in ignored]
    clash = names.collisions((change.path for change in changes), now)
    blocked = [*_repository(clone, after)]
    for change in changes:
        for rule, what in _problems(change, envelope, modes, clash):
            finding = Finding(_shown(change.path), what)
            blocked.append(Blocked(DISALLOWED, rule, finding))
    if not changes and not blocked:
        blocked.append(Blocked(NO_DIFF, "no-diff", Finding("the task", "changed nothing")))
    if (more := len(blocked) - MOST) > 0:
        blocked[MOST:] = [Blocked(DISALLOWED, "more", Finding("the task", f"and {more} more"))]
    return Examination(tuple(changes), tuple(blocked), tuple(sorted(ignored)))


def _entries(top: Path) -> dict[str, Entry]:
    """Return everything in a folder, but for its own ``.git``."""
    own = {".git"}
    found = walk(str(top), lambda prefix: None if prefix else own.__contains__)
    return {prefix + entry.name: _entry(entry) for prefix, entry in found}


def _entry(entry: os.DirEntry[str]) -> Entry:
    told = entry.stat(follow_symlinks=False)
    if stat.S_ISREG(told.st_mode):
        return Entry("file", bool(told.st_mode & stat.S_IXUSR), told.st_nlink)
    if stat.S_ISDIR(told.st_mode):
        return Entry("folder")
    return Entry("symlink" if stat.S_ISLNK(told.st_mode) else "special")


def _change(
    one: Path, other: Path, path: str, before: Mapping[str, Entry], now: Mapping[str, Entry]
) -> Change | None:
    was, found = before.get(path), now.get(path)
    if was == found and was is not None and _same(one / path, other / path, was.kind):
        return None
    folders = {each.kind for each in (was, found) if each is not None} == {"folder"}
    if folders and not names.problem(path):
        return None  # git keeps no folders; what is in them is looked at by itself
    return Change(path, was, found)


def _same(one: Path, other: Path, kind: str) -> bool:
    if kind == "symlink":
        return os.readlink(one) == os.readlink(other)
    return kind == "folder" or (kind == "file" and _equal(one, other))


def _equal(one: Path, other: Path) -> bool:
    if one.stat().st_size != other.stat().st_size:
        return False
    with one.open("rb") as first, other.open("rb") as second:
        while piece := first.read(_PIECE):
            if piece != second.read(_PIECE):
                return False
    return True


def _ignored(clone: Clone, changes: list[Change], envelope: Envelope) -> set[str]:
    """Return the new files that the approved commit's own rules ignore, and that are harmless."""
    harmless = [
        change.path
        for change in changes
        if change.before is None
        and change.after is not None
        and (change.after.kind, change.after.names) == ("file", 1)
        and not envelope.allows(change.path)
        and not envelope.forbidding(change.path)
        and not names.problem(change.path)
    ]
    if not harmless:
        return set()
    return {path for path, yes in git.is_ignored(clone.place, harmless).items() if yes}


def _problems(
    change: Change, envelope: Envelope, modes: Mapping[str, str], clash: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    path, before, after = change.path, change.before, change.after
    if pattern := envelope.forbidding(path):
        yield "forbidden", f"is forbidden by {pattern}"
    elif not envelope.allows(path):
        yield "outside", "is in no allowed path"
    if rule := names.problem(path):
        yield rule, "has a name that no change may have"
    if path in clash:
        yield "collision", f"is the same name as {_shown(clash[path])} on some file systems"
    if any(modes.get(part) == "160000" for part in _above(path)):
        yield "submodule", "is, or lies in, a submodule"
    if before is not None and before.kind == "symlink":
        yield "symlink", "was a symbolic link"
    if after is not None:
        yield from _of_kind(after, before)


def _above(path: str) -> Iterator[str]:
    """Yield a path and all folders above it."""
    parts = path.split("/")
    for length in range(len(parts), 0, -1):
        yield "/".join(parts[:length])


def _of_kind(after: Entry, before: Entry | None) -> Iterator[tuple[str, str]]:
    if after.kind in ("symlink", "special"):
        yield after.kind, f"is a {after.kind}"
    if before is not None and "folder" in (before.kind, after.kind) and before.kind != after.kind:
        yield "kind", f"is a {after.kind}, and was a {before.kind}"
    if after.executable != (before.executable if before else False) and after.kind == "file":
        yield "mode", "is executable now" if after.executable else "is executable no more"
    if after.names > 1:
        yield "hard-link", "is a file that has another name, too"


def _plain(change: Change) -> bool:
    kinds = {each.kind for each in (change.before, change.after) if each is not None}
    return kinds == {"file"} and names.problem(change.path) in ("", "attributes")


def _repository(clone: Clone, after: Path) -> Iterator[Blocked]:
    """Yield what changed in the copy's ``.git``; it is read as files, and no git looks at it."""
    mode = os.lstat(after / ".git").st_mode if os.path.lexists(after / ".git") else 0
    if not stat.S_ISDIR(mode):
        finding = Finding("clone/.git", "is no folder any more")
        yield Blocked(DISALLOWED, "nested-repository", finding)
        return
    for finding in standing(clone.place).against(standing(after), "clone"):
        yield Blocked(DISALLOWED, finding.what.partition(":")[0], finding)


def _shown(path: str) -> str:
    return path if path.isprintable() else ascii(path)
