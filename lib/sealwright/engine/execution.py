"""One step, from its guards to its receipt.

1. Its guards are asked.  2. Its inputs are observed in full detail.  3. Its locks are
taken, the journal says ``started``, and the act writes to its staging folder.  4. What was
written must be what is declared.  5. The inputs must be what they were, else the step
fails and nothing is recorded: the outputs could come from either.  6. The guards are
asked again.  7. Settlement (see there) makes it all real.

Until the commit point of 7 any failure discards the staging folder and leaves every
output as it was; after it nothing is discarded, and the next run ends what is left.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sealwright import digest, lock, process
from sealwright.clock import Stopwatch
from sealwright.engine import changing, definition, receipt, settlement, staging
from sealwright.engine.judge import REFUSING, Judge, Reason
from sealwright.engine.observer import Observation
from sealwright.engine.receipt import Receipt
from sealwright.engine.session import Session
from sealwright.engine.staging import Staging
from sealwright.errors import Damaged, Refused, SealwrightError
from sealwright.lock import Owner
from sealwright.runtime import canonical
from sealwright.step import Changes, Fact, Guard, Member, Record, Run, Step, World
from sealwright.verdict import Finding, Verdict, spelled
from sealwright.verdict import refusal as refusal_of


class Waiting(Refused):
    """An approval is missing: the message holds the exact text and command."""


class Unfinished(SealwrightError):
    """A step is committed, but could not be ended; the next run ends it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one step ended: what a line of the report says."""

    step: str
    status: str  # one of `reporter.STATUSES`
    reasons: tuple[Reason, ...] = ()
    message: str = ""
    milliseconds: int = 0
    code: int = 0
    receipt: str = ""
    kept: tuple[Path, ...] = field(default=())

    def __post_init__(self) -> None:
        object.__setattr__(self, "message", spelled(self.message))  # it may name others' files


def refusal(step: Step, reasons: list[Reason]) -> None:
    """Raise if a reason is one that no run can mend."""
    for reason in reasons:
        if reason.code in REFUSING:
            if reason.code == "unreadable":
                raise Refused(reason.detail)
            if reason.code == "evidence":
                way = f'look at it, then: doit set-aside {step.name} --reason "…"'
                raise Damaged(f"{step.name}: {reason}; {way}")
            raise Refused(f"{step.name}: its input {reason}; put it there, or run what makes it")


def ask(step: Step, guards: tuple[Guard, ...], judge: Judge) -> None:
    """Ask every guard, and raise with all findings; an approval that is missing only waits."""
    waiting: list[Finding] = []
    refused: list[Finding] = []
    for guard in guards:
        answer = asked(guard, judge.observer.world)
        (waiting if guard.waits else refused).extend(answer.findings)
    if refused:
        raise Refused(str(Verdict(tuple(refused + waiting))))
    if waiting:
        raise Waiting(str(Verdict(tuple(waiting))))


def asked(guard: Guard, world: World) -> Verdict:
    """Return a guard's answer; what keeps it from answering is a no, and damage is damage."""
    try:
        return guard.ask(world)
    except Damaged:
        raise
    except SealwrightError as problem:
        return refusal_of(guard.name, str(problem))


def carry_out(session: Session, step: Step, reasons: list[Reason]) -> Outcome:
    """Run ``step``, which is stale for ``reasons``, and return how it ended."""
    judge = session.afresh(step)
    if any(reason.code == "unreadable" for reason in reasons):
        judge.look(step)  # raises what is wrong, as what it is
    refusal(step, reasons)
    _open_attempt(judge, step)
    ask(step, step.guards, judge)
    judge.observer.forget()
    before = judge.inputs(step, both=True)
    with _prepared(session, step, judge) as (run, stage):
        watch = Stopwatch()
        answer = step.act(run)
        answer = Verdict() if answer is None else answer  # one that does not hold is false, too
        answer.enforce()
        milliseconds = int(watch.seconds() * 1000)
        run.log.flush()
        after = session.afresh(step)
        found: dict[Any, Observation] = dict(stage.collect(run, after.observer))
        _unchanged(step, before, after)
        ask(step, step.guards, after)
        proof = _proof(run, before, answer, milliseconds, stage, after)
        return _commit(session, run, stage, found, proof, tuple(reasons))


def _open_attempt(judge: Judge, step: Step) -> None:
    """A closed attempt is gone on with; another needs an approval of the new identity."""
    closed = judge.closed_attempt(step.attempt.name) if step.attempt else None
    if step.attempt and closed not in (None, judge.observer.input(step.attempt.identity)["is"]):
        ask(step, (step.attempt.opening,), judge)


@contextlib.contextmanager
def _prepared(session: Session, step: Step, judge: Judge) -> Iterator[tuple[Run, Staging]]:
    """Make the staging folders, take the locks, and undo both unless the step is committed."""
    folder, owner = session.next_folder(), session.owner
    names = {"run": session.run_id, "owner": asdict(owner), "locks": list(step.locks)}
    stage = staging.prepare(step, session.world.root, folder, names)
    try:
        with contextlib.ExitStack() as stack:
            for path in step.locks:
                place = session.world.place(path)
                staging.keep_out_of_git(place.parent, stage.folder)
                remedy = f"sealwright unlock {path}"
                stack.enter_context(lock.exclusive(place, owner=owner, remedy=remedy))
            session.start(step, definition.digest_of(judge.definition(step)))
            log = stack.enter_context(open(stage.log, "wb"))
            try:
                yield new_run(session, judge, step, stage, log), stage
            except BaseException as problem:
                if not _done(session, step, stage):
                    session.keep_log(step.name, stage.log)
                    session.failed(step, problem)
                raise
    except BaseException:
        if not _done(session, step, stage):
            stage.discard()
        raise
    stage.discard()


def _done(session: Session, step: Step, stage: Staging) -> bool:
    """Return whether the step is committed: then the next run ends it, and nothing is undone."""
    believed = session.trace.get(step.name, ("", {}))[1]
    return stage.committed or believed.get("run") == session.run_id


def new_run(session: Session, judge: Judge, step: Step, stage: Staging, log: Any) -> Run:
    """Return what the act of ``step`` is given."""
    world = session.world
    return Run(
        root=world.root,
        state=world.state,
        now=world.now,
        environment=world.environment,
        step=step,
        run_id=session.run_id,
        work=stage.work,
        log=log,
        staged=dict(stage.places),
        facts={item: judge.observer.value(item) for item in step.inputs if isinstance(item, Fact)},
        members={
            item: Path(world.place(item.folder), judge.input(item)["name"])
            for item in step.inputs
            if isinstance(item, Member)
        },
    )


def _unchanged(step: Step, before: list[Observation], judge: Judge) -> None:
    for old, new in zip(before, judge.inputs(step), strict=True):
        if old["is"] != new["is"]:
            difference = Reason("input", old["spot"], old["is"], new["is"])
            raise Refused(
                f"{step.name}: its input {difference} while it ran, so nothing is recorded; run it \
again when nothing else writes to it"
            )


def _proof(
    run: Run,
    inputs: list[Observation],
    answer: Verdict,
    milliseconds: int,
    stage: Staging,
    judge: Judge,
) -> Receipt:
    """Return the receipt, but for its outputs."""
    step = run.step
    proof: Receipt = {
        "format": receipt.FORMAT,
        "step": step.name,
        "run": run.run_id,
        "status": "ok",
        "definition": judge.definition(step),
        "inputs": inputs,
        "evidence": dict(answer.evidence),
        "started_at": run.now.iso(),
        "exit": 0,
        "milliseconds": milliseconds,
        "log": digest.of_file(stage.log).sha256,
    }
    if step.attempt is not None:
        now = judge.observer.input(step.attempt.identity)["is"]
        proof["attempt"] = {
            "name": step.attempt.name,
            "identity": now,
            "closed": step.closes,
        }
    return proof


def _commit(
    session: Session,
    run: Run,
    stage: Staging,
    found: dict[Any, Observation],
    proof: Receipt,
    reasons: tuple[Reason, ...],
) -> Outcome:
    if process.stopping():
        raise process.Stopping(f"{run.step.name}: the run is being stopped")
    step, old = run.step, session.trace.get(run.step.name)
    placed = settlement.places(stage, run, found, session.observer)
    ledgers = {output.ledger for output in step.outputs if isinstance(output, Record)}
    with settlement.books(run.root, ledgers, stage.folder) as held:
        appends, records = settlement.seal(run, held)
        found |= records
        proof["outputs"] = settlement.observations(run, found, placed)
        session.keep_listings(proof, stage.folder)
        strange = [p.staged for p in placed if _strange(session, p, proof)]
        change = settlement.begin(stage, placed, proof, appends, strange)
        try:
            kept = session.settle(change, held)
        except Exception as problem:
            raise Unfinished(f"{step.name}: is committed, but {problem}; run again") from problem
    session.keep_log(step.name, stage.log)
    status = "restored" if old and _same_bytes(old[1], proof, reasons) else "run"
    name = session.trace[step.name][0]
    took = proof["milliseconds"]
    return Outcome(step.name, status, reasons, "", took, receipt=name, kept=tuple(kept))


def _strange(session: Session, place: changing.Place, proof: Receipt) -> bool:
    """Return whether what an output replaces is known to no receipt, its own step's first."""
    if isinstance(place.output, Changes):
        return place.strange
    if place.before in (None, place.after):
        return False
    read = (seen["is"] for seen in proof["inputs"])  # what a transition replaces was its input
    return place.before not in read and place.before not in session.known(proof["step"])


def _same_bytes(old: Receipt, new: Receipt, reasons: tuple[Reason, ...]) -> bool:
    """Return whether a step ran only to put its outputs back, and put the same ones back."""
    wanted = {reason.code for reason in reasons} <= {"output", "missing output"}
    outputs = [[seen["is"] for seen in proof["outputs"]] for proof in (old, new)]
    return wanted and outputs[0] == outputs[1]


def abandon(session: Session, folder: Path, unended: Collection[str]) -> str:
    """Undo what a killed run had begun and not committed; return the step's name, if it had one."""
    info = staging.running(folder)
    for path in info.get("locks", ()):
        _release(session.world.root / path, Owner(**info["owner"]))
    step: str = info["step"]
    if f"{info.get('run')}/{step}" in unended:
        ended = {"problem": "the run was killed"}
        session.journal.finish(step, "interrupted", ended, run=info["run"])
    staging.discard(session.world.root, folder)
    return step


def _release(place: Path, owner: Owner) -> None:
    """Remove the lock file of a killed run: one that holds its record, or the beginning of it."""
    record = canonical.line(asdict(owner))
    if place.is_file() and record.startswith(place.read_bytes()):
        with contextlib.suppress(
            Refused
        ):  # not proven dead: the step itself says so, with a remedy
            lock.reclaim(place)
