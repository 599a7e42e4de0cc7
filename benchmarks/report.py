"""``python -m benchmarks.report``: the results as the tables of docs/benchmarks.md and its picture.

Everything between two comments of the page is written anew from benchmarks/results; what
stands outside of them is a person's.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import picture
from benchmarks.contest import Row
from benchmarks.goals import GOALS, Results

RESULTS = Path(__file__).with_name("results")
DOCS = Path(__file__).resolve().parents[1] / "docs"
BEGIN, END = "<!-- begin of results -->\n", "<!-- end of results -->\n"
QUIET = 1.0  # more than this, and others were at work
TITLES = {
    ("graphs", "no-op"): "N steps of one file each, nothing stale",
    ("graphs", "one change"): "N steps of one file each, one input edited",
    ("graphs", "first run"): "N steps of one file each, from nothing",
    ("trees", "no-op"): "One step with a tree of N files, nothing stale",
    ("trees", "one change"): "One step with a tree of N files, one file edited",
    ("trees", "first run"): "One step with a tree of N files, from nothing",
    ("manifests", "small"): "Manifest of N small files",
    ("manifests", "large"): "Manifest of a few large files",
    ("manifests", "mixed"): "Manifest of both together",
    ("manifests", "many"): "Manifest of N tiny files",
    ("registries", "append"): "Registry of N records, one more",
    ("registries", "verify 10 new"): "Registry of N records, verifying 10 new ones",
    ("registries", "verify 100 new"): "Registry of N records, verifying 100 new ones",
    ("registries", "verify 1,000 new"): "Registry of N records, verifying 1,000 new ones",
    ("registries", "verify all"): "Registry of N records, verified from nothing",
    ("registries", "check"): "Registry of N records, verified without an index",
    ("snapshots", "export"): "Encrypted snapshot of N files",
    ("snapshots", "all"): "Snapshot of N files: the export, and the rest of ours",
    ("bundles", "build"): "Bundle of N files, written",
    ("bundles", "audit"): "Bundle of N files, audited",
    ("scans", "scan"): "Scan of N files for governance leaks",
    ("rewriting", "rename"): "Renaming of a package of N modules, planned; taken once",
    ("migrations", "rehearsal"): "Rehearsal of a migration with N tests, taken once",
    ("surface", "made"): "Page of a report of N steps, made",
    ("surface", "opened"): "Page of a report of N steps, opened by Chromium",
}


def load(folder: Path = RESULTS) -> Results:
    """Return the results of each family that there are."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}


def page(text: str, results: Results) -> str:
    """Return the page with its results replaced."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    lines = "\n".join(tables(results))
    return f"{before}{BEGIN}\n{lines}\n\n{END}{after}"


def tables(results: Results) -> Iterator[str]:
    """Yield the lines of all tables: the goals, and then what was measured."""
    loads = [result.get("machine", {}).get("load before", 0) for result in results.values()]
    if max(loads, default=0) > QUIET:
        yield from (f"**Taken on a busy machine (load average {max(loads)}): a first look.**", "")
    yield from (
        "| ours over that of a peer, or at another size | goal: at most | measured | |",
        "|---|---|---|---|",
    )
    yield from (goal.row(results) for goal in GOALS)
    for (family, what), title in TITLES.items():
        rows = [row for row in results.get(family, {}).get("rows", []) if row["what"] == what]
        if rows:
            yield from ("", f"### {title}", "", *_table(rows))
    yield from ("", "### Where and with what", "")
    yield from (_circumstances(name, result) for name, result in results.items())


def _table(rows: Sequence[Row]) -> Iterator[str]:
    sizes = sorted({row["size"] for row in rows})
    found = {(row["tool"], row["size"]): row for row in rows}
    yield f"| N | {' | '.join(f'{size:,}' for size in sizes)} | memory at {sizes[-1]:,} |"
    yield f"|---|{'---:|' * (len(sizes) + 1)}"
    for tool in dict.fromkeys(row["tool"] for row in rows):
        cells = [_cell(found.get((tool, size), {})) for size in sizes]
        yield f"| {tool} | {' | '.join(cells)} | {_memory(found.get((tool, sizes[-1]), {}))} |"


def _cell(row: Row) -> str:
    if "seconds" not in row:
        return f"not run: {row['not run']}" if "not run" in row else ""
    return f"{seconds(row['seconds'])} ({row['ratio']:.2f} ×)"


def seconds(number: float) -> str:
    """Return seconds with the digits that mean something."""
    return f"{number * 1000:.0f} ms" if number < 1 else f"{number:.1f} s"


def _memory(row: Row) -> str:
    if "peak_mib" not in row:
        return ""
    return "less than 5 MiB" if row["peak_mib"] < 5 else f"{row['peak_mib']:.0f} MiB"


def _circumstances(name: str, result: Mapping[str, Any]) -> str:
    machine = ", ".join(f"{key} {value}" for key, value in result["machine"].items())
    versions = ", ".join(f"{tool} {version}" for tool, version in result["versions"].items())
    return f"- **{name}**: {machine}; medians of {result['runs']}; {versions}."


def write() -> None:
    """Write the page and its picture from the results."""
    results, file = load(), DOCS / "benchmarks.md"
    file.write_text(page(file.read_text("utf-8"), results), "utf-8")
    (DOCS / "benchmarks.svg").write_text(picture.draw(results, TITLES), "utf-8")


if __name__ == "__main__":
    write()
