"""The COO runtime: amend, lint, scan, freeze, capture, migrate, gate, replay, roll back (003).

From ``INIT`` to ``COMPLETE`` (see `state_machine`)::

    manifests:tools, :environment, :hardware, :sandbox   what a migration runs in
    amendments   changes of governed documents, each applied once, all or none
    lint, scan   what must not be in code and documents
    suite        the tests as they are: what must not change
    freeze       after an approval: nobody writes, everything is read-only, FREEZE=TRUE
    amu0         everything that a migration may change, captured byte for byte
    migrate:…    six steps on copies, and one commit to the live tree
    gates:A … F  what the migrated tree has to be; `replay` before the last
    gates:publish        after an approval: what was found, the modes from before, COMPLETE
    specification        the runtime specification, written anew
    migration_bundle     all of it, handed over as one zip
    rehearse:…   the migration and its gates on copies alone; in no chain
    rollback     after a failure, and a person's word, everything as in AMU0; in no chain
    thaw         ends a freeze, and its attempt; in no chain
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a part of the runtime can be imported without all the others
    from sealwright.document import Table
    from sealwright.step import Contract, World

GROUPS = {
    "manifests": "Write down the world: tools, environment, hardware, sandbox.",
    "migrate": "Replace the legacy package, on copies first, then in one commit.",
    "gates": "Ask whether the migrated tree is what it has to be, from A to F.",
    "rehearse": "Do all of that on copies, and leave the live tree alone.",
}
CHAIN = (
    *("manifests", "amendments", "lint", "scan", "suite", "freeze", "amu0"),
    *("migrate", "replay", "gates", "specification"),
)
_ORDER = (*CHAIN, "migration_bundle", "rehearse", "rollback", "thaw")  # as they are listed


def contract(world: World, table: Table) -> Contract:
    """Return the steps that ``config/coo.yaml`` asks for."""
    from sealwright.contracts.coo.settings import Settings
    from sealwright.step import Contract

    settings = Settings.read(table)
    if settings is None:
        return Contract(steps=(), groups={}, chain=())
    from sealwright.contracts.coo.migration import grounds
    from sealwright.contracts.coo.steps import (
        documents,
        facts,
        freezing,
        gating,
        handover,
        migrating,
        moving,
        publishing,
    )

    settings = grounds.settled(settings, world)
    made = (
        *facts.steps(settings, world),
        *documents.steps(settings, world),
        *freezing.steps(settings, world),
        *migrating.steps(settings, world),
        *moving.steps(settings, world),
        *gating.steps(settings, world),
        *publishing.steps(settings, world),
        *handover.steps(settings, world),
    )
    listed = sorted(made, key=lambda step: _ORDER.index(step.name.partition(":")[0]))
    more = tuple(step.name for step in made if step.name == "migration_bundle")
    return Contract(steps=tuple(listed), groups=GROUPS, chain=(*CHAIN, *more))
