"""Paths as a manifest tells them: the same ones wherever the repository and its ``.venv`` lie.

>>> places = Places(Path("/home/me/plans"), Path("/home/me/plans/.venv"))
>>> places.spell("/home/me/plans/.venv/bin/doit"), places.spell("/usr/bin/git")
('{venv}/bin/doit', '/usr/bin/git')
>>> places.spell_all("pytest from /home/me/plans:/home/me/plans2")
'pytest from {repo}:/home/me/plans2'
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

UNAVAILABLE = "unavailable"


def _own() -> Path | None:
    """Return the virtual environment that this runs in, if it is one."""
    return Path(sys.prefix) if sys.prefix != sys.base_prefix else None


@dataclass(frozen=True, slots=True)
class Places:
    """The folders whose own place does not matter: the repository and the virtual environment."""

    repository: Path
    environment: Path | None = field(default_factory=_own)

    def spell(self, path: str) -> str:
        """Return ``path`` as a manifest tells it."""
        for top, name in self._tops():
            if path == top or path.startswith(f"{top}/"):
                return name + written(path[len(top) :])
        return written(path)

    def spell_all(self, text: str) -> str:
        """Return ``text`` with each path in it as a manifest tells it."""
        for top, name in self._tops():
            text = re.sub(rf"(?<![\w.~/-]){re.escape(top)}(?![\w.~-])", name, text)
        return written(text)

    def _tops(self) -> Iterator[tuple[str, str]]:
        """Yield the folders with their names, an inner one before the one it lies in."""
        named = ((self.environment, "{venv}"), (self.repository, "{repo}"))
        tops = {
            spelled: name
            for place, name in named
            if place is not None
            for spelled in (os.path.abspath(place), os.path.realpath(place))
            if spelled != "/"
        }
        yield from sorted(tops.items(), key=lambda item: (-len(item[0]), item[0]))


def written(text: str) -> str:
    """Return what others chose, such as a name that is not UTF-8, as UTF-8 can write it."""
    return os.fsencode(text).decode("utf-8", "backslashreplace")


def text(place: Path) -> str | None:
    """Return what a file of the system says, or None where it cannot be read."""
    try:
        return place.read_text("utf-8", "backslashreplace")
    except OSError:
        return None


def line(place: Path) -> str:
    """Return the one line that a file of the system holds, or that it is unavailable."""
    return (text(place) or "").strip() or UNAVAILABLE
