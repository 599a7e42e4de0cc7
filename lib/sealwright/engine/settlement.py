"""Outputs become real wholly or not at all, and the proof with them.

Everything that a step wrote lies staged and durable.  Then, in this order:

1. the intent (see `transaction`) is written: what moves where, the lines for ledgers with
   the offsets where they belong, and the receipt.  THIS IS THE COMMIT POINT: a run that
   dies before it has done nothing, a run that dies after it has done everything, as soon
   as somebody looks;
2. the lines are appended to their ledgers, whose locks have been held since before 1;
3. each output gets its name, by one rename or exchange.  An output that is byte for byte
   what was there stays untouched, so that its consumers have nothing to do;
4. receipt, journal, index, in this order, since each is proved by the one before;
5. what stood in the place before is removed, or kept in quarantine when no receipt knows
   it; the intent and the staging folder go.

Recovery is steps 2 to 5 again, each of which looks at what is there first.  If somebody
else has meanwhile continued a ledger, so that the lines no longer fit, the intent is
dropped before anything moved, and the step is stale.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from sealwright import digest, durable, transaction
from sealwright.engine import changing
from sealwright.engine.changing import Place
from sealwright.engine.observer import ABSENT, Observation, Observer
from sealwright.engine.receipt import Receipt
from sealwright.engine.staging import Staging, keep_out_of_git, target
from sealwright.errors import Refused
from sealwright.ledger import Book, Ledger
from sealwright.paths import TOP, RelPath, relative, within
from sealwright.runtime import canonical
from sealwright.step import Changes, Member, Output, Record, Run, Transition, Tree, spot
from sealwright.transaction import Move, Transaction

Books = Mapping[str, Book]
STRANGE = "strange.json"


def identity(observer: Observer) -> transaction.Identify:
    """Return the function that tells what stands at a place, whatever it is."""

    def identify(path: Path) -> str | None:
        seen: str = observer.at(str(path), Tree(TOP))["is"]
        return None if seen == ABSENT else seen

    return identify


def places(
    staging: Staging, run: Run, found: Mapping[Output, Observation], observer: Observer
) -> list[Place]:
    """Return where the staged outputs go; `Refused` if another member has that name."""
    result: list[Place] = []
    identify = identity(observer)
    for output in staging.places:
        if isinstance(output, Changes):
            result += changing.places(run, output, staging.places[output], observer)
            continue
        seen = found[output]
        if isinstance(output, Member):
            final = RelPath(f"{output.folder}/{_name(run, output)}")
        else:
            final = target(output).path
        before = identify(within(run.root, _folder(final)) / os.path.basename(final))
        if isinstance(output, Member) and before not in (None, seen["is"]):
            raise Refused(
                f"{final}: exists already with other bytes, and a member is never replaced"
            )
        staged = relative(run.root, staging.places[output])
        result.append(Place(output, final, staged, before, seen["is"]))
    return result


def _folder(path: RelPath) -> RelPath:
    return RelPath(path.rpartition("/")[0] or TOP)


def _name(run: Run, member: Member) -> str:
    if member not in run.names:
        raise Refused(f"{run.step.name}: did not name its new entry of {member.folder}")
    return run.names[member]


@contextlib.contextmanager
def books(root: Path, ledgers: set[RelPath], apart: Path) -> Iterator[Books]:
    """Hold all of ``ledgers`` for writing, in one order for all runs; see `keep_out_of_git`."""
    with contextlib.ExitStack() as stack:
        held = {}
        for path in sorted(ledgers):
            place = within(root, path)
            keep_out_of_git(place.parent, apart)
            held[str(path)] = stack.enter_context(Ledger(place).writing())
        yield held


def seal(run: Run, held: Books) -> tuple[list[dict[str, Any]], dict[Output, Observation]]:
    """Return the appends that an act stated, and what its records will be."""
    appends: list[dict[str, Any]] = []
    seen: dict[Output, Observation] = {}
    for ledger, book in held.items():
        records = [o for o in run.step.outputs if isinstance(o, Record) and o.ledger == ledger]
        seen |= {r: _standing(r, book, *run.standing[r]) for r in records if r in run.standing}
        records = [r for r in records if r not in seen]
        lines: dict[Record, int] = {r: len(run.appended.get(r, ())) for r in records}
        if empty := [r.event for r in records if not lines[r]]:
            raise Refused(f"{run.step.name}: declares {', '.join(empty)}, but appended no line")
        if not records:
            continue
        data = book.seal([p for r in records for p in run.appended[r]])
        appends.append({"ledger": ledger, "offset": book.size, "data": data.decode()})
        offset, rest = book.size, data.splitlines(keepends=True)
        for record in records:
            mine, rest = b"".join(rest[: lines[record]]), rest[lines[record] :]
            seen[record] = _lines(record, mine, offset)
            offset += len(mine)
    return appends, seen


def _standing(record: Record, book: Book, offset: int, size: int) -> Observation:
    data = os.pread(book.descriptor, size, offset)
    begins = offset == 0 or os.pread(book.descriptor, 1, offset - 1) == b"\n"
    if not begins or len(data) != size or not data.endswith(b"\n"):
        raise Refused(f"{spot(record)}: expected lines at byte {offset}, found none; run again")
    return _lines(record, data, offset)


def _lines(record: Record, data: bytes, offset: int) -> Observation:
    name = f"records {digest.sha256(data)}"
    return {"spot": spot(record), "is": name, "offset": offset, "size": len(data)}


def observations(
    run: Run, found: Mapping[Output, Observation], placed: Iterable[Place]
) -> list[Observation]:
    """Return the outputs as the receipt has them, in the order in which they are declared."""
    listed = list(placed)
    before = {place.output: place.before or ABSENT for place in listed}
    result = []
    for output in run.step.outputs:
        if isinstance(output, Changes):
            mine = (place for place in listed if place.output is output)
            result.append(changing.observation(output, mine))
            continue
        seen = dict(found[output])
        if isinstance(output, Member):
            name = run.names[output]
            seen |= {"name": name, "is": f"member {name} {seen['is']}"}
        elif isinstance(output, Transition):
            seen["was"] = before[output]
        result.append(seen)
    return result


def begin(
    staging: Staging,
    placed: Iterable[Place],
    receipt: Receipt,
    appends: list[dict[str, Any]],
    strange: list[RelPath],
) -> Transaction:
    """Pass the commit point; what comes to the ``strange`` staged places goes to quarantine."""
    changed = [place for place in placed if place.before != place.after]
    moves = [Move(p.final, p.staged, p.before, p.after, p.modes) for p in changed]
    note = {"receipt": receipt, "appends": appends, "strange": strange}
    return transaction.begin(staging.folder, staging.root, moves, note)


def complete(change: Transaction, held: Books, identify: transaction.Identify) -> bool:
    """Append and move everything; False, with nothing moved, if lines no longer fit."""
    for append in change.note["appends"]:
        if not held[append["ledger"]].complete(append["offset"], append["data"].encode()):
            return False
    change.forward(identify)
    return True


def end(change: Transaction, quarantine: Path, name: str) -> list[Path]:
    """End the transaction; return where what no receipt knows is kept from now on."""
    folder = change.intent.parent
    strange = [Path(place).relative_to(change.root) for place in _strange(change)]
    if strange:
        durable.write(folder / STRANGE, canonical.line([str(place) for place in strange]))
    change.close()
    return set_apart(folder, change.root, quarantine, name)


def _strange(change: Transaction) -> list[Path]:
    places = [change.root / staged for staged in change.note["strange"]]
    return [place for place in places if os.path.lexists(place)]


def set_apart(folder: Path, root: Path, quarantine: Path, name: str) -> list[Path]:
    """Move what no receipt knows out of a staging folder whose transaction has ended."""
    kept: list[Path] = []
    with contextlib.suppress(FileNotFoundError):
        for staged in canonical.decode_line((folder / STRANGE).read_bytes()):
            place = root / staged
            if os.path.lexists(place):
                durable.mkdir(quarantine)
                kept.append(quarantine / f"{name}-{place.parent.name}-{place.name}")
                durable.rename_closed(place, kept[-1])
    return kept
