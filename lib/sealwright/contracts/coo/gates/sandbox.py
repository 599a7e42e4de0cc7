"""Gate C: the sandbox is the one that was recorded, whole, and what it starts is in it.

``sandbox_digest.txt`` is what `manifests.sandbox` writes: the digest of the image, or ``WAIVED``
and the reason.  The image is read to its end again; one that was built anew has another digest.
A waiver holds only as long as the configuration has the same one, and shows as such.

>>> judge(Waived("no foreign code runs"), b"WAIVED no foreign code runs\\n").evidence["waived"]
'no foreign code runs'
"""

from __future__ import annotations

from pathlib import Path

from sealwright import digest
from sealwright.contracts.coo.gates.record import RECORDED, plain
from sealwright.contracts.coo.manifests import sandbox
from sealwright.contracts.coo.manifests.sandbox import Sandbox, Waived
from sealwright.verdict import Finding, Verdict

REMEDY = "put back the sandbox that was recorded; none is rebuilt under a freeze"


def judge(declared: Sandbox | Waived, recorded: bytes) -> Verdict:
    """Answer whether the sandbox that is declared now is the ``recorded`` one."""
    found = sandbox.check(declared)
    if isinstance(declared, Sandbox):
        found = plain(found, {Path(declared.place): "sandbox"})
    evidence = {"recorded": digest.sha256(recorded), **found.evidence}
    if not found.holds:
        return Verdict(found.findings, evidence)
    present = _line(found)
    if present == recorded:
        return Verdict((), evidence)
    said = f"expected {_shown(recorded)}, found {_shown(present)}"
    return Verdict((Finding(RECORDED, said, REMEDY),), evidence)


def _line(found: Verdict) -> bytes:
    evidence = found.evidence
    said = f"WAIVED {evidence['waived']}" if "waived" in evidence else str(evidence["digest"])
    return f"{said}\n".encode()


def _shown(line: bytes) -> str:
    text = line[:200].decode("utf-8", "backslashreplace")
    return text.removesuffix("\n") or "nothing"
