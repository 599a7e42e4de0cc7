"""Metadata that a build left beside the sources: ``NAME.egg-info``, ``NAME.dist-info``.

=====================  ======================================================================
``entry_points.txt``   what follows the sign leads into modules: rewritten (R9); names and
                       groups stay
``top_level.txt``      import names: rewritten (R9)
all others             lists of files, dependencies, prose: made anew by the next build
=====================  ======================================================================
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable

from sealwright.contracts.coo.rewriting import structured_kinds as kinds
from sealwright.contracts.coo.rewriting.texts_sheet import Sheet
from sealwright.paths import RelPath

_LINE = re.compile(r"[^\n]+")
_FOLDER = re.compile(r".*\.(?:egg|dist)-info")


def scanner(path: RelPath) -> Callable[[Sheet], None] | None:
    """Return what decides about a file of metadata; None if it is none."""
    folder, name = posixpath.split(path)
    if not _FOLDER.fullmatch(folder):
        return None
    return {"entry_points.txt": _points, "top_level.txt": _names}.get(name, _others)


def _points(sheet: Sheet) -> None:
    for line in _LINE.finditer(sheet.text):
        header = line[0].lstrip().startswith(("[", "#", ";"))
        (kinds.group if header else kinds.entries)(sheet, *line.span())


def _names(sheet: Sheet) -> None:
    kinds.module(sheet, 0, len(sheet.text))


def _others(sheet: Sheet) -> None:
    kinds.never(sheet, 0, len(sheet.text))
