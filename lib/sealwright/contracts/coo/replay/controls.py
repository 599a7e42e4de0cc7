"""What a replay controls, by which mechanism; and the refusal where a mission demands a better one.

============  ==================================================================================
clock         of each program by libfaketime, or of each Python by time-machine
programs      what other programs have: the same clock by libfaketime, or that of the machine
randomness    seed 0xDEADBEEF; by name, what else the mission declares as seeded
hash_seed     3735928559, the same number
environment   those variables and no others
listings      sorted, in each Python
tree          a copy under a fixed path, mounted read-only; or a copy, compared afterwards
host, user    in namespaces of their own; or told so in each Python
pid           in a namespace of its own; or that of the machine
processors    one
addresses     not randomised, or as the machine has them
network       none, or that of the machine
============  ==================================================================================

`Layer.told` is this table, filled in for one machine and one mission; paths are not in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sealwright.contracts.coo.replay import mechanisms as machine
from sealwright.contracts.coo.replay.inside.constants import SEED
from sealwright.contracts.coo.replay.mechanisms import Mechanisms
from sealwright.contracts.coo.replay.mission import NAMESPACES, PROGRAMS, Mission
from sealwright.errors import Refused
from sealwright.verdict import Finding, Verdict

FAKETIME, TIME_MACHINE = "libfaketime", "time-machine"


@dataclass(frozen=True, slots=True)
class Layer:
    """The mechanisms that one mission is run with."""

    clock: str
    faketime: Path | None
    time_machine: tuple[Path, ...]
    namespaces: bool
    straight: bool
    pinned: bool
    network: bool
    seeded: tuple[str, ...]

    def told(self) -> dict[str, str]:
        """Return what is controlled, and how."""
        spaces = self.namespaces
        return {
            "addresses": "not randomised" if self.straight else "uncontrolled",
            "clock": self.clock,
            "environment": "allow-listed",
            "hash_seed": str(SEED),
            "host": "namespace" if spaces else "python",
            "listings": "python",
            "network": "uncontrolled" if self.network else "none",
            "pid": "namespace" if spaces else "uncontrolled",
            "processors": "one" if self.pinned else "python",
            "programs": self.clock if self.clock == FAKETIME else "uncontrolled",
            "randomness": ", ".join(("random", "uuid", *self.seeded)),
            "tree": "read-only mount of a copy" if spaces else "copy, compared afterwards",
            "user": "namespace" if spaces else "python",
        }


def chosen(mission: Mission, found: Mechanisms) -> Layer:
    """Return the strongest layer there is; `Refused` if the mission demands a stronger one."""
    lacking = tuple(_lacking(mission, found))
    Verdict(lacking).enforce(Refused)
    clock = FAKETIME if found.faketime else TIME_MACHINE
    return Layer(
        clock=clock,
        faketime=found.faketime,
        time_machine=() if found.faketime else found.time_machine,
        namespaces=not found.no_namespaces,
        straight=found.straight,
        pinned=found.pinned,
        network=found.network,
        seeded=mission.seeded,
    )


def _lacking(mission: Mission, found: Mechanisms) -> list[Finding]:
    where, lacking = f"mission {mission.name}", []
    if not found.faketime and mission.layer == PROGRAMS:
        what = "expected a clock for each program (layer: programs), found no libfaketime"
        remedy = f"{machine.INSTALL_FAKETIME}, or state layer: python"
        lacking.append(Finding(where, what, remedy))
    elif not found.faketime and not found.time_machine:
        what = "expected a clock for each Python, found neither time-machine nor libfaketime"
        remedy = f"{machine.INSTALL_TIME_MACHINE}, or {machine.INSTALL_FAKETIME}"
        lacking.append(Finding(where, what, remedy))
    if mission.isolation == NAMESPACES and found.no_namespaces:
        what = f"expected namespaces (isolation: namespaces), found {found.no_namespaces}"
        remedy = f"{machine.INSTALL_NAMESPACES}, or state isolation: copy"
        lacking.append(Finding(where, what, remedy))
    if mission.isolation == NAMESPACES and found.network:
        what = "expected no network (isolation: namespaces), found that of the machine"
        lacking.append(Finding(where, what, "allow network namespaces, or state isolation: copy"))
    return lacking
