"""How a landing ends: its note, and what is done about it after a kill or a refusal.

The journal holds ``landing.json``, one line of canonical JSON, from before anything is laid
into the target until after everything of ours is gone from it::

    {"branch":"main","format":"sealwright/landing","indices":["file sha256:…","file sha256:…"],
     "new":"4c…","old":"9f…","version":1}

and, from the moment that the moves are decided, the intent of a `sealwright.transaction`.  The
branch says which way they go: at the new commit forward, at the old one back.  `Damaged` where
it is at neither and some were made, or where somebody's bytes are in the way of half of them.
"""

from __future__ import annotations

import os
import stat
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sealwright import digest, durable, git, transaction
from sealwright.contracts.workflow.execution import ground
from sealwright.contracts.workflow.execution.plumbing import Repository
from sealwright.errors import Damaged, Refused
from sealwright.runtime import canonical
from sealwright.transaction import Transaction

NOTE, STAGED = "landing.json", ".git/sealwright"
FORMAT, VERSION = "sealwright/landing", 1
LOCK = ".git/index.lock"
REASON = "sealwright: one approved commit"
_LITTER = ("index", "index.lock", ".index.tmp", f".{NOTE}.tmp", f".{transaction.INTENT}.tmp")


@dataclass(frozen=True, slots=True)
class Note:
    """What ``landing.json`` says: ``indices`` are the identities of the index, new and old."""

    branch: str
    new: str
    old: str
    indices: tuple[str, str]

    def line(self) -> bytes:
        """Return the bytes of the note."""
        record = {**asdict(self), "indices": list(self.indices)}
        return canonical.line({**record, "format": FORMAT, "version": VERSION})


def recover(target: Path, journal: Path) -> str:
    """End what a killed landing left: ``landed``, ``undone``, or ``nothing`` if there was none."""
    note = read(journal / NOTE)
    if note is None:
        tidy(journal)
        return "nothing"
    outcome = "landed" if _has(target, note) else "undone"
    if (moves := transaction.load(journal, target)) is not None:
        _break_locks(target, note)
        outcome = settle(target, note, moves)
        moves.close()
    clear(target, note, journal)
    return outcome


def _has(target: Path, note: Note) -> bool:
    """Return whether the commit is the branch's, which may have gone on since."""
    words = ("merge-base", "--is-ancestor", note.new, f"refs/heads/{note.branch}")
    return Repository(target).tried(*words)[0] == 0


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


def settle(target: Path, note: Note, moves: Transaction) -> str:
    """Make the moves if the branch is at the new commit, else undo them; return which."""
    found = ground.value(target, note.branch)
    if found == note.new:
        try:
            moves.forward(identify)
            return "landed"
        except Damaged:
            if not _untouched(target, moves):
                raise
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


def look(target: Path, note: Note, moves: Transaction) -> None:
    """Look at the target once more; what is not clean goes back, and is `Refused`."""
    if (found := ground.value(target, note.branch)) != note.new:
        raise Refused(f"{target}: expected {note.branch} at {note.new}, found {found}")
    moves.forward(identify)  # what was replaced is what was expected there, to the byte
    verdict = git.clean(target)
    if not verdict:
        _take_back(target, note)
        _undo(target, moves)
        raise Refused(f"{target}: expected a clean end, found:\n{verdict}\nnothing has landed")


def _take_back(target: Path, note: Note) -> None:
    words = ("update-ref", "-m", f"{REASON}, taken back", f"refs/heads/{note.branch}")
    Repository(target).ask(*words, note.old, note.new)


def _break_locks(target: Path, note: Note) -> None:
    """Remove the locks of a git of ours that was killed while it moved the branch."""
    ours = {b"", f"{note.new}\n".encode(), f"{note.old}\n".encode()}
    for lock in ground.locks(target / ".git", note.branch):
        if lock.is_file() and lock.read_bytes() in ours:
            durable.remove(lock)


def clear(target: Path, note: Note, journal: Path) -> None:
    """Remove everything of ours: the lock, what is staged, the note."""
    if identify(target / LOCK) in note.indices:
        durable.remove(target / LOCK)
    durable.remove(target / f".git/.{Path(LOCK).name}.tmp")
    durable.remove(target / STAGED)
    durable.remove(journal / NOTE)
    tidy(journal)


def tidy(journal: Path) -> None:
    """Remove what a kill left in the journal before it said anything."""
    for name in _LITTER:
        durable.remove(journal / name)


def read(path: Path) -> Note | None:
    """Return the note at ``path``; none if there is none, `Damaged` if it cannot be read."""
    if not path.exists():
        return None
    try:
        record: dict[str, Any] = canonical.decode_line(path.read_bytes())
        if (record.pop("format"), record.pop("version")) != (FORMAT, VERSION):
            raise ValueError("another format")
        return Note(**{**record, "indices": tuple(record["indices"])})
    except (canonical.NotCanonical, KeyError, TypeError, ValueError) as error:
        expected = "expected the note of a landing, found another file"
        raise Damaged(f"{path}: {expected}: {error}") from None
