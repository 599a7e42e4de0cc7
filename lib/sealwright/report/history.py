"""What the run journal tells: the last lines of it, and how each step ended last.

A row is one run of one step: ``{"run","step","outcome","at","milliseconds","reason","receipt"}``.
Its outcome is the journal's ``completed``, ``failed`` or ``interrupted``; ``unended`` where a run
was killed, or is still at work; ``noted`` for what a person did.  How long it took is in its
receipt.  The journal is read whole, since only so it is known to be whole; where it is damaged,
what stands before that is told, and ``problem`` says where it breaks.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sealwright.digest import Digest
from sealwright.engine.engine import Engine
from sealwright.errors import Damaged

MOST = 400  # rows that a report tells; the journal has all

Row = dict[str, Any]


@dataclass(slots=True)
class History:
    """The rows of a journal, oldest first, and the last row of each step."""

    total: int = 0
    problem: str = ""
    rows: deque[Row] = field(default_factory=lambda: deque(maxlen=MOST))
    last: dict[str, Row] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the history as a report has it."""
        return {"total": self.total, "problem": self.problem, "rows": list(self.rows)}


def read(engine: Engine) -> History:
    """Return what the journal of ``engine`` tells."""
    found, unended = History(), dict[str, Row]()
    try:
        for entry in engine.journal.entries():
            _take(found, unended, entry.record)
    except Damaged as damage:
        found.problem = str(damage)
    for row in found.rows:
        row["milliseconds"] = _duration(engine, row["receipt"])
    return found


def _take(found: History, unended: dict[str, Row], record: Mapping[str, Any]) -> None:
    if record["status"] == "started":
        row = _row(record)
        unended[record["step_id"]] = found.last[record["name"]] = row
        found.rows.append(row)
        found.total += 1
        return
    row = unended.pop(record["step_id"], {})
    if not row:
        row |= _row(record)
        found.rows.append(row)
        found.total += 1
    outputs = record["outputs"]
    row["outcome"] = record["status"]
    row["reason"] = str(outputs.get("problem") or outputs.get("reason") or "")
    row["receipt"] = str(outputs.get("receipt") or "")
    if record["status"] == "noted":
        _note(found, row, record)


def _note(found: History, row: Row, record: Mapping[str, Any]) -> None:
    """Tell what a person did, and that it takes the place of a failure before it."""
    step = record["outputs"].get("drop") or record["outputs"].get("step") or ""
    row["reason"] = ": ".join(filter(None, (record["name"], row["reason"])))
    row["step"] = str(step)
    if step:
        found.last[row["step"]] = row


def _row(record: Mapping[str, Any]) -> Row:
    return {
        "run": record["step_id"].removesuffix(f"/{record['name']}"),
        "step": record["name"],
        "outcome": "unended",
        "at": record["started_at"],
        "milliseconds": None,
        "reason": "",
        "receipt": "",
    }


def _duration(engine: Engine, receipt: str) -> int | None:
    if not receipt:
        return None
    try:
        taken = engine.receipts.get(Digest(receipt)).get("milliseconds")
    except Damaged:
        return None
    return taken if isinstance(taken, int) else None
