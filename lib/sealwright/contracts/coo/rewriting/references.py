"""What a scan of one file finds: edits that a rule decides, questions that none does.

A place in an `Edit` is a pair of byte offsets in the file.  A `Question` has a line, counted
from 1, and a column, counted from 0 in characters; its ``edits`` are what the ruling ``rewrite``
would splice, and without any it is the name at the place itself.  A mention is an occurrence of
the name that nothing which runs depends on.

>>> splice(b"import old", [Edit(7, 10, b"coo", "R1")])
b'import coo'
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from sealwright.errors import Damaged


@dataclass(frozen=True, slots=True)
class Edit:
    """Bytes that replace those from ``start`` to ``end``, and the rule that says so."""

    start: int
    end: int
    new: bytes
    rule: str


@dataclass(frozen=True, slots=True)
class Question:
    """An occurrence that no rule decides."""

    line: int
    column: int
    rule: str
    text: str
    why: str
    edits: tuple[Edit, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """Everything found in one file.

    ``said`` are those of the edits that only what the text says is the reason for, ``kept`` what
    stays only because of where it stands; both as the questions that they may become.
    """

    edits: tuple[Edit, ...] = ()
    questions: tuple[Question, ...] = ()
    mentions: int = 0
    said: tuple[Question, ...] = ()
    kept: tuple[Question, ...] = ()


class Index(Protocol):
    """What there is in the legacy package, under either of its names."""

    def resolves(self, dotted: str) -> bool:
        """Return whether ``old.module.attribute`` or ``old.module:attribute`` is there."""

    def on_disk(self, path: str) -> bool:
        """Return whether a path is there, from the source root or from the repository."""


def splice(data: bytes, edits: Iterable[Edit]) -> bytes:
    """Return ``data`` with all edits made; `Damaged` if two of them overlap."""
    pieces, here = [], 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        if not here <= edit.start <= edit.end <= len(data):
            raise Damaged(f"edit: expected one from byte {here} on, found {edit}")
        pieces += [data[here : edit.start], edit.new]
        here = edit.end
    return b"".join((*pieces, data[here:]))
