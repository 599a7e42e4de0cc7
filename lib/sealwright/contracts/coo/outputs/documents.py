"""Which documents of the repository go into what a migration hands over::

migration_bundle: {implementation_pack: docs/packet.md, plan: docs/plan.md}
specification: {template: docs/specification_template.md}
"""

from __future__ import annotations

from dataclasses import dataclass

from sealwright.document import Table
from sealwright.paths import RelPath


@dataclass(frozen=True, slots=True)
class Documents:
    """Which documents of the repository go into the bundle."""

    implementation_pack: RelPath | None = None
    plan: RelPath | None = None


def read(table: Table) -> Documents:
    """Return what a configuration says."""
    found = table.table("migration_bundle", None)
    if found is None:
        return Documents()
    return Documents(found.path("implementation_pack", None), found.path("plan", None))


def template(table: Table) -> RelPath | None:
    """Return the template that a configuration names, or None for the default one."""
    found = table.table("specification", None)
    return None if found is None else found.path("template", None)
