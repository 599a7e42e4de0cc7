"""What a mission put out, as one artefact::

    {"format": "sealwright/mission-output/1", "mission": "phase3", "mission_sha256": "sha256:…",
     "outputs": {"plan": …}, "steps": [{"exit": 0, "name": "plan"}]}

``outputs`` holds, by its name, each output that the mission names: text in UTF-8, JSON that reads
one way only, or the digest of any bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sealwright import digest, paths
from sealwright.contracts.coo.replay import normalisation
from sealwright.contracts.coo.replay.mission import FILE, JSON, SHA256, STDOUT, Mission, Output
from sealwright.contracts.coo.replay.stage import LARGEST
from sealwright.errors import Damaged, ProgramFailed
from sealwright.paths import RelPath
from sealwright.process import Finished

FORMAT = "sealwright/mission-output/1"


def collected(given: Mission, finished: Mapping[str, Finished], tree: Path) -> dict[str, Any]:
    """Return the output of a mission whose steps have finished."""
    return {
        "format": FORMAT,
        "mission": given.name,
        "mission_sha256": given.sha256,
        "outputs": {each.name: _value(each, finished, tree) for each in given.outputs},
        "steps": [{"name": step.name, "exit": finished[step.name].code} for step in given.steps],
    }


def _value(output: Output, finished: Mapping[str, Finished], tree: Path) -> Any:
    where = f"output {output.name}"
    if output.source == FILE:
        data = _file(where, tree, RelPath(output.of))
    else:
        done = finished[output.of]
        data = done.out if output.source == STDOUT else done.err
    if output.form == SHA256:
        return digest.sha256(data)
    try:
        return normalisation.read(data, where) if output.form == JSON else data.decode()
    except (Damaged, UnicodeDecodeError) as problem:
        told = f"expected {output.form}, found {problem}; mend it, or compare it as sha256"
        raise ProgramFailed(f"{where}: {told}") from None


def _file(where: str, tree: Path, path: RelPath) -> bytes:
    place = paths.within(tree, path)
    if place.is_symlink() or not place.is_file() or place.stat().st_size > LARGEST:
        raise ProgramFailed(
            f"{where}: expected a file {path} of at most {LARGEST} bytes, found none"
        )
    return place.read_bytes()
