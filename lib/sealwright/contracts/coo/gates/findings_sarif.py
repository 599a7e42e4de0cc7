"""The results of the gates as SARIF: a rule for each gate, a result for each finding.

What a finding names as ``file:line:column`` is the result's place; other findings stand at the
beginning of ``gate_results.json``, with what they name in their message.  What a waived gate found
is suppressed, with the reason.  The fingerprint is that of the finding's own text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sealwright import digest
from sealwright.contracts.coo import sarif
from sealwright.contracts.coo.gates.record import Result
from sealwright.contracts.coo.gates.results import NAME, GateResults
from sealwright.contracts.coo.gates.waivers import TITLES
from sealwright.contracts.coo.scanning.scanned_text import line_sha256
from sealwright.runtime import canonical
from sealwright.verdict import Finding

TOOL = "gates"
_PLACE = re.compile(r"(?P<file>.+?):(?P<line>[1-9][0-9]{0,8})(?::(?P<column>[1-9][0-9]{0,8}))?")


def log(gates: GateResults) -> bytes:
    """Return the file."""
    rules = [sarif.Rule(f"gate-{gate}", f"{title}.") for gate, title in TITLES.items()]
    definition = digest.sha256(canonical.line(TITLES))
    results = (found for result in gates.results for found in _results(result))
    return sarif.log(TOOL, rules, results, digest.hexadecimal(definition))


def _results(result: Result) -> Iterator[sarif.Result]:
    waiver = result.waiver
    reason = f"{waiver.reason} ({waiver.name})" if waiver else None
    for each in result.findings:
        file, line, column = _place(each)
        place = file, line, column, line_sha256(str(each))
        yield sarif.Result(f"gate-{result.gate}", str(each), *place, reason)


def _place(finding: Finding) -> tuple[str, int, int]:
    match = _PLACE.fullmatch(finding.where)
    if match is None:
        return NAME, 1, 1
    return match["file"], int(match["line"]), int(match["column"] or 1)
