"""The results of the gates as JUnit XML: a test case for each, without a time or a host.

A gate that failed has a ``failure`` with all findings.  One that was waived is ``skipped``, which
says so, with what was found in ``system-out``; one that was not run is ``skipped``, too.

>>> from sealwright.contracts.coo.gates.record import Result
>>> print(report(GateResults((Result("A", "PASS"),))).decode().splitlines()[2].strip())
<testcase classname="gates.A" name="Repo Unification Integrity"/>
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from sealwright.contracts.coo.gates.record import FAIL, NOT_RUN, WAIVED, Result
from sealwright.contracts.coo.gates.results import GateResults
from sealwright.verdict import legible

_BEGIN = '<?xml version="1.0" encoding="utf-8"?>'
_SKIPPED = (NOT_RUN, WAIVED)


def report(gates: GateResults) -> bytes:
    """Return the file."""
    count = f'tests="{len(gates.results)}" failures="{_count(gates, FAIL)}"'
    skipped = sum(_count(gates, status) for status in _SKIPPED)
    lines = [
        _BEGIN,
        f'<testsuite name="gates" {count} errors="0" skipped="{skipped}">',
        *(line for result in gates.results for line in _case(result)),
        "</testsuite>",
    ]
    return "".join(f"{line}\n" for line in lines).encode("utf-8")


def _count(gates: GateResults, status: str) -> int:
    return sum(result.status == status for result in gates.results)


def _case(result: Result) -> Iterator[str]:
    begin = f'  <testcase classname="gates.{result.gate}" name={quoteattr(result.title)}'
    inside = list(_inside(result))
    if not inside:
        yield f"{begin}/>"
        return
    yield f"{begin}>"
    yield from (f"    {line}" for line in inside)
    yield "  </testcase>"


def _inside(result: Result) -> Iterator[str]:
    found = "\n".join(_text(str(each)) for each in result.findings)
    if result.status == FAIL:
        message = f"{len(result.findings)} found; doit rollback"
        yield f"<failure message={quoteattr(message)}>{escape(found)}</failure>"
    elif result.waiver:
        message = _text(f"WAIVED: {result.waiver.reason} ({result.waiver.name})")
        yield f"<skipped message={quoteattr(message)}/>"
        if found:
            yield f"<system-out>{escape(found)}</system-out>"
    elif result.status == NOT_RUN:
        yield '<skipped message="NOT_RUN: a gate before it did not pass"/>'


def _text(text: str) -> str:
    """Return what XML 1.0 can hold, in one line."""
    return "".join("?" if char in "\ufffe\uffff" else char for char in legible(text))
