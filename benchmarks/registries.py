"""The registry of artifacts: what a record more costs, and what verifying costs.

A registry of N records is written line by line, six types in turn.  Each question is asked by
a program of its own, so an index is opened anew each time, as a command does it; what is
measured are the seconds that the program says the question took.  ``append`` is `admit` and
an append of one record that is synced; it has no meta, since the first that is searched for
secrets imports their detectors, which takes the same whatever the size.
``verify K new`` begins with an index that knows N lines, and finds K more.  ``verify all``
makes that index from nothing, ``check`` needs none.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks import contest, measure
from benchmarks.contest import Row
from benchmarks.measure import Figure, Sample, Wrong
from sealwright.ledger import LINES
from sealwright.lineage import FOLDERS, REGISTRY, ROOT, RUNS, Artifact, Parent
from sealwright.paths import RelPath
from sealwright.runtime import canonical

SIZES = (1_000, 1_000_000)
NEW = (10, 100, 1_000)
LONG = ("verify all", "check")  # they read everything, and are taken once
TOOL = "Sealwright"
TYPES = ("raw", "sanitized", "canon", "bundle_manifest", "build_spec", "work_order")
SCRIPT = """
import json, sys, time
from pathlib import Path
from sealwright.lineage import Artifact, Registry
what, root, index, payload = sys.argv[1:]
registry = Registry(Path(root), Path(index))
start = time.perf_counter()
if what == "append":
    made = Artifact.of(json.loads(payload))
    with registry.ledger.writing() as book:
        registry.admit([made])
        book.append(book.seal([made.payload()]))
    lines = 1
else:
    verdict = registry.check() if what == "check" else registry.catch_up()
    assert verdict.holds, verdict
    lines = verdict.evidence.get("new", verdict.evidence["lines"])
print(json.dumps([time.perf_counter() - start, lines]))
"""


def records(count: int) -> Iterator[Artifact]:
    """Yield lawful records, each type in turn the child of the one before."""
    parent: tuple[Parent, ...] = ()
    for number in range(count):
        kind = TYPES[number % len(TYPES)]
        name = f"{kind}-{number:08}"
        sha256 = hashlib.sha256(name.encode()).hexdigest()
        receipt = {"relpath": f"{RUNS}/{name}.jsonl", "sha256": sha256}
        where = RelPath(f"{ROOT}/{FOLDERS[kind]}/{name}.json")
        parents = parent if kind != "raw" else ()
        at = "2025-01-01T00:00:00Z"
        kept = (where, sha256, 100, "application/json", parents, {"receipt": receipt})
        yield Artifact(name, at, kind, *kept)
        parent = (Parent(name, sha256),)


def write(root: Path, count: int) -> list[int]:
    """Write a registry, and return the size that it had after each line."""
    path, previous, sizes = root / REGISTRY, None, [0]
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        for artifact in records(count):
            line = canonical.line(LINES.link(artifact.payload(), previous))
            file.write(line)
            previous = line[:-1]
            sizes.append(sizes[-1] + len(line))
    return sizes


def ask(what: str, root: Path, index: Path, lines: int, payload: str = "") -> Sample:
    """Ask in a program of its own, and return what it says that it took."""
    sample = measure.once(
        [sys.executable, "-c", SCRIPT, what, str(root), str(index), payload], root
    )
    seconds, found = json.loads(sample.printed.splitlines()[-1])
    if found != lines:
        raise Wrong(f"{what}: {found} lines, expected {lines}")
    return Sample(seconds, sample.peak_kib, sample.printed)


def takes(root: Path, count: int, sizes: list[int]) -> dict[str, Callable[[int], Sample]]:
    """Return the questions; each begins with an index of ``count`` lines, and no more lines."""
    path, index, full, rest = (root / name for name in (REGISTRY, "index", "full", "rest"))
    rest.write_bytes(path.read_bytes()[sizes[count] :])

    def begin(new: int) -> None:
        with path.open("rb+") as file:
            file.truncate(sizes[count])
            file.seek(0, 2)
            file.write(rest.read_bytes()[: sizes[count + new] - sizes[count]])
        for old in root.glob("index*"):
            old.unlink()

    def whole(_: int) -> Sample:
        begin(0)
        full.unlink(missing_ok=True)
        return ask("verify", root, full, count)

    def check(_: int) -> Sample:
        begin(0)
        return ask("check", root, index, count)

    def append(_: int) -> Sample:
        begin(0)
        shutil.copyfile(full, index)
        return ask("append", root, index, 1, json.dumps(following(count)))

    def verify(new: int) -> Callable[[int], Sample]:
        def take(_: int) -> Sample:
            begin(new)
            shutil.copyfile(full, index)
            return ask("verify", root, index, new)

        return take

    news = {f"verify {new:,} new": verify(new) for new in NEW}
    return {"verify all": whole, "check": check, "append": append, **news}


def following(count: int) -> dict[str, Any]:
    """Return a record that may follow any number of lines."""
    name = f"raw-{count + max(NEW):08}-more"
    return next(records(1)).payload() | {
        "artifact_id": name,
        "relpath": f"{ROOT}/raw/{name}",
        "meta": {},
    }


def run(sizes: Sequence[int], folder: Path, runs: int) -> list[Row]:
    """Return the rows of all sizes; what is short is taken by turns at all of them."""
    asked: dict[tuple[str, int], Callable[[int], Sample]] = {}
    for size in sizes or SIZES:
        root = folder / str(size)
        questions = takes(root, size, write(root, size + max(NEW)))
        asked |= {(what, size): take for what, take in questions.items()}
    found: list[Row] = []
    for (what, size), figure in measured(asked, runs).items():
        found += contest.rows(what, size, {TOOL: figure}, TOOL)
    return found


def measured(
    asked: dict[tuple[str, int], Callable[[int], Sample]], runs: int
) -> dict[tuple[str, int], Figure]:
    """Take those that read everything once, and then the others by turns."""
    once = {key: asked.pop(key) for key in list(asked) if key[0] in LONG}
    return measure.interleaved(once, 1) | measure.interleaved(asked, runs)
