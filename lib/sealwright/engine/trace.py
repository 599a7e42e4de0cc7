"""The last receipt of each step, in the order of recording; none is parsed before it is read.

A *claim* is what a receipt says of its step in one digest: the BLAKE3 of every entry of its
definition, and of what each input and each output is called and is.  A step whose claim,
worked out anew from the disk, is that of its receipt is up to date, and nothing else of the
receipt is needed to know it.  Where the claims differ, or there is none, the receipt itself
is asked, and says why; so a claim can save work and never decides that a step is stale.

There is no claim where "up to date" means something else than equality: for members, lines
of ledgers and transitions, and for a step of an attempt, which may be closed.

>>> of(("version=1",), ("in file blake3:…",), ("out file blake3:…",))[:13]
'blake3:bddae4'
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, MutableMapping

from sealwright import digest
from sealwright.digest import Digest
from sealwright.engine import receipt as receipts
from sealwright.engine.receipt import Receipt

Claim = str  # a digest, or nothing where a step has no claim
_PLAIN = ("file ", "executable ", "link ", "tree ", "fact ")


class Trace(MutableMapping[str, tuple[Digest, Receipt]]):
    """A mapping of steps to the digest and the content of their last receipts."""

    def __init__(self) -> None:
        self._rows: dict[str, tuple[Digest, Receipt | bytes]] = {}
        self._claims: dict[str, Claim] = {}

    def load(self, step: str, name: Digest, data: bytes, claim: Claim) -> None:
        """Take a row of the index; ``data`` are the bytes that ``name`` is the digest of."""
        self._rows[step] = name, data
        self._claims[step] = claim

    def claim(self, step: str) -> Claim:
        """Return the claim of a step's last receipt, or nothing."""
        return self._claims.get(step, "")

    def __getitem__(self, step: str) -> tuple[Digest, Receipt]:
        name, found = self._rows[step]
        if isinstance(found, bytes):
            found = receipts.parse(found, name, strict=False)
            self._rows[step] = name, found
        return name, found

    def __setitem__(self, step: str, row: tuple[Digest, Receipt]) -> None:
        self._rows[step] = row
        self._claims[step] = of_receipt(row[1])

    def __delitem__(self, step: str) -> None:
        del self._rows[step], self._claims[step]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, step: object) -> bool:
        return step in self._rows  # without parsing


def of(definition: Iterable[str], inputs: Iterable[str], outputs: Iterable[str]) -> Claim:
    """Return the claim of entries ``name=value`` and of observations ``spot is``."""
    text = "\1".join(("\0".join(definition), "\0".join(inputs), "\0".join(outputs)))
    return digest.blake3(text.encode("utf-8", "surrogateescape"))


def of_receipt(receipt: Receipt) -> Claim:
    """Return the claim of a receipt, or nothing where it has none."""
    seen = receipt["inputs"] + receipt["outputs"]
    if "attempt" in receipt or any("was" in s or not s["is"].startswith(_PLAIN) for s in seen):
        return ""
    definition = [f"{name}={value}" for name, value in sorted(receipt["definition"].items())]
    sides = (
        [f"{seen['spot']} {seen['is']}" for seen in receipt[side]] for side in ("inputs", "outputs")
    )
    return of(definition, *sides)
