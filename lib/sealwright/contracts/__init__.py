"""The contracts: what may be asked of a repository.  They meet in files and never import one
another.  Each is a module with ``contract(world, settings)``, which reads its configuration
from a `document.Table` and returns its steps (see `step.Contract`).  They stand in the order in
which a repository runs them; ``sot_pack``, which seals HEAD, is last.
"""

KNOWN = {
    "coo": "Govern a repository's consolidation: amend, lint, scan, freeze, capture.",
    "bundle": "Make a portable bundle that validates itself, and let its gate judge it.",
    "workflow": "Run one approved task against one admitted repository, and prove it.",
    "work_orders": "Turn raw input into work orders, and export them encrypted.",
    "sot_pack": "Seal the sources of truth of a clean, verified commit.",
}
