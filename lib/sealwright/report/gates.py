"""Gates A to F with their results: those of the attempt that is being judged, else the published.

An attempt keeps the result of each gate by itself until all are published.  Its log says which
were judged since the migration was committed, and which one failed and asked for a rollback.
Published, they are ``gate_results.json`` below the manifests of coo.

Either is read by the module that defines it, which believes nothing: what it does not take is
told as a problem, and then no gate counts.  A gate that is not there was not run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sealwright.contracts.coo import logging
from sealwright.contracts.coo.gates import results
from sealwright.contracts.coo.gates.record import NOT_RUN, Result, in_order
from sealwright.contracts.coo.gates.results import GateResults
from sealwright.contracts.coo.gates.waivers import GATES
from sealwright.contracts.coo.settings import Settings
from sealwright.contracts.coo.steps import gating, ground, requests
from sealwright.contracts.coo.steps.course import Course
from sealwright.errors import SealwrightError
from sealwright.runtime import canonical
from sealwright.step import World

FILE = results.NAME
MOST = 40  # entries of a gate's evidence, and characters of one, that are told: the file has all
_LONG = 2000

Gate = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Results:
    """All gates; what is advised; what is wrong with them, if something is; and from where."""

    gates: list[Gate]
    advice: str = ""
    problem: str = ""
    path: str = ""


def told(settings: Settings, world: World) -> Results:
    """Return the results of the attempt that is being judged, or those that were published."""
    course = Course(settings, world, live=True)
    folder = gating.kept(course, GATES[0]).path.rpartition("/")[0]
    try:
        found = {each.gate: each for each in _unpublished(course)}
        made = GateResults(in_order(found))
    except (OSError, SealwrightError) as problem:
        return Results(_all({}), problem=f"{problem}; doit gates", path=folder)
    if found:
        return Results(_all(found), made.advice, path=folder)
    return published(settings, world)


def published(settings: Settings, world: World) -> Results:
    """Return the results that were published."""
    path = f"{settings.manifests}/{FILE}"
    return replace(read(world.root / path), path=path)


def _unpublished(course: Course) -> Iterator[Result]:
    """Yield what the gates found since the migration was committed, up to one that failed."""
    world, log = course.world, course.world.place(ground.log(course.world))
    if logging.machine(log).state not in ground.MIGRATED:
        return
    judged: set[str] = set()
    for line in logging.read(log):
        if line["event"] == logging.TRANSITION and line["details"]["to"] not in ground.MIGRATED:
            judged.clear()
        elif line["event"] == "GATE_RESULT":
            judged.add(line["details"]["step"])
    asked = requests.requested(course.settings, world) or ""
    for gate in GATES:
        name = gating.name(course, gate)
        if name in judged:
            yield gating.result(course, world, gate)
        elif asked.startswith(f"{name}: "):
            failed = world.report(f"coo/gate_{gate}.failed.json")
            yield results.parse_one(world.place(failed).read_bytes(), failed)


def read(path: Path) -> Results:
    """Return what the file at ``path`` says of all gates."""
    if not path.exists():
        return Results(_all({}))
    try:
        found = results.parse(path.read_bytes(), str(path))
    except (OSError, SealwrightError) as problem:
        return Results(_all({}), problem=f"{problem}; doit gates")
    return Results(_all({each.gate: each for each in found.results}), found.advice)


def _all(found: Mapping[str, Result]) -> list[Gate]:
    return [_told(found.get(gate) or Result(gate, NOT_RUN)) for gate in GATES]


def _told(result: Result) -> Gate:
    waiver = result.waiver
    told = [[name, _words(value)] for name, value in sorted(result.evidence.items())[:MOST]]
    return {
        "gate": result.gate,
        "title": result.title,
        "status": result.status,
        "findings": [
            {"where": each.where, "what": each.what, "remedy": each.remedy}
            for each in result.findings
        ],
        "evidence": told,
        "waiver": {"name": waiver.name, "reason": waiver.reason} if waiver else None,
    }


def _words(value: Any) -> str:
    words = value if isinstance(value, str) else canonical.encode(value).decode()
    return words if len(words) <= _LONG else f"{words[:_LONG]}…"
