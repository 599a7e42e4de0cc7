"""Everything that a report tells, asked of the engine, the journal and the files of evidence.

Nothing is run and nothing is written.  Which step is stale, what waits and what is refused is
the engine's plan; the rest is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sealwright import git
from sealwright.contracts import KNOWN
from sealwright.engine import plan
from sealwright.engine.settings import Settings
from sealwright.errors import SealwrightError
from sealwright.paths import RelPath, relative
from sealwright.report import approvals, evidence, governance, history, status, ways, wording
from sealwright.report import workflows as governed
from sealwright.step import World

FORMAT = "sealwright/report/1"
_SIGNED = ("config/approvals",)  # folders that hold what people signed


def told(settings: Settings, out: RelPath | None = None) -> dict[str, Any]:
    """Return the report; ``out`` is where it is about to be written, which is no change."""
    engine = settings.engine()
    with engine.asking():
        made = plan.make(engine, engine.graph.order)
        past = history.read(engine)
        steps = status.rows(settings, engine, made, past)
        runs, rules = governed.runs(settings.world), governance.told(settings)
        unknown = sorted(name for name in engine.trace if name not in engine.graph.steps)
        found = {
            "format": FORMAT,
            "repository": _repository(settings.world, out),
            "contracts": _contracts(settings),
            "summary": status.counted(steps),
            "steps": steps,
            "unknown": unknown,
            "approvals": approvals.waiting(engine, steps),
            "attempt": rules["attempt"],
            "gates": rules["gates"],
            "waivers": rules["waivers"] + approvals.waived(steps, engine),
            "proofs": evidence.proofs(steps, settings.world),
            "signatures": evidence.signatures(settings.world, _SIGNED),
            "checksums": evidence.checksums(steps, settings.world),
            "workflows": runs,
            "history": past.to_dict(),
            "replays": ways.replays(settings, engine, runs),
            "ways_back": ways.ways_back(settings, engine, runs),
            "notices": list(engine.notices),
        }
    whole: dict[str, Any] = wording.settled(found, str(settings.world.root))
    return whole


def _repository(world: World, out: RelPath | None) -> Mapping[str, Any]:
    """Return the commit, and how many paths differ from it."""
    state = str(relative(world.root, world.state))
    try:
        commit = git.head(world.root)
        changed = [change for change in git.status(world.root) if change.path != out]
        at = git.commit_time(world.root, commit).iso()
    except SealwrightError as problem:
        return {"commit": "", "at": "", "changed": 0, "problem": str(problem), "state": state}
    told = {"commit": commit, "at": at, "changed": len(changed), "problem": ""}
    return {**told, "state": state}


def _contracts(settings: Settings) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "sentence": KNOWN.get(name, "Steps of the repository's own."),
            "steps": len(contract.steps),
            "chain": list(contract.chain),
        }
        for name, contract in settings.contracts.items()
    ]
