"""Lines of a registry judged one after the other: what is wrong with them, and what they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sealwright.digest import Digest
from sealwright.errors import Damaged
from sealwright.ledger import Entry
from sealwright.lineage import rules
from sealwright.lineage.artifact import TYPES, Artifact
from sealwright.lineage.index import Index, Point, Row
from sealwright.lineage.lines import Broken
from sealwright.verdict import Finding, Verdict

_CHAIN = ("v", "seq", "prev")
_REMEDY = "bring back the registry as it was"


@dataclass(frozen=True, slots=True)
class Found:
    """A record and its line: number from 1, offset, bytes with LF, digest without."""

    artifact: Artifact
    number: int
    offset: int
    size: int
    digest: Digest


def found(path: Path, entry: Entry) -> Found:
    """Return the record of a line of the registry at ``path``; `Damaged` if it is none."""
    try:
        artifact = _artifact(entry)
    except ValueError as problem:
        raise Damaged(f"{path}:{entry.number}: {problem}; {_REMEDY}") from None
    return Found(artifact, entry.number, entry.offset, len(entry.line) + 1, entry.digest)


def _artifact(entry: Entry) -> Artifact:
    record = {name: value for name, value in entry.record.items() if name not in _CHAIN}
    return Artifact.of(record)


def row(artifact: Artifact, number: int, offset: int, line: bytes, digest: str) -> Row:
    """Return what an index keeps of a record."""
    parent = artifact.parents[0].artifact_id if artifact.parents else ""
    kept = (artifact.artifact_id, artifact.artifact_type, artifact.relpath, artifact.sha256)
    return Row(number, *kept, parent, offset, len(line) + 1, digest)


@dataclass(slots=True)
class Survey:
    """Judges lines against those that ``index`` knows, and adds them to it."""

    path: Path
    index: Index
    findings: list[Finding] = field(default_factory=list)
    types: Counter[str] = field(default_factory=Counter)
    clock_backwards: int = 0
    _last: Entry | None = None
    _clock: str = ""

    def take(self, entries: Iterable[Entry]) -> Iterator[tuple[Entry, Artifact]]:
        """Yield what the lines tell of; the first that is broken is the last that is looked at."""
        try:
            for entry in entries:
                self._last = entry
                if rules.is_cut(entry.record):
                    self._cut(entry)
                elif artifact := self._judged(entry):
                    yield entry, artifact
        except Broken as broken:
            self.findings.append(broken.finding)

    def point(self) -> Point | None:
        """Return how far the lines went that were looked at, or None if there were none."""
        if (last := self._last) is None:
            return None
        size = last.offset + len(last.line) + 1
        return Point(size, last.number, last.offset, last.digest)

    def verdict(self) -> Verdict:
        """Answer for all lines, if ``take`` was given all of them."""
        seen: dict[str, Any] = {"lines": 0}
        if self._last:
            seen = {"lines": self._last.number, "head": self._last.digest}
        seen["types"] = {kind: self.types[kind] for kind in TYPES if self.types[kind]}
        seen["recovered"] = len(self.index.cuts())
        seen["clock_backwards"] = self.clock_backwards
        return Verdict(tuple(self.findings), seen)

    def _judged(self, entry: Entry) -> Artifact | None:
        try:
            artifact = _artifact(entry)
        except ValueError as problem:
            self._say(entry, str(problem))
            return None
        for reason in rules.reasons(artifact, self.index):
            self._say(entry, reason)
        self.index.add(row(artifact, entry.number, entry.offset, entry.line, entry.digest))
        self.types[artifact.artifact_type] += 1
        self.clock_backwards += artifact.created_at_utc < self._clock
        self._clock = artifact.created_at_utc
        return artifact

    def _cut(self, entry: Entry) -> None:
        if reason := rules.against_cut(entry.record, entry.number):
            self._say(entry, reason)
        else:
            self.index.add_cut(entry.number, entry.digest)

    def _say(self, entry: Entry, what: str) -> None:
        self.findings.append(Finding(f"{self.path}:{entry.number}", what, _REMEDY))
