"""The run journal: a chained record of what was started and how it ended.

A ledger (see `ledger`) whose lines are the StepRecords of the MissionJournal of document
001, Appendix A, so the trusted core alone can verify it.  For each step that acts there is
a record ``started`` and, with the same ``step_id``, one of ``completed``, ``failed`` or
``interrupted``; what a person does (accept, set aside, forget, recover) is one record
``noted``.  ``step_id`` is ``<run id>/<step>``, ``name`` is the step's, and ``inputs`` begin
with the format's name.  A completed record names the receipt; whatever undoes a recorded
run (a failure of a repetition, ``forget``) says ``drop``.

Time stamps are inside the hash: the journal proves integrity, not that a replay is equal.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from sealwright import digest
from sealwright.digest import Digest
from sealwright.ledger import Entry, Ledger
from sealwright.runtime.orchestration import mission_journal

FORMAT = "sealwright/journal/1"


class StepRecords:
    """The chain rule of a MissionJournal, for `Ledger`."""

    def link(self, payload: Mapping[str, Any], previous: bytes | None) -> dict[str, Any]:
        """Return the record that continues the journal after the line ``previous``."""
        head = mission_journal.record_of(previous).entry_hash if previous else None
        return mission_journal.to_dict(mission_journal.seal(prev_hash=head, **payload))

    def check(self, record: dict[str, Any], previous: bytes | None) -> str | None:
        """Return why ``record`` does not continue the journal, or None."""
        try:
            step = mission_journal.from_dict(record)
            linked = self.link({name: record[name] for name in _PAYLOAD}, previous)
        except ValueError as error:
            return str(error)
        for name in ("prev_hash", "entry_hash"):
            if getattr(step, name) != linked[name]:
                return f"{name}: expected {linked[name]}, found {getattr(step, name)}"
        return None


_PAYLOAD = ("step_id", "name", "status", "started_at", "completed_at", "inputs", "outputs")


class Journal:
    """The journal of one repository; one instant for all that a run writes."""

    def __init__(self, path: Path, run: str, at: str) -> None:
        self.path = path
        self.ledger = Ledger(path, StepRecords())
        self._run = run
        self._at = at

    def start(self, step: str, definition: Digest) -> None:
        """Say that a step is about to act."""
        self._append(step, "started", {"format": FORMAT, "definition": definition}, {}, ended=False)

    def finish(
        self, step: str, status: str, outputs: Mapping[str, Any], *, run: str | None = None
    ) -> None:
        """Say how a step (of another ``run``) ended: completed, failed or interrupted."""
        self._append(step, status, {"format": FORMAT}, outputs, run=run)

    def note(self, event: str, outputs: Mapping[str, Any]) -> None:
        """Say what a person did."""
        self._append(event, "noted", {"format": FORMAT}, outputs)

    def entries(self) -> Iterator[Entry]:
        """Yield the records; `Damaged` at the first that does not continue the one before."""
        return self.ledger.entries()

    def head(self) -> str:
        """Return the digits of the last line's digest, or ``genesis`` before there is one."""
        if not self.path.exists():
            return "genesis"
        with self.ledger.writing() as book:
            tail = book.tail
        return digest.hexadecimal(digest.sha256(tail)) if tail else "genesis"

    def unended(self) -> set[str]:
        """Return the ``step_id`` of every step that was started and has no end."""
        found = set()
        for entry in self.entries():
            if entry.record["status"] == "started":
                found.add(entry.record["step_id"])
            else:
                found.discard(entry.record["step_id"])
        return found

    def mark(self) -> tuple[int, str]:
        """Return the journal's size and what `stat` says of it, to tell a change by others."""
        try:
            info = os.stat(self.path)
        except FileNotFoundError:
            return 0, ""
        return info.st_size, f"{info.st_dev} {info.st_ino} {info.st_mtime_ns} {info.st_ctime_ns}"

    def _append(
        self,
        name: str,
        status: str,
        inputs: Mapping[str, Any],
        outputs: Mapping[str, Any],
        *,
        ended: bool = True,
        run: str | None = None,
    ) -> None:
        self.ledger.append(
            [
                {
                    "step_id": f"{run or self._run}/{name}",
                    "name": name,
                    "status": status,
                    "started_at": self._at,
                    "completed_at": self._at if ended else None,
                    "inputs": dict(inputs),
                    "outputs": dict(outputs),
                }
            ]
        )


def noted(at: str) -> Callable[[Mapping[str, Any]], Mapping[str, Any]]:
    """Return the function that makes a record of the journal of what happened to the ledger."""

    def payload(said: Mapping[str, Any]) -> Mapping[str, Any]:
        return {
            "step_id": f"{said['event']}/{said['lost_sha256']}",
            "name": said["event"],
            "status": "noted",
            "started_at": at,
            "completed_at": at,
            "inputs": {"format": FORMAT},
            "outputs": dict(said),
        }

    return payload
