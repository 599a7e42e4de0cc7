"""The two names of a package, and what a text says when one becomes the other.

A name is replaced where it stands as a word, as a dotted name or as a path.  It is no word inside
another identifier: ``test_project_builder`` keeps its name, since the migration renames a package
and not what is called after it.

>>> names = Names("project_builder", "coo")
>>> names.renamed("project_builder/tests/test_a.py::test_run[project_builder.run]")
'coo/tests/test_a.py::test_run[coo.run]'
>>> names.renamed("tests/test_project_builder.py::TestProjectBuilder")
'tests/test_project_builder.py::TestProjectBuilder'
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable
from dataclasses import dataclass

from sealwright.errors import Misconfigured


@dataclass(frozen=True, slots=True)
class Names:
    """The import name to retire, and the one that replaces it."""

    legacy: str
    canonical: str

    @property
    def both(self) -> tuple[str, str]:
        """Return both names."""
        return self.legacy, self.canonical

    def check(self) -> None:
        """Raise `Misconfigured` unless both are names of top-level packages, and two."""
        for name in self.both:
            if not name.isascii() or not name.isidentifier() or keyword.iskeyword(name):
                expected = "the name of a top-level package, in ASCII"
                raise Misconfigured(f"package: expected {expected}, found {name!r}")
        if self.legacy == self.canonical:
            raise Misconfigured(f"package: expected two names, found {self.legacy} twice")

    def renamed(self, text: str) -> str:
        """Return ``text`` with the canonical name wherever the legacy one is a word of it."""
        text = _word(self.legacy).sub(self.canonical, text)
        if "." not in self.legacy and "." not in self.canonical:
            return text
        return _word(self.legacy.replace(".", "/")).sub(self.canonical.replace(".", "/"), text)

    def command(self, command: Iterable[str]) -> tuple[str, ...]:
        """Return a command for the canonical package; its program keeps its name."""
        program, *arguments = command
        return program, *map(self.renamed, arguments)


def _word(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
