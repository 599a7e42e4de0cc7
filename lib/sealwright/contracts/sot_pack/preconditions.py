"""What must hold before a pack is made or sealed; each question is asked of the world.

The tree is clean.  Every document is a regular file of this commit, and there is a snapshot.
The feed is whole, no rule of the linter is violated, and it says that HEAD is verified.
Nobody else makes a pack.  All that does not hold is told at once.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from sealwright import digest, git, lock
from sealwright.contracts.sot_pack import feed
from sealwright.contracts.sot_pack.settings import FILE, Settings
from sealwright.errors import Refused, SealwrightError
from sealwright.paths import RelPath
from sealwright.step import Fact, Guard, World
from sealwright.verdict import Finding, Verdict, refusal, together

NAME = "sot_pack:preconditions"
HEAD = Fact("HEAD", lambda world: git.head(world.root))
CLEAN = Guard(
    "sot_pack:clean_tree",
    "Ask whether the tree is clean: nothing modified, nothing untracked.",
    lambda world: git.clean(world.root),
)
_SNAPSHOT = re.compile(r"\d{6}_\d{6}_snapshot\.md\Z", re.ASCII)


def guard(settings: Settings) -> Guard:
    """Return the guard of everything that is packed or sealed."""

    def ask(world: World) -> Verdict:
        questions = (_documents, _verified, _unlocked)
        return together((git.clean(world.root), *(ask(settings, world) for ask in questions)))

    doc = "Ask whether a pack may be made: clean tree, documents, whole feed, HEAD verified, lock."
    return Guard(NAME, doc, ask)


def last_snapshot(settings: Settings, world: World) -> RelPath | None:
    """Return the snapshot with the latest time in its name; times of files do not count."""
    try:
        names = os.listdir(world.place(settings.snapshots))
    except (FileNotFoundError, NotADirectoryError):
        return None
    last = max(filter(_SNAPSHOT.match, names), default=None)
    return RelPath(f"{settings.snapshots}/{last}") if last else None


def snapshot(settings: Settings) -> tuple[Fact, Fact]:
    """Return as facts where the last snapshot lies, and what its bytes are."""

    def where(world: World) -> RelPath | None:
        return last_snapshot(settings, world)

    def content(world: World) -> str | None:
        path = where(world)
        if path is None or not world.place(path).is_file():
            return None
        return digest.of_file(world.place(path).resolve()).sha256

    return Fact("last snapshot", where), Fact("last snapshot's bytes", content)


def _documents(settings: Settings, world: World) -> Verdict:
    tracked = frozenset(git.tracked(world.root))
    findings = [_wrong(world, path, tracked) for path in settings.documents]
    return Verdict((*filter(None, findings), *_snapshots(settings, world)))


def _wrong(world: World, path: RelPath, tracked: frozenset[str]) -> Finding | None:
    """Return why a document cannot be packed, if it cannot."""
    out = f"take it out of documents in {FILE}"
    try:
        place = world.place(path).resolve()
    except Refused:
        return Finding(path, "leads out of the repository by a symbolic link", out)
    if not place.is_file():
        found = "something else" if place.exists() else "nothing"
        return Finding(path, f"expected a file, found {found}", f"put it there, or {out}")
    real = place.relative_to(world.root.resolve())
    if tracked.isdisjoint(map(str, (real, *real.parents))):  # a submodule is tracked as a folder
        what = "is ignored by git, so that no commit says what it is"
        return Finding(path, what, f"git add --force -- {real}")
    return None


def _snapshots(settings: Settings, world: World) -> Iterator[Finding]:
    last = last_snapshot(settings, world)
    if last is None:
        what = "expected a file YYMMDD_HHMMSS_snapshot.md, found none"
        yield Finding(settings.snapshots, what, "put one there")
    elif not world.place(last).is_file():
        yield Finding(last, "expected a file, found something else", "put the snapshot there")


def _verified(settings: Settings, world: World) -> Verdict:
    path = world.place(settings.feed)
    try:
        feed.lint(path).verdict().enforce()
        verified, head = feed.verified_commit(path), git.head(world.root)
    except SealwrightError as problem:
        lines = str(problem).replace(f"{world.root}/", "").split("\n")
        return Verdict(tuple(Finding(*line.partition(": ")[::2]) for line in lines))
    if verified != head:
        said = f"is not the verified commit, expected {verified}, found {head}"
        return refusal("HEAD", said, "doit sot_pack:verify_head")
    return Verdict((), {"verified": verified})


def _unlocked(settings: Settings, world: World) -> Verdict:
    found = lock.state(world.place(settings.lock))
    if found is None or _ours(found.owner):
        return Verdict()
    way = {
        lock.Life.HELD: "wait for it to end",
        lock.Life.DEAD: f"sealwright unlock {settings.lock}",
    }
    what = f"is held by {found.describe()}"
    if found.life is lock.Life.DEAD:
        what = f"was left by {found.describe()}, which is dead"
    other = f"{found.reason}; remove the file if you know that its holder has ended"
    return refusal(settings.lock, what, way.get(found.life, other))


def _ours(owner: lock.Owner | None) -> bool:
    """Return whether this very process holds the lock, as it does while a pack is made."""
    return owner is not None and owner == lock.current(owner.argv0, owner.at)
