"""Operations: what a mission does, each step held to its rules and left with a receipt.

An operation has an ``operation_id`` that is used once, a ``type`` (`TYPES`), the ``paths`` that
it may change, ``params`` for its handler, what it costs, how it is compensated, and perhaps an
``idempotency_key``.  The handler is a function of the caller; no program is started here, and
the time comes from the caller's clock.  `Runner.run` goes through these, in this order:

1. A key that is completed in the journal: nothing is run, the receipt of then is returned.  A
   key or an ``operation_id`` that was begun and has no ending, or that belonged to another
   operation, is refused.
2. The envelope and the protection of the mission's judges are asked about the operation and
   each path, then the budget.  A no is a ``noted`` record, and nothing is run.
3. The state of the paths is taken (see `state`), and a ``started`` record is added.
4. Both are asked again.  Then the handler is called with the operation and, for each path,
   the place to which its links lead: it should use these.
5. The paths and the protected files are looked at again.  Nothing is believed that the handler
   says about files.  If a path now leads elsewhere or is refused, or anything protected has
   changed, the operation ``strayed``.
6. ``completed``, if the handler returned a value with canonical bytes and nothing strayed.
7. Else the failure is ``noted``, both are asked once more, and the compensation is run by the
   caller's executor.  The step is ``compensated`` only if the state is now what it was before
   step 4; else it is ``failed``.  Who strayed is not compensated: the way there is not safe.

=============  ==============================================================================
status         means
=============  ==============================================================================
``success``    completed, now or earlier
``failed``     refused, or failed and taken back, or failed with no way back declared
``escalated``  somebody has to look: strayed, not taken back, or a state that cannot be told
=============  ==============================================================================

``post_state_hash`` is the state at the end, after a compensation; ``unknown`` if it cannot be
told.  ``compensation_verified`` says that one ran and the state is that of before.  Money that
was spent stays spent.  The journal holds digests of ``params``, not their values; the output
and the words of a failure it holds as they are, so a handler keeps secrets out of them.

What is not a path of the operation and not protected is not looked at.  An interrupt (no
`Exception`) is let through and leaves the step open, which the journal then shows.

>>> from uuid import UUID
>>> at = "2025-01-01T00:00:00Z"
>>> run = ExecutionContext("/srv/mission", 40 * "a", "sha256:" + 64 * "0", UUID(int=1), at)
>>> envelope = Envelope(["gate_check"], [], [], 1.0)
>>> journal = MissionJournal()
>>> runner = Runner(run, envelope, journal, clock=lambda: at)
>>> runner.run(Operation("o1", "gate_check"), lambda operation, places: {"passed": 7}).output
{'passed': 7}
>>> runner.run(Operation("o2", "llm_call"), lambda operation, places: None).evidence["refused"]
"operation 'llm_call' is not among the allowed ones"
>>> [record.status for record in journal.records]
['started', 'completed', 'noted']
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from .. import canonical, containment
from ..governance.envelope_enforcer import (
    Decision,
    Envelope,
    EnvelopeEnforcer,
    Forbidden,
    printable,
)
from ..governance.self_mod_protection import SelfModProtection
from ..state import Unknown, state_hash
from . import compensation as undo
from .compensation import NONE, Compensation
from .execution_context import ExecutionContext
from .mission_journal import ENDINGS, MissionJournal, StepRecord

TYPES = ("llm_call", "tool_invoke", "packet_route", "gate_check")
OUTPUT = 1 << 20  # bytes; what is longer belongs into a file
UNKNOWN = "unknown"
_WORDS = 500  # characters of a failure that are kept


@dataclass(frozen=True)
class Operation:
    """One thing that a mission does; `ValueError` for what has not the form of one."""

    operation_id: str
    type: str
    paths: tuple[str, ...] = ()
    params: Mapping[str, Any] = field(default_factory=dict)
    cost_usd: str = "0"
    compensation: Compensation = NONE
    idempotency_key: str | None = None

    def __post_init__(self) -> None:
        if self.type not in TYPES:
            raise ValueError(f"type: expected one of {TYPES}, found {self.type!r}")
        for name in ("operation_id", "idempotency_key"):
            if not _is_name(getattr(self, name), optional=name == "idempotency_key"):
                raise ValueError(f"{name}: expected text, found {getattr(self, name)!r:.80}")
        if type(self.paths) is not tuple or not all(type(path) is str for path in self.paths):
            raise ValueError(f"paths: expected a tuple of strings, found {self.paths!r:.80}")
        undo.validate(self.compensation, self.paths)
        definition_hash(self)


@dataclass(frozen=True)
class Receipt:
    """What an operation that was begun leaves."""

    operation_id: str
    timestamp: str
    pre_state_hash: str
    post_state_hash: str
    compensation_type: str
    compensation_command: tuple[str, ...]
    idempotency_key: str | None
    compensation_verified: bool


@dataclass(frozen=True)
class Result:
    """How an operation ended; there is no receipt if nothing was begun."""

    status: str
    output: Any
    evidence: dict[str, str]
    receipt: Receipt | None


Handler = Callable[[Operation, Mapping[str, Path]], Any]


class _Refused(ValueError):
    """An operation may not begin."""


_NO = (_Refused, Forbidden, Unknown, containment.Escape)


def definition_hash(operation: Operation) -> str:
    """Return the digest of all that makes an operation what it is; its id does not."""
    body = {
        "type": operation.type,
        "paths": operation.paths,
        "params": dict(operation.params),
        "cost_usd": operation.cost_usd,
        "compensation": [operation.compensation.type, operation.compensation.command],
        "idempotency_key": operation.idempotency_key,
    }
    return canonical.digest(canonical.encode(body))


def receipt_to_dict(receipt: Receipt) -> dict[str, Any]:
    """Return the fields of ``receipt`` by name, as they are written in a journal."""
    return {part.name: getattr(receipt, part.name) for part in fields(receipt)}


def receipt_from_dict(values: Mapping[str, Any]) -> Receipt:
    """Return the receipt with exactly these fields; `ValueError` for any other form."""
    found = dict(values)
    command, key = found.get("compensation_command"), found.get("idempotency_key")
    texts = [found.get(name) for name in _TEXTS]
    if (
        set(found) != {part.name for part in fields(Receipt)}
        or type(command) not in (list, tuple)
        or not all(type(text) is str for text in (*texts, *(command or ()), key or ""))
        or type(found["compensation_verified"]) is not bool
    ):
        raise ValueError(f"expected the fields of a receipt, found {found!r:.200}")
    return Receipt(**{**found, "compensation_command": tuple(command or ())})


_TEXTS = ("operation_id", "timestamp", "pre_state_hash", "post_state_hash", "compensation_type")


@dataclass(frozen=True)
class _Trial:
    """An operation that was begun, and what was found before it."""

    operation: Operation
    decisions: tuple[Decision, ...]
    pre: str
    protected: str


class Runner:
    """Runs the operations of one mission below the ``repo_root`` of its context."""

    def __init__(
        self,
        context: ExecutionContext,
        envelope: Envelope,
        journal: MissionJournal,
        *,
        clock: Callable[[], str],
        compensate: Callable[[Compensation], object] | None = None,
        custom: Iterable[tuple[str, ...]] = (),
        protected: Iterable[str] = (),
    ) -> None:
        """Take the rules, which are fixed from here on; `ValueError` for a broken journal."""
        holds, breaks = journal.verify_integrity()
        if not holds:
            raise ValueError(f"journal cannot go on: {breaks[0]}")
        self._context = context
        self._root = Path(context.repo_root)
        self._envelope = EnvelopeEnforcer(self._root, envelope)
        self._protection = SelfModProtection(self._root, protected)
        self._journal = journal
        self._clock = clock
        self._compensate = compensate
        self._custom = frozenset(custom)

    def run(self, operation: Operation, handler: Handler) -> Result:
        """Run ``operation`` once, or return what it left earlier."""
        try:
            done = self._completed(operation)
            if done is not None:
                return self._replayed(operation, done)
            trial = self._begin(operation)
        except _NO as refusal:
            return self._refuse(operation, refusal)
        try:
            self._ask_again(trial)
        except _NO as refusal:  # nothing ran, so there is nothing to take back
            return self._end(trial, "failed", "escalated", error=printable(str(refusal)))
        return self._perform(trial, handler)

    # before

    def _completed(self, operation: Operation) -> StepRecord | None:
        """Return the record of an earlier completion, if the key of ``operation`` has one."""
        steps = [record for record in self._journal.records if record.status != "noted"]
        key = operation.idempotency_key
        same = [step for step in steps if key and step.inputs.get("idempotency_key") == key]
        ended = {step.step_id for step in steps if step.status in ENDINGS}
        if any(step.inputs.get("definition") != definition_hash(operation) for step in same):
            raise _Refused(f"idempotency key {key!r} belongs to another operation")
        done = next((step for step in same if step.status == "completed"), None)
        if done is not None:
            return done
        if any(step.step_id not in ended for step in same):
            raise _Refused(f"idempotency key {key!r} was begun and has no ending")
        if any(step.step_id == operation.operation_id for step in steps):
            raise _Refused(f"operation {operation.operation_id!r} was begun already")
        return None

    def _replayed(self, operation: Operation, record: StepRecord) -> Result:
        try:
            receipt = receipt_from_dict(record.outputs.get("receipt") or {})
        except ValueError as problem:
            raise _Refused(f"step {record.step_id!r} has no receipt: {problem}") from None
        now, _ = self._state(operation)
        evidence = {"replayed": record.entry_hash, "state_now": now}
        return Result("success", record.outputs.get("output"), evidence, receipt)

    def _begin(self, operation: Operation) -> _Trial:
        """Ask everything, then open the step."""
        self._ask_compensation(operation)
        decisions = tuple(self._ask(operation))
        pre = state_hash(self._root, operation.paths)
        protected = self._protection.state()
        _demand(self._envelope.spend(operation.cost_usd))
        inputs = {
            "definition": definition_hash(operation),
            "idempotency_key": operation.idempotency_key,
            "params_hash": canonical.digest(canonical.encode(dict(operation.params))),
            "paths": operation.paths,
            "pre_state_hash": pre,
            "protected_state_hash": protected,
            "run_id": self._context.run_id,
        }
        self._journal.start(operation.operation_id, operation.type, inputs, self._clock())
        return _Trial(operation, decisions, pre, protected)

    def _ask_compensation(self, operation: Operation) -> None:
        try:
            undo.permit(operation.compensation, self._custom)
        except ValueError as problem:
            raise _Refused(str(problem)) from None
        if operation.compensation.type != "none" and self._compensate is None:
            kind = operation.compensation.type
            raise _Refused(f"compensation {kind}: expected an executor, found none")

    def _ask(self, operation: Operation) -> Iterator[Decision]:
        """Yield the envelope's decision on each path, or raise one of ``_NO``."""
        _demand(self._envelope.permits(operation.type))
        for path in operation.paths:
            decision = _demand(self._envelope.check(operation.type, path))
            _demand(self._protection.check(operation.type, path))
            containment.normalize(decision.evidence["resolved"])  # a handler is to use it
            yield decision

    def _ask_again(self, trial: _Trial) -> None:
        """Raise one of ``_NO`` unless all answers are as before, and nothing protected changed."""
        for decision in trial.decisions:
            _demand(self._envelope.recheck(decision))
            _demand(self._protection.check(trial.operation.type, decision.evidence["path"]))
        if self._protection.state() != trial.protected:
            raise _Refused("what is protected has changed")

    # the operation

    def _perform(self, trial: _Trial, handler: Handler) -> Result:
        places = {
            decision.evidence["path"]: self._root.resolve() / decision.evidence["resolved"]
            for decision in trial.decisions
        }
        try:
            output = _recordable(handler(trial.operation, places))
        except Exception as error:  # whatever it is, the step has failed
            return self._fail(trial, _told(error))
        if problem := self._strayed(trial):
            return self._end(trial, "failed", "escalated", strayed=problem)
        return self._end(trial, "completed", "success", output)

    def _strayed(self, trial: _Trial) -> str | None:
        """Return why the world is not as it may be after the handler, or None."""
        try:
            self._ask_again(trial)
        except _NO as problem:
            return printable(str(problem))
        return self._state(trial.operation)[1]

    def _state(self, operation: Operation) -> tuple[str, str | None]:
        """Return the state of the paths, or that it is unknown and why."""
        try:
            return state_hash(self._root, operation.paths), None
        except _NO as problem:
            return UNKNOWN, printable(str(problem))

    # after a failure

    def _fail(self, trial: _Trial, error: str) -> Result:
        if problem := self._strayed(trial):
            return self._end(trial, "failed", "escalated", error=error, strayed=problem)
        declared = trial.operation.compensation
        if declared.type == "none" or self._compensate is None:
            return self._end(trial, "failed", "failed", error=error)
        state, _ = self._state(trial.operation)
        self._note(trial.operation, {"error": error, "state_after_failure": state})
        try:
            self._compensate(declared)
            problem = self._strayed(trial) or self._differs(trial)
        except Exception as raised:  # whatever it is, nothing was taken back for certain
            problem = _told(raised)
        if problem:
            return self._end(trial, "failed", "escalated", error=error, compensation=problem)
        return self._end(trial, "compensated", "failed", error=error)

    def _differs(self, trial: _Trial) -> str | None:
        found, _ = self._state(trial.operation)
        return None if found == trial.pre else f"state: expected {trial.pre}, found {found}"

    # the record

    def _end(
        self, trial: _Trial, ending: str, status: str, output: Any = None, **evidence: str
    ) -> Result:
        operation, at = trial.operation, self._clock()
        receipt = Receipt(
            operation.operation_id,
            at,
            trial.pre,
            self._state(operation)[0],
            operation.compensation.type,
            operation.compensation.command,
            operation.idempotency_key,
            ending == "compensated",
        )
        outputs = {"status": status, "output": output, "evidence": evidence}
        outputs["receipt"] = receipt_to_dict(receipt)
        self._journal.finish(operation.operation_id, ending, outputs, at)
        return Result(status, output, evidence, receipt)

    def _refuse(self, operation: Operation, refusal: Exception) -> Result:
        evidence = {"refused": printable(str(refusal))}
        if isinstance(refusal, Forbidden):
            evidence |= refusal.decision.evidence
        self._note(operation, evidence)
        return Result("failed", None, evidence, None)

    def _note(self, operation: Operation, facts: Mapping[str, str]) -> None:
        self._journal.note(operation.operation_id, operation.type, facts, self._clock())


def _demand(decision: Decision) -> Decision:
    if not decision.allowed:
        raise Forbidden(decision)
    return decision


def _recordable(output: Any) -> Any:
    """Return ``output`` as it will be read from a journal; `ValueError` if it cannot be in one."""
    data = canonical.encode(output)
    if len(data) > OUTPUT:
        raise ValueError(f"output: expected at most {OUTPUT} bytes, found {len(data)}")
    return canonical.decode(data)


def _told(error: Exception) -> str:
    return printable(f"{type(error).__name__}: {error}"[:_WORDS])


def _is_name(value: object, *, optional: bool) -> bool:
    if value is None:
        return optional
    return type(value) is str and value.isprintable() and value != ""
