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

Killed anywhere, `recover` asks the branch: at the new commit, the moves are made; at the old
one, they are not, and nothing of ours stays but unreachable objects.  Where somebody's change
meanwhile is in the way of a move, or the target is not clean after them, the branch goes back
and the target stays as that person has it.  No hook of the target runs.

`reject` takes a landed commit back by one more: the same files as before, and it says so.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sealwright import digest, durable, git, transaction
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
from sealwright.errors import Damaged, Refused, SealwrightError
from sealwright.paths import RelPath
from sealwright.runtime import canonical
from sealwright.transaction import Move, Transaction

NOTE, STAGED = "landing.json", ".git/sealwright"
FORMAT, VERSION = "sealwright/landing", 1
_LOCK, _INDEX = ".git/index.lock", ".git/index"
_LITTER = ("index", "index.lock", ".index.tmp", f".{NOTE}.tmp", f".{transaction.INTENT}.tmp")
_REASON = "sealwright: one approved commit"


@dataclass(frozen=True, slots=True)
class Landed:
    """A commit that is the branch's now, and the one that was."""

    commit: str
    parent: str
    branch: str


@dataclass(frozen=True, slots=True)
class _Note:
    """What ``landing.json`` says: ``indices`` are the identities of the index, new and old."""

    branch: str
    new: str
    old: str
    indices: tuple[str, str]

    def line(self) -> bytes:
        record = {**asdict(self), "indices": list(self.indices)}
        return canonical.line({**record, "format": FORMAT, "version": VERSION})


def land(
    target: Path, clone: Clone, proposal: Proposal, envelope: Envelope, *, journal: Path
) -> Landed:
    """Let the commit land on ``target``; `Refused` if anything speaks against it.

    ``journal`` is a folder of the caller's, the same one for `recover`.
    """
    _unfinished(journal)
    if proposal.parent != clone.head:
        raise Refused(f"{target}: expected a commit on {clone.head}, found {proposal.parent}")
    ground.check(target, proposal.parent).enforce()
    wanted = f"{proposal.commit}\n^{proposal.parent}\n".encode()
    pack = clone.repository.ask("pack-objects", "--revs", "--stdout", "-q", stdin=wanted)
    Repository(target).ask("unpack-objects", "-q", "--strict", stdin=pack)
    found = ground.arrived(target, proposal, envelope)
    return _move(target, proposal.commit, proposal.parent, found, journal)


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


def recover(target: Path, journal: Path) -> str:
    """End what a killed landing left: ``landed``, ``undone``, or ``nothing`` if there was none."""
    note = _read(journal / NOTE)
    if note is None:
        _tidy(journal)
        return "nothing"
    outcome = "undone"
    if (moves := transaction.load(journal, target)) is not None:
        _break_locks(target, note)
        outcome = _settle(target, note, moves)
        moves.close()
    _clear(target, note, journal)
    return outcome


def _unfinished(journal: Path) -> None:
    if (journal / NOTE).exists():
        raise Refused(f"{journal / NOTE}: expected no unfinished landing, found one; recover first")


def _move(target: Path, new: str, old: str, found: tuple[Difference, ...], journal: Path) -> Landed:
    """Move the branch, the index and the files from one commit to another."""
    ground.unconverted(target, found)
    branch, place = ground.branch_of(target), target / _INDEX
    durable.mkdir(journal)
    try:
        index = _index(target, found, journal)
        note = _Note(branch, new, old, (_identity_of(index), identify(place) or ""))
        durable.write(journal / NOTE, note.line(), replace=False)
        _stage(target, found)
        _lock(target, index)
        ground.check(target, old, ours=True).enforce()
        moves = transaction.begin(journal, target, [*_moves(target, found), _of_index(note)], {})
        _swap(target, note)
        if _settle(target, note, moves) == "undone":
            raise Refused(f"{target}: was changed by somebody meanwhile; nothing has landed")
        _look(target, note, moves)
        moves.close()
    except (SealwrightError, OSError):
        recover(target, journal)
        raise
    _clear(target, note, journal)
    return Landed(new, old, branch)


def _index(target: Path, found: Iterable[Difference], journal: Path) -> bytes:
    """Return the target's index with the changed paths as the commit has them."""
    copied = journal / "index"
    _tidy(journal)
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
    lock = target / _LOCK
    try:
        mode = stat.S_IMODE((target / _INDEX).stat().st_mode)
        durable.write(lock, index, mode=mode, replace=False)
    except FileExistsError:
        raise Refused(f"{lock}: expected no lock of git's, found one; end what holds it") from None


def _moves(target: Path, found: Iterable[Difference]) -> list[Move]:
    moves = []
    for number, each in enumerate(found):
        staged = RelPath(f"{STAGED}/{number}")
        before = identify(target / each.path)
        moves.append(Move(RelPath(each.path), staged, before, identify(target / staged)))
    return moves


def _of_index(note: _Note) -> Move:
    new, old = note.indices
    return Move(RelPath(_INDEX), RelPath(_LOCK), old, new)


def identify(place: Path) -> str | None:
    """Return what tells apart what stands at a place; none if nothing does."""
    try:
        mode = os.lstat(place).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
    if stat.S_ISREG(mode):
        executable = "program" if mode & stat.S_IXUSR else "file"
        return f"{executable} {digest.of_file(place).sha256}"
    return f"link {os.readlink(place)!a}" if stat.S_ISLNK(mode) else durable.kind(mode)


def _identity_of(index: bytes) -> str:
    return f"file {digest.sha256(index)}"


def _swap(target: Path, note: _Note) -> None:
    words = ("update-ref", "-m", _REASON, f"refs/heads/{note.branch}")
    code, _ = Repository(target).tried(*words, note.new, note.old)
    found = ground.value(target, note.branch)
    if found != note.new:
        raise Refused(
            f"{target}: expected {note.branch} at {note.old}, which was approved, found {found}"
            f"{'' if code == 0 else ', or a lock'}; nothing was changed"
        )


def _settle(target: Path, note: _Note, moves: Transaction) -> str:
    """Make the moves if the branch is at the new commit, else undo them; return which."""
    found = ground.value(target, note.branch)
    if found == note.new:
        try:
            moves.forward(identify)
            return "landed"
        except Damaged:
            _take_back(target, note)
    elif found != note.old and not _untouched(target, moves):
        expected = f"expected {note.branch} at {note.old} or {note.new}, found {found}"
        raise Damaged(f"{target}: {expected}; git reset it to one of the two, then recover again")
    _undo(target, moves)
    return "undone"


def _undo(target: Path, moves: Transaction) -> None:
    """Undo the moves; where none was made, somebody's own change of a file is no matter."""
    if not _untouched(target, moves):
        moves.back(identify)


def _untouched(target: Path, moves: Transaction) -> bool:
    return all(identify(target / move.staged) == move.after for move in moves.moves)


def _look(target: Path, note: _Note, moves: Transaction) -> None:
    """Look at the target once more; what is not clean goes back, and is `Refused`."""
    if (found := ground.value(target, note.branch)) != note.new:
        raise Refused(f"{target}: expected {note.branch} at {note.new}, found {found}")
    verdict = git.clean(target)
    if not verdict:
        _take_back(target, note)
        _undo(target, moves)
        raise Refused(f"{target}: expected a clean end, found:\n{verdict}\nnothing has landed")


def _take_back(target: Path, note: _Note) -> None:
    words = ("update-ref", "-m", f"{_REASON}, taken back", f"refs/heads/{note.branch}")
    Repository(target).ask(*words, note.old, note.new)


def _break_locks(target: Path, note: _Note) -> None:
    """Remove the locks of a git of ours that was killed while it moved the branch."""
    ours = {b"", f"{note.new}\n".encode(), f"{note.old}\n".encode()}
    for lock in ground.locks(target / ".git", note.branch):
        if lock.is_file() and lock.read_bytes() in ours:
            durable.remove(lock)


def _clear(target: Path, note: _Note, journal: Path) -> None:
    """Remove everything of ours: the lock, what is staged, the note."""
    if identify(target / _LOCK) in note.indices:
        durable.remove(target / _LOCK)
    durable.remove(target / f".git/.{Path(_LOCK).name}.tmp")
    durable.remove(target / STAGED)
    durable.remove(journal / NOTE)
    _tidy(journal)


def _tidy(journal: Path) -> None:
    """Remove what a kill left in the journal before it said anything."""
    for name in _LITTER:
        durable.remove(journal / name)


def _read(path: Path) -> _Note | None:
    if not path.exists():
        return None
    try:
        record: dict[str, Any] = canonical.decode_line(path.read_bytes())
        if (record.pop("format"), record.pop("version")) != (FORMAT, VERSION):
            raise ValueError("another format")
        return _Note(**{**record, "indices": tuple(record["indices"])})
    except (canonical.NotCanonical, KeyError, TypeError, ValueError) as error:
        expected = "expected the note of a landing, found another file"
        raise Damaged(f"{path}: {expected}: {error}") from None
