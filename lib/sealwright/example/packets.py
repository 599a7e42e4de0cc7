"""The packets of the example, and what people decide about them before anything runs.

Two come with the example: a change that will be accepted, and one that will be rejected although
its tests pass.  Both are of stage 5, a repository that somebody owns, and that has to be earned:
so there is the first one's task for stages 2, 3 and 4, too, which nothing but their targets tell
from it.  Stage 1 is a gate that stays shut, and has no packet.
"""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import NamedTuple

from sealwright import durable
from sealwright.contracts.workflow import approval
from sealwright.contracts.workflow.outcome import ACCEPT, REJECT
from sealwright.contracts.workflow.terms import (
    ADMISSION_FILE,
    ALLOW_CASE,
    CASE_STAGE,
    OPERATOR_OUTCOME,
)
from sealwright.example import governing, person, targets
from sealwright.sandbox.cage import offered

CONFIG = "config/workflow.yaml"
PATCH = "{patch: docs/packets/align-slugify.patch}"
FOLD = '{command: [sed, --in-place, "s/lower()/casefold()/", src/strings.py]}'
OWNED_STAGE = 5


class Work(NamedTuple):
    """A packet: its stage, the name of its target, who works, and what a person says of it."""

    id: str
    stage: int
    target: str
    backend: str
    outcome: str

    @property
    def packet(self) -> str:
        """Where the packet lies."""
        return f"docs/packets/{self.id}.md"

    @property
    def admission(self) -> str:
        """Where the record of admission lies."""
        return f"admissions/{self.target}.json"

    @property
    def approval(self) -> str:
        """The name of the approval of a run."""
        return approval.name(self.id)

    @property
    def gate(self) -> dict[str, str]:
        """The variables that open the gate."""
        opens = {ALLOW_CASE: "1", CASE_STAGE: str(self.stage)}
        if self.stage == OWNED_STAGE:
            opens |= {ADMISSION_FILE: self.admission, OPERATOR_OUTCOME: person.APPROVALS}
        return opens


OWNED = Work("CTO-WORK-049", OWNED_STAGE, targets.OWNED, PATCH, ACCEPT)
EARLIER = (
    Work("CTO-WORK-046", 2, targets.FIXTURE, PATCH, ACCEPT),
    Work("CTO-WORK-047", 3, targets.COPY, PATCH, ACCEPT),
    Work("CTO-WORK-048", 4, targets.SANDBOX, PATCH, ACCEPT),
)
WORKS = (*EARLIER, OWNED, Work("CTO-WORK-050", OWNED_STAGE, targets.OWNED, FOLD, REJECT))


def configure(example: Path, fingerprint: str) -> None:
    """Write the packets of the earlier stages, and say who works and whose word counts."""
    for work in EARLIER:
        for made, model in ((work.packet, OWNED.packet), (work.admission, OWNED.admission)):
            _rewritten(example, work, model, made)
    level = _isolation()
    entries = "".join(_entry(work, fingerprint, level) for work in WORKS)
    text = (example / CONFIG).read_text().replace("packets: {}\n", f"packets:\n{entries}")
    durable.write(example / CONFIG, text.encode())
    print(f"operator: says in {CONFIG} who works on the packets, and whose word counts")


def _rewritten(example: Path, work: Work, model: str, made: str) -> None:
    """Make a packet or its admission from that of the stage 5, with sed."""
    edits = (
        f"s/{OWNED.id}/{work.id}/g; s,targets/{OWNED.target},targets/{work.target},g; "
        f"s/{OWNED.target}.json/{work.target}.json/; s/STAGE={OWNED.stage}/STAGE={work.stage}/"
    )
    print(f"operator: sed {shlex.quote(edits)} {model} > {made}")
    durable.write(example / made, person.call(example, "sed", edits, model).encode())


def _isolation() -> str:
    """Return what the configuration says of isolation: nothing, where the usual one can be had."""
    level = offered("none").level
    if level.startswith("namespaces"):
        return ""
    print(
        f"operator: says isolation: {level}, for this system has no namespaces; evidence shows it"
    )
    return f"    isolation: {level}\n"


def _entry(work: Work, fingerprint: str, isolation: str) -> str:
    return (
        f"  {work.id}:\n    packet: {work.packet}\n    admission: {work.admission}\n"
        f"    backend: {work.backend}\n"
        f"    approvals: {{keys: [{fingerprint}], public: {governing.PUBLIC}}}\n{isolation}"
    )
