"""Gates A to F with their results, as ``gate_results.json`` below the manifests of coo has them.

The file is read by the module that defines it, which believes nothing: what it does not take is
told as a problem, and then no gate counts.  A gate that is not in the file was not run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sealwright.contracts.coo.gates import results
from sealwright.contracts.coo.gates.record import NOT_RUN, Result
from sealwright.contracts.coo.gates.waivers import GATES
from sealwright.errors import SealwrightError
from sealwright.runtime import canonical

FILE = results.NAME
MOST = 40  # entries of a gate's evidence, and characters of one, that are told: the file has all
_LONG = 2000

Gate = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Results:
    """All gates; what the file advises to do; and what is wrong with it, if something is."""

    gates: list[Gate]
    advice: str = ""
    problem: str = ""


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
