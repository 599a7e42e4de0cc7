"""What a run would do, without doing it.

Each step that is asked for, and each before it, is in at most one of four lists:

``will_run``   it is stale by itself, and nothing that is known now keeps it from running
``may_run``    it is up to date, but a step before it may change what it reads
``waiting``    an approval is missing, or it comes after a step that waits
``refused``    a guard or a damaged proof says no, or it comes after a step that is refused

A guard is asked unless a step before it will or may run, since then it is asked later and
may answer otherwise.  A run that follows executes all of ``will_run`` and some of ``may_run``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sealwright.engine import execution
from sealwright.engine.engine import Engine
from sealwright.engine.judge import REFUSING, Reason
from sealwright.errors import SealwrightError
from sealwright.verdict import spelled

LISTS = ("will_run", "may_run", "waiting", "refused")


@dataclass(frozen=True, slots=True)
class Planned:
    """One step of a plan: which list it is in, why, and what would satisfy a refusal."""

    name: str
    reasons: tuple[Reason, ...]
    message: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the step as JSON has it."""
        told = {"message": spelled(self.message)} if self.message else {}
        return {"name": self.name, "reasons": [r.to_dict() for r in self.reasons], **told}


@dataclass(slots=True)
class Plan:
    """The four lists, each in running order."""

    lists: dict[str, list[Planned]] = field(default_factory=lambda: {name: [] for name in LISTS})

    def place(self, name: str) -> str | None:
        """Return the list that ``name`` is in, or None if it is up to date."""
        return next(
            (key for key, steps in self.lists.items() for s in steps if s.name == name), None
        )

    def to_dict(self) -> dict[str, list[dict[str, Any]]]:
        """Return the plan as ``doit plan --json`` prints it."""
        return {key: [step.to_dict() for step in steps] for key, steps in self.lists.items()}


def make(engine: Engine, names: Iterable[str]) -> Plan:
    """Return the plan for ``names`` and all that come before them."""
    plan, where = Plan(), dict[str, str]()
    for name in engine.graph.upstream(names):
        before = {n: where[n] for n in engine.graph.before[name] if n in where}
        found = _one(engine, name, before)
        if found:
            where[name], planned = found
            plan.lists[where[name]].append(planned)
    return plan


def _one(engine: Engine, name: str, before: dict[str, str]) -> tuple[str, Planned] | None:
    reasons = engine.reasons(name)
    for list_name in ("refused", "waiting"):
        stopping = [n for n, where in before.items() if where == list_name]
        if stopping and reasons:
            told = tuple(Reason("upstream", n) for n in stopping)
            return list_name, Planned(name, told, f"comes after {', '.join(stopping)}")
    coming = [n for n, where in before.items() if where in ("will_run", "may_run")]
    if not reasons:
        told = tuple(Reason("upstream", n) for n in coming)
        return ("may_run", Planned(name, told)) if coming else None
    return _stale(engine, name, reasons, ", ".join(coming))


def _stale(engine: Engine, name: str, reasons: list[Reason], upstream: str) -> tuple[str, Planned]:
    step = engine.graph.steps[name]
    if upstream:  # what is missing now may be made by then
        reasons = [r for r in reasons if r.code != "missing input"] or [
            Reason("upstream", upstream)
        ]
    try:
        execution.refusal(step, [r for r in reasons if r.code in REFUSING])
        if not upstream:
            execution.ask(step, step.guards, engine.judge)
    except execution.Waiting as waiting:
        return "waiting", Planned(name, tuple(reasons), str(waiting))
    except SealwrightError as refused:
        return "refused", Planned(name, tuple(reasons), str(refused))
    return "will_run", Planned(name, tuple(reasons))
