"""A transaction changes many places of a tree, and writes down the undo before the do.

It is a list of moves.  Each has a *final* place and a *staged* one, both relative to a
root on one file system, and what stands at the final place *before* and *after*:

========  ==============  =============  ==============================================
move      before          after          what is done, in one atomic call
========  ==============  =============  ==============================================
create    ``None``        an identity    rename staged to final
replace   an identity     an identity    exchange staged and final
delete    an identity     ``None``       rename final to staged
========  ==============  =============  ==============================================

So nothing is ever lost: what was replaced or deleted stands at the staged place until its
owner removes it, and undoing a move is the same call with *before* and *after* swapped.
An identity is any text that tells contents apart, such as a digest; whoever settles the
transaction brings the function that finds the identity at a place (``None``: nothing).

The folder of the transaction holds ``intent.json``, canonical JSON::

    {"folders":["new"],"format":"sealwright/transaction","moves":[{"after":"sha256:9f…",
     "before":null,"final":"new/a.py","modes":[null,null],"staged":".work/new/a.py"}],
     "note":{},"version":1}

``folders`` are those that have to be made for the final places; undoing removes them
again if they are empty.  ``note`` belongs to the owner.

``modes`` are the permissions of a folder at the final place before and after, where they
matter: one that may not be written to cannot be moved, so it is opened for the call, and
gets its mode back where it stands then.

Rules.  1. Before the intent is durable, nothing has moved.  2. *Forward* makes every move
that is not made, *back* undoes every move that is made; both are one function, which looks
at all places first and moves nothing (`Damaged`, with every such place) if somewhere it
finds neither the state before nor the state after.  3. So after a crash at any call, `load`
and the same ``forward`` (or ``back``) end it.  4. No place lies in another, hence the order
of moves does not matter.  5. `Transaction.close` removes the intent; until then `begin`
refuses to start another transaction in the same folder.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from sealwright import durable
from sealwright.errors import Damaged, Misconfigured, Refused
from sealwright.paths import RelPath, parse, within
from sealwright.runtime import canonical

FORMAT, VERSION = "sealwright/transaction", 1
INTENT = "intent.json"

Identify = Callable[[Path], str | None]


@dataclass(frozen=True, slots=True)
class Move:
    """One change: what is staged comes to the final place, what was there goes to staged."""

    final: RelPath
    staged: RelPath
    before: str | None
    after: str | None
    modes: tuple[int | None, int | None] = (None, None)

    def undo(self) -> Move:
        """Return the move that takes this one back."""
        modes = self.modes[1], self.modes[0]
        return replace(self, before=self.after, after=self.before, modes=modes)


@dataclass(frozen=True, slots=True)
class Transaction:
    """An intent on disk, and the two ways to end it."""

    intent: Path
    root: Path
    moves: tuple[Move, ...]
    folders: tuple[RelPath, ...]
    note: Mapping[str, Any]

    def forward(self, identify: Identify) -> tuple[Move, ...]:
        """Make every move that is not made yet; return those that were made now."""
        return self._settle(self.moves, identify)

    def back(self, identify: Identify) -> tuple[Move, ...]:
        """Undo every move that is made, and remove the empty folders made for them."""
        undone = self._settle([move.undo() for move in self.moves], identify)
        for folder in sorted(self.folders, reverse=True):  # what is inside sorts after
            place = _place(self.root, folder)
            if place.is_dir() and not any(place.iterdir()):
                durable.remove(place)
        return undone

    def close(self) -> None:
        """Remove the intent: the transaction is over."""
        durable.remove(self.intent)

    def _settle(self, moves: Iterable[Move], identify: Identify) -> tuple[Move, ...]:
        todo, done, strange = [], [], []
        for move in moves:
            found = self._found(move, identify)
            if found == (move.before, move.after):
                todo.append(move)
            elif found == (move.after, move.before):
                done.append(move)
            else:
                strange.append(self._strange(move, found))
        if strange:
            raise Damaged("\n".join(strange))
        for move in todo:
            self._make(move)
        for move in (*todo, *done):
            self._close(move)
        self._sync(done)
        return tuple(todo)

    def _sync(self, done: Iterable[Move]) -> None:
        """Make durable what a crash may have left done, but not synced."""
        names = [*self.folders, *(name for move in done for name in (move.final, move.staged))]
        for folder in sorted({_place(self.root, name).parent for name in names}):
            if folder.is_dir():
                durable.sync_folder(folder)

    def _found(self, move: Move, identify: Identify) -> tuple[str | None, str | None]:
        return identify(_place(self.root, move.final)), identify(_place(self.root, move.staged))

    def _strange(self, move: Move, found: tuple[str | None, str | None]) -> str:
        def said(pair: tuple[str | None, str | None]) -> str:
            return f"{pair[0] or 'nothing'} (with {pair[1] or 'nothing'} at {move.staged})"

        states = f"{said((move.before, move.after))} or {said((move.after, move.before))}"
        return (
            f"{_place(self.root, move.final)}: expected {states}, found {said(found)}; "
            f"put one of the two back, then recover again"
        )

    def _close(self, move: Move) -> None:
        """Give folders that were opened for a move their modes, where they stand now."""
        for mode, place in zip(move.modes, (move.staged, move.final), strict=True):
            if mode is not None:
                durable.set_mode(_place(self.root, place), mode)

    def _make(self, move: Move) -> None:
        final, staged = _place(self.root, move.final), _place(self.root, move.staged)
        for mode, place in zip(move.modes, (final, staged), strict=True):
            if mode is not None:
                durable.set_mode(place, mode | stat.S_IWUSR)
        if move.before is None:
            durable.mkdir(final.parent)
            durable.rename(staged, final)
        elif move.after is None:
            durable.mkdir(staged.parent)
            durable.rename(final, staged)
        else:
            durable.exchange(staged, final)


def _place(root: Path, path: RelPath) -> Path:
    """Return where ``path`` stands: its folder is contained, and a link there is not followed."""
    folder, _, name = path.rpartition("/")
    return within(root, RelPath(folder or ".")) / name


def begin(folder: Path, root: Path, moves: Iterable[Move], note: Mapping[str, Any]) -> Transaction:
    """Write down the intent to make ``moves``, durably; nothing has moved when this returns.

    `Refused` if ``folder`` holds an intent already; `ValueError` for moves that overlap.
    """
    listed = tuple(moves)
    _separate(folder / INTENT, root, listed)
    made = Transaction(folder / INTENT, root, listed, _missing(root, listed), dict(note))
    record = {
        "format": FORMAT,
        "version": VERSION,
        "moves": [asdict(move) for move in made.moves],
        "folders": list(made.folders),
        "note": dict(note),
    }
    durable.mkdir(folder)
    try:
        # THE COMMIT POINT: from the moment this file has its name, the change is decided,
        # and whoever finds it there ends it, forward or back.
        durable.write(made.intent, canonical.line(record), replace=False)
    except FileExistsError:
        raise Refused(
            f"{made.intent}: expected no unfinished transaction, found one; recover it first"
        ) from None
    return made


def _separate(intent: Path, root: Path, moves: tuple[Move, ...]) -> None:
    """Raise `ValueError` where one place is, or lies in, another or the intent."""
    places = [_place(root, place) for move in moves for place in (move.final, move.staged)]
    real = [place.parent.resolve() / place.name for place in [*places, intent]]
    ordered = sorted(real, key=lambda place: place.parts)
    for one, other in pairwise(ordered):  # neighbours suffice: what lies in one sorts after it
        if other.is_relative_to(one):
            raise ValueError(f"{other}: expected places apart from each other, found it in {one}")
    for move in moves:
        if move.before is None and move.after is None:
            raise ValueError(f"{move.final}: expected a change, found nothing before and after")


def _missing(root: Path, moves: tuple[Move, ...]) -> tuple[RelPath, ...]:
    """Return the folders above final places that do not exist yet, outermost first."""
    missing: set[RelPath] = set()
    for move in moves:
        above = os.path.dirname(move.final)
        while above and above not in missing and not _place(root, RelPath(above)).is_dir():
            missing.add(RelPath(above))
            above = os.path.dirname(above)
    return tuple(sorted(missing))


def load(folder: Path, root: Path) -> Transaction | None:
    """Return the transaction whose intent ``folder`` holds, or None; `Damaged` if unreadable."""
    intent = folder / INTENT
    try:
        data = intent.read_bytes()
    except FileNotFoundError:
        return None
    try:
        record = canonical.decode_line(data)
        if (record["format"], record["version"]) != (FORMAT, VERSION):
            raise ValueError(f"found format {record['format']!r} {record['version']!r}")
        moves = tuple(_move(**move) for move in record["moves"])
        folders = tuple(parse(folder) for folder in record["folders"])
        return Transaction(intent, root, moves, folders, record["note"])
    except (ValueError, TypeError, KeyError, Misconfigured) as problem:
        raise Damaged(f"{intent}: expected an intent of {FORMAT} {VERSION}, {problem}") from None


def _move(
    final: str,
    staged: str,
    before: str | None,
    after: str | None,
    modes: Iterable[int | None] = (None, None),
) -> Move:
    was, is_ = modes
    return Move(parse(final), parse(staged), before, after, (was, is_))
