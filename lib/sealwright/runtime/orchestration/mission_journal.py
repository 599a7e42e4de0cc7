"""The mission journal: what a run did, step by step, in a chain that shows every change.

A journal is a file of lines, each the canonical bytes of one `StepRecord` and a newline
(see `canonical`).  Records are only ever added; a step that ends gets a second record
with the same ``step_id``, and its first stays as it is.

``entry_hash``
    the digest of the canonical bytes of the record without ``entry_hash``
``prev_hash``
    the ``entry_hash`` of the record before; null in the first
``status``
    ``started`` opens a step.  ``completed``, ``failed``, ``compensated`` (its effects
    were taken back) and ``interrupted`` (it was found open, and whoever ran it is gone)
    end it, once.  ``interrupted`` may also stand alone, for a step that another run opened.
    ``noted`` always stands alone: a fact beside the steps, which opens and ends nothing.
``completed_at``
    null in a ``started`` record, a time in one that ends a step, either in ``noted``

Times are part of what is hashed: a journal is evidence that nothing was changed, and says
nothing about whether a run can be repeated.  A chain cannot show that its last records were
cut off.  Keep the head and the count elsewhere, and give them to `verify_integrity`.

>>> journal = MissionJournal()
>>> first = journal.start("s1", "build", {"tree": "sha256:ab"}, "2025-01-01T00:00:00Z")
>>> last = journal.finish("s1", "completed", {}, "2025-01-01T00:00:09Z")
>>> last.prev_hash == first.entry_hash, journal.verify_integrity()
(True, (True, ()))
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from .. import canonical

STATUSES = ("started", "completed", "failed", "compensated", "interrupted", "noted")
ENDINGS = ("completed", "failed", "compensated", "interrupted")
STANDALONE = ("interrupted", "noted")
_OPENING = ("step_id", "name", "started_at", "inputs")  # what the ending of a step repeats


@dataclass(frozen=True)
class StepRecord:
    """One line of a journal."""

    step_id: str
    name: str
    status: str
    started_at: str
    completed_at: str | None
    inputs: dict[str, Any]
    outputs: dict[str, Any]
    prev_hash: str | None
    entry_hash: str


_KINDS: dict[str, tuple[type, ...]] = {
    "step_id": (str,),
    "name": (str,),
    "status": (str,),
    "started_at": (str,),
    "completed_at": (str, type(None)),
    "inputs": (dict,),
    "outputs": (dict,),
    "prev_hash": (str, type(None)),
    "entry_hash": (str,),
}


@dataclass(frozen=True)
class Break:
    """One place where a journal contradicts itself; ``index`` counts records from 0."""

    index: int
    step_id: str
    reason: str
    expected: str
    found: str

    def __str__(self) -> str:
        where = f"record {self.index} (step {self.step_id!r})"
        return f"{where}: {self.reason}, expected {self.expected}, found {self.found}"


def seal(
    *,
    step_id: str,
    name: str,
    status: str,
    started_at: str,
    completed_at: str | None,
    inputs: Mapping[str, Any],
    outputs: Mapping[str, Any],
    prev_hash: str | None,
) -> StepRecord:
    """Return the record with its ``entry_hash``; inputs and outputs are copied."""
    body = {
        "step_id": step_id,
        "name": name,
        "status": status,
        "started_at": started_at,
        "completed_at": completed_at,
        "inputs": dict(inputs),
        "outputs": dict(outputs),
        "prev_hash": prev_hash,
    }
    data = canonical.encode(body)
    return from_dict({**canonical.decode(data), "entry_hash": canonical.digest(data)})


def to_dict(record: StepRecord) -> dict[str, Any]:
    """Return the fields of ``record`` by name."""
    return {part.name: getattr(record, part.name) for part in fields(record)}


def from_dict(values: Mapping[str, Any]) -> StepRecord:
    """Return the record with exactly these fields; `ValueError` for any other form.

    Whether its hashes are right is asked by `MissionJournal.verify_integrity`, not here.
    """
    if set(values) != set(_KINDS):
        raise ValueError(f"expected the fields {sorted(_KINDS)}, found {sorted(map(str, values))}")
    for name, kinds in _KINDS.items():
        if type(values[name]) not in kinds:
            wanted = " or ".join(kind.__name__ for kind in kinds)
            raise ValueError(f"{name}: expected {wanted}, found {type(values[name]).__name__}")
    if values["status"] not in STATUSES:
        raise ValueError(f"status: expected one of {STATUSES}, found {values['status']!r}")
    ended, status = values["completed_at"] is not None, values["status"]
    if (ended and status == "started") or (not ended and status in ENDINGS):
        wanted = "null" if ended else "a time"
        found = f"{values['completed_at']!r}" if ended else "null"
        raise ValueError(f"completed_at: expected {wanted} in a {status} record, found {found}")
    return StepRecord(**values)


def line_of(record: StepRecord) -> bytes:
    """Return the line of a journal that is ``record``."""
    return canonical.line(to_dict(record))


def record_of(line: bytes) -> StepRecord:
    """Return the record that ``line`` is, with its newline or without; `ValueError` if none."""
    return from_dict(_object(canonical.decode(line.removesuffix(b"\n"))))


def _object(value: Any) -> dict[str, Any]:
    if type(value) is not dict:
        raise ValueError(f"expected an object, found {type(value).__name__}")
    return value


@dataclass
class _Chain:
    """What the records so far oblige the next one to; each question costs the same."""

    count: int = 0
    head: str | None = None
    steps: dict[str, StepRecord | None] = field(default_factory=dict)  # None: it has ended

    def breaks(self, record: StepRecord) -> Iterator[Break]:
        """Yield every way in which ``record`` cannot be the next."""
        found = self._faults(record)
        return (Break(self.count, record.step_id, *fault) for fault in found)

    def advance(self, record: StepRecord) -> None:
        """Take ``record`` as the next, whatever is wrong with it.

        The hash that it states is what the next must name, so that one change is one break.
        """
        self.count += 1
        self.head = record.entry_hash
        if record.status == "started":
            self.steps.setdefault(record.step_id, record)
        elif record.status in ENDINGS:
            self.steps[record.step_id] = None

    def _faults(self, record: StepRecord) -> Iterator[tuple[str, str, str]]:
        digest = _entry_hash(record)
        if digest != record.entry_hash:
            yield "entry_hash is not of this record", digest, record.entry_hash
        if record.prev_hash != self.head:
            yield "prev_hash is not of the record before", f"{self.head}", f"{record.prev_hash}"
        if fault := self._disorder(record):
            yield fault

    def _disorder(self, record: StepRecord) -> tuple[str, str, str] | None:
        """Return what is wrong with the place of ``record`` in the life of its step."""
        status, known = record.status, record.step_id in self.steps
        if status == "started":
            return ("start twice", "a new step_id", "a used one") if known else None
        if status == "noted" or (not known and status in STANDALONE):
            return None
        if not known:
            return "completion without start", "a started record before", "none"
        if self.steps[record.step_id] is None:
            return "duplicate completion", "one ending of a step", f"another, {status}"
        return None


def _entry_hash(record: StepRecord) -> str:
    values = to_dict(record)
    del values["entry_hash"]
    try:
        return canonical.digest(canonical.encode(values))
    except canonical.NotCanonical as problem:  # a dict inside was changed after it was sealed
        return f"no hash, since {problem}"


class MissionJournal:
    """The records of one mission in memory, in order; nothing removes or replaces one."""

    def __init__(self, records: Iterable[StepRecord] = ()) -> None:
        """Take ``records``, of which `verify_integrity` says whether they are a journal.

        `ValueError` for one that does not even have the form of a record.
        """
        self._records: list[StepRecord] = []
        self._chain = _Chain()
        self._first_break: Break | None = None
        for record in records:
            from_dict(to_dict(record))
            self._first_break = self._first_break or next(self._chain.breaks(record), None)
            self._take(record)

    @classmethod
    def parse(cls, lines: Iterable[bytes]) -> MissionJournal:
        """Return the journal with these lines, each with its newline, as a file yields them.

        `ValueError` names the first line that is no record, or that is torn.
        """
        records = []
        for number, line in enumerate(lines, 1):
            try:
                records.append(from_dict(_object(canonical.decode_line(line))))
            except ValueError as problem:
                raise ValueError(f"line {number} of the journal: {problem}") from None
        return cls(records)

    @property
    def records(self) -> tuple[StepRecord, ...]:
        """All records, oldest first."""
        return tuple(self._records)

    @property
    def head(self) -> str | None:
        """The ``entry_hash`` of the last record, or None if there is none."""
        return self._chain.head

    def append(self, record: StepRecord) -> StepRecord:
        """Add ``record``, or raise `ValueError` if it cannot be the next of an intact journal."""
        from_dict(to_dict(record))
        problem = self._first_break or next(self._chain.breaks(record), None)
        if problem:
            raise ValueError(f"journal cannot go on: {problem}")
        return self._take(record)

    def start(self, step_id: str, name: str, inputs: Mapping[str, Any], at: str) -> StepRecord:
        """Add the record that opens a step."""
        opening = {"step_id": step_id, "name": name, "started_at": at, "inputs": inputs}
        return self._add(**opening, status="started", completed_at=None, outputs={})

    def finish(self, step_id: str, status: str, outputs: Mapping[str, Any], at: str) -> StepRecord:
        """Add the record that ends an open step; what it was opened with is repeated."""
        start = self._chain.steps.get(step_id)
        if start is None or status not in ENDINGS:
            raise ValueError(
                f"step {step_id!r}: expected an open step and one of {ENDINGS}, "
                f"found {'an open one' if start else 'none open'} and {status!r}"
            )
        opening = {name: getattr(start, name) for name in _OPENING}
        return self._add(**opening, status=status, completed_at=at, outputs=outputs)

    def note(self, step_id: str, name: str, outputs: Mapping[str, Any], at: str) -> StepRecord:
        """Add a fact beside the steps, which opens and ends nothing."""
        facts = {"step_id": step_id, "name": name, "inputs": {}, "outputs": outputs}
        return self._add(**facts, status="noted", started_at=at, completed_at=at)

    def verify_integrity(
        self, *, expected_head: str | None = None, expected_count: int | None = None
    ) -> tuple[bool, tuple[Break, ...]]:
        """Return whether the journal is intact, and every break, each record looked at once."""
        chain = _Chain()
        breaks: list[Break] = []
        for record in self._records:
            breaks += chain.breaks(record)
            chain.advance(record)
        last = self._records[-1].step_id if self._records else ""
        if expected_count is not None and expected_count != chain.count:
            reason = "truncated" if chain.count < expected_count else "longer than expected"
            found = f"{chain.count} records"
            breaks.append(Break(chain.count, last, reason, f"{expected_count} records", found))
        if expected_head is not None and expected_head != chain.head:
            reason = "the last record is another"
            breaks.append(Break(chain.count, last, reason, expected_head, f"{chain.head}"))
        return not breaks, tuple(breaks)

    def export(self) -> dict[str, Any]:
        """Return the journal as one value with canonical bytes: count, head and all records."""
        return {
            "count": len(self._records),
            "head": self.head,
            "records": [to_dict(record) for record in self._records],
        }

    def _add(self, **values: Any) -> StepRecord:
        return self.append(seal(prev_hash=self.head, **values))

    def _take(self, record: StepRecord) -> StepRecord:
        self._chain.advance(record)
        self._records.append(record)
        return record
