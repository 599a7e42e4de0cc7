"""What the caller wants, as the sandbox reads it from its standard input: one JSON object."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

HOME, TEMPORARY = "/home/worker", "/tmp"
WORKER, NOBODY = 1000, 65534  # the program's number inside, and outside if we are root
INSIDE = frozenset(("namespaces", "namespaces+landlock"))
LANDLOCKED = frozenset(("landlock", "namespaces+landlock"))


@dataclass(frozen=True, slots=True)
class Place:
    """A folder or file for the program: ``back`` is where a copy to write ends, if it is one."""

    source: str
    inside: str
    back: str

    @property
    def writable(self) -> bool:
        """Whether the program may write there, which is to a copy."""
        return bool(self.back)


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that the sandbox is told."""

    level: str
    argv: tuple[str, ...]
    env: dict[str, str]
    cwd: str
    system: tuple[str, ...]
    visible: tuple[tuple[str, str], ...]  # where to see it, and what it really is
    places: tuple[Place, ...]
    scratch: str
    seconds: float
    processes: int
    memory: int
    file: int
    disk: int
    output: int

    @property
    def namespaces(self) -> bool:
        """Whether the program gets a file system and processes of its own."""
        return self.level in INSIDE

    @property
    def landlocked(self) -> bool:
        """Whether Landlock confines the program."""
        return self.level in LANDLOCKED

    def seen(self, place: Place) -> str:
        """Return where the program finds a place."""
        return place.inside if self.namespaces else place.back or place.source


def read(text: str) -> Plan:
    """Return the plan that ``text`` spells."""
    raw: dict[str, Any] = json.loads(text)
    raw["places"] = tuple(Place(**place) for place in raw["places"])
    raw["visible"] = tuple((seen, real) for seen, real in raw["visible"])
    return Plan(**{**raw, "argv": tuple(raw["argv"]), "system": tuple(raw["system"])})
