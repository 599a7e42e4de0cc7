"""Every step with its status, as the engine's own plan says it.

================  ==================================================================
``up to date``    in no list of the plan
``will run``      stale, and nothing keeps it from running; ``reasons`` say why
``may run``       up to date, but a step before it may change what it reads
``waiting``       an approval is missing, or it comes after a step that waits
``refused``       a guard or a damaged proof says no, or it comes after such a step
``failed``        it will run, and its last run failed or was cut off
``by name``       not up to date, but in no chain: it runs only when its name is typed
================  ==================================================================

Nothing is decided here: ``failed`` is ``will run`` with what the journal says beside it, and
which steps are in a chain is said by the configuration.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sealwright.engine import selection
from sealwright.engine.engine import Engine
from sealwright.engine.plan import Plan, Planned
from sealwright.engine.settings import Settings
from sealwright.report.history import History, Row
from sealwright.step import Changes, Member, Output, Record, Step, Transition, spot

STATUSES = ("up to date", "will run", "may run", "waiting", "refused", "failed", "by name")
WORST = ("refused", "failed", "waiting", "will run", "may run", "by name", "up to date")
MOST = 100  # inputs or outputs of one step, or steps before it, that a report tells
_ENDED_BADLY = ("failed", "interrupted", "unended")


def rows(settings: Settings, engine: Engine, plan: Plan, history: History) -> list[Row]:
    """Return every step, in running order."""
    planned = {step.name: (where, step) for where, steps in plan.lists.items() for step in steps}
    chained = in_a_chain(settings, engine)
    contract = {s.name: name for name, c in settings.contracts.items() for s in c.steps}
    return [
        {
            "name": name,
            "doc": engine.graph.steps[name].doc,
            "contract": contract.get(name, ""),
            "group": name.partition(":")[0],
            "before": engine.graph.before[name][:MOST],
            "befores": len(engine.graph.before[name]),
            **_planned(planned.get(name), history.last.get(name), name in chained),
            "last": history.last.get(name),
            **_proof(engine, engine.graph.steps[name]),
        }
        for name in engine.graph.order
    ]


def counted(steps: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Return how many steps are in each status, worst first, and none that nobody is in."""
    found = [step["status"] for step in steps]
    return {status: found.count(status) for status in WORST if status in found}


def numbered(steps: int) -> str:
    """Return a number of steps in words."""
    return "1 step" if steps == 1 else f"{steps} steps"


def in_a_chain(settings: Settings, engine: Engine) -> set[str]:
    """Return the steps that a chain runs, and all that come before them."""
    words = {word for members in settings.chains.values() for word in members}
    known = words & {*engine.graph.steps, *selection.groups(engine.graph)}  # not guards, nor chains
    return set(engine.graph.upstream(selection.steps(known, engine.graph, {}) or ()))


def _planned(found: tuple[str, Planned] | None, last: Row | None, chained: bool) -> dict[str, Any]:
    if found is None:
        return {"status": "up to date", "reasons": [], "message": ""}
    where, planned = found
    failed = where == "will_run" and last is not None and last["outcome"] in _ENDED_BADLY
    status = "failed" if failed else where.replace("_", " ")
    return {
        "status": status if chained else "by name",
        "reasons": [{**r.to_dict(), "sentence": str(r)} for r in planned.reasons],
        "message": planned.message,
    }


def _proof(engine: Engine, step: Step) -> dict[str, Any]:
    """Return what the last receipt says, if the index has one."""
    if step.name not in engine.trace:
        return {"receipt": None, "inputs": [], "outputs": []}
    name, receipt = engine.trace[step.name]
    kinds = {spot(output): output for output in step.outputs}
    return {
        "receipt": {
            "digest": name,
            "path": str(engine.receipts.path(name)),
            "run": receipt["run"],
            "at": receipt["started_at"],
        },
        "inputs": list(_seen(receipt["inputs"], {})),
        "outputs": list(_seen(receipt["outputs"], kinds)),
    }


def _seen(observed: Sequence[Mapping[str, Any]], made: Mapping[str, Output]) -> Iterator[Row]:
    for seen in observed[:MOST]:
        row = {"spot": seen["spot"], "is": seen["is"], "sha256": seen.get("sha256") or ""}
        yield row | ({"kind": _kind(made.get(seen["spot"]))} if made else {})


def _kind(output: Output | None) -> str:
    match output:
        case Member():
            return "member"
        case Record():
            return "record"
        case Transition() | Changes():
            return "transition"
        case None:
            return "former"  # the step does not make it any more
        case _:
            return "evidence" if output.evidence else "derived"
