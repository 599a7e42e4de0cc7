"""The ground on which a commit lands: what must hold of the target, and of what arrives there.

Before: the target has a ``.git`` folder of its own, the branch is checked out here and nowhere
else, HEAD is the expected commit, everything is as HEAD has it, no operation is half done and
no lock is there.  Of the commit that has arrived: one parent, the expected one; every path of
it inside the envelope; regular files only, no mode changed; and no path whose bytes the target's
own attributes or configuration would convert, since its files would differ from the commit's.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from sealwright import git
from sealwright.contracts.workflow.execution import names
from sealwright.contracts.workflow.execution.clone import checked_out
from sealwright.contracts.workflow.execution.envelope import Envelope
from sealwright.contracts.workflow.execution.plumbing import (
    Difference,
    Repository,
    commit_fields,
    differences,
)
from sealwright.contracts.workflow.execution.proposal import Proposal
from sealwright.errors import ProgramFailed, Refused, SealwrightError
from sealwright.verdict import Finding, Verdict, refusal, together

_HALF_DONE = (
    *("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "BISECT_LOG", "rebase-merge"),
    *("rebase-apply", "sequencer"),
)
_FILES = ("100644", "100755")
_CONVERTING = ("filter", "ident", "working-tree-encoding")
ABSENT = "000000"


def check(target: Path, head: str, *, ours: bool = False) -> Verdict:
    """Answer whether a commit may land on ``target`` at ``head``; ``ours``: its lock is ours."""
    folder = target / ".git"
    if folder.is_symlink() or not folder.is_dir():
        remedy = "name the repository itself, not a worktree or submodule of it"
        return refusal(str(folder), "expected a folder of its own, found none", remedy)
    try:
        branch = checked_out(Repository(target))
        found = git.head(target)
    except SealwrightError as error:
        return refusal(str(target), str(error))
    if found != head:
        return refusal(str(target), f"expected HEAD at {head}, found {found}", "have it approved")
    wrong = [*_locks(folder, branch, ours), *_half_done(folder), *_elsewhere(target, branch)]
    return together([Verdict(tuple(wrong)), git.clean(target)])


def locks(folder: Path, branch: str) -> tuple[Path, ...]:
    """Return where git's locks would be while the branch moves, but for that of the index."""
    return (folder / "HEAD.lock", folder / f"refs/heads/{branch}.lock", folder / "packed-refs.lock")


def _locks(folder: Path, branch: str, ours: bool) -> Iterator[Finding]:
    every = [*locks(folder, branch), folder / "config.lock"]
    for lock in [*every, *([] if ours else [folder / "index.lock"])]:
        if os.path.lexists(lock):
            remedy = "end the git that holds it; if there is none, remove the file"
            yield Finding(str(lock), "is a lock of git's", remedy)


def _half_done(folder: Path) -> Iterator[Finding]:
    for name in _HALF_DONE:
        if os.path.lexists(folder / name):
            yield Finding(str(folder / name), "is an operation half done", "finish or abort it")


def _elsewhere(target: Path, branch: str) -> Iterator[Finding]:
    """Yield the other worktrees that have the branch checked out."""
    told = Repository(target).ask("worktree", "list", "--porcelain", "-z").split(b"\0\0")
    for each in told[1:]:
        lines = each.strip(b"\0").split(b"\0")
        if f"branch refs/heads/{branch}".encode() in lines:
            where = os.fsdecode(lines[0].removeprefix(b"worktree "))
            yield Finding(where, f"has {branch} checked out, too", f"git worktree remove {where}")


def arrived(target: Path, proposal: Proposal, envelope: Envelope) -> tuple[Difference, ...]:
    """Return what the commit changes, as the target has it; `Refused` with all that is wrong."""
    repository = Repository(target)
    if (told := commit_fields(repository, proposal.commit)) != (proposal.tree, proposal.parent):
        raise Refused(f"{target}: expected the commit {proposal.commit} as proposed, found {told}")
    found = differences(repository, proposal.parent, proposal.commit)
    wrong = [finding for each in found for finding in _strays(each, envelope)]
    if not found:
        wrong.append(Finding(proposal.commit, "changes nothing"))
    Verdict(tuple(wrong)).enforce()
    return found


def _strays(each: Difference, envelope: Envelope) -> Iterator[Finding]:
    name = each.path if each.path.isprintable() else ascii(each.path)
    if pattern := envelope.forbidding(each.path):
        yield Finding(name, f"is forbidden by {pattern}")
    if not envelope.allows(each.path):
        yield Finding(name, "is in no allowed path")
    if names.problem(each.path):
        yield Finding(name, "has a name that no change may have")
    modes = {each.old_mode, each.new_mode} - {ABSENT}
    program = (each.old_mode, each.new_mode) == (ABSENT, "100755")  # a new one
    if program or len(modes) != 1 or not modes <= set(_FILES):
        yield Finding(name, f"expected one mode of a file, found {each.old_mode} {each.new_mode}")


def unconverted(target: Path, found: tuple[Difference, ...]) -> None:
    """`Refused` where the target would not have the commit's bytes as its files."""
    repository, wrong = Repository(target), []
    paths = [each for each in found if each.new_mode != ABSENT]
    asked = b"".join(b"./" + os.fsencode(each.path) + b"\0" for each in paths)
    told = repository.ask("check-attr", "-z", "--stdin", *_CONVERTING, stdin=asked).split(b"\0")
    for path, attribute, value in zip(told[0::3], told[1::3], told[2::3], strict=False):
        if value not in (b"unspecified", b"unset"):
            what = f"has the attribute {attribute.decode()}, which converts what is checked out"
            wrong.append(Finding(os.fsdecode(path).removeprefix("./"), what))
    Verdict(tuple(wrong)).enforce()
    for each in paths:
        data = repository.ask("cat-file", "blob", each.new)
        words = ("hash-object", f"--path={each.path}", "--stdin")
        if repository.word(*words, stdin=data) != each.new:
            wrong.append(Finding(each.path, "would be converted: its line ends are not kept"))
    Verdict(tuple(wrong)).enforce()


def together_on_disk(target: Path, found: tuple[Difference, ...]) -> None:
    """`Refused` where a file could not be moved into its place in one call."""
    own, wrong = (target / ".git").stat().st_dev, []
    for each in found:
        above = next(place for place in (target / each.path).parents if place.is_dir())
        if above.stat().st_dev != own:
            wrong.append(Finding(str(above), "lies on another file system than .git"))
    Verdict(tuple(wrong)).enforce()


def branch_of(target: Path) -> str:
    """Return the branch that is checked out; `Refused` where there is none."""
    return checked_out(Repository(target))


def value(target: Path, branch: str) -> str:
    """Return the commit a branch is at; `ProgramFailed` if that cannot be read."""
    found = Repository(target).resolved(f"refs/heads/{branch}")
    if not found:
        raise ProgramFailed(f"{target}: expected a branch {branch}, found none")
    return found
