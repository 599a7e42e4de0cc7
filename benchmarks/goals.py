"""What the project set itself: our seconds, at most so many times a peer's, and what was reached.

A peer with several forms counts by the quickest of them, as with doit and its databases.  Where
the peer is we ourselves at another size, as with registries, ``at`` says which.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks import bundles, migrations, scans, snapshots
from benchmarks.contest import Row
from benchmarks.manifests import PLAIN, WARM
from benchmarks.peers import OURS, doit
from benchmarks.registries import NEW, TOOL

Results = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Goal:
    """One goal: in which rows of which family, and how many times the peer's seconds."""

    text: str
    most: float
    family: str
    what: str
    size: int
    ours: str
    peers: tuple[str, ...]  # the quickest of them counts
    at: int | None = None  # the peer's size, if it is another

    def reached(self, results: Results) -> tuple[float, int] | None:
        """Return our seconds over the peer's, and the largest size at which both were taken."""
        rows = results.get(self.family, {}).get("rows", [])
        for size in sorted({row["size"] for row in rows if row["what"] == self.what}, reverse=True):
            ours = _quickest(self._taken(rows, size), (self.ours,))
            peer = _quickest(self._taken(rows, self.at or size), self.peers)
            if ours and peer:
                return ours / peer, size
        return None

    def _taken(self, rows: Sequence[Row], size: int) -> list[Row]:
        return [row for row in rows if (row["what"], row["size"]) == (self.what, size)]

    def row(self, results: Results) -> str:
        """Return the goal as a line of a table."""
        found = self.reached(results)
        if found is None:
            return f"| {self.text} | {_times(self.most)} | not measured | |"
        ratio, size = found
        at = "" if size == self.size else f" at {size:,}"
        held = "reached" if ratio <= self.most else "missed"
        return f"| {self.text} | {_times(self.most)} | {_times(ratio)}{at} | {held}{at} |"


@dataclass(frozen=True, slots=True)
class Memory:
    """A goal for our peak memory, in megabytes of 10^6 bytes; ours is the largest process."""

    text: str
    most: float
    family: str
    what: str
    size: int
    ours: str

    def row(self, results: Results) -> str:
        """Return the goal as a line of a table."""
        rows = results.get(self.family, {}).get("rows", [])
        asked = (self.what, self.size, self.ours)
        taken = [r["peak_mib"] for r in rows if (r["what"], r["size"], r["tool"]) == asked]
        if not taken:
            return f"| {self.text} | {self.most:.0f} MB | not measured | |"
        found = max(taken) * 2**20 / 10**6
        held = "reached" if found <= self.most else "missed"
        return f"| {self.text} | {self.most:.0f} MB | {found:.0f} MB | {held} |"


def _times(ratio: float) -> str:
    return f"{ratio:.2f} ×"


def _quickest(rows: Sequence[Row], tools: Collection[str]) -> float | None:
    found = [row["seconds"] for row in rows if "seconds" in row and row["tool"] in tools]
    return min(found, default=None)


NO_OP = ("graphs", "no-op", 10_000, "Sealwright")
EXPORTED = ("snapshots", "export", 50_000, snapshots.EXPORT)
BACKUPS = {"restic": snapshots.RESTIC, "borg": snapshots.BORG}
DOIT = tuple(peer.name for peer in doit.PEERS)
SCANNED = ("scans", "scan", scans.SIZES[0])
GOALS: tuple[Goal | Memory, ...] = (
    Goal("10,000 steps, nothing stale: stock doit, the quicker", 1, *NO_OP, DOIT),
    Goal(
        "10,000 steps, nothing stale: GNU make with its built-in rules",
        1 / 2,
        *NO_OP,
        ("GNU make",),
    ),
    Goal(
        "manifest of 100,000 files, cache filled: git status",
        *(3, "manifests", "many", 100_000, WARM, ("git status",)),
    ),
    Goal(
        "manifest of a few large files, no cache: sha256sum",
        *(1 / 3, "manifests", "large", 4, PLAIN, ("xargs sha256sum",)),
    ),
    Goal(
        "manifest of 50,000 small files, no cache: xargs -P sha256sum",
        *(1 / 2, "manifests", "small", 50_000, PLAIN, ("xargs -P sha256sum",)),
    ),
    Goal(
        "snapshot of 50,000 files, 1 GB: tar, sha256sum and gpg -z0 in a pipe",
        *(1, *EXPORTED, (snapshots.TAR,)),
    ),
    *(Goal(f"the same: a fresh {name}", 1, *EXPORTED, (peer,)) for name, peer in BACKUPS.items()),
    Memory("memory of that, at its peak", 64, *EXPORTED),
    Goal(
        "bundle of 1 GB, written: zip -0",
        *(1.1, "bundles", "build", 10_000, bundles.BUILD, (bundles.ZIP,)),
    ),
    Goal(
        "bundle of 1 GB, audited: unzip -t and sha256sum -c",
        *(1.1, "bundles", "audit", 10_000, bundles.AUDIT, (bundles.LOOK,)),
    ),
    Goal(
        "append to a registry of 1,000,000 records: to one of 1,000",
        *(1.1, "registries", "append", 1_000_000, TOOL, (TOOL,), 1_000),
    ),
    *(
        Goal(
            f"verify {new:,} new of 1,000,000 records: {new:,} new of 1,000",
            *(1.1, "registries", f"verify {new:,} new", 1_000_000, TOOL, (TOOL,), 1_000),
        )
        for new in NEW
    ),
    Goal("scan of 100 MB, memory filled: ripgrep", 1, *SCANNED, scans.WARM, (scans.RIPGREP,)),
    Goal("the same, from nothing: ripgrep", 3, *SCANNED, scans.COLD, (scans.RIPGREP,)),
    Goal(
        "renaming in 400 modules: LibCST or rope, the quicker",
        *(1, "rewriting", "rename", 400, OURS.name, ("LibCST", "rope")),
    ),
    Goal(
        "rehearsal of a migration with tests of 20 s: the runs of the tests alone",
        *(1.1, "migrations", "rehearsal", 200, OURS.name, (migrations.BARE,)),
    ),
)
