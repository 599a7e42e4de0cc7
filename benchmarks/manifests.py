"""The manifest of a folder, beside what else says whether a folder is as it was.

For N small files there are four folders, the same bytes each time: ``small``, N files of 1
to 8 KiB; ``large``, four files that hold 1 GiB together where N is 50,000; ``mixed``, both of
them; ``many``, 2N files of some bytes.  All of it is in the page cache before anything is
measured.  Ours ends with a sorted list; the others print in the order in which they find.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks import contest, listing, measure
from benchmarks.contest import Row
from benchmarks.measure import Sample, Wrong
from benchmarks.peers import find

SIZES = (50_000,)
PLAIN, COLD, WARM = "Sealwright", "Sealwright, filling a cache", "Sealwright, cache filled"
FIND = "find . -type f -print0 | xargs -0"
Take = Callable[[int], Sample]


def write(folder: Path, files: int) -> dict[str, tuple[Path, int]]:
    """Write the folders; return for each where it is, and how many files it holds."""
    source = random.Random("sealwright")
    for n in range(files):
        put(folder / "mixed/small", n, source.randbytes(source.randint(1 << 10, 8 << 10)))
    for n in range(4):
        put(folder / "mixed/large", n, b"".join(pieces(source, (files << 30) // 200_000)))
    for n in range(2 * files):
        put(folder / "many", n, b"%d\n" % n)
    places = {"small": "mixed/small", "large": "mixed/large", "mixed": "mixed", "many": "many"}
    counts = {"small": files, "large": 4, "mixed": files + 4, "many": 2 * files}
    return {name: (folder / place, counts[name]) for name, place in places.items()}


def put(folder: Path, number: int, data: bytes) -> None:
    path = folder / f"{number // 100:04}" / f"{number % 100:02}"
    if not number % 100:
        path.parent.mkdir(parents=True)
    path.write_bytes(data)


def pieces(source: random.Random, size: int) -> list[bytes]:
    return [source.randbytes(min(1 << 20, size - at)) for at in range(0, size, 1 << 20)]


def ours(root: Path, cache: Path) -> dict[str, Take]:
    """Return our own: without a cache, with an empty one to fill, and with a filled one."""
    argv = [sys.executable, listing.__file__, str(root)]
    empty, full = cache.with_suffix(".cold"), cache.with_suffix(".warm")
    measure.once([*argv, str(full)], root)

    def cold(_: int) -> Sample:
        empty.unlink(missing_ok=True)
        return measure.once([*argv, str(empty)], root)

    return {
        PLAIN: lambda _: measure.once(argv, root),
        COLD: cold,
        WARM: lambda _: measure.once([*argv, str(full)], root),
    }


def others(root: Path, files: int) -> dict[str, Take]:
    """Return the usual programs; two at once get shares small enough to keep both at work."""
    cores, share = os.cpu_count() or 1, max(1, min(500, files // 8))
    lines = {
        "xargs sha256sum": f"{FIND} sha256sum",
        "xargs -P sha256sum": f"{FIND} -P{cores} -n{share} sha256sum",
    }
    if find("b3sum"):
        lines["xargs b3sum"] = f"{FIND} b3sum"
    return {name: _shell(line, root) for name, line in lines.items()}


def _shell(line: str, root: Path) -> Take:
    return lambda _: measure.once(["/bin/sh", "-c", line], root)


def git(root: Path, store: Path) -> dict[str, Take]:
    """Return ``git status`` of the folder, committed; what git keeps lies outside of it."""
    argv = [find("git") or "git", f"--git-dir={store}", f"--work-tree={root}"]
    name = ["-c", "user.name=nobody", "-c", "user.email=nobody@invalid"]
    quick = ["-c", "core.compression=0", "-c", "gc.auto=0"]  # while it is prepared, only
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "all"]):
        env = measure.environment(str(store.parent))
        subprocess.run([*argv, *name, *quick, *words], cwd=root, env=env, check=True)
    return {"git status": lambda _: measure.once([*argv, "status", "--porcelain"], root)}


def agree(takes: dict[str, Take], files: int) -> None:
    """See that all of them say the same, in whatever order."""
    said = {name: take(-1).printed.replace("  ./", "  ") for name, take in takes.items()}
    for name, text in said.items():
        lines = sorted(text.splitlines())
        if name == "git status":
            right = not lines
        elif "b3sum" in name:
            right = len(lines) == files
        else:
            right = lines == sorted(said[PLAIN].splitlines()) and len(lines) == files
        if not right:
            raise Wrong(f"{name}: says something else than {PLAIN} of {files} files")


def run(sizes: Sequence[int], folder: Path, runs: int) -> list[Row]:
    """Return the rows of all sizes and folders."""
    found = []
    for size in sizes or SIZES:
        for name, (root, files) in write(folder / str(size), size).items():
            store = folder / f"{size}-{name}"
            takes = ours(root, store) | others(root, files) | git(root, store)
            agree(takes, files)
            figures = measure.interleaved(takes, runs)
            found += contest.rows(name, files, figures, PLAIN)
    return found
