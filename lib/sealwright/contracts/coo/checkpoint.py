"""Checkpoints: where an attempt was at three moments, told beside the log and provable from it.

``fsm_checkpoint_NAME.json``, canonical JSON without a clock, in the folder of the log::

    {"attempt":1,"checkpoint_name":"capture_amu0","current_state":"CAPTURE_AMU0",
     "history":["INIT",…,"CAPTURE_AMU0"],"log_head":{"seq":9,"sha256":"sha256:…"}}

======================  ==================  ==============================================
checkpoint_name         the last state      when it is made
======================  ==================  ==============================================
``capture_amu0``        ``CAPTURE_AMU0``    with the capture
``gates``               ``GATES``           with the result of the last gate
``ceo_final_review``    ``GATES``           before the final review, by what publishes
======================  ==================  ==============================================

Nothing is proved by such a file alone, since anybody could write one.  `verify` believes the log:
the line ``seq`` of it must have the digest ``sha256``, and attempt, state and history must be what
the lines up to that one make of a `Machine`.  So a checkpoint that names a kept digest also shows
that a log was cut off or written anew before that line.

By hand: ``head -n $((SEQ + 1)) log.jsonl | tail -n 1 | tr -d '\\n' | sha256sum``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from sealwright import digest
from sealwright.contracts.coo.logging import TRANSITION
from sealwright.contracts.coo.state_machine import Machine
from sealwright.errors import Damaged
from sealwright.ledger import LINES, Ledger
from sealwright.runtime import canonical
from sealwright.verdict import Finding, Verdict, refusal

CAPTURE, GATES, FINAL = "capture_amu0", "gates", "ceo_final_review"
STATES = {CAPTURE: "CAPTURE_AMU0", GATES: "GATES", FINAL: "GATES"}
KEYS = frozenset(("attempt", "checkpoint_name", "current_state", "history", "log_head"))
Line = tuple[dict[str, Any], bytes]


def file_name(name: str) -> str:
    """Return what the file of a checkpoint is called."""
    return f"fsm_checkpoint_{name}.json"


def make(name: str, log: Path, more: Iterable[Mapping[str, Any]] = ()) -> bytes:
    """Return the checkpoint of a log to which the records ``more`` are about to be added."""
    lines = [(entry.record, entry.line) for entry in Ledger(log).entries()]
    for payload in more:
        record = LINES.link(payload, lines[-1][1] if lines else None)
        lines.append((record, canonical.line(record)[:-1]))
    return canonical.line(_told(name, lines))


def verify(data: bytes, log: Path) -> Verdict:
    """Answer whether a checkpoint says of a log what its lines say."""
    try:
        about = canonical.decode_line(data)
    except ValueError as problem:
        return refusal("checkpoint", f"expected canonical JSON, found {problem}", _REMEDY)
    if not isinstance(about, dict) or about.keys() != KEYS:
        return refusal("checkpoint", "expected the fields of a checkpoint, found others", _REMEDY)
    if about["checkpoint_name"] not in list(STATES):
        found = f"expected one of {', '.join(STATES)}, found another"
        return refusal("checkpoint_name", found, _REMEDY)
    try:
        lines = [(entry.record, entry.line) for entry in Ledger(log).entries()]
        told = _told(about["checkpoint_name"], _up_to(lines, about["log_head"]))
    except Damaged as damage:
        return refusal(log.name, str(damage))
    return Verdict(tuple(_findings(about, told)), {"checkpoint": about["checkpoint_name"]})


_REMEDY = "the log alone counts; keep both and find out who wrote it"


def _told(name: str, lines: list[Line]) -> dict[str, Any]:
    if not lines:
        raise Damaged("expected lines of the log, found none")
    said = [record["details"] for record, _ in lines if record.get("event") == TRANSITION]
    machine, (record, line) = Machine(said), lines[-1]
    return {
        "attempt": machine.attempt,
        "checkpoint_name": name,
        "current_state": machine.state,
        "history": machine.history,
        "log_head": {"seq": record["seq"], "sha256": digest.sha256(line)},
    }


def _up_to(lines: list[Line], head: Any) -> list[Line]:
    """Return the lines up to the one that a checkpoint names, or as far as the log goes."""
    number = head.get("seq") if isinstance(head, dict) else None
    return [line for line in lines if isinstance(number, int) and line[0]["seq"] <= number]


def _findings(about: Mapping[str, Any], told: Mapping[str, Any]) -> Iterator[Finding]:
    for key in sorted(KEYS):
        if about[key] != told[key]:
            what = f"expected {told[key]}, as the log says, found {about[key]}"
            yield Finding(key, what, _REMEDY)
    wanted = STATES[about["checkpoint_name"]]
    if wanted not in told["history"]:
        yield Finding("history", f"expected {wanted} in it, found none", _REMEDY)
