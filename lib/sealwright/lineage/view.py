"""The part of a registry that a snapshot holds: it stays the same while snapshots are added.

It is the longest prefix that ends in a record of another type than `EXPORTS`.  An export
adds only such records, so the next one holds the same lines, and any old one can be made
again from what it says: bytes, lines, and the digest of the last line.  A line that records
a cut may stand inside of a prefix, and ends none.
"""

from __future__ import annotations

import builtins
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sealwright.digest import PIECE, Digest
from sealwright.errors import Damaged
from sealwright.ledger import Entry
from sealwright.lineage import lines, rules
from sealwright.lineage.artifact import EXPORTS
from sealwright.lineage.survey import Found, found


class _Kept(Protocol):
    @property
    def path(self) -> Path: ...


@dataclass(frozen=True, slots=True)
class Prefix:
    """The first lines of a registry: how many bytes and lines, and the last one's digest."""

    bytes: int = 0
    lines: int = 0
    head: Digest | None = None

    def read(self, registry: _Kept) -> Iterator[builtins.bytes]:
        """Yield exactly the bytes of the prefix; `Damaged` if the registry does not begin so."""
        self._prove(registry)
        for offset in range(0, self.bytes, PIECE):
            yield lines.at(registry.path, offset, min(PIECE, self.bytes - offset))

    def entries(self, registry: _Kept) -> Iterator[Found]:
        """Yield the records of the prefix; `Damaged` if the registry does not begin so."""
        self._prove(registry)
        for entry in itertools.takewhile(self._holds, lines.after(registry.path, None)):
            if not rules.is_cut(entry.record):
                yield found(registry.path, entry)

    def _holds(self, entry: Entry) -> bool:
        return entry.number <= self.lines

    def _prove(self, registry: _Kept) -> None:
        last = next(lines.backwards(registry.path, self.bytes), None)
        if self != (_upto(last) if last else Prefix()):
            there = f"{last.digest} on line {last.number}" if last else "none"
            expected = f"{self.head} on line {self.lines} before byte {self.bytes}"
            what = f"expected {expected}, found {there}; bring back the registry as it was"
            raise Damaged(f"{registry.path}:{self.lines}: {what}")


def prefix(registry: _Kept) -> Prefix:
    """Return the prefix that a snapshot made now holds; reads from the end backwards."""
    for entry in lines.backwards(registry.path):
        if not rules.is_cut(entry.record) and entry.record.get("artifact_type") not in EXPORTS:
            return _upto(entry)
    return Prefix()


def _upto(last: Entry) -> Prefix:
    return Prefix(last.offset + len(last.line) + 1, last.number, last.digest)
