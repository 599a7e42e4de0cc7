"""Gate F: the replay of the reference mission, as its engine tells it (003, section 11).

The evidence is the replay's own.  A replay that compared nothing is none: ``artefacts`` names what
was compared, and there is at least one.

>>> judge(Verdict()).findings[0].what
'expected at least one artefact that was compared, found none'
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sealwright.verdict import Finding, Verdict

ARTEFACTS = "artefacts"


def judge(replayed: Verdict, evidence: Mapping[str, Any] | None = None) -> Verdict:
    """Answer whether a replay gave what was there before; ``evidence`` is added to its own."""
    told = {**replayed.evidence, **(evidence or {})}
    findings = replayed.findings
    if replayed.holds and not told.get(ARTEFACTS):
        what = "expected at least one artefact that was compared, found none"
        findings = (Finding("replay", what, "declare a mission"),)
    return Verdict(findings, told)
