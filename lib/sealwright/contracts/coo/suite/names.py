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

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_SUFFIXES = (".py", ".pyi", ".pyc", ".so", ".pyd")


@dataclass(frozen=True, slots=True)
class Names:
    """A package's name before, and after; either may be dotted."""

    legacy: str
    canonical: str

    @property
    def both(self) -> tuple[str, str]:
        """Return both names."""
        return self.legacy, self.canonical

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


def below(name: str) -> str:
    """Return the path of a package or module, without a suffix, in a folder that holds it."""
    return name.replace(".", "/")


def holds(folder: Path, name: str) -> bool:
    """Return whether ``folder``, on a module search path, provides the package ``name``."""
    place = folder / below(name)
    if place.is_dir():
        return True
    try:
        return any(is_module(entry, place.name) for entry in os.listdir(place.parent))
    except (OSError, ValueError):  # no folder, or none that we may look into
        return False


def is_module(file: str, name: str) -> bool:
    """Return whether a file's name is that of the module ``name``, in any form."""
    return file.startswith(f"{name}.") and file.endswith(_SUFFIXES)
