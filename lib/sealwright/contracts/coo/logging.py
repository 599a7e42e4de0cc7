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

from sealwright import digest, secrets
from sealwright.contracts.coo import state_machine
from sealwright.contracts.coo.state_machine import Machine
from sealwright.digest import Digest, Sums
from sealwright.errors import Damaged
from sealwright.ledger import Entry, Ledger

TRANSITION = state_machine.EVENT
EVENTS = (
    *(TRANSITION, "DB_TRANSACTION", "FREEZE", "AMU0", "MIGRATION"),
    *("GATE_RESULT", "REPLAY_RESULT", "ROLLBACK"),
)
_KEYS = {"config_sha256", "details", "environment_sha256", "event"}
_known: dict[Path, tuple[Sums, tuple[Mapping[str, Any], ...]]] = {}  # by path: bytes, and records


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
    """Yield the lines of a log in order; `Damaged` if one of them is none.

    Each step asks several times; the same bytes are decoded, and found whole, once.
    """
    sums, (before, records) = _sums(path), _known.get(path, (None, ()))
    if sums is None or sums != before:
        entries = tuple(Ledger(path).entries())
        records = tuple(_events(path, entries))
        if sums == digest.of_bytes(b"".join(entry.line + b"\n" for entry in entries)):
            _known[path] = sums, records
    yield from map(dict, records)


def _sums(path: Path) -> Sums | None:
    try:
        return digest.of_file(path)
    except OSError:  # the ledger says what is wrong with it, if anything is
        return None


def _events(path: Path, entries: Iterable[Entry]) -> Iterator[Mapping[str, Any]]:
    for entry in entries:
        event = entry.record.get("event")
        if event == "recovered":  # said by who cut a broken log
            continue
        if event not in EVENTS or not entry.record.keys() >= _KEYS:
            what = f"expected an event of the runtime, found {entry.record}"
            raise Damaged(f"{path}:{entry.number}: {what}")
        yield entry.record


def machine(path: Path) -> Machine:
    """Return where the log says that its last attempt is; `Damaged` if it cannot be."""
    return machine_of(read(path))


def machine_of(lines: Iterable[Mapping[str, Any]]) -> Machine:
    """Return where the lines of a log say that its last attempt is."""
    return Machine(line["details"] for line in lines if line["event"] == TRANSITION)
