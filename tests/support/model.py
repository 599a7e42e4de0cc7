"""What a run must do, worked out anew by hashing everything; it shares no code with the engine.

A `Plan` is a step as plain words: inputs and outputs are ``file NAME``, ``tree NAME`` or
``fact NAME``.  `Model.run` says which steps execute and changes the disk as they would; it
keeps, for each step, the digests of definition, inputs and outputs as of its last execution,
and a step executes exactly when one of them is another now.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from tests.support.layout import Disk, erase, put, within


@dataclass(frozen=True)
class Plan:
    """A step; ``how`` says what of its inputs its act keeps: ``all``, ``length`` or ``first``."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    how: str = "all"
    variable: bool = False


@dataclass
class Settings:
    """What defines steps and facts, apart from files; a step's version and argument by number."""

    versions: dict[int, str] = field(default_factory=dict)
    arguments: dict[int, int] = field(default_factory=dict)
    facts: dict[str, int] = field(default_factory=dict)
    variable: str = "unset"

    def told(self, plan: Plan, number: int) -> tuple[object, ...]:
        """Return what an act is told beside its inputs."""
        return self.arguments.get(number, 0), self.variable if plan.variable else None


class Model:
    """The steps, in an order in which each comes after those that it reads from."""

    def __init__(self, plans: Iterable[Plan], settings: Settings) -> None:
        self.plans, self.settings = list(plans), settings
        self.kept: dict[int, tuple[str, str, str]] = {}

    def run(self, disk: Disk, wanted: int | None = None) -> set[int]:
        """Return the steps that execute when ``wanted``, or everything, is run."""
        numbers = range(len(self.plans)) if wanted is None else self.upstream(wanted)
        return {number for number in sorted(numbers) if self._step(disk, number)}

    def upstream(self, number: int) -> set[int]:
        """Return a step and all that it reads from."""
        found = {number}
        for other in range(number):
            makes = [path for _, path in map(words, self.plans[other].outputs)]
            reads = [path for _, path in map(words, self.plans[number].inputs)]
            if any(within(a, b) or within(b, a) for a in makes for b in reads):
                found |= self.upstream(other)
        return found

    def _step(self, disk: Disk, number: int) -> bool:
        plan, facts = self.plans[number], self.settings.facts
        told = self.settings.told(plan, number)
        read = [seen(disk, item, facts) for item in plan.inputs]
        now = (digest((self.settings.versions.get(number, "1"), told)), digest(read))
        if self.kept.get(number) == (*now, self._left(disk, plan)):
            return False
        for item in plan.outputs:
            erase(disk, words(item)[1])
        for path, entry in made(plan, told, read).items():
            put(disk, path, entry)
        self.kept[number] = (*now, self._left(disk, plan))
        return True

    def _left(self, disk: Disk, plan: Plan) -> str:
        return digest([seen(disk, item, {}, follow=False) for item in plan.outputs])


def made(plan: Plan, told: object, read: list[Any]) -> Disk:
    """Return what the act of ``plan`` makes of what it has read."""
    contents = [part for item in read for part in parts(item)]
    kept = {
        "all": lambda: digest((told, read)),
        "length": lambda: str(sum(map(len, contents))),
        "first": lambda: b"".join(part[:1] for part in contents).decode(),
    }[plan.how]()
    programs = plan.how == "all" and any("True" in repr(item) for item in read)
    found: Disk = {}
    for item in plan.outputs:
        kind, path = words(item)
        inside = [""] if kind == "file" else ["/x", f"/n{len(kept) % 3}", "/sub/y"]
        for name in inside:
            found[path + name] = ("file", f"{path}{name}: {kept}\n".encode(), programs)
    return found


def seen(disk: Disk, item: str, facts: Mapping[str, int], *, follow: bool = True) -> Any:
    """Return what an input or output is: a value, an entry, or all entries of a folder."""
    kind, name = words(item)
    if kind == "fact":
        return facts.get(name, 0)
    if kind == "tree":
        return name in disk, sorted((k, v) for k, v in disk.items() if within(k, name, real=True))
    entry = disk.get(name)
    if entry and entry[0] == "link" and follow:
        target = os.path.normpath(os.path.join(os.path.dirname(name), entry[1]))
        return *entry, disk.get(target, (None, None))[1]
    return entry


def parts(item: Any) -> list[bytes]:
    """Return every content in what `seen` returned."""
    if isinstance(item, bytes):
        return [item]
    return [part for each in item for part in parts(each)] if isinstance(item, list | tuple) else []


def words(item: str) -> tuple[str, str]:
    kind, _, name = item.partition(" ")
    return kind, name


def digest(value: object) -> str:
    return sha256(repr(value).encode()).hexdigest()
