"""What is left after a fault and the runs that follow it, and what must hold of that.

An invariant is a function from an `Aftermath` to complaints, each a sentence; no complaint
means that it holds.  `INVARIANTS` are those of every command that Sealwright runs; a
contract's test adds its own: ``(*INVARIANTS, latest_leads_to_a_sealed_pack)``.

A state is: a fresh copy of a template, a run with a fault in it, a question (where asking is
cheap), a second run without a fault, a third, and an audit.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

STATE = ".sealwright"
DONE = ("run", "restored")
Files = Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Ran:
    """How a run ended: its exit code, each step's status, and what a person was told."""

    code: int
    statuses: Mapping[str, str] = field(default_factory=dict)
    said: str = ""

    @property
    def done(self) -> set[str]:
        """The steps that were reported as executed."""
        return {name for name, status in self.statuses.items() if status in DONE}


@dataclass(frozen=True, slots=True)
class Aftermath:
    """A state, and all that was seen of it; ``found`` is the tree after the second run."""

    where: str
    root: Path
    killed: bool
    disturbed: Ran
    left: Files  # the tree right after the fault
    fresh: Mapping[str, tuple[str, ...]]  # what a question calls up to date, and its places
    second: Ran
    found: Files
    third: Ran
    audit: Ran
    expected: Files
    before: Files = field(default_factory=dict)  # what an earlier run had made, if there was one


Invariant = Callable[[Aftermath], Iterable[str]]


def ends_as_an_undisturbed_run(seen: Aftermath) -> Iterable[str]:
    """The next run ends well, in the bytes of a run without a fault."""
    if seen.second.code:
        yield f"the next run ends with {seen.second.code}: {seen.second.said}"
    else:
        yield from _differences(seen.found, seen.expected)


def loses_nothing_acknowledged(seen: Aftermath) -> Iterable[str]:
    """What was reported as done is not done again."""
    for name in sorted(seen.disturbed.done & seen.second.done):
        yield f"{name}: was acknowledged, and ran again"


def leaves_no_junk(seen: Aftermath) -> Iterable[str]:
    """Nothing stays in staging, nothing but torn lines in quarantine, and no unfinished file."""
    for folder, _, names in os.walk(seen.root):
        place = os.path.relpath(folder, seen.root)
        for name in names:
            if name.startswith(".") and name.endswith(".tmp"):
                yield f"{place}/{name}: an unfinished file stays"
    for folder in ("staging", "quarantine"):
        place = seen.root / STATE / folder
        for entry in sorted(place.iterdir()) if place.exists() else []:
            if not (entry.name.startswith("journal-") and entry.name.endswith(".torn")):
                yield f"{folder}/{entry.name}: stays"


def tells_an_error(seen: Aftermath) -> Iterable[str]:
    """A run that meets an error ends with a code and a sentence, or has done everything."""
    if seen.killed:
        return
    if seen.disturbed.code == 0:
        yield from (f"ended with 0, but {what}" for what in _differences(seen.left, seen.expected))
    elif "Traceback" in seen.disturbed.said:
        yield f"a person is shown a traceback: {seen.disturbed.said}"
    elif not seen.disturbed.said.strip():
        yield f"ended with {seen.disturbed.code}, and said nothing"


def believes_nothing_false(seen: Aftermath) -> Iterable[str]:
    """What a question calls up to date right after the fault stands, whole, new or as before."""
    for step, places in seen.fresh.items():
        left, new, old = (_of(places, tree) for tree in (seen.left, seen.expected, seen.before))
        if left != new and (left != old or not old):
            yield f"{step}: is called up to date, but {', '.join(places)} is neither new nor old"


def _of(places: Iterable[str], tree: Files) -> dict[str, bytes]:
    """Return the part of a tree that lies at or under ``places``."""
    return {
        name: data
        for name, data in tree.items()
        if any(name == place or name.startswith(f"{place}/") for place in places)
    }


def comes_to_rest(seen: Aftermath) -> Iterable[str]:
    """A third run executes nothing."""
    if seen.third.code or seen.third.done:
        what = ", ".join(sorted(seen.third.done)) or seen.third.said
        yield f"the third run ends with {seen.third.code}, and executes {what}"


def is_proven(seen: Aftermath) -> Iterable[str]:
    """Journal, receipts, index and outputs agree."""
    if seen.audit.code:
        yield f"the audit ends with {seen.audit.code}: {seen.audit.said}"


INVARIANTS: tuple[Invariant, ...] = (
    ends_as_an_undisturbed_run,
    loses_nothing_acknowledged,
    leaves_no_junk,
    tells_an_error,
    believes_nothing_false,
    comes_to_rest,
    is_proven,
)


def complaints(seen: Aftermath, invariants: Iterable[Invariant] = INVARIANTS) -> list[str]:
    """Return what does not hold, each with where the fault was."""
    return [
        f"{seen.where}: {invariant.__name__}: {' '.join(said.split())}"
        for invariant in invariants
        for said in invariant(seen)
    ]


def _differences(found: Files, expected: Files) -> Iterable[str]:
    for name in sorted(found.keys() | expected.keys()):
        if found.get(name) != expected.get(name):
            what = "is missing" if name not in found else "differs"
            yield f"{name}: {what if name in expected else 'should not be there'}"


def files(root: Path, ignored: Iterable[str] = (STATE, ".git")) -> dict[str, bytes]:
    """Return the bytes of every file, and the text of every link, but for ``ignored`` folders."""
    found = {}
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in ignored]
        for name in [*names, *(n for n in folders if os.path.islink(os.path.join(folder, n)))]:
            place = Path(folder, name)
            text = os.readlink(place).encode() if place.is_symlink() else place.read_bytes()
            found[str(place.relative_to(root))] = text
    return found
