"""One step whose input is a whole tree of N files: nothing stale, and one file of it edited.

Each tool states the tree in the way that sees an edited file: we as a `Tree`, make by a
wildcard, doit, pytask and snakemake by the list that a glob gives, and ninja, which has
none, by the names in its file.  The step copies one file, so that what is measured is the tool.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks import contest, graphs
from benchmarks.contest import Ground, Row
from benchmarks.peers import Peer

SIZES = (10_000, 100_000)
FOLDER = 100  # files in each folder


def ground(peer: Peer, folder: Path, files: int) -> Ground:
    """Write the tree and the step for one tool."""
    names = [f"in/{n // FOLDER:04}/{n % FOLDER:02}" for n in range(files)]
    contest.write(folder, ((name, f"file {n}\n") for n, name in enumerate(names)))
    contest.write(folder, peer.tree(names).items())
    (folder / "out").mkdir()
    return Ground(peer, folder, [(names[0], "out/0")])


def run(sizes: Sequence[int], folder: Path, runs: int) -> list[Row]:
    """Return the rows of all sizes."""
    return graphs.compare(sizes or SIZES, folder, runs, ground)
