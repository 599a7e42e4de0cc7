"""``sandbox_digest.txt``: one line, the digest of the sandbox's image or why there is none.

``sha256:<64 hexadecimal digits>`` and LF, or ``WAIVED <reason>`` and LF: no sandbox must be
said, with the reason, and shows in every report.  What the digest is of, and what is looked at
before it is believed, is said in `sealwright.oci`.

>>> read(Waived("the example runs no foreign code"))
b'WAIVED the example runs no foreign code\\n'
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sealwright import oci
from sealwright.digest import Digest
from sealwright.errors import Misconfigured
from sealwright.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Waived:
    """No sandbox, and the reason."""

    reason: str

    def __post_init__(self) -> None:
        if not self.reason.strip() or not self.reason.isprintable():
            raise Misconfigured(
                f"sandbox.waived: expected the reason in one line, found {self.reason!r}"
            )


@dataclass(frozen=True, slots=True)
class Sandbox:
    """An image: where it lies, which one it is, and what it must be."""

    place: Path
    reference: str = ""
    platform: str = ""
    digest: Digest | None = None
    entrypoint: tuple[str, ...] | None = None


def check(sandbox: Sandbox | Waived) -> Verdict:
    """Answer whether the sandbox is whole and the one that was declared."""
    if isinstance(sandbox, Waived):
        return Verdict(evidence={"waived": sandbox.reason})
    return oci.examine(
        sandbox.place,
        reference=sandbox.reference,
        platform=sandbox.platform,
        digest=sandbox.digest,
        entrypoint=sandbox.entrypoint,
    )


def read(sandbox: Sandbox | Waived) -> bytes:
    """Return the bytes of ``sandbox_digest.txt``; `Refused` with all that is wrong."""
    evidence = check(sandbox).enforce()
    if "waived" in evidence:
        return f"WAIVED {evidence['waived']}\n".encode()
    return f"{evidence['digest']}\n".encode()
