"""Which approvals were used, as far as the evidence that is kept can tell."""

from __future__ import annotations

from pathlib import Path

from sealwright.contracts.workflow import records
from sealwright.errors import Damaged, Misconfigured

_PROOF = "freshness_proof.json"


def nonces(kept: Path) -> dict[str, str]:
    """Return the nonces in all evidence below a folder, with the runs that used them.

    `Damaged` for a proof that cannot be read: who could hide one could use an approval twice.
    """
    found: dict[str, str] = {}
    for place in sorted(kept.rglob(_PROOF)):
        try:
            told = records.read(place.read_bytes(), str(place))
            nonce, run = told["nonce"], str(told["run"])
        except (OSError, Misconfigured, KeyError) as problem:
            raise Damaged(f"{place}: expected a freshness proof, found none: {problem}") from None
        if nonce is not None:
            found[str(nonce)] = run
    return found
