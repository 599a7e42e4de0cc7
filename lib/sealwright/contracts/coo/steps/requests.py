"""Whether a rollback is asked for: said by the log, and by a file that a person's word answers.

A live step that fails asks once for each attempt, and so does a freeze or a capture that would be
made anew under a migrated tree; a person asks with ``inv rollback --reason "…"``, where a guard
refuses to go on.  Who answers is told in `rollback.confirmation`.
"""

from __future__ import annotations

from typing import Any

from sealwright import durable
from sealwright.contracts.coo import logging
from sealwright.contracts.coo.rollback import confirmation
from sealwright.contracts.coo.settings import Settings
from sealwright.contracts.coo.state_machine import ENDS
from sealwright.contracts.coo.steps import ground
from sealwright.errors import Refused
from sealwright.ledger import Ledger
from sealwright.step import World
from sealwright.verdict import spelled

ROLLING = ("MIGRATION_SEQUENCE", "GATES")  # states that a rollback leads out of


def requested(settings: Settings, world: World) -> str | None:
    """Return why a rollback was asked for in this attempt, if it was and is not done."""
    reason: str | None = None
    for line in logging.read(world.place(ground.log(world))):
        details = line["details"]
        if line["event"] == "ROLLBACK" and "requested" in details:
            reason = str(details["requested"])
        elif details.get("to") in ENDS:
            reason = None
    return reason


def requests(world: World) -> int:
    """Return how often a rollback was asked for."""
    lines = logging.read(world.place(ground.log(world)))
    return sum(line["event"] == "ROLLBACK" and "requested" in line["details"] for line in lines)


def request(settings: Settings, run: World, reason: str, *before: dict[str, Any]) -> bool:
    """Ask for a rollback, where there is something to roll back and nobody has asked yet.

    Lines of the log that lead to it come before it; return whether it is asked for now.
    """
    place = run.place(ground.log(run))
    machine = logging.machine(place)
    if machine.state not in ROLLING or requested(settings, run) is not None:
        return False
    reason = spelled(reason)
    write(settings, run, machine.attempt, reason)
    details = {"attempt": machine.attempt, "requested": reason}
    asking = logging.entry("ROLLBACK", details, ground.context(settings, run))
    Ledger(place).append([*before, asking])
    return True


def write(settings: Settings, run: World, attempt: int, reason: str) -> None:
    """Write the file that a person's word answers."""
    place = run.place(ground.manifest(settings, confirmation.REQUEST).path)
    durable.mkdir(place.parent)
    durable.write(place, confirmation.request(run.root, attempt, reason))


def answerable(settings: Settings, run: World) -> bytes:
    """Return the request; one that is lost is made anew, and has to be confirmed anew."""
    reason = requested(settings, run)
    if reason is None:
        what = "expected a request of a rollback, found none"
        raise Refused(f"rollback: {what}; doit thaw ends an attempt that moved nothing")
    place = run.place(ground.manifest(settings, confirmation.REQUEST).path)
    data = place.read_bytes() if place.is_file() else b""
    if confirmation.whole(data):
        return data
    write(settings, run, logging.machine(run.place(ground.log(run))).attempt, reason)
    what = f"{confirmation.REQUEST}: expected the request of the rollback, found none"
    again = f"it is made anew, so confirm it anew: rm -f {confirmation.FILE}, then"
    raise confirmation.RollbackAbortedException(f"{what}; {again} {confirmation.WAY}")
