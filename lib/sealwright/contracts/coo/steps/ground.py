"""What every step of the runtime stands on: places, the environment of children, state, log.

``FREEZE`` is asked of the log: while it is TRUE, no step but those of the migration runs.  A
step that appends to the log says under which configuration and in which environment.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from sealwright import digest, durable, process
from sealwright.contracts.coo import checkpoint as checkpoints
from sealwright.contracts.coo import logging
from sealwright.contracts.coo.rollback import confirmation
from sealwright.contracts.coo.settings import FILE, Settings
from sealwright.contracts.coo.state_machine import ENDS, ERROR, GovernanceError, Machine
from sealwright.errors import Refused
from sealwright.ledger import Ledger
from sealwright.paths import RelPath, parse
from sealwright.runtime import canonical
from sealwright.step import File, Guard, Run, World
from sealwright.verdict import Verdict

MIGRATION = "MIGRATION"
MIGRATED = ("GATES", "CEO_FINAL_REVIEW")  # states in which the commit of the migration is done
ENVIRONMENT = "environment_manifest.json"
_PATH = "/usr/local/bin:/usr/bin:/bin"


def log(world: World) -> RelPath:
    """Return the path of the runtime's log, in the state folder."""
    return world.kept("coo/log.jsonl")


def checkpoint(world: World, name: str) -> File:
    """Return where a checkpoint of the runtime is kept, beside its log."""
    return File(world.kept(f"coo/{checkpoints.file_name(name)}"), evidence=True)


def modes(world: World) -> Path:
    """Return where the modes from before a freeze are kept."""
    return world.place(world.kept("coo/modes.jsonl"))


def manifest(settings: Settings, name: str) -> File:
    """Return one of the manifests."""
    return File(RelPath(f"{settings.manifests}/{name}"))


def ignoring(settings: Settings) -> File:
    """Return what keeps the folder of manifests out of git: it has to be there first."""
    return manifest(settings, ".gitignore")


def context(settings: Settings, world: World) -> logging.Context:
    """Return what a line of the log says of its circumstances."""
    environment = world.place(manifest(settings, ENVIRONMENT).path)
    seen = digest.of_file(environment).sha256 if environment.is_file() else None
    return logging.Context(digest.of_file(world.place(parse(FILE))).sha256, seen)


def surroundings(settings: Settings, world: World) -> dict[str, str]:
    """Return the environment of children: the same from a terminal, from make and in CI."""
    own = str(Path(sys.executable).parent)
    given = process.allow_listed(
        settings.variables, extra={"PATH": f"{own}:{_PATH}"}, source=world.environment
    )
    left_out = {"HOME", "TMPDIR", "SOURCE_DATE_EPOCH"} - set(settings.variables)
    return {name: value for name, value in given.items() if name not in left_out}


def move(
    settings: Settings, run: Run, go: Callable[[Machine], list[dict[str, Any]]]
) -> list[dict[str, Any]]:
    """Return the lines of some transitions; one that is not allowed is a QUESTION, and ERROR."""
    place, about = run.place(log(run)), context(settings, run)
    machine = logging.machine(place)
    try:
        return logging.transitions(go(machine), about)
    except GovernanceError as problem:
        folder, name = run.place(settings.manifests), f"question_{machine.attempt}.json"
        durable.mkdir(folder)
        durable.write(folder / name, canonical.line(_question(machine, str(problem))))
        if machine.state not in ENDS:
            Ledger(place).append(logging.transitions(machine.go(ERROR), about))
        raise


def transaction(
    settings: Settings, run: World, what: str, database: Mapping[str, str] | None
) -> list[dict[str, Any]]:
    """Return the line that says what was done with a database, if there is one, and what it is."""
    about = {"what": what, **(database or {})}
    return [logging.entry("DB_TRANSACTION", about, context(settings, run))] if database else []


def _question(machine: Machine, problem: str) -> dict[str, Any]:
    return {
        "type": "FSM_STATE_ERROR",
        "attempt": machine.attempt,
        "state": machine.state,
        "history": machine.history,
        "question": problem,
    }


def migrated(world: World) -> str | None:
    """Return the digest of the listing that the commit of the migration left, if it is done."""
    lines = list(logging.read(world.place(log(world))))
    if logging.machine_of(lines).state not in MIGRATED:
        return None
    told = [line["details"]["listing"] for line in lines if "listing" in line["details"]]
    return str(told[-1])


def unmigrated(run: Run) -> None:
    """Return if the commit of the migration is not done; `Refused` if it is."""
    if migrated(run):
        what = "expected a tree that is not migrated, found one"
        raise Refused(f"{run.step.name}: {what}; doit gates goes on, inv rollback goes back")


def ended(world: World) -> int:
    """Return how many attempts got as far as the freeze, and have ended."""
    count, frozen = 0, False
    for line in logging.read(world.place(log(world))):
        to = line["details"].get("to")
        if to in ENDS and frozen:
            count += 1
        frozen = to == "FREEZE_ACTIVATED" or (frozen and to not in ENDS)
    return count


def is_frozen(world: World) -> bool:
    """Return whether FREEZE is TRUE."""
    return logging.machine(world.place(log(world))).frozen


def while_frozen(name: str, doc: str, ask: Callable[[World], Verdict]) -> Guard:
    """Return a guard that asks only while FREEZE is TRUE, and holds while it is FALSE."""

    def asked(world: World) -> Verdict:
        verdict = ask(world) if is_frozen(world) else Verdict()
        way = f"put it back, or {way_out(world)}" if verdict.findings else ""
        told = (replace(each, remedy=each.remedy or way) for each in verdict.findings)
        return Verdict(tuple(told), verdict.evidence)

    return Guard(f"coo:{name}", doc, asked)


def way_out(world: World) -> str:
    """Return the command that ends the attempt."""
    return confirmation.GOING_BACK if migrated(world) else "doit thaw"
