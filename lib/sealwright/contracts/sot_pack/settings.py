"""``config/sot_pack.yaml``: what is packed, where things lie, and what verifies a commit."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass

from sealwright import digest, paths
from sealwright.document import Table
from sealwright.errors import Misconfigured
from sealwright.paths import RelPath
from sealwright.step import Fact, File, Member, Record, World

FILE = "config/sot_pack.yaml"
MANIFEST, SUMS, WALKTHROUGH = "manifest.json", "sha256sums.txt", "walkthrough.md"


@dataclass(frozen=True, slots=True)
class Settings:
    """What the configuration says, with the defaults of the document."""

    documents: tuple[RelPath, ...]
    snapshots: RelPath
    feed: RelPath
    packs: RelPath
    phase: str
    verification: tuple[str, ...]
    forbidden: tuple[str, ...]
    lint_report: File
    report: File

    @classmethod
    def read(cls, world: World, table: Table) -> Settings:
        """Return the settings in ``table``; `Misconfigured` says where it is wrong."""
        made = cls(
            documents=table.paths("documents", _paths("0luka.md", "tools/catalog_lookup.zsh")),
            snapshots=table.path("snapshots", paths.parse("observability/artifacts/snapshots")),
            feed=table.path("feed", paths.parse("observability/stl/ledger/activity_feed.jsonl")),
            packs=table.path("packs", paths.parse("observability/artifacts/sot_packs")),
            phase=table.string("phase", "PHASE_14"),
            verification=table.strings("verification"),
            forbidden=table.strings("forbidden_words", ()),
            lint_report=File(world.report("activity_feed_lint.json")),
            report=File(world.report("sot_pack.json")),
        )
        made._check(table)
        return made

    def _check(self, table: Table) -> None:
        """Raise `Misconfigured` for what is of the right kind and makes no sense."""
        own = (MANIFEST, SUMS, WALKTHROUGH)
        named = {"documents": self.documents, "snapshots": (self.snapshots,)}
        for key, values in named.items():
            for path in values:
                if path.partition("/")[0] in own:
                    raise _wrong(table, key, f"names other than {', '.join(own)}", path)
        if not self.documents:
            raise _wrong(table, "documents", "at least one path")
        if not self.verification:
            raise _wrong(table, "verification", "a command, such as [python, -m, pytest, -q]")
        for word in self.forbidden:
            if not re.fullmatch("[0-9a-f]{64}", word):
                raise _wrong(table, "forbidden_words", "SHA-256 digests of 64 digits", word)

    @property
    def member(self) -> Member:
        """Return the pack as an output: one new folder among the packs."""
        return Member(self.packs, "{ts}_{shortsha}")

    @property
    def verified(self) -> Record:
        """Return the lines that say that a commit is verified."""
        return Record(self.feed, "verified")

    @property
    def sealed(self) -> Record:
        """Return the line that seals a pack."""
        return Record(self.feed, "sot_seal")

    @property
    def latest(self) -> File:
        """Return the link that leads to the last sealed pack."""
        return File(RelPath(f"{self.packs}/latest"))

    @property
    def lock(self) -> RelPath:
        """Return the lock file that lies among the packs while one is made."""
        return RelPath(f"{self.packs}/.build_lock")

    @property
    def whole_feed(self) -> Fact:
        """Return the whole feed as a view: its digest."""

        def read(world: World) -> str | None:
            place = world.place(self.feed)
            return digest.of_file(place).sha256 if place.is_file() else None

        return Fact("activity feed", read, ledger=self.feed)

    def command(self) -> tuple[str, ...]:
        """Return the verification's words; ``python`` is the interpreter that runs Sealwright."""
        first, *rest = self.verification
        return (sys.executable if first == "python" else first, *rest)


def _wrong(table: Table, key: str, expected: str, found: str = "") -> Misconfigured:
    shown = repr(found) if found else "an empty list"
    return Misconfigured(f"{table.where(key)}: expected {expected}, found {shown}")


def _paths(*texts: str) -> tuple[RelPath, ...]:
    return tuple(map(paths.parse, texts))
