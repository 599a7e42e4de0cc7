"""What earlier scans found in contents: an accelerator, never evidence.

A content's findings depend on its bytes and on the ruleset alone.  So they are remembered by the
content's BLAKE3, under the ruleset's SHA-256, and a file whose digest is known without reading
(see `sealwright.stat_cache`) is not read.  Only what the last scan met is kept::

    {"contents":{"blake3:…":[[LINE,COLUMN,"PATTERN","EXCERPT","LINE_SHA256"],…],…},
     "grammar":1,"ruleset":"sha256:…"}

A file that is not such a line in canonical bytes, or of another grammar or ruleset, is as good
as none.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from sealwright import durable
from sealwright.digest import Digest, Sums
from sealwright.runtime import canonical

GRAMMAR = 1  # to be raised with every change of what is found by the same ruleset
_KINDS = (int, int, str, str, str)


class Place(NamedTuple):
    """A finding in a content, whatever the file is called."""

    line: int
    column: int
    pattern: str
    excerpt: str
    line_sha256: str


class Digests(Protocol):
    """Digests of files by what `stat` says, such as `sealwright.stat_cache.StatCache`."""

    def word(self, path: str, info: os.stat_result) -> str | None:
        """Return the BLAKE3 of an unchanged file, or None."""

    def put(self, path: str, info: os.stat_result, sums: Sums) -> None:
        """Remember digests."""


class Known:
    """Findings by content, for one ruleset."""

    def __init__(self, file: Path, digests: Digests, ruleset: Digest) -> None:
        self.digests = digests
        self._file, self._ruleset = file, ruleset
        self._before = _read(file, ruleset)
        self.remembers = bool(self._before)
        self._met: dict[str, tuple[Place, ...]] = {}

    def recall(self, word: str) -> tuple[Place, ...] | None:
        """Return the findings in a content, or None if it was never read."""
        found = self._met.get(word)
        if found is None and word in self._before:
            found = tuple(Place(*each) for each in self._before[word])
            self._met[word] = found
        return found

    def learn(self, word: str, places: tuple[Place, ...]) -> None:
        """Remember the findings in a content."""
        self._met[word] = places

    def save(self) -> None:
        """Write what this scan met, if it is not what was known."""
        contents = {word: [list(place) for place in places] for word, places in self._met.items()}
        if contents != self._before:
            told = {"grammar": GRAMMAR, "ruleset": self._ruleset, "contents": contents}
            durable.mkdir(self._file.parent)
            durable.write(self._file, canonical.line(told))


def _read(file: Path, ruleset: Digest) -> dict[str, list[list[Any]]]:
    try:
        told = canonical.decode_line(file.read_bytes())
        contents: dict[str, list[list[Any]]] = told["contents"]
        lists = [place for places in contents.values() for place in places]
        whole = all(tuple(map(type, place)) == _KINDS for place in lists)
    except (OSError, canonical.NotCanonical, KeyError, TypeError, AttributeError):
        return {}
    same = (told.get("grammar"), told.get("ruleset")) == (GRAMMAR, ruleset)
    return contents if whole and same else {}
