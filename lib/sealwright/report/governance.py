"""What the contract ``coo`` adds to a report: where its attempt stands, its gates, its waivers.

Its own modules are asked: `state_machine` for the state, by the log; the settings for the folder
of manifests and for what the configuration waives.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sealwright import document
from sealwright.engine.settings import Settings as Loaded
from sealwright.errors import SealwrightError
from sealwright.paths import parse
from sealwright.step import World

NOTHING: dict[str, Any] = {
    "attempt": None,
    "waivers": [],
    "gates": {"path": "", "advice": "", "gates": [], "problems": []},
}


def told(loaded: Loaded) -> dict[str, Any]:
    """Return what ``coo`` adds, where it is in force and has something to migrate."""
    if "coo" not in loaded.contracts:
        return NOTHING
    from sealwright.contracts.coo.settings import FILE, Settings  # only who needs it pays for it

    try:
        with document.load(loaded.world.place(parse(FILE)), name=FILE) as table:
            settings = Settings.read(table)
    except SealwrightError as problem:
        return {**NOTHING, "gates": {**NOTHING["gates"], "problems": [str(problem)]}}
    return NOTHING if settings is None else _told(loaded.world, settings)


def _told(world: World, settings: Any) -> dict[str, Any]:
    from sealwright.report import gates

    attempt, broken = _attempt(world)
    results = (gates.published if broken else gates.told)(settings, world)
    problems = [said for said in (results.problem, broken) if said]
    about = {"path": results.path, "advice": results.advice}
    told = {**about, "gates": results.gates, "problems": problems}
    return {"attempt": attempt, "gates": told, "waivers": list(_waivers(settings, results.gates))}


def _waivers(settings: Any, results: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, str]]:
    for key, wish in (("approvals", settings.approvals), ("sandbox", settings.sandbox)):
        if wish.waived:
            yield {"where": f"config/coo.yaml: {key}", "reason": wish.waived}
    for gate in results:
        if waiver := gate["waiver"]:
            named = f"{waiver['reason']} ({waiver['name']})" if waiver["name"] else waiver["reason"]
            yield {"where": f"gate {gate['gate']}", "reason": named}


def _attempt(world: World) -> tuple[dict[str, Any] | None, str]:
    from sealwright.contracts.coo import logging
    from sealwright.contracts.coo.steps import ground

    try:
        machine = logging.machine(world.place(ground.log(world)))
    except SealwrightError as problem:
        return None, f"the log {ground.log(world)}: {problem}"
    if not machine.attempt:
        return None, ""
    return {"number": machine.attempt, "state": machine.state, "frozen": machine.frozen}, ""
