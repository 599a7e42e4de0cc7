"""``gate_results.json``: what became of the gates, one canonical line, with no clock in it::

    {"advice":"","format":"sealwright/gate-results/1","gates":[{"evidence":{…},"findings":
     [{"remedy":"…","what":"…","where":"…"}],"gate":"A","status":"PASS","title":"…",
     "waiver":null},…],"status":"PASS"}

``gates`` are in their order, from A on.  ``status`` is PASS when all six have PASS or WAIVED, FAIL
when one failed, and NOT_RUN as long as some were not asked.  ``advice`` is the command that takes
everything back, after a failure, and else empty.  A ``waiver`` is ``{"name":"…","reason":"…"}``.

A reader believes nothing: an order in which gates cannot have been judged, a status that
does not go with what was found, or any other spelling is damage.

>>> GateResults(()).status
'NOT_RUN'
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sealwright.contracts.coo.gates.record import FAIL, NOT_RUN, PASS, PASSABLE, WAIVED, Result
from sealwright.contracts.coo.gates.waivers import GATES, TITLES, Waiver
from sealwright.errors import Damaged
from sealwright.runtime import canonical
from sealwright.verdict import Finding, Verdict

NAME = "gate_results.json"
FORMAT = "sealwright/gate-results/1"
ADVICE = "doit rollback"
_FILE = {"advice", "format", "gates", "status"}
_GATE = {"evidence", "findings", "gate", "status", "title", "waiver"}


@dataclass(frozen=True, slots=True)
class GateResults:
    """The results of the gates from A on, as far as they were asked."""

    results: tuple[Result, ...]

    def __post_init__(self) -> None:
        if tuple(result.gate for result in self.results) != GATES[: len(self.results)]:
            raise ValueError("expected the gates in their order")
        stopped = False
        for result in self.results:
            if stopped and result.status != NOT_RUN:
                raise ValueError(f"gate {result.gate}: is {result.status}, after one that is not")
            stopped = stopped or result.status not in PASSABLE

    @property
    def status(self) -> str:
        """Return PASS, FAIL or NOT_RUN."""
        statuses = [result.status for result in self.results]
        if FAIL in statuses:
            return FAIL
        return NOT_RUN if NOT_RUN in statuses or len(statuses) < len(GATES) else PASS

    @property
    def advice(self) -> str:
        """Return the command that takes everything back, where that must be."""
        return ADVICE if self.status == FAIL else ""

    @property
    def waived(self) -> tuple[str, ...]:
        """Return the gates that were waived."""
        return tuple(result.gate for result in self.results if result.status == WAIVED)

    def to_bytes(self) -> bytes:
        """Return the file."""
        told = {
            "format": FORMAT,
            "status": self.status,
            "advice": self.advice,
            "gates": [_row(result) for result in self.results],
        }
        return canonical.line(told)

    def verdict(self) -> Verdict:
        """Return the gates as one answer: what failed, with the advice, and each status."""
        findings = (
            Finding(f"gate {result.gate}: {each.where}", each.what, each.remedy or ADVICE)
            for result in self.results
            if result.status == FAIL
            for each in result.findings
        )
        statuses = {result.gate: result.status for result in self.results}
        return Verdict((*findings, *self._unasked()), statuses)

    def _unasked(self) -> Iterator[Finding]:
        """Yield the gates that nobody asked, where that is not for a failure."""
        asked = {result.gate for result in self.results if result.status != NOT_RUN}
        for gate in GATES:
            if self.status == NOT_RUN and gate not in asked:
                yield Finding(f"gate {gate}", "expected a result, found none", f"doit gates:{gate}")


def _row(result: Result) -> dict[str, Any]:
    waiver = result.waiver
    return {
        "gate": result.gate,
        "title": result.title,
        "status": result.status,
        "findings": [
            {"where": each.where, "what": each.what, "remedy": each.remedy}
            for each in result.findings
        ],
        "evidence": dict(result.evidence),
        "waiver": {"reason": waiver.reason, "name": waiver.name} if waiver else None,
    }


def one(result: Result) -> bytes:
    """Return the result of one gate as a file of its own: a line, with the keys of ``gates``."""
    return canonical.line(_row(result))


def parse_one(data: bytes, name: str) -> Result:
    """Return what a file says of one gate; `Damaged` unless `one` gives its bytes."""
    try:
        made = _result(canonical.decode_line(data))
    except (AttributeError, KeyError, TypeError, ValueError) as problem:
        raise Damaged(f"{name}: expected the result of a gate, found another: {problem}") from None
    return made


def parse(data: bytes, name: str = NAME) -> GateResults:
    """Return what a file says; `Damaged` unless `GateResults.to_bytes` gives its bytes."""
    try:
        told = canonical.decode_line(data)
        if told.keys() != _FILE or told["format"] != FORMAT:
            raise ValueError(f"expected {FORMAT}")
        made = GateResults(tuple(map(_result, told["gates"])))
    except (AttributeError, KeyError, TypeError, ValueError) as problem:
        raise Damaged(f"{name}: expected the results of gates, found another: {problem}") from None
    if made.to_bytes() != data:
        raise Damaged(f"{name}: expected the status that its gates give, found another")
    return made


def _result(row: Mapping[str, Any]) -> Result:
    if row.keys() != _GATE or row["title"] != TITLES.get(row["gate"]):
        raise ValueError(f"expected {', '.join(sorted(_GATE))} and the title of the gate")
    waiver = row["waiver"]
    if not isinstance(row["evidence"], dict):
        raise ValueError("expected evidence as an object")
    return Result(
        gate=row["gate"],
        status=row["status"],
        findings=tuple(_finding(each) for each in row["findings"]),
        evidence=row["evidence"],
        waiver=None if waiver is None else Waiver(row["gate"], **waiver),
    )


def _finding(row: Mapping[str, Any]) -> Finding:
    made = Finding(**row)
    if not all(isinstance(each, str) for each in (made.where, made.what, made.remedy)):
        raise ValueError("expected text in a finding")
    return made
