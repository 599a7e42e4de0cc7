r"""A pickle in the bytes of a source: what its text must become under another name.

The edits of the pickle (`texts_pickles`) are carried to where its bytes are written: a length or a
frame is spelled anew in hexadecimal, a name letter by letter.  What comes out is read again, and
must be the pickle under the other name; else there are no edits, and why is said.

>>> source = r'b"\x80\x04\x8c\x03old\x94\x8c\x01x\x94\x93\x94."'
>>> made = parts(Literal.of(source, 0, len(source)), 0, len(source), Names("old", "tools"))
>>> [(part.start, part.end, part.text) for part in made.parts]
[(14, 18, '\\x05'), (18, 21, 'tools')]
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sealwright.contracts.coo.package_names import Names
from sealwright.contracts.coo.rewriting import texts_pickles
from sealwright.contracts.coo.rewriting.literals import Literal
from sealwright.contracts.coo.rewriting.references import Edit, splice

_WHY = "is in the bytes of a pickle, which are more than text"
_ACROSS = re.compile(r"[\"'\n]")


class Part(NamedTuple):
    """Characters of a source, and what they become."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class PickledLiteral:
    """What is asked about a pickle in a source, and what ``rewrite`` would do."""

    why: str
    parts: tuple[Part, ...] = ()


def parts(literal: Literal, start: int, end: int, names: Names) -> PickledLiteral:
    """Return what becomes of the literal from ``start`` to ``end`` of its source, a pickle."""
    data = literal.value.encode("latin-1")
    found = texts_pickles.read(data, names)
    if found is None or not found.edits:
        reason = f": {found.reason}" if found and found.reason else ""
        return PickledLiteral(f"{_WHY}{reason}; write it anew, or keep it")
    made = tuple(_part(literal, edit) for edit in found.edits)
    if _value(literal.source, start, end, made) != splice(data, found.edits):
        return PickledLiteral(f"{_WHY}, and is spelled across pieces; write it anew, or keep it")
    return PickledLiteral(f"{_WHY}: {'; '.join(sorted(set(found.named)))}", made)


def _part(literal: Literal, edit: Edit) -> Part:
    start, end = literal.places[edit.start], literal.places[edit.end]
    new = edit.new.decode("latin-1")
    name = edit.end - edit.start > 1 and new.isidentifier()
    return Part(start, end, new if name else "".join(f"\\x{ord(each):02x}" for each in new))


def _value(source: str, start: int, end: int, made: Sequence[Part]) -> bytes:
    """Return the bytes that the literal is with all parts made; none if one is across pieces."""
    pieces, here = [], start
    for part in made:
        if _ACROSS.search(source, part.start, part.end):
            return b""
        pieces += [source[here : part.start], part.text]
        here = part.end
    try:
        return bytes(ast.literal_eval(f"({''.join((*pieces, source[here:end]))})"))
    except (SyntaxError, ValueError, TypeError):
        return b""
