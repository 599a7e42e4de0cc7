"""The recorded ways out: what a person may decide, and what is left of it in the journal.

accept      adopts hand-edited outputs that are derived: a new receipt, with status
            ``accepted``, the reason, and the outputs as they are now
set aside   moves damaged evidence to the quarantine, so that its step can run again
recover     cuts a broken run journal after its last whole line, or says in it how many bytes
            are missing; what it no longer tells is no longer believed
forget      believes no former run of a step; evidence is spared
clean       removes derived outputs; evidence is spared

What a step of a closed attempt left is evidence, whatever it is.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sealwright import durable, lock
from sealwright.engine import state as states
from sealwright.engine.engine import Engine
from sealwright.engine.journal import Journal, noted
from sealwright.engine.judge import Reason
from sealwright.engine.staging import target
from sealwright.errors import Damaged, Refused
from sealwright.step import Changes, File, Member, Output, Record, Step, Transition, Tree, spot

EVIDENCE = (Member, Record, Transition, Changes)


def accept(engine: Engine, name: str, reason: str) -> str:
    """Adopt the outputs of ``name`` as they are; return the new receipt's digest."""
    step = _known(engine, name, reason)
    reasons = engine.reasons(name)
    if other := [r for r in reasons if r.code != "output"]:
        raise Refused(
            f"{name}: only changed outputs that are derived can be accepted, but {other[0]}"
        )
    if not reasons:
        raise Refused(f"{name}: nothing to accept, its outputs are what it left")
    old_name, old = engine.trace[name]
    outputs = [_again(engine, output, seen) for output, seen in _pairs(step, old["outputs"])]
    receipt = {**old, "status": "accepted", "reason": reason, "instead_of": old_name}
    receipt |= {"outputs": outputs, "run": engine.run_id, "started_at": engine.world.now.iso()}
    engine.keep_listings(receipt)
    proof = engine.receipts.put(receipt)
    said = {"step": name, "reason": reason, "receipt": proof, "instead_of": old_name}
    engine.journal.note("accept", said)
    engine.believe(proof, receipt)
    return proof


def _known(engine: Engine, name: str, reason: str) -> Step:
    if not reason.strip():
        raise Refused(f'{name}: expected a reason; say why with --reason "…"')
    if name not in engine.graph.steps:
        raise Refused(f"{name}: is no step; doit list names them")
    if name not in engine.trace:
        raise Refused(f"{name}: never ran, so there is nothing of it to amend; doit {name}")
    return engine.graph.steps[name]


def _pairs(step: Step, recorded: list[dict[str, Any]]) -> Iterator[tuple[Output, dict[str, Any]]]:
    seen = {observation["spot"]: observation for observation in recorded}
    return ((output, seen[spot(output)]) for output in step.outputs)


def _again(engine: Engine, output: Output, recorded: dict[str, Any]) -> dict[str, Any]:
    if isinstance(output, Member | Record | Changes):
        return recorded
    item = target(output)
    seen = engine.observer.at(str(engine.world.place(item.path)), item, both=True)
    was = {"was": recorded["was"]} if isinstance(output, Transition) else {}
    return {"spot": spot(output), **seen, **was}


def set_aside(engine: Engine, name: str, reason: str) -> list[Path]:
    """Move damaged evidence of ``name`` to the quarantine; return where it is now."""
    step = _known(engine, name, reason)
    damaged = [r for r in engine.judge.damage(step) if r.code == "evidence"]
    if not damaged:
        raise Refused(f"{name}: its evidence is what was recorded, so nothing is set aside")
    proof, receipt = engine.trace[name]
    places = [
        _place(engine, output, seen)
        for output, seen in _pairs(step, receipt["outputs"])
        if spot(output) in {r.subject for r in damaged}
    ]
    kept = [_move(engine, place) for place in places if place and place.exists()]
    said = {"reason": reason, "receipt_set_aside": proof, "drop": name}
    moved = [str(path.relative_to(engine.world.state)) for path in kept]
    engine.journal.note("set-aside", said | {"moved": moved, "damage": _told(damaged)})
    engine.drop(name)
    return kept


def _told(reasons: list[Reason]) -> list[dict[str, str]]:
    return [reason.to_dict() for reason in reasons]


def _place(engine: Engine, output: Output, seen: dict[str, Any]) -> Path | None:
    match output:
        case Member(folder):
            return Path(engine.world.place(folder), seen["name"])
        case File(path) | Tree(path):
            return engine.world.place(path)
    return None  # lines of a ledger stay where they are: `sealwright recover` mends ledgers


def _move(engine: Engine, place: Path) -> Path:
    durable.mkdir(engine.quarantine)
    kept = engine.quarantine / f"{engine.run_id}-{place.name}"
    durable.rename(place, kept)
    return kept


def recover_journal(state: Path, reason: str, at: str) -> str:
    """Mend the run journal in the folder ``state``; the index is made anew from what it tells."""
    journal = Journal(state / "journal.jsonl", f"recover-{at}", at)
    with lock.running(state / "lock", lock.current("sealwright", at)):
        missing = _missing(state, journal)
        if journal.ledger.check().findings:
            quarantine = state / "quarantine"
            told = journal.ledger.recover(reason, at, quarantine, payload=noted(at))
        elif missing > 0:
            journal.note("recovered", {"reason": reason, "missing_bytes": missing})
            told = f"{journal.path}: continued, although {missing} bytes are missing"
        else:
            raise Refused(f"{journal.path}: is whole, so there is nothing to recover; leave it")
        for name in ("state.db", "state.db-wal", "state.db-shm"):
            durable.remove(state / name)
    return f"{told}; steps that it no longer tells of run again"


def _missing(state: Path, journal: Journal) -> int:
    """Return how many acknowledged bytes the journal lacks, as far as the index can tell."""
    try:
        with states.reader(state / "state.db") as index:
            return index.journal()[0] - journal.mark()[0] if index else 0
    except Damaged:
        return 0


def spared(step: Step) -> bool:
    """Return whether a step has evidence, which forgetting and cleaning spare."""
    evidence = (isinstance(o, EVIDENCE) or o.evidence for o in step.outputs)
    return any(evidence)


def forget(engine: Engine, name: str) -> bool:
    """Believe no former run of ``name``; False if its evidence is spared or it never ran."""
    step = engine.graph.steps[name]
    if name not in engine.trace or spared(step) or engine.judge.over(step):
        return False
    engine.journal.note("forget", {"drop": name})
    engine.drop(name)
    return True


def derived(engine: Engine, name: str) -> list[Path]:
    """Return the derived outputs of ``name`` that are there, which cleaning removes."""
    step = engine.graph.steps[name]
    if engine.judge.over(step):
        return []
    items = [o for o in step.outputs if isinstance(o, File | Tree)]
    places = [engine.world.place(item.path) for item in items if not item.evidence]
    return [place for place in places if os.path.lexists(place)]
