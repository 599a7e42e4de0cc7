"""The last receipt of each step, in the order of recording; none is parsed before it is read.

A *claim* is what a receipt says of its step in one digest: the BLAKE3 of every entry of its
definition, and of what each input and each output is called and is.  A step whose claim,
worked out anew from the disk, is that of its receipt is up to date, and nothing else of the
receipt is needed to know it.  Where the claims differ, or there is none, the receipt itself
is asked, and says why; so a claim can save work and never decides that a step is stale.

There is no claim where "up to date" means something else than equality (members, lines of
ledgers, transitions, steps of an attempt, which may be closed), or where the names of inputs
and outputs are not all of their description (trees with exceptions).

>>> of(("version=1",), ("in file blake3:…",), ("out file blake3:…",))[:13]
'blake3:bddae4'
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, MutableMapping

from sealwright import digest
from sealwright.digest import Digest
from sealwright.engine import definition
from sealwright.engine.receipt import Receipt

Claim = str  # a digest, or nothing where a step has no claim
_PLAIN = ("file ", "executable ", "link ", "tree ", "fact ")


class Trace(MutableMapping[str, tuple[Digest, Receipt]]):
    """A mapping of steps to the digest and the content of their last receipts.

    ``read`` gives the receipt of a step that was only loaded by name.
    """

    def __init__(self, read: Callable[[str, Digest], Receipt] | None = None) -> None:
        self._read = read
        self._names: dict[str, Digest] = {}
        self._receipts: dict[str, Receipt] = {}
        self._claims: dict[str, Claim] = {}

    def load(self, step: str, name: Digest, claim: Claim) -> None:
        """Take a row of the index."""
        self._names[step] = name
        self._claims[step] = claim

    def name(self, step: str) -> Digest | None:
        """Return the digest of a step's last receipt."""
        return self._names.get(step)

    def claim(self, step: str) -> Claim:
        """Return the claim of a step's last receipt, or nothing."""
        return self._claims.get(step, "")

    def __getitem__(self, step: str) -> tuple[Digest, Receipt]:
        name = self._names[step]
        found = self._receipts.get(step)
        if found is None:
            if self._read is None:
                raise KeyError(step)
            found = self._receipts[step] = self._read(step, name)
        return name, found

    def __setitem__(self, step: str, row: tuple[Digest, Receipt]) -> None:
        self._names[step], self._receipts[step] = row
        self._claims[step] = of_receipt(row[1])

    def __delitem__(self, step: str) -> None:
        del self._names[step], self._claims[step]
        self._receipts.pop(step, None)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, step: object) -> bool:
        return step in self._names  # without reading


def of(rule: Iterable[str], inputs: Iterable[str], outputs: Iterable[str]) -> Claim:
    """Return the claim of entries ``name=value`` in any order, and of observations ``spot is``."""
    text = "\1".join(("\0".join(sorted(rule)), "\0".join(inputs), "\0".join(outputs)))
    return digest.blake3(text.encode("utf-8", "surrogateescape"))


def of_receipt(receipt: Receipt) -> Claim:
    """Return the claim of a receipt, or nothing where it has none."""
    seen = receipt["inputs"] + receipt["outputs"]
    if "attempt" in receipt or any("was" in s or not s["is"].startswith(_PLAIN) for s in seen):
        return ""
    rule = dict(receipt["definition"])
    for side in ("inputs", "outputs"):
        if rule.pop(side, "") != definition.names([seen["spot"] for seen in receipt[side]]):
            return ""
    sides = (
        [f"{seen['spot']} {seen['is']}" for seen in receipt[side]] for side in ("inputs", "outputs")
    )
    return of([f"{name}={value}" for name, value in rule.items()], *sides)
