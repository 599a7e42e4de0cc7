"""``config/sot_pack.yaml``: what is packed, where things lie, and what verifies a commit."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sealwright import digest, paths
from sealwright.document import Table
from sealwright.paths import RelPath
from sealwright.step import Fact, File, Member, Record, World

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
        own = {MANIFEST, SUMS, WALKTHROUGH}
        if not made.documents or own & set(made.documents):
            raise table.wrong(
                "documents", f"at least one document, none of {', '.join(sorted(own))}"
            )
        if not made.verification:
            raise table.wrong("verification", "a command, such as [python, -m, pytest, -q]")
        for word in made.forbidden:
            if len(word) != 64 or not set(word) <= set("0123456789abcdef"):
                raise table.wrong("forbidden_words", "the SHA-256 of a lower-case word, 64 digits")
        return made

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
        """Return the whole feed as a view: its size and digest."""

        def read(world: World) -> Mapping[str, Any] | None:
            place = world.place(self.feed)
            if not place.is_file():
                return None
            sums = digest.of_file(place)
            return {"bytes": sums.size, "sha256": sums.sha256}

        return Fact("activity feed", read, ledger=self.feed)

    def command(self) -> tuple[str, ...]:
        """Return the verification's words; ``python`` is the interpreter that runs Sealwright."""
        first, *rest = self.verification
        return (sys.executable if first == "python" else first, *rest)


def _paths(*texts: str) -> tuple[RelPath, ...]:
    return tuple(map(paths.parse, texts))
