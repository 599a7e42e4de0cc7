"""The variables that a mission sees, all of them, and the same in each replay."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from sealwright.contracts.coo.replay.inside.constants import EPOCH, INSTANT, SEED, USER
from sealwright.contracts.coo.replay.mission import Mission

_FIXED = {
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
    "LOGNAME": USER,
    "PYTHONCOERCECLOCALE": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONHASHSEED": str(SEED),
    "PYTHONNOUSERSITE": "1",
    "SOURCE_DATE_EPOCH": str(EPOCH),
    "TZ": "UTC",
    "USER": USER,
    **{f"{name}_NUM_THREADS": "1" for name in ("MKL", "OMP", "OPENBLAS")},
}


def variables(
    mission: Mission, room: str, path: Sequence[Path], faketime: Path | None
) -> dict[str, str]:
    """Return the environment of a mission's programs, whose room they know as ``room``."""
    sources = (f"{room}/tree/{folder}".removesuffix("/.") for folder in mission.python_path)
    return {
        **_FIXED,
        **dict(mission.environment),
        **(faked(faketime) if faketime else {}),
        "HOME": f"{room}/home",
        "PATH": os.pathsep.join(map(str, path)),
        "PYTHONPATH": os.pathsep.join([f"{room}/layer", *sources]),
        "TMPDIR": f"{room}/tmp",
    }


def faked(library: Path) -> dict[str, str]:
    """Return the variables that stop the clock of each program.

    What tells how long something takes goes on: programs wait by it.
    """
    return {
        "FAKETIME": INSTANT,
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "LD_PRELOAD": str(library),
        "TZ": "UTC",
    }
