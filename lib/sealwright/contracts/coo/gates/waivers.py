"""Gates that need not pass, each with its reason and with who says so::

    waivers: [{gate: D, reason: "three tests need a display", name: "J. Doe"}]

A waiver is of one gate, and a gate has one at most.  It does not keep the gate from being judged.
"""

from __future__ import annotations

from dataclasses import dataclass

from sealwright.document import Table

TITLES = {
    "A": "Repo Unification Integrity",
    "B": "Deterministic Modules",
    "C": "Sandbox Security",
    "D": "Test Suite Integrity",
    "E": "Governance Integrity",
    "F": "Deterministic Replay",
}
GATES = tuple(TITLES)


@dataclass(frozen=True, slots=True)
class Waiver:
    """Which gate need not pass, why, and who says so."""

    gate: str
    reason: str
    name: str

    def __post_init__(self) -> None:
        if self.gate not in GATES:
            raise ValueError(f"expected one of {', '.join(GATES)}, found {self.gate!r}")
        if not (told(self.reason) and told(self.name)):
            raise ValueError(f"waiver of gate {self.gate}: expected a reason and a name, one line")


def told(text: str) -> bool:
    """Return whether a text says something, in one line."""
    return bool(text.strip()) and text.isprintable()


def read(table: Table) -> tuple[Waiver, ...]:
    """Return the waivers in a configuration, in the order of the gates."""
    found = [_read(given) for given in table.tables("waivers", ())]
    gates = [waiver.gate for waiver in found]
    if twice := sorted({gate for gate in gates if gates.count(gate) > 1}):
        raise table.wrong("waivers", f"at most one waiver of gate {', '.join(twice)}")
    return tuple(sorted(found, key=lambda waiver: waiver.gate))


def _read(given: Table) -> Waiver:
    gate = given.one_of("gate", GATES)
    for key in ("reason", "name"):
        if not told(given.string(key)):
            raise given.wrong(key, f"the {key}, in one line")
    return Waiver(gate, given.string("reason"), given.string("name"))
