"""Which approvals are waited for: the exact text, the command, and how it is done by hand.

The guards of the steps that the plan says are waiting are asked, and what each finds is told.
A step that waits only because it comes after another is not told again.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sealwright.engine import execution
from sealwright.engine.engine import Engine
from sealwright.errors import Damaged
from sealwright.report import wording
from sealwright.step import Guard, World
from sealwright.verdict import Finding, Verdict, refusal

_SIGNS, _WRITES = "\nwhich signs: ", "\nwhich writes: "  # as `sealwright.approval` words it


def waiting(engine: Engine, steps: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return what has to be agreed to before the ``steps`` that wait can run."""
    found: list[dict[str, str]] = []
    for step in steps:
        own = {reason["code"] for reason in step["reasons"]} != {"upstream"}
        if step["status"] == "waiting" and own:
            for guard in engine.graph.steps[step["name"]].guards:
                found += _asked(step["name"], guard, engine.world) if guard.waits else []
    return found


def _asked(step: str, guard: Guard, world: World) -> Iterator[dict[str, str]]:
    for finding in _answer(guard, world).findings:
        yield {"step": step, "guard": guard.name, **_told(finding, str(world.root))}


def _answer(guard: Guard, world: World) -> Verdict:
    try:
        return execution.asked(guard, world)
    except Damaged as damage:
        return refusal(guard.name, str(damage))


def _told(finding: Finding, root: str) -> dict[str, str]:
    signed = _WRITES not in finding.remedy
    command, _, text = finding.remedy.partition(_SIGNS if signed else _WRITES)
    where: str = wording.settled(finding.where, root)  # before it is quoted for a shell
    told = {"where": where, "what": finding.what, "command": command, "text": text}
    return told | {"by_hand": by_hand(where, text, signed=signed) if text else ""}


def by_hand(where: str, text: str, *, signed: bool = True) -> str:
    """Return the commands that write the exact text, and sign it where that is asked for.

    >>> print(by_hand("a.json", '{"sentence":"I agree."}'))
    printf '%s\\n' '{"sentence":"I agree."}' > a.json
    gpg --armor --detach-sign --local-user FINGERPRINT a.json
    """
    place = shlex.quote(where)
    write = f"printf '%s\\n' {shlex.quote(text)} > {place}"
    return (
        f"{write}\ngpg --armor --detach-sign --local-user FINGERPRINT {place}" if signed else write
    )


def waived(steps: list[dict[str, Any]], engine: Engine) -> list[dict[str, str]]:
    """Return every waiver that the last receipts tell, with the step that was let go on."""
    found = []
    for step in steps:
        if step["receipt"]:
            evidence = engine.trace[step["name"]][1].get("evidence", {})
            found += [{"where": step["name"], "reason": said} for said in _waivers(evidence)]
    return found


def _waivers(value: Any) -> Iterator[str]:
    if isinstance(value, str) and value.startswith("WAIVED"):
        yield value.removeprefix("WAIVED").lstrip(": ")
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for each in inner:
        yield from _waivers(each)
