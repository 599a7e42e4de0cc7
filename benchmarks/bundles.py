"""A bundle of N files, built and audited, beside what else zips files and looks at a zip.

One file in a hundred is large; the others hold 1 to 64 KiB, each size as likely as any other, and
all of them N times 100,000 bytes: 1 GB where N is 10,000.  The bytes are the same each time,
and all that is read is in the page cache.

``build`` writes the zip of files that are listed already, and syncs it: ours, which takes each
digest anew, and ``zip -0``.  ``audit`` looks at a bundle that has one small test: ours is the
gate with all that it asks, which extracts the bundle, hashes it on the way, on the disk, and again
after the tests; the others are ``unzip -t`` and ``sha256sum -c`` of a folder extracted before,
and the same with ``unzip`` between the two.
"""

from __future__ import annotations

import os
import random
import shutil
import sys
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from benchmarks import contest, manifests, measure, packing
from benchmarks.contest import Row
from benchmarks.measure import Sample, Wrong
from benchmarks.packing import members
from benchmarks.peers import said
from sealwright import __version__
from sealwright.bundles import writing
from sealwright.bundles.layout import GATE, MANIFEST

SIZES = (10_000,)
EACH, LARGE = 100_000, 100  # bytes of a file on an average; one of so many is large
BUILD, ZIP = "Sealwright", "zip -0"
AUDIT, LOOK = "Sealwright", "unzip -t, sha256sum -c"
WHOLE = "unzip -t, unzip, sha256sum -c"
TEST = {"pytest.ini": "[pytest]\ntestpaths = test_it.py\n", "test_it.py": "def test_it(): pass\n"}
Take = Callable[[int], Sample]


def write(folder: Path, files: int) -> None:
    """Write the files, the test and the manifest."""
    source = random.Random("sealwright")
    sizes = [source.randint(1 << 10, 64 << 10) for _ in range(files)]
    small = sum(size for number, size in enumerate(sizes) if number % LARGE)
    sizes[::LARGE] = [(files * EACH - small) // len(sizes[::LARGE])] * len(sizes[::LARGE])
    for number, size in enumerate(sizes):
        manifests.put(folder / "data", number, b"".join(manifests.pieces(source, size)))
    for name, text in TEST.items():
        (folder / name).write_text(text)
    (folder / MANIFEST).write_bytes(writing.listing(members(folder)))


def builds(folder: Path, out: Path) -> dict[str, Take]:
    """Return the builders; in the first turn it is seen that all files are there."""

    def take(name: str, argv: Sequence[str], place: Path) -> Take:
        def taken(turn: int) -> Sample:
            place.unlink(missing_ok=True)
            os.sync()
            sample = measure.once(argv, folder)
            if not turn:
                check(name, place, folder)
            return sample

        return taken

    ours, theirs = out / "ours.zip", out / "theirs.zip"
    line = f"zip -0 -X -q -r {theirs} . && sync {theirs}"
    return {
        BUILD: take(BUILD, [sys.executable, packing.__file__, str(folder), str(ours)], ours),
        ZIP: take(ZIP, ["/bin/sh", "-c", line], theirs),
    }


def check(name: str, place: Path, folder: Path) -> None:
    """See that a zip holds all files and nothing else."""
    with zipfile.ZipFile(place) as archive:
        held = {each for each in archive.namelist() if not each.endswith("/")}
    if held != {*members(folder), MANIFEST}:
        raise Wrong(f"{name}: other files than were to be zipped")


def audits(folder: Path, bundle: Path, out: Path) -> dict[str, Take]:
    """Return the audits of one bundle; ours must say PASS."""
    gate = [sys.executable, str(GATE), "--layout", "any", "--zip", str(bundle)]
    sums, there = f"sha256sum -c --strict --quiet {MANIFEST}", out / "there"
    whole = f"unzip -tqq {bundle} && unzip -qq {bundle} -d {there} && cd {there} && {sums}"

    def ours(_: int) -> Sample:
        sample = measure.once(gate, folder)
        if not sample.printed.endswith("RESULT: PASS\n"):
            raise Wrong(sample.printed)
        return sample

    def theirs(line: str) -> Take:
        def taken(_: int) -> Sample:
            shutil.rmtree(there, ignore_errors=True)
            return measure.once(["/bin/sh", "-ec", line], folder)

        return taken

    return {AUDIT: ours, LOOK: theirs(f"unzip -tqq {bundle}; {sums}"), WHOLE: theirs(whole)}


def run(sizes: Sequence[int], folder: Path, runs: int) -> list[Row]:
    """Return the rows of all sizes."""
    found: list[Row] = []
    for size in sizes or SIZES:
        top, out = folder / str(size), folder / f"{size}-out"
        write(top, size)
        out.mkdir()
        found += contest.rows("build", size, measure.interleaved(builds(top, out), runs), BUILD)
        (out / "theirs.zip").unlink()
        takes = audits(top, out / "ours.zip", out)
        found += contest.rows("audit", size, measure.interleaved(takes, runs), AUDIT)
        shutil.rmtree(top)
        shutil.rmtree(out)
    return found


def versions() -> Mapping[str, str]:
    """Return the versions of all programs."""
    asked = {"zip": "-v", "unzip": "-v", "sha256sum": "--version"}
    return {"Sealwright": __version__} | said(asked)
