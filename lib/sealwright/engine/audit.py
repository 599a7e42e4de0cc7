"""`doit verify`: believes nothing, reads everything, changes nothing.

1. Every line of the run journal continues the one before.  2. Every receipt is the bytes
of its name.  3. The index names the same last receipt of each step as the journal; where it
does not, the journal is believed.  4. Every output of each such receipt is hashed in full,
files in SHA-256 too, and is what the receipt says.  5. The signed head of the journal, if
there is one, holds (see `heads`).  6. Every guard of the steps asked for is asked, those of
an attempt from the step's doing until it is over, and of all steps those, too, that protect none.

What is stale is no damage and is not reported here: `doit plan` tells it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sealwright import digest
from sealwright.digest import Digest
from sealwright.engine import execution, heads
from sealwright.engine import receipt as receipts
from sealwright.engine.engine import Engine
from sealwright.engine.judge import Judge, Reason
from sealwright.engine.observer import Observer
from sealwright.engine.receipt import Receipt
from sealwright.errors import Damaged
from sealwright.step import File, Step, spot
from sealwright.verdict import Finding, Verdict, together


@dataclass(frozen=True, slots=True)
class Audit:
    """What was found: ``damage`` is exit 2, ``refused`` is exit 1."""

    damage: Verdict
    refused: Verdict

    @property
    def code(self) -> int:
        """Return the exit code."""
        return 2 if self.damage.findings else 1 if self.refused.findings else 0


def audit(engine: Engine, names: Iterable[str], *, require_signed: bool = False) -> Audit:
    """Check the journal, the receipts, and the outputs and guards of ``names``."""
    findings = list(_journal(engine)) + list(_receipts(engine))
    signed = Verdict()
    if not findings:
        state, signing = engine.world.state, engine.signing
        signed = heads.check(state, engine.journal, signing, required=require_signed)
    chosen = [name for name in engine.graph.order if name in set(names)]
    for name in chosen:
        findings += _step(engine, name)
    steps = [engine.graph.steps[name] for name in chosen]
    guards = {g.name: g for s in steps if engine.judge.in_force(s) for g in s.guards}
    if len(chosen) == len(engine.graph.steps):
        guards |= {guard.name: guard for guard in engine.graph.alone}
    answers = []
    for guard in guards.values():
        try:
            answers.append(execution.asked(guard, engine.world))
        except Damaged as damage:
            findings.append(Finding(guard.name, str(damage)))
    evidence = {"steps": len(chosen), "receipts": len(engine.trace), "guards": len(guards)}
    if (engine.world.state / heads.FOLDER).exists():
        findings += signed.findings
    else:
        answers.append(signed)  # a head that is not signed is no damage, and may be refused
    evidence |= signed.evidence if signing_matters(engine) else {}
    return Audit(Verdict(tuple(findings), evidence), together(answers))


def signing_matters(engine: Engine) -> bool:
    """Return whether somebody pinned a key, or signed, so that a report says how that is."""
    return bool(engine.signing.keys) or (engine.world.state / heads.FOLDER).exists()


def _journal(engine: Engine) -> Iterator[Finding]:
    """Read the journal whole, and let the engine believe it rather than its index."""
    try:
        told = engine.journaled()
    except Damaged as damage:
        yield Finding("journal", str(damage))
        return
    for name in sorted(told.keys() | engine.trace.keys()):
        indexed = engine.trace.get(name, ("no receipt",))[0]
        if indexed != told.get(name, "no receipt"):
            what = f"the index names {indexed}, the journal {told.get(name, 'no receipt')}"
            yield Finding(name, what, f"remove {engine.world.state}/state.db, which is an index")
    engine.trace.clear()
    for name, proof in told.items():
        try:
            engine.trace[name] = (proof, engine.receipts.get(proof))
        except Damaged as damage:
            yield Finding(name, f"its last {damage}")


def _receipts(engine: Engine) -> Iterator[Finding]:
    folder = engine.world.state / "receipts"
    for path in sorted(folder.glob("*/*.json")):
        name = Digest(f"sha256:{path.stem}")
        try:
            receipts.parse(path.read_bytes(), name)
        except Damaged as damage:
            yield Finding(str(path.relative_to(engine.world.root)), str(damage))
    for path in sorted(folder.glob("*/*.tree")):
        if digest.hexadecimal(digest.of_file(path).blake3) != path.stem:
            yield Finding(
                str(path.relative_to(engine.world.root)), "is not the listing of its name"
            )


def _step(engine: Engine, name: str) -> Iterator[Finding]:
    if name not in engine.trace:
        return
    full = Observer(engine.world, engine.cache, full=True)
    judge = Judge(engine.graph, engine.trace, full, engine.receipts.listing)
    for reason in judge.damage(engine.graph.steps[name]):
        yield _finding(name, reason)
    yield from _sha256(engine, engine.graph.steps[name], engine.trace[name][1])


def _sha256(engine: Engine, step: Step, receipt: Receipt) -> Iterator[Finding]:
    """Compare single files with the digest that other people's tools would find."""
    recorded = {seen["spot"]: seen.get("sha256") for seen in receipt["outputs"]}
    for output in step.outputs:
        expected = recorded.get(spot(output))
        if isinstance(output, File) and expected:
            place = engine.world.place(output.path)
            found = digest.of_file(place).sha256 if place.is_file() else "nothing"
            if found != expected:
                yield Finding(output.path, f"expected {expected}, found {found}")


def _finding(name: str, reason: Reason) -> Finding:
    if reason.code == "evidence":
        return Finding(name, str(reason), f'look at it, then: doit set-aside {name} --reason "…"')
    return Finding(
        name, str(reason), f'doit {name} makes it again, or: doit accept {name} --reason "…"'
    )
