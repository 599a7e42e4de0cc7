"""From raw input to an encrypted snapshot, with lineage that nobody can quietly change (004).

Each input goes its own way, each order gathers some of them, and one snapshot holds it all::

    artifact_ingest:INPUT        its bytes, exactly                            raw/
    artifact_sanitize:INPUT      its sentences, each with its class            sanitized/
    artifact_canon_select:INPUT  those of them that rest on a source           sanitized/
    context_bundle_build:ORDER   what belongs together, by id and digest       bundles/
    spec_generate:ORDER          claims, assumptions and open questions        specs/
    work_order_emit:ORDER        what is asked for, and may not be run         work_orders/
    snapshot_export              everything, archived and encrypted            snapshots/
    snapshot_verify              the last snapshot, computed again without any key
    snapshot_copy                a second copy elsewhere, if one is configured

All lie under ``.adam_os/artifacts/``; for each one the artifact registry has a line that names
its parents by id and digest (see `lineage`).  The seven tools have their locked names in the
tool registry, and are called through it only (see `tools`); each call leaves a receipt in
``.adam_os/runs/``.  Nothing in here runs what a work order asks for, calls a model or reads
a clock but the run's, which only registry lines, receipts and manifests of snapshots hold.

Besides, ``lineage`` asks of registry and disk whether all of it is in order: by its name, and in
`doit verify`.

The same input adds nothing: an artifact's id follows from its type, name, bytes and parents,
so what is there already is found again, even if all receipts of the engine are lost.
"""

from __future__ import annotations

from sealwright.contracts.work_orders import snapshots, steps
from sealwright.contracts.work_orders.settings import Settings
from sealwright.document import Table
from sealwright.step import Contract, World

GROUPS = {
    "artifact_ingest": "Take inputs in, byte for byte.",
    "artifact_sanitize": "Split them into sentences, and class each.",
    "artifact_canon_select": "Select the sentences that rest on a source.",
    "context_bundle_build": "Bundle what belongs to an order, by id and digest.",
    "spec_generate": "Generate build specs from bundles, by a template.",
    "work_order_emit": "Emit work orders, which nothing executes.",
    "snapshot_export": "Export everything, archived and encrypted.",
    "snapshot_verify": "Verify the last snapshot, without any key.",
    "snapshot_copy": "Copy the last snapshot to a second place.",
}


def contract(world: World, table: Table) -> Contract:
    """Return the steps that ``config/work_orders.yaml`` asks for."""
    settings = Settings.read(table)
    made = [*steps.of_inputs(settings), *steps.of_orders(settings)]
    if made:
        made += snapshots.steps(settings, world, tuple(step.name for step in made))
    groups = {
        name: doc for name, doc in GROUPS.items() if any(s.name.startswith(name) for s in made)
    }
    guards = (snapshots.LINEAGE,) if made else ()
    return Contract(steps=tuple(made), groups=groups, chain=tuple(groups), guards=guards)
