"""One run of a mission in a layer: a room, the assertions, the steps, the output."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from sealwright.contracts.coo.replay import assertions, controls, leftovers, mechanisms, output
from sealwright.contracts.coo.replay import room as rooms
from sealwright.contracts.coo.replay.mechanisms import Mechanisms
from sealwright.contracts.coo.replay.mission import Mission
from sealwright.contracts.coo.replay.stage import Stage
from sealwright.contracts.coo.replay.variation import PLAIN, Variation


@dataclass(frozen=True, slots=True)
class Ran:
    """What a mission put out, and what was controlled by which mechanism."""

    output: dict[str, Any]
    layers: dict[str, str]


def run(
    tree: Path,
    mission: Mission,
    interpreter: Path,
    path: Sequence[Path],
    work: Path,
    log: BinaryIO,
    *,
    found: Mechanisms | None = None,
    variation: Variation = PLAIN,
) -> Ran:
    """Run a mission on a copy of ``tree`` in a room of ``work``, which is gone afterwards.

    ``path`` is the PATH of its programs, and ``interpreter`` what they call ``python``.  `Refused`
    where the layer is weaker than the mission demands, or is not what it should be;
    `ProgramFailed` where a step does not end as the mission says.
    """
    layer = controls.chosen(mission, found or mechanisms.found(work))
    stage = Stage(
        mission, layer, interpreter, path, Path(os.path.abspath(work)) / "room", log, variation
    )
    try:
        stage.set_up(tree)
        with leftovers.removed():
            assertions.check(stage)
            finished = {step.name: stage.step(step) for step in mission.steps}
        stage.compare()
        return Ran(output.collected(mission, finished, stage.room / "tree"), layer.told())
    finally:
        rooms.clear(stage.room)
