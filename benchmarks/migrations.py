"""The rehearsal of a migration, beside the runs of the tests that it cannot do without.

The package has N modules and N tests, each of which takes a tenth of a second: 20 s where N is
200.  Ours is ``doit rehearse`` in a fresh repository: the tests twice before, once while both
packages are there, once without the legacy one, and everything else besides: copies, the
rewriting, snapshots, gates and replays.  The peer is those four runs alone, by the very command
that the configuration names.  Each is taken once, since it takes minutes.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from benchmarks import contest, measure
from benchmarks.contest import Row
from benchmarks.measure import Sample, Wrong
from benchmarks.peers import OURS, find
from benchmarks.scans import RULESET
from sealwright import digest, setup

SIZES = (200,)
RUNS = 4  # of the tests, in one rehearsal
BARE = "four runs of the tests"
OLD = "legacy_package"
MODULE = '''"""Module {here}."""

from {old}.module{next} import LIMIT as OTHER

LIMIT = {here}


def total(items):
    return sum(items) + LIMIT
'''
FIRST = '"""Module 0."""\n\nLIMIT = 0\n\n\ndef total(items):\n    return sum(items) + LIMIT\n'
TEST = """import time

from {old}.module{here} import total


def test_total():
    time.sleep(0.1)
    assert total([1, 2]) == {here} + 3
"""
CONFIG = """legacy: {old}
canonical: coo
scan: {{sha256: {pin}}}
approvals: {{waived: nobody is asked while this is measured}}
"""


def files(count: int) -> Iterator[tuple[str, str]]:
    """Yield the repository's files."""
    yield f"{OLD}/__init__.py", ""
    yield "tests/__init__.py", ""
    yield "pytest.ini", "[pytest]\n"  # what stands above the repository is not about it
    yield ".gitignore", "__pycache__/\n"
    pin = digest.hexadecimal(digest.of_file(RULESET).sha256)
    yield "config/coo.yaml", CONFIG.format(old=OLD, pin=pin)
    for here in range(count):
        module = MODULE.format(old=OLD, here=here, next=here - 1) if here else FIRST
        yield f"{OLD}/module{here}.py", module
        yield f"tests/test_module{here}.py", TEST.format(old=OLD, here=here)


def write(root: Path, count: int) -> None:
    """Write the repository, and commit it."""
    contest.write(root, files(count))
    setup.init(root, ["coo"])
    name = ["-c", "user.name=nobody", "-c", "user.email=nobody@invalid"]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "all"]):
        argv = [find("git") or "git", *name, *words]
        subprocess.run(argv, cwd=root, env=measure.environment(str(root.parent)), check=True)


def takes(folder: Path, count: int) -> dict[str, Callable[[int], Sample]]:
    """Return the rehearsal of a copy, and the bare runs in one."""
    root = folder / "repository"
    write(root, count)

    def fresh(name: str) -> Path:
        shutil.rmtree(folder / name, ignore_errors=True)
        shutil.copytree(root, folder / name, symlinks=True)
        return folder / name

    def rehearsed(_: int) -> Sample:
        sample = measure.once([sys.executable, "-m", "doit", "rehearse"], fresh("rehearsed"))
        if "rehearse:F" not in sample.printed:
            raise Wrong(f"the rehearsal did not come to its last gate\n{sample.printed[-2000:]}")
        return sample

    def bare(_: int) -> Sample:
        again = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        where = fresh("bare")
        samples = [measure.once(again, where) for _ in range(RUNS)]
        if not all(f"{count} passed" in sample.printed for sample in samples):
            raise Wrong(f"expected {count} tests to pass\n{samples[0].printed[-2000:]}")
        peak = max(sample.peak_kib for sample in samples)
        return Sample(sum(sample.seconds for sample in samples), peak, "")

    return {OURS.name: rehearsed, BARE: bare}


def run(sizes: Sequence[int], folder: Path, runs: int) -> list[Row]:
    """Return the rows of all sizes; each is taken once."""
    found: list[Row] = []
    for size in sizes or SIZES:
        figures = measure.interleaved(takes(folder / str(size), size), 1)
        found += contest.rows("rehearsal", size, figures)
    return found
