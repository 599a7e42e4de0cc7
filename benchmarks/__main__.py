"""``python -m benchmarks [FAMILY…] [SIZE…] [--quick] [--results FOLDER]``

Families are graphs, trees, manifests, registries, snapshots, bundles, scans, rewriting,
migrations and surface; none means all.  Sizes are numbers of steps, of files or of records.
Results go to benchmarks/results, and from there to the page and its pictures; ``--quick`` only
sees whether everything still works, and keeps its results under build/.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from benchmarks import (
    bundles,
    graphs,
    machine,
    manifests,
    measure,
    migrations,
    peers,
    registries,
    report,
    rewriting,
    scans,
    snapshots,
    surface,
    trees,
)
from benchmarks.contest import Row

BUILD = Path(__file__).resolve().parents[1] / "build" / "bench"
FAMILIES: dict[str, Callable[[Sequence[int], Path, int], list[Row]]] = {
    "graphs": graphs.run,
    "trees": trees.run,
    "manifests": manifests.run,
    "registries": registries.run,
    "snapshots": snapshots.run,
    "bundles": bundles.run,
    "scans": scans.run,
    "rewriting": rewriting.run,
    "migrations": migrations.run,
    "surface": surface.run,
}
VERSIONS: dict[str, Callable[[], Mapping[str, str]]] = {
    "registries": lambda: {peers.OURS.name: peers.OURS.version()},
    "snapshots": snapshots.versions,
    "bundles": bundles.versions,
    "scans": scans.versions,
    "rewriting": rewriting.versions,
    "migrations": lambda: {peers.OURS.name: peers.OURS.version()},
    "surface": surface.versions,
}
QUICK = {
    "graphs": 10,
    "trees": 120,
    "manifests": 200,
    "registries": 60,
    "snapshots": 50,
    "bundles": 50,
    "scans": 60,
    "rewriting": 20,
    "migrations": 3,
    "surface": 60,
}


def main(words: Sequence[str]) -> int:
    told = parse(words)
    BUILD.mkdir(parents=True, exist_ok=True)
    on = machine.describe()  # once: later, the load would be our own
    for name in told.families:
        sizes = [QUICK[name]] if told.quick and not told.sizes else told.sizes
        start = time.monotonic()
        found = {"machine": on} | take(name, sizes, 1 if told.quick else measure.RUNS)
        told.results.mkdir(parents=True, exist_ok=True)
        (told.results / f"{name}.json").write_text(json.dumps(found, indent=1) + "\n")
        print(f"{name}: {len(found['rows'])} figures in {time.monotonic() - start:.0f} s")
    if told.results == report.RESULTS:
        report.write()
    return 0


def parse(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("words", nargs="*", metavar="FAMILY or SIZE")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--results", type=Path)
    told = parser.parse_intermixed_args(words)
    told.sizes = [int(word.replace("_", "")) for word in told.words if word[0].isdigit()]
    told.families = [word for word in told.words if not word[0].isdigit()] or list(FAMILIES)
    if unknown := [name for name in told.families if name not in FAMILIES]:
        parser.error(f"{unknown[0]}: expected one of {', '.join(FAMILIES)}")
    told.results = told.results or (BUILD / "quick" if told.quick else report.RESULTS)
    return told


def take(family: str, sizes: Sequence[int], runs: int) -> dict[str, object]:
    """Measure one family, in a folder on the disk of the checkout that is removed afterwards."""
    with tempfile.TemporaryDirectory(dir=BUILD) as folder:
        rows = FAMILIES[family](sizes, Path(folder), runs)
    return {"runs": runs, "versions": dict(VERSIONS.get(family, _peers)()), "rows": rows}


def _peers() -> Mapping[str, str]:
    return {peer.name: peer.version() for peer in peers.present()}


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
