"""The replay engine: a mission run again must put out the same (document 003, §11; gate F).

`replay` runs a reference mission (`mission`) at least twice, each time on another copy of the tree
and with other things around it (`variation`), but in the same layer (`controls`, `running`), in
which chance, clock, environment and file system are the same for whoever looks.  Each time, the
caller's three other artefacts are made of that copy.  All four are normalised (`normalisation`)
and compared with those of the first replay (`comparison`): any difference is a failure, named by
its place.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from threading import Event
from typing import Any, BinaryIO

from sealwright import durable
from sealwright.contracts.coo.inventory import listing
from sealwright.contracts.coo.replay import comparison, mechanisms, normalisation
from sealwright.contracts.coo.replay import room as rooms
from sealwright.contracts.coo.replay.comparison import ARTEFACTS, MISSION_OUTPUT, Compared
from sealwright.contracts.coo.replay.mechanisms import Mechanisms
from sealwright.contracts.coo.replay.mission import Mission
from sealwright.contracts.coo.replay.normalisation import (
    MASKED_FIELDS,
    STABLE_REPLACEMENT,
    artefacts_equal,
    clean,
    normalize_artefact,
)
from sealwright.contracts.coo.replay.result import FORMAT, Replayed
from sealwright.contracts.coo.replay.running import Ran, run
from sealwright.contracts.coo.replay.variation import Variation
from sealwright.errors import Refused
from sealwright.paths import RelPath

__all__ = [
    "ARTEFACTS",
    "FORMAT",
    "MASKED_FIELDS",
    "STABLE_REPLACEMENT",
    "Ran",
    "Replayed",
    "artefacts_equal",
    "clean",
    "normalize_artefact",
    "replay",
    "run",
]
APART = 1.1  # seconds between replays where programs have the clock of the machine
Produce = Callable[[Path], Mapping[str, bytes]]


def replay(
    tree: Path,
    mission: Mission,
    interpreter: Path,
    path: Sequence[Path],
    work: Path,
    log: BinaryIO,
    *,
    produce: Produce,
    roots: Collection[RelPath] = (),
    normalized: Path | None = None,
    times: int = 2,
    found: Mechanisms | None = None,
) -> Replayed:
    """Run a mission ``times`` times, and compare all that comes of it.

    Each time ``produce`` makes the other artefacts, by their names, of a copy of the tree that
    holds ``roots`` and the mission's inputs; it must change nothing outside of that copy.
    Normalised artefacts are left in ``normalized``, until `clean`.  ``work`` is a folder for
    copies; what is made there is gone afterwards.
    """
    if times < 2:
        raise ValueError(f"times: expected at least 2, found {times}")
    durable.mkdir(work)
    have = found or mechanisms.found(work)
    kept = sorted({*roots, *mission.inputs}, key=str.encode)
    before = _listed(tree, kept)
    variations = [Variation(number) for number in range(times)]

    def once(variation: Variation) -> tuple[Ran, dict[str, bytes]]:
        if variation.number and not have.faketime:
            Event().wait(APART)
        with _copied(tree, kept, work, variation) as copy:
            others = dict(produce(copy))
            ran = run(copy, mission, interpreter, path, work, log, found=have, variation=variation)
        return ran, _together(ran, others)

    outcomes = [once(variation) for variation in variations]
    made = [artefacts for _, artefacts in outcomes]
    changed = listing.first_difference(before, _listed(tree, kept))
    if normalized is not None:
        normalisation.write(normalized, {f"replay-{n}": _read(each) for n, each in enumerate(made)})
    spaces = not have.no_namespaces
    return Replayed(
        mission=mission,
        layers=outcomes[0][0].layers,
        artefacts=tuple(made),
        around=tuple(variation.told(spaces=spaces) for variation in variations),
        compared=tuple(_against_first(made)),
        changed=changed,
    )


@contextlib.contextmanager
def _copied(
    tree: Path, kept: Sequence[RelPath], work: Path, variation: Variation
) -> Iterator[Path]:
    """Yield a copy of a tree for one replay, which is gone afterwards."""
    folder = work / f"{variation.name} of the tree"
    try:
        rooms.clear(folder)
        durable.mkdir(folder)
        rooms.copy(rooms.gathered(tree, kept), folder, backwards=variation.backwards)
        yield folder
    finally:
        rooms.clear(folder)


def _together(ran: Ran, others: Mapping[str, bytes]) -> dict[str, bytes]:
    if MISSION_OUTPUT in others:
        raise Refused(f"{MISSION_OUTPUT}: expected of the mission, found among the others")
    return {**others, MISSION_OUTPUT: normalisation.written(ran.output)}


def _against_first(made: Sequence[Mapping[str, bytes]]) -> Iterator[tuple[int, Compared]]:
    for number, artefacts in enumerate(made[1:], 1):
        for each in comparison.compare(made[0], artefacts):
            yield number, each


def _listed(tree: Path, kept: Sequence[RelPath]) -> bytes:
    present = [root for root in kept if os.path.lexists(tree / root)]
    entries = listing.entries(tree, present)
    return listing.render([each for each in entries if not rooms.left_out(each["path"])])


def _read(artefacts: Mapping[str, bytes]) -> dict[str, Any]:
    return {name: normalisation.read(data, name) for name, data in artefacts.items()}
