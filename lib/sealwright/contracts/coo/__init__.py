"""The COO runtime: amend, lint, scan, freeze, capture, migrate, gate, replay, roll back (003).

So far, from ``INIT`` to ``CAPTURE_AMU0`` (see `state_machine`)::

    manifests:tools, :environment, :hardware, :sandbox   what a migration runs in
    amendments   changes of governed documents, each applied once, all or none
    lint, scan   what must not be in code and documents
    freeze       after an approval: nobody writes, everything is read-only, FREEZE=TRUE
    amu0         everything that a migration may change, captured byte for byte
    thaw         ends a freeze, and its attempt; in no chain
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a part of the runtime can be imported without all the others
    from sealwright.document import Table
    from sealwright.step import Contract, World

GROUPS = {
    "manifests": "Write down the world: tools, environment, hardware, sandbox.",
}
CHAIN = ("manifests", "amendments", "lint", "scan", "freeze", "amu0")


def contract(world: World, table: Table) -> Contract:
    """Return the steps that ``config/coo.yaml`` asks for."""
    from sealwright.contracts.coo.settings import Settings
    from sealwright.contracts.coo.steps import documents, facts, freezing
    from sealwright.step import Contract

    settings = Settings.read(table)
    if settings is None:
        return Contract(steps=(), groups={}, chain=())
    made = (
        *facts.steps(settings, world),
        *documents.steps(settings, world),
        *freezing.steps(settings, world),
    )
    return Contract(steps=made, groups=GROUPS, chain=CHAIN)
