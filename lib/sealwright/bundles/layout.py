"""What a bundle of layout ``phase2`` has besides its own files: what document 001 demands.

``runtime/`` is `sealwright.runtime` with its tests, byte for byte; the audit gate lies in
``scripts/``; ``pytest.ini`` finds the tests.  `DOCUMENT` is the place of the bundle's own document.
"""

from __future__ import annotations

from pathlib import Path

from sealwright import runtime
from sealwright.paths import RelPath

PHASE2, ANY = "phase2", "any"
MANIFEST = RelPath("manifest.txt")
DOCUMENT = "docs/03_runtime/Implementation_Plan_Build_Loop_Phase2_v1.1.md"
GATE = Path(__file__).with_name("audit_gate_build_loop_phase2.py")
_PYTEST = Path(__file__).with_name("phase2_pytest.ini")


def own() -> dict[str, Path]:
    """Return the members of a ``phase2`` bundle that are Sealwright's, and where they lie."""
    top = Path(runtime.__file__).parent
    core = {f"runtime/{place.relative_to(top).as_posix()}": place for place in top.rglob("*.py")}
    return {**core, f"scripts/{GATE.name}": GATE, "pytest.ini": _PYTEST}
