"""Places: where in a structured text a key or a string stands, without its quotes.

>>> Place(("tool", "flit", "module", "name"), 12, 15).role
'value'
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Place:
    """A key, or a string under the keys that lead to it; places in lists are no keys."""

    keys: tuple[str, ...]
    start: int
    end: int
    role: Literal["value", "key"] = "value"


class Unreadable(ValueError):
    """The text is not in the form that its name promises."""
