"""A path that names the package's folder, or its one file: R8.

A path is of the package's if it is on disk from the source root or the repository; ``./``,
``../`` and what a format or variable puts before it are passed over.  One that begins elsewhere
and goes on like a path of the package's is asked about, and so is a file in the package that is
not there (yet).  In running text only the first is said of the package.

>>> class Disk:
...     on_disk = staticmethod("old/data".__eq__)
>>> PathWord("../", "old/data", "old", Disk()).decide().rule
'R8'
>>> PathWord("/usr/", "old/data", "old", Disk()).decide().why
"ends like a path of the package's"
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sealwright.contracts.coo.rewriting.decisions import MENTION, Decision, ask, edit
from sealwright.contracts.coo.rewriting.literals import HOLE
from sealwright.contracts.coo.rewriting.references import Index

_TEMPLATE_START = rf"(?:[.]{{1,2}}/|[^/]*[{HOLE}}}]/|%\([^)]*\)s/|%s/|\$\{{?\w+\}}?/)"
_OWN_START = re.compile(rf"{_TEMPLATE_START}(?:[.]{{1,2}}/)*\Z")
_FILE_NAME = re.compile(r"\.[A-Za-z]\w*\Z")


@dataclass(frozen=True, slots=True)
class PathWord:
    """A word: what is before the name in it, and what the name begins."""

    head: str
    tail: str
    name: str
    index: Index
    running: bool = False

    @property
    def is_path(self) -> bool:
        """Return whether the name is one part of a path."""
        after = self.tail[len(self.name) : len(self.name) + 1]
        if self.head[-1:] not in ("", "/") or not (after == "/" or self.head or self._is_file):
            return False
        return after in ("", "/") or self._is_file

    @property
    def _is_file(self) -> bool:
        files = (f"{self.name}.py", f"{self.name}.pyi")
        return self.tail in files and self.index.on_disk(self.tail)

    def decide(self) -> Decision:
        """Return what is done about the path."""
        own = _OWN_START.match(self.head) is not None
        if self.index.on_disk(self.head + self.tail) or (own and self.index.on_disk(self.tail)):
            return edit("R8")
        return MENTION if self.running else self._elsewhere()

    def _elsewhere(self) -> Decision:
        deep = self.tail.rstrip("/").count("/")
        there = self.index.on_disk(self.tail)
        if self.head == "/" and there:
            return ask("R8", "ends like a path of the package's, and may be an address")
        if self.head and deep and there:
            return ask("R8", "ends like a path of the package's")
        made = not self.head and deep and _FILE_NAME.search(self.tail)
        if made and self.index.on_disk(self.tail.rpartition("/")[0]):
            return ask("R8", "is a path in the package that is not there")
        return MENTION
