"""What people do around governed runs: agree, look at what came of it, accept or reject.

A gate that stays shut passes stage 1, and each run that is accepted its own, up to the owned
repository.  Then a run is rejected, and its commit reverted; and an approval that was used is tried
again, and refused.  The gate's variables are exported for these runs alone.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from sealwright.contracts.workflow.outcome import ACCEPT
from sealwright.errors import Refused
from sealwright.example import person, targets
from sealwright.example.packets import OWNED, WORKS, Work
from sealwright.example.person import Passed, Said

EVIDENCE, SUMS = "evidence", "artifact_digests.sha256"
MOST = 3  # runs of a packet: up to its approval, up to its outcome, and the end
MESSAGE = "Keep the evidence of the governed runs"


def go(example: Path) -> Passed:
    """Go through all packets to their outcomes, unless that was done; commit the evidence."""
    begun = (example / EVIDENCE).exists()
    if not begun:
        targets.make(example)
    said = person.doit(example, "run", "--json", "bundle", "workflow")
    if said.code == 0:
        return Passed(0, said.executed)
    asked = {name: texts[0] for name, texts in said.asked}
    for work in _of_now(asked):
        person.sign(example, work.approval, asked[work.approval])
    executed = said.executed
    if not begun:
        executed |= _stay_shut(example).executed
    passed = _lead(example, executed)
    if passed.code == 0:
        _try_again(example)
        targets.throw_away(example)
        _check(example)
        person.commit(example, MESSAGE)
    return passed


def _of_now(asked: Mapping[str, str]) -> Iterator[Work]:
    """Yield the packets that can be agreed to now: none before it will move its target."""
    moving = set()
    for work in WORKS:
        if work.approval in asked and work.target not in moving:
            moving.add(work.target)
            yield work


def _stay_shut(example: Path) -> Said:
    """Let the closed gate refuse a run: its evidence is what passes stage 1."""
    print("\noperator: exports nothing; that the gate stays shut is evidence, and passes stage 1")
    return person.doit(example, "run", "--json", f"workflow:execute:{WORKS[0].id}")


def _lead(example: Path, executed: set[str]) -> Passed:
    """Lead each packet to its outcome, one after the other."""
    for work in WORKS:
        passed = _led(example, work)
        executed |= passed.executed
        if passed.code:
            return Passed(passed.code, executed)
    return Passed(0, executed)


def _led(example: Path, work: Work) -> Passed:
    """Lead one packet to its outcome, signing what it waits for."""
    executed: set[str] = set()
    for _ in range(MOST):
        steps = (f"workflow:{verb}:{work.id}" for verb in ("validate", "outcome"))
        said = person.doit(example, "run", "--json", *steps, gate=work.gate)
        executed |= said.executed
        asked = list(said.asked)
        for name, texts in asked:
            person.sign(example, name, _chosen(texts, work.outcome))
        if not asked:
            break
    return Passed(said.code, executed)


def _chosen(texts: list[str], outcome: str) -> str:
    """Return the text with the outcome, or the only one."""
    return next((text for text in texts if f'"outcome":"{outcome}"' in text), texts[0])


def _try_again(example: Path) -> None:
    """Run a packet again with the approval that its run used, which has to be refused."""
    step = f"workflow:execute:{OWNED.id}"
    if person.doit(example, "run", "--json", "-a", step, gate=OWNED.gate).code == 0:
        raise Refused(f"{step}: expected the used approval to be refused, found that it ran again")


def evidence(example: Path) -> str:
    """Return the path of the evidence of the run that was accepted."""
    (found,) = (example / EVIDENCE).glob(f"*-{OWNED.id}-*.{ACCEPT}")
    return str(found.relative_to(example))


def _check(example: Path) -> None:
    """Check the evidence of the accepted run with Sealwright, and without."""
    path = evidence(example)
    print(f"operator: cd {person.shown(example)} && sealwright verify {path}")
    print(person.call(example, sys.executable, "-m", "sealwright.cli", "verify", path))
    sums = ("sha256sum", "-c", "--strict", SUMS)
    print(f"operator: cd {person.shown(example / path)} && {' '.join(sums)}")
    print(person.call(example / path, *sums))
