"""What is wrong with a document, all of it at once, each thing with its line and column."""

from __future__ import annotations

from dataclasses import dataclass, field

from sealwright.errors import Misconfigured

Place = tuple[int, int]  # line and column, from 1


@dataclass(slots=True)
class Problems:
    """Complaints about the document ``name``, in the order of their places."""

    name: str
    _found: list[tuple[Place, str]] = field(default_factory=list)

    def add(self, place: Place, sentence: str) -> None:
        """Keep one complaint."""
        self._found.append((place, sentence))

    def enforce(self) -> None:
        """Raise `Misconfigured` with every complaint, one a line, if there are any."""
        if self._found:
            told = (f"{self.name}:{at[0]}:{at[1]}: {what}" for at, what in sorted(self._found))
            raise Misconfigured("\n".join(dict.fromkeys(told)))
