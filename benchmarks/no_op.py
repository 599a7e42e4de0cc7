"""What does a run cost in which nothing is stale?  The same graph for Sealwright and stock doit.

    make bench            # python -m benchmarks.no_op [STEPS…]

Each of N steps copies one file to one other.  Both have run once; then each runs again,
in turn, and the medians of wall time and peak memory are compared.  Stock doit looks at
its dependencies by time stamp and at no target's content; Sealwright also looks at every
output.  Results go to ``benchmarks/results/no_op.json``.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sealwright import setup

RUNS = 5
STOCK = """
def task_copy():
    for n in range({steps}):
        yield {{"name": str(n), "actions": [f"cp in/{{n}} out/{{n}}"],
               "file_dep": [f"in/{{n}}"], "targets": [f"out/{{n}}"]}}
"""
OURS = """
from sealwright import durable
from sealwright.engine import doorway
from sealwright.paths import parse
from sealwright.step import Contract, File, Step


def contract(world):
    steps = []
    for n in range({steps}):
        source, target = File(parse(f"in/{{n}}")), File(parse(f"out/{{n}}"))

        def act(run, source=source, target=target):
            durable.create(run.path(target), run.path(source).read_bytes())

        steps.append(Step(name=f"copy:{{n}}", doc="Copy.", act=act, inputs=(source,),
                          outputs=(target,)))
    return Contract(steps=tuple(steps), groups={{"copy": "Copies."}}, chain=("copy",))


globals().update(doorway.tasks(__file__, contract))
"""


def prepare(folder: Path, dodo: str, steps: int) -> None:
    (folder / "in").mkdir(parents=True)
    (folder / "out").mkdir()
    for number in range(steps):
        (folder / "in" / str(number)).write_text(f"file {number}\n")
    (folder / "dodo.py").write_text(dodo.format(steps=steps))
    if "sealwright" in dodo:
        (folder / "doit.cfg").write_text(setup.plugin_lines())
    else:
        (folder / "doit.cfg").write_text("[GLOBAL]\nbackend = sqlite3\n")


def once(folder: Path) -> tuple[float, int]:
    """Run doit once; return seconds and the peak memory of the largest child so far, in KiB."""
    start = time.perf_counter()
    argv = [sys.executable, "-m", "doit", "-o", os.devnull]
    subprocess.run(argv, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    seconds = time.perf_counter() - start
    return seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss


def compare(steps: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as top:
        folders = {name: Path(top, name) for name in ("stock", "ours")}
        for name, dodo in (("stock", STOCK), ("ours", OURS)):
            prepare(folders[name], dodo, steps)
            once(folders[name])
            once(folders[name])
        times: dict[str, list[float]] = {name: [] for name in folders}
        for _ in range(RUNS):
            for name, folder in folders.items():
                times[name].append(once(folder)[0])
    medians = {name: statistics.median(found) for name, found in times.items()}
    return {"steps": steps, **medians, "ratio": medians["ours"] / medians["stock"]}


def main(argv: list[str]) -> int:
    found = [compare(int(steps)) for steps in argv or ("10", "100", "1000")]
    for row in found:
        print(
            f"{row['steps']:>6} steps: ours {row['ours']:.2f} s, stock doit {row['stock']:.2f} s, "
            f"ratio {row['ratio']:.2f}"
        )
    results = Path(__file__).parent / "results" / "no_op.json"
    results.parent.mkdir(exist_ok=True)
    results.write_text(json.dumps(found, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
