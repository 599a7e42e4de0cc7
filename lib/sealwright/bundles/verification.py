"""What is true of a bundle by its bytes alone: nothing is extracted, and nothing executed.

The questions are those of the audit gate's first five gates, with its codes: the form of the zip,
the names, the manifest, completeness both ways, and the SHA-256 of each member.  A bundle that
brings the gate must have the layout of document 001.  Its tests are not run: the gate does that.
"""

from __future__ import annotations

from pathlib import Path

from sealwright.bundles import audit_gate_build_loop_phase2 as gate
from sealwright.bundles import writing
from sealwright.bundles.layout import ANY, PHASE2
from sealwright.digest import Sha256, hexadecimal
from sealwright.verdict import Finding, Verdict


def check(place: Path) -> Verdict:
    """Answer whether the zip at ``place`` is a bundle that is what its manifest lists."""
    try:
        with gate.open_bundle(place) as file:
            bundle = gate.examine(file)
            return _listed(bundle)
    except gate.Refused as refused:
        return Verdict((Finding(str(place), f"{refused.code}: {refused.detail}"),))


def _listed(bundle: gate.Zip) -> Verdict:
    paths = gate.check_names([member.name for member in bundle.members])
    manifest = gate.find_manifest(bundle)
    listed = gate.parse_manifest(manifest)
    layout = PHASE2 if gate.REQUIRED[0] in paths else ANY
    gate.check_complete(paths, listed, layout)
    findings = [
        Finding(path, f"M30-hash: expected sha256:{listed[path]}, found another")
        for path, member in zip(paths, bundle.members, strict=True)
        if path in listed and _digits(bundle, member) != listed[path]
    ]
    about = {"files": len(paths), "layout": layout, "h1": writing.h1(manifest)}
    return Verdict(tuple(findings), about | {"sha256": f"sha256:{bundle.sha256}"})


def _digits(bundle: gate.Zip, member: gate.Member) -> str:
    total = Sha256()
    for piece in gate.pieces(bundle.file, member.content, member.size):
        total.update(piece)
    return hexadecimal(total.digest())
