"""Texts that are the same in whatever folder they were said.

Absolute paths of this run are written ``{tree}/…``, ``{environment}/…`` and so on, and the address
in an object's representation is left out.

>>> Spelling.of(tree=Path("/tmp/run/tree"), work=Path("/tmp/run"))("/tmp/run/tree/a.py, /tmp/run/b")
'{tree}/a.py, {work}/b'
>>> Spelling.of()("test_run[<object object at 0x7f90a1b2>]")
'test_run[<object object at 0x>]'
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_ADDRESS = re.compile(r"( at 0x)[0-9a-fA-F]+")


@dataclass(frozen=True, slots=True)
class Spelling:
    """Which place is called what; a longer path is looked for before a shorter one."""

    places: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, **places: Path) -> Spelling:
        """Return the spelling that gives each place its keyword as a name."""
        pairs = {
            str(spelled): f"{{{name}}}"
            for name, place in places.items()
            for spelled in (place, place.resolve())
        }
        return cls(tuple(sorted(pairs.items(), key=lambda pair: (-len(pair[0]), pair))))

    def __call__(self, text: str) -> str:
        """Return ``text`` as it would be said of the same things elsewhere."""
        for place, name in self.places:
            text = text.replace(place, name)
        return _ADDRESS.sub(r"\1", text)
