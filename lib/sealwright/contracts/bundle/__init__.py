"""A bundle that validates itself: a zip with its manifest, its tests and its audit gate (001).

``bundle:manifest``   lists what the bundle will hold, in the text that ``sha256sum -c`` checks
``bundle:zip``        writes the bundle: stored, sorted, with fixed metadata, so that the same
                      files make the same bytes anywhere
``bundle:audit``      lets the audit gate judge the zip in a process of its own, as a stranger
                      would; the report and the raw log lie beside the zip
``bundle:workspace``  a zip of the workspace as the gate extracted and validated it, without
                      caches and by-products

The gate is one file, which travels in the bundle and of which ``scripts/`` holds the same bytes
(see `sealwright.bundles`).  The trusted core travels, too: ``runtime/`` in a bundle is
`sealwright.runtime`, byte for byte, with the tests that go with it.  Any other bundle is made by
naming its files in the configuration (``layout: any``).
"""

from __future__ import annotations

from sealwright.contracts.bundle import audit, building
from sealwright.contracts.bundle.settings import Settings
from sealwright.document import Table
from sealwright.step import Contract, World

SENTENCE = "Make a portable bundle that validates itself, and let its gate judge it."


def contract(world: World, table: Table) -> Contract:
    """Return the steps that ``config/bundle.yaml`` asks for."""
    settings = Settings.read(table)
    if settings.empty:
        return Contract(steps=(), groups={}, chain=())
    steps = (
        building.manifest_step(settings),
        building.zip_step(settings),
        audit.audit_step(settings),
        audit.workspace_step(settings),
    )
    return Contract(steps=steps, groups={"bundle": SENTENCE}, chain=("bundle",))
