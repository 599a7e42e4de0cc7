"""The gate: four variables of the environment, closed until each is as the packet has it.

``CTO_HARNESS_ALLOW_CASE``  ``1``, and nothing else opens it
``CTO_HARNESS_CASE_STAGE``  the packet's stage
``CTO_HARNESS_CASE_STAGE5_TARGET_ADMISSION_FILE``
    the file of the admission record that the packet names
``CTO_HARNESS_CASE_STAGE5_OPERATOR_OUTCOME``
    the folder in which the outcome will be recorded; before the verification it holds none

Stages are passed strictly in their order, each with evidence, and only evidence opens the next::

    1 gated engine          nothing is changed
    2 artificial fixture    a copy of an artificial case
    3 copied repository     a copy of a repository
    4 disposable sandbox    a repository that is thrown away
    5 owned repository      one that is explicitly owned and of low risk
    6 scoped use

The ledger of stages has a line ``{"event":"stage.passed","stage":1,"evidence":"sha256:…"}`` for
each.  The backend never becomes the default: whatever would make it so is an objection.

>>> list(STAGES)[:2], opened({}, "CTO_HARNESS_ALLOW_CASE", "1")
([1, 2], 'expected 1, found nothing')
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from sealwright.contracts.workflow.blockers import Objection, objection
from sealwright.contracts.workflow.packet import Packet
from sealwright.contracts.workflow.terms import (
    ADMISSION_FILE,
    ALLOW_CASE,
    CASE_STAGE,
    OPERATOR_OUTCOME,
)
from sealwright.digest import Digest
from sealwright.errors import Damaged, Refused
from sealwright.ledger import Ledger

STAGES = {
    1: "gated engine",
    2: "artificial fixture",
    3: "copied repository",
    4: "disposable sandbox",
    5: "owned repository",
    6: "scoped use",
}
PASSED = "stage.passed"
NAMES = (ALLOW_CASE, CASE_STAGE, ADMISSION_FILE, OPERATOR_OUTCOME)
_OWNED = 5  # from this stage on a real target needs an admission and an outcome


def check(
    environment: Mapping[str, str],
    packet: Packet,
    root: Path,
    stages: Collection[int],
    *,
    default_activation: bool = False,
) -> tuple[Objection, ...]:
    """Return why the gate is closed; none, and it is open for this packet, now."""
    return tuple(_closed(environment, packet, root, stages, default_activation))


def _closed(
    environment: Mapping[str, str],
    packet: Packet,
    root: Path,
    stages: Collection[int],
    default_activation: bool,
) -> Iterator[Objection]:
    for name in (ALLOW_CASE, CASE_STAGE):
        if wrong := opened(environment, name, packet.gate[name]):
            yield objection("gate_closed", name, wrong, f"export {name}={packet.gate[name]}")
    if packet.stage >= _OWNED:
        yield from _owned(environment, packet, root)
    if missing := [stage for stage in STAGES if stage < packet.stage and stage not in stages]:
        what = f"expected evidence of the stages before {packet.stage}, found none of {missing}"
        yield objection("stage_out_of_order", CASE_STAGE, what)
    if default_activation:
        what = "expected runtime_default_activation: false, found true"
        yield objection("runtime_default_activation", packet.id, what)


def opened(environment: Mapping[str, str], name: str, wanted: str) -> str:
    """Return why a variable is not what is wanted, or an empty text."""
    found = environment.get(name)
    if found == wanted:
        return ""
    return f"expected {wanted}, found {'nothing' if found is None else ascii(found)[:80]}"


def _owned(environment: Mapping[str, str], packet: Packet, root: Path) -> Iterator[Objection]:
    named = root / packet.target.admission_source
    given = environment.get(ADMISSION_FILE, "")
    if not given or os.path.realpath(root / given) != os.path.realpath(named):
        what = f"expected {packet.target.admission_source}, found {given!a:.120}"
        remedy = f"export {ADMISSION_FILE}={packet.target.admission_source}"
        yield objection("gate_closed", ADMISSION_FILE, what, remedy)
    place = environment.get(OPERATOR_OUTCOME, "")
    if not place:
        what = "expected the folder in which the outcome will be recorded, found nothing"
        yield objection("gate_closed", OPERATOR_OUTCOME, what, f"export {OPERATOR_OUTCOME}=FOLDER")
    elif place in ("accept", "reject"):
        what = f"expected the folder of the outcome, found one said before the run: {place}"
        yield objection("gate_closed", OPERATOR_OUTCOME, what, f"unset {OPERATOR_OUTCOME}")
    elif not (root / place).is_dir() and os.path.lexists(root / place):
        what = f"expected a folder, found something else at {place!a:.120}"
        yield objection("gate_closed", OPERATOR_OUTCOME, what)


def stages(ledger: Ledger) -> tuple[int, ...]:
    """Return the stages that were passed; `Damaged` if the ledger has them out of order."""
    found: list[int] = []
    for entry in ledger.entries():
        if entry.record.get("event") == PASSED:
            stage = entry.record.get("stage")
            if stage not in STAGES or stage > len(found) + 1:
                what = f"expected a stage up to {len(found) + 1}, found {stage!r}"
                raise Damaged(f"{ledger.path}:{entry.number}: {what}")
            if stage not in found:
                found.append(stage)
    return tuple(found)


def passed(ledger: Ledger, stage: int, evidence: Digest) -> None:
    """Record that a stage was passed, durably; `Refused` if one before it was not."""
    done = stages(ledger)
    if stage not in STAGES or stage > len(done) + 1:
        raise Refused(f"stage {stage}: expected {len(done) + 1} next, found it; pass that first")
    ledger.append([{"event": PASSED, "stage": stage, "evidence": evidence}])
