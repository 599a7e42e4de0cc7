"""What a program in the layer must see before a mission is run: the metadata assertions (§11).

A witness (`inside.witness`), run as each step will be, says what it sees.  Where that is not what
it shall be, it is refused, all of it at once: the clock does not stand, a variable came in, the
interpreter reads no ``PYTHONPATH``.
"""

from __future__ import annotations

import json
from typing import Any

from sealwright.contracts.coo.replay.inside.constants import EPOCH, HOST, NUMBER
from sealwright.contracts.coo.replay.mechanisms import INSTALL_FAKETIME, INSTALL_TIME_MACHINE
from sealwright.contracts.coo.replay.mission import Step
from sealwright.contracts.coo.replay.stage import Stage
from sealwright.errors import ProgramFailed, Refused
from sealwright.verdict import Finding, Verdict

_WITNESS = "layer/_replay/witness.py"
_LONGEST = 300  # characters that are told of one value
_FIRST = "0.019133645493481177"  # `random.random` after the seed 0xDEADBEEF
_REMEDIES = {
    "clock": f"{INSTALL_TIME_MACHINE} for this interpreter, or {INSTALL_FAKETIME}",
    "program_clock": INSTALL_FAKETIME,
    "random": "use an interpreter that imports sitecustomize from PYTHONPATH",
}


def check(stage: Stage) -> None:
    """Raise `Refused` where a program in the layer does not see what it shall."""
    try:
        done = stage.step(Step("witness", ("python", f"{stage.at}/{_WITNESS}")))
        seen = dict(json.loads(done.out))
    except (ProgramFailed, ValueError, TypeError) as problem:
        remedy = f"{_REMEDIES['clock']}, and see that it starts at all"
        raise Refused(f"replay: expected a witness, found {problem}; {remedy}") from None
    expected = _expected(stage)
    wrong = [name for name in sorted(expected) if seen.get(name) != expected[name]]
    findings = [_finding(name, expected[name], seen.get(name)) for name in wrong]
    Verdict(tuple(findings)).enforce(Refused)


def _finding(name: str, expected: Any, seen: Any) -> Finding:
    if isinstance(expected, dict) and isinstance(seen, dict):
        differ = {key for key in {**expected, **seen} if expected.get(key) != seen.get(key)}
        expected, seen = ({key: of.get(key) for key in differ} for of in (expected, seen))
    what = f"expected {_told(expected)}, found {_told(seen)}"
    return Finding(f"replay: {name.replace('_', ' ')}", what, _REMEDIES.get(name, ""))


def _told(value: Any) -> str:
    return json.dumps(value, sort_keys=True)[:_LONGEST]


def _expected(stage: Stage) -> dict[str, Any]:
    expected: dict[str, Any] = {
        "clock": [EPOCH * 10**9, "2025-01-01T00:00:00+00:00"],
        "environment": stage.variables(),
        "folder": f"{stage.at}/tree",
        "host": [HOST, HOST],
        "processors": 1,
        "random": _FIRST,
        "umask": 0o22,
    }
    if stage.layer.faketime:
        expected["program_clock"] = EPOCH
    if stage.layer.namespaces:
        expected["number"] = NUMBER
    return expected
