"""One commit lands on the target whole, or not at all.

=====  ==========================================================================================
1      everything is asked that `ground` asks, and the commit's objects arrive, unreachable
2      ``landing.json`` is written into the journal: from here on `recover` knows what to look for
3      the new files lie in ``.git/sealwright``, the new index is ``.git/index.lock``, which keeps
       every other git from the index; what `ground` asks is asked again
4      the moves of files and index are written down (see `sealwright.transaction`)
5      the branch moves, by compare-and-swap: THE COMMIT POINT
6      the moves are made; the target is looked at once more, and is clean
7      the journal is closed, and the lock goes
=====  ==========================================================================================

Killed anywhere, `settling.recover` asks the branch: at the new commit, the moves are made; at
the old one, they are not, and nothing of ours stays but unreachable objects.  Where somebody's
change meanwhile is in the way of a move, or the target is not clean after them, the branch goes
back and the target stays as that person has it.  No hook of the target runs.

`reject` takes a landed commit back by one more: the same files as before, and it says so.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from sealwright import digest, durable, transaction
from sealwright.contracts.workflow.execution import ground
from sealwright.contracts.workflow.execution.clone import Clone
from sealwright.contracts.workflow.execution.envelope import Envelope
from sealwright.contracts.workflow.execution.plumbing import (
    Difference,
    Repository,
    Stamp,
    commit_fields,
    differences,
)
from sealwright.contracts.workflow.execution.proposal import Proposal, message
from sealwright.contracts.workflow.execution.settling import (
    LOCK,
    NOTE,
    REASON,
    STAGED,
    Note,
    clear,
    identify,
    look,
    recover,
    settle,
    tidy,
)
from sealwright.errors import Refused, SealwrightError
from sealwright.paths import RelPath
from sealwright.transaction import Move
from sealwright.verdict import Finding, Verdict

_INDEX = ".git/index"


@dataclass(frozen=True, slots=True)
class Landed:
    """A commit that is the branch's now, and the one that was."""

    commit: str
    parent: str
    branch: str


def land(
    target: Path,
    clone: Clone,
    proposal: Proposal,
    envelope: Envelope,
    *,
    journal: Path,
    last: Callable[[], object] = bool,
) -> Landed:
    """Let the commit land on ``target``; `Refused` if anything speaks against it.

    ``last`` is asked right before the branch moves; what it raises is why nothing lands.
    ``journal`` is a folder of the caller's, the same one for `settling.recover`.
    """
    _unfinished(journal)
    if proposal.parent != clone.head:
        raise Refused(f"{target}: expected a commit on {clone.head}, found {proposal.parent}")
    ground.check(target, proposal.parent).enforce()
    wanted = f"{proposal.commit}\n^{proposal.parent}\n".encode()
    pack = clone.repository.ask("pack-objects", "--revs", "--stdout", "-q", stdin=wanted)
    Repository(target).ask("unpack-objects", "-q", "--strict", stdin=pack)
    found = ground.arrived(target, proposal, envelope)
    return _move(target, proposal.commit, proposal.parent, found, journal, last)


def reject(
    target: Path, landed: Landed, *, subject: str, run: str, stamp: Stamp, journal: Path
) -> Landed:
    """Take a landed commit back by another; `Refused` if HEAD has moved on since."""
    _unfinished(journal)
    ground.check(target, landed.commit).enforce()
    repository = Repository(target)
    if commit_fields(repository, landed.commit)[1:] != (landed.parent,):
        raise Refused(f"{target}: expected {landed.parent} as the only parent of {landed.commit}")
    text = message(subject, {"Reverts": landed.commit, "Run": run}).encode()
    words = ("commit-tree", f"{landed.parent}^{{tree}}", "-p", landed.commit)
    reverting = repository.word(*words, stdin=text, stamp=stamp)
    found = differences(repository, landed.commit, reverting)
    return _move(target, reverting, landed.commit, found, journal)


def _unfinished(journal: Path) -> None:
    if (journal / NOTE).exists():
        raise Refused(f"{journal / NOTE}: expected no unfinished landing, found one; recover first")


def _move(
    target: Path,
    new: str,
    old: str,
    found: tuple[Difference, ...],
    journal: Path,
    last: Callable[[], object] = bool,
) -> Landed:
    """Move the branch, the index and the files from one commit to another."""
    ground.unconverted(target, found)
    ground.together_on_disk(target, found)
    branch, place = ground.branch_of(target), target / _INDEX
    durable.mkdir(journal)
    try:
        index = _index(target, found, journal)
        note = Note(branch, new, old, (_identity_of(index), identify(place) or ""))
        durable.write(journal / NOTE, note.line(), replace=False)
        _stage(target, found)
        _lock(target, index)
        ground.check(target, old, ours=True).enforce()
        moves = transaction.begin(journal, target, [*_moves(target, found), _of_index(note)], {})
        last()
        _swap(target, note)
        if settle(target, note, moves) == "undone":
            raise Refused(f"{target}: was changed by somebody meanwhile; nothing has landed")
        look(target, note, moves)
        moves.close()
    except (SealwrightError, OSError):
        recover(target, journal)
        raise
    clear(target, note, journal)
    _prune(target, found)
    return Landed(new, old, branch)


def _index(target: Path, found: Iterable[Difference], journal: Path) -> bytes:
    """Return the target's index with the changed paths as the commit has them."""
    copied = journal / "index"
    tidy(journal)
    durable.write(copied, (target / _INDEX).read_bytes())
    lines = b"".join(f"{each.new_mode} {each.new}\t".encode() + _named(each) for each in found)
    Repository(target).ask("update-index", "-z", "--index-info", stdin=lines, index=copied)
    data = copied.read_bytes()
    durable.remove(copied)
    return data


def _named(each: Difference) -> bytes:
    return os.fsencode(each.path) + b"\0"


def _stage(target: Path, found: Iterable[Difference]) -> None:
    repository, folder = Repository(target), target / STAGED
    durable.remove(folder)
    durable.mkdir(folder)
    for number, each in enumerate(found):
        if each.new_mode != ground.ABSENT:
            data = repository.ask("cat-file", "blob", each.new)
            durable.create(folder / str(number), data, mode=_mode(target / each.path, each))
    durable.sync_tree(folder)


def _mode(place: Path, each: Difference) -> int:
    """Return the bits of a file's permission: those it has, or the usual ones."""
    if each.old_mode == each.new_mode:
        return stat.S_IMODE(place.stat().st_mode)
    return 0o755 if each.new_mode == "100755" else 0o644


def _lock(target: Path, index: bytes) -> None:
    lock = target / LOCK
    try:
        mode = stat.S_IMODE((target / _INDEX).stat().st_mode)
        durable.write(lock, index, mode=mode, replace=False)
    except FileExistsError:
        raise Refused(f"{lock}: expected no lock of git's, found one; end what holds it") from None


def _moves(target: Path, found: Iterable[Difference]) -> list[Move]:
    """Return the moves of the files, each from the very bytes that HEAD has."""
    moves, strange = [], []
    for number, each in enumerate(found):
        staged, before = RelPath(f"{STAGED}/{number}"), _committed(target, each)
        if identify(target / each.path) != before:
            strange.append(Finding(each.path, "has other bytes than HEAD", "git restore it"))
        moves.append(Move(RelPath(each.path), staged, before, identify(target / staged)))
    Verdict(tuple(strange)).enforce()
    return moves


def _committed(target: Path, each: Difference) -> str | None:
    """Return the identity of a file as the commit before has it."""
    if each.old_mode == ground.ABSENT:
        return None
    kind = "program" if each.old_mode == "100755" else "file"
    return f"{kind} {digest.sha256(Repository(target).ask('cat-file', 'blob', each.old))}"


def _of_index(note: Note) -> Move:
    new, old = note.indices
    return Move(RelPath(_INDEX), RelPath(LOCK), old, new)


def _identity_of(index: bytes) -> str:
    return f"file {digest.sha256(index)}"


def _prune(target: Path, found: Iterable[Difference]) -> None:
    """Remove the folders that are empty now, as git does."""
    gone = [target / each.path for each in found if each.new_mode == ground.ABSENT]
    for above in (above for place in gone for above in place.parents):
        with contextlib.suppress(OSError):  # it is not empty, or gone already
            durable.system.rmdir(above)


def _swap(target: Path, note: Note) -> None:
    words = ("update-ref", "-m", REASON, f"refs/heads/{note.branch}")
    code, _ = Repository(target).tried(*words, note.new, note.old)
    found = ground.value(target, note.branch)
    if found != note.new:
        raise Refused(
            f"{target}: expected {note.branch} at {note.old}, which was approved, found {found}"
            f"{'' if code == 0 else ', or a lock'}; nothing was changed"
        )
