"""The log of the COO runtime: what happened, in its order, and never changed (document 003, §13).

A ledger (see `sealwright.ledger`), one line an event; beside ``v``, ``seq`` and ``prev``::

    {"config_sha256":"sha256:…","details":{"attempt":1,"from":"INIT","to":"AMENDMENT_PREP"},
     "environment_sha256":"sha256:…","event":"FSM_TRANSITION"}

``event``               one of `EVENTS`
``details``             plain JSON; each string that looks like a secret says only which kind
``config_sha256``       of ``config/coo.yaml``
``environment_sha256``  of the environment manifest; null before there is one

``DB_TRANSACTION`` says what was done with the database: ``quiesced`` by the freeze, ``captured``
with AMU0, ``restored`` by a rollback or found ``unchanged``; with its path, and the SHA-256 of its
file and of its rows.  A step that fails has a line of its event, with the status FAIL and why.

The ledger's ``seq`` is the sequence id of the document.  There is no clock in a line: the order of
the lines is the order of the events, so that two runs of the same make the same log.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sealwright import secrets
from sealwright.contracts.coo import state_machine
from sealwright.contracts.coo.state_machine import Machine
from sealwright.digest import Digest
from sealwright.errors import Damaged
from sealwright.ledger import Ledger

TRANSITION = state_machine.EVENT
EVENTS = (
    *(TRANSITION, "DB_TRANSACTION", "FREEZE", "AMU0", "MIGRATION"),
    *("GATE_RESULT", "REPLAY_RESULT", "ROLLBACK"),
)
_KEYS = {"config_sha256", "details", "environment_sha256", "event"}


@dataclass(frozen=True, slots=True)
class Context:
    """Under which configuration and in which environment something happened."""

    config_sha256: Digest
    environment_sha256: Digest | None


def entry(event: str, details: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Return what a line says; `ValueError` for an event that the log does not know."""
    if event not in EVENTS:
        raise ValueError(f"event: expected one of {', '.join(EVENTS)}, found {event!r}")
    return {
        "event": event,
        "details": secrets.scrubbed(details),
        "config_sha256": context.config_sha256,
        "environment_sha256": context.environment_sha256,
    }


def transitions(lines: Iterable[Mapping[str, Any]], context: Context) -> list[dict[str, Any]]:
    """Return what the lines of some transitions of a `Machine` say."""
    return [entry(TRANSITION, line, context) for line in lines]


def read(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the lines of a log in order; `Damaged` at the first that is none."""
    for line in Ledger(path).entries() if path.exists() else ():
        record = line.record
        if record.get("event") == "recovered":  # said by who cut a broken log
            continue
        if record.get("event") not in EVENTS or not record.keys() >= _KEYS:
            raise Damaged(f"{path}:{line.number}: expected an event of the runtime, found {record}")
        yield record


def machine(path: Path) -> Machine:
    """Return where the log says that its last attempt is; `Damaged` if it cannot be."""
    return machine_of(read(path))


def machine_of(lines: Iterable[Mapping[str, Any]]) -> Machine:
    """Return where the lines of a log say that its last attempt is."""
    return Machine(line["details"] for line in lines if line["event"] == TRANSITION)
