"""Names of files inside a repository: relative, forward slashes, one spelling each.

A `RelPath` has no empty, ``.`` or ``..`` part, no backslash, no control character and no
drive, and does not begin with ``/`` or ``~``.  Spellings that mean the same place
(``./a``, ``a//b``, ``a/``) are one path; a path that leads out is refused, both as it is
written and where its symbolic links lead (see `sealwright.runtime.containment`).

>>> parse("./docs//plan.md")
'docs/plan.md'
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import NewType

from sealwright.errors import Misconfigured, Refused
from sealwright.runtime import containment

RelPath = NewType("RelPath", str)
TOP = RelPath(".")  # the repository itself, which only a tree may be
# A path in which there is nothing to mend or to refuse, up to a line's or the text's end.
PLAIN = r"(?:[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}+(?:/(?=.)|(?![^\n]))){1,8}+"
_PLAIN = re.compile(PLAIN)


def parse(text: str) -> RelPath:
    """Return the one spelling of ``text``, or raise `Misconfigured` with the reason."""
    if _PLAIN.fullmatch(text):
        return RelPath(text)
    spelled = text
    if not text.startswith("/"):
        spelled = "/".join(part for part in text.split("/") if part not in ("", ".")) or text
    try:
        return RelPath(containment.normalize(spelled))
    except containment.Escape as escape:
        raise Misconfigured(f"expected a path inside the repository, found {escape}") from None


def folder(text: str) -> RelPath:
    """Return the one spelling of a folder's path; ``.`` is the repository itself."""
    return TOP if text.rstrip("/") in (".", "./.") else parse(text)


def within(root: Path, path: RelPath) -> Path:
    """Return where ``path`` lies under ``root``; `Refused` if a symbolic link leads it out."""
    if path == TOP:
        return root
    try:
        return containment.contained(root, path)
    except containment.Escape as escape:
        raise Refused(f"expected a path inside {root}, found {escape}") from None


def relative(root: Path, place: Path) -> RelPath:
    """Return the path of ``place`` from ``root``, without following symbolic links."""
    found = os.path.relpath(place, root)
    return TOP if found == "." else parse(found)


def above(path: RelPath, other: RelPath) -> bool:
    """Return whether ``other`` is ``path`` or lies under it."""
    return path in (TOP, other) or other.startswith(path + "/")


def outermost(places: Iterable[RelPath]) -> tuple[RelPath, ...]:
    """Return those of ``places`` that lie in no other, each once, in the order of their bytes.

    >>> outermost(map(parse, ("a/b", "a-b", "a", "c/d")))
    ('a', 'a-b', 'c/d')
    """
    found: list[RelPath] = []
    for place in sorted(set(places), key=lambda place: [] if place == TOP else place.split("/")):
        if not found or not above(found[-1], place):
            found.append(place)
    return tuple(sorted(found, key=str.encode))
