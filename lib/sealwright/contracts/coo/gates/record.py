"""What became of one gate: its status, what was found, and the evidence that it rests on.

========  ==================================================================================
PASS      the gate was judged, and nothing was found
FAIL      something was found: no later gate is judged, and the migration must be rolled back
WAIVED    the gate was judged and need not pass: what was found stays, with reason and name
NOT_RUN   a gate before it neither passed nor was waived
========  ==================================================================================

Findings and evidence hold no absolute path: `judge` is told which folders go by which names.  What
a gate meets and cannot deal with (`Refused`, `Damaged`, `ProgramFailed`) is a finding as well;
only a wrong configuration is none.

>>> first = judge("A", (), lambda: refusal("old/x.py:1:1", "imports old"))
>>> first.status, judge("B", (first,), lambda: Verdict()).status
('FAIL', 'NOT_RUN')
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sealwright.contracts.coo.gates.waivers import GATES, TITLES, Waiver
from sealwright.errors import Damaged, ProgramFailed, Refused
from sealwright.verdict import Finding, Verdict, legible, refusal, spelled

PASS, FAIL, WAIVED, NOT_RUN = STATUSES = ("PASS", "FAIL", "WAIVED", "NOT_RUN")
PASSABLE = (PASS, WAIVED)
RECORDED = "sandbox_digest.txt"  # what says that there is no sandbox, and why
Ask = Callable[[], Verdict]
NOWHERE: Mapping[Path, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one gate."""

    gate: str
    status: str
    findings: tuple[Finding, ...] = ()
    evidence: Mapping[str, Any] = field(default_factory=dict)
    waiver: Waiver | None = None

    def __post_init__(self) -> None:
        if problem := self._problem():
            raise ValueError(f"gate {self.gate}: {problem}")

    @property
    def title(self) -> str:
        """Return what the gate is called in the document."""
        return TITLES[self.gate]

    def _problem(self) -> str:
        if self.gate not in GATES or self.status not in STATUSES:
            return f"expected a gate and a status, found {self.status!r}"
        if (self.status == FAIL) != bool(self.findings) and self.status != WAIVED:
            return f"expected findings exactly if it failed, found {self.status}"
        if (self.status == WAIVED) != (self.waiver is not None):
            return f"expected a waiver exactly if it is waived, found {self.status}"
        if self.waiver and self.waiver.gate != self.gate:
            return f"expected its own waiver, found that of gate {self.waiver.gate}"
        if self.status == NOT_RUN and self.evidence:
            return "expected no evidence of what was not run, found some"
        return ""


def judge(
    gate: str,
    earlier: Sequence[Result],
    ask: Ask,
    waivers: Iterable[Waiver] = (),
    names: Mapping[Path, str] = NOWHERE,
) -> Result:
    """Return what becomes of a gate; ``earlier`` are the results of all before it, in order."""
    before = GATES[: GATES.index(gate)]
    if tuple(result.gate for result in earlier) != before:
        raise ValueError(f"gate {gate}: expected the results of {', '.join(before) or 'none'}")
    if any(result.status not in PASSABLE for result in earlier):
        return Result(gate, NOT_RUN)
    return judge_alone(gate, ask, waivers, names)


def judge_alone(
    gate: str,
    ask: Ask,
    waivers: Iterable[Waiver] = (),
    names: Mapping[Path, str] = NOWHERE,
) -> Result:
    """Return what a gate is by itself; its caller has seen to the order."""
    verdict = plain(_asked(gate, ask), names)
    waiver = next((each for each in waivers if each.gate == gate), None) or _own(gate, verdict)
    if waiver:
        return Result(gate, WAIVED, verdict.findings, verdict.evidence, waiver)
    return Result(gate, PASS if verdict.holds else FAIL, verdict.findings, verdict.evidence)


def in_order(found: Mapping[str, Result]) -> tuple[Result, ...]:
    """Return results that were judged alone as those of all gates: NOT_RUN after a failure.

    A gate that has none was not run, and neither was any after it, whatever was found.
    """
    results: list[Result] = []
    for gate in GATES:
        stopped = bool(results) and results[-1].status not in PASSABLE
        results.append(Result(gate, NOT_RUN) if stopped or gate not in found else found[gate])
    return tuple(results)


def judge_all(
    asks: Mapping[str, Ask], waivers: Sequence[Waiver] = (), names: Mapping[Path, str] = NOWHERE
) -> tuple[Result, ...]:
    """Return the results of all six gates, judged in their order whatever the mapping's is."""
    if sorted(asks) != sorted(GATES):
        raise ValueError(f"expected the gates {', '.join(GATES)}, found {', '.join(sorted(asks))}")
    results: tuple[Result, ...] = ()
    for gate in GATES:
        results += (judge(gate, results, asks[gate], waivers, names),)
    return results


def _asked(gate: str, ask: Ask) -> Verdict:
    try:
        return ask()
    except (Damaged, ProgramFailed, Refused) as problem:
        lines = str(problem).splitlines() or [type(problem).__name__]
        return Verdict(tuple(Finding(TITLES[gate], line) for line in lines))
    except OSError as problem:
        where = os.fsdecode(problem.filename) if problem.filename else TITLES[gate]
        return refusal(where, f"cannot be read: {problem.strerror}")


def _own(gate: str, verdict: Verdict) -> Waiver | None:
    """Return the waiver that the record of the sandbox is, where it is one."""
    reason = verdict.evidence.get("waived")
    if gate == "C" and verdict.holds and isinstance(reason, str):
        return Waiver(gate, reason, RECORDED)
    return None


def plain(verdict: Verdict, names: Mapping[Path, str]) -> Verdict:
    """Return the verdict with places by their names, in text that everybody can write."""
    places = sorted(((str(place), name) for place, name in names.items()), reverse=True)

    def text(given: str) -> str:
        for place, name in places:
            whole = re.compile(rf"{re.escape(place)}(?![\w.-])")
            given = whole.sub(lambda _, name=name: name, given)  # type: ignore[misc]
        return legible(spelled(given))

    def told(value: Any) -> Any:
        if isinstance(value, str):
            return text(value)
        if isinstance(value, Mapping):
            return {text(str(key)): told(each) for key, each in value.items()}
        return [told(each) for each in value] if isinstance(value, (list, tuple)) else value

    findings = (Finding(text(f.where), text(f.what), text(f.remedy)) for f in verdict.findings)
    return Verdict(tuple(findings), told(verdict.evidence))
