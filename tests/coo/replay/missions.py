"""Missions to run, and the grounds that they run on: two clocks, with namespaces and without."""

from __future__ import annotations

import dataclasses
import io
import json
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import dedent
from typing import Any

from sealwright.contracts.coo import replay
from sealwright.contracts.coo.replay import mechanisms, mission
from sealwright.contracts.coo.replay.mechanisms import Mechanisms
from sealwright.contracts.coo.replay.mission import Mission
from sealwright.contracts.coo.replay.running import Ran
from sealwright.paths import RelPath
from tests.support.skips import skip

PATH = (Path("/usr/local/bin"), Path("/usr/bin"), Path("/bin"))
GROUNDS = ("programs namespaces", "python namespaces", "programs copy", "python copy")
STRONG = GROUNDS[0]


@cache
def have() -> Mechanisms:
    with TemporaryDirectory() as work:
        return mechanisms.found(Path(work))


def ground(name: str) -> Mechanisms:
    """Return the mechanisms of this machine without those that a ground does not have."""
    layer, isolation = name.split()
    found = have()
    if layer == "programs" and found.faketime is None:
        skip("libfaketime is missing")
    if layer == "python" and not found.time_machine:
        skip("time-machine is missing")
    if isolation == "namespaces" and found.no_namespaces:
        skip(f"namespaces are missing: {found.no_namespaces}")
    return dataclasses.replace(
        found,
        faketime=found.faketime if layer == "programs" else None,
        no_namespaces="" if isolation == "namespaces" else "that they are forbidden",
    )


def words(ground: str = STRONG, **more: Any) -> dict[str, Any]:
    """Return a mission that runs ``main.py`` and puts out the JSON that it says."""
    layer, isolation = ground.split()
    return {
        "format": mission.FORMAT,
        "name": "probe",
        "inputs": ["main.py"],
        "steps": [{"name": "main", "argv": ["python", "main.py"]}],
        "outputs": [{"name": "main", "stdout": "main", "as": "json"}],
        "layer": layer,
        "isolation": isolation,
        "time_limit": 60,
        **more,
    }


def made(ground: str = STRONG, **more: Any) -> Mission:
    return mission.read(json.dumps(words(ground, **more)).encode(), "probe.json")


def tree(place: Path, main: str, **files: str) -> Path:
    place.mkdir(parents=True, exist_ok=True)
    (place / "main.py").write_text(dedent(main))
    for name, text in files.items():
        (place / name).write_text(dedent(text))
    return place


def once(top: Path, work: Path, name: str = STRONG, **more: Any) -> Ran:
    """Run a mission on a ground; its log is not looked at."""
    return replay.run(
        top, made(name, **more), Path(sys.executable), PATH, work, io.BytesIO(), found=ground(name)
    )


def said(top: Path, work: Path, name: str = STRONG, **more: Any) -> Any:
    return once(top, work, name, **more).output["outputs"]["main"]


def produce(top: Path) -> dict[str, bytes]:
    return {name: b'{"status": "PASS", "pid": 7}' for name in replay.ARTEFACTS[1:]}


def replayed(top: Path, work: Path, name: str = STRONG, **more: Any) -> replay.Replayed:
    """Replay a mission on a ground."""
    given = {
        key: more.pop(key) for key in ("produce", "roots", "normalized", "times") if key in more
    }
    roots = [RelPath(root) for root in given.pop("roots", ())]
    return replay.replay(
        top,
        made(name, **more),
        Path(sys.executable),
        PATH,
        work,
        io.BytesIO(),
        found=ground(name),
        **{"produce": produce, "roots": roots, **given},
    )
