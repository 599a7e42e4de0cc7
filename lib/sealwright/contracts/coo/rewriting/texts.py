"""Everything that is neither Python nor configuration, by what it is called and what it holds.

=========================================================  ==================================
``.rst .md .txt``, and names without a suffix              `texts_markup`
``.ipynb``                                                 `texts_notebooks`
``.pyx .pxd .pxi``, ``.c .h .cpp .rs``                     `texts_sources`
pickles                                                    a question, `texts_pickles` (H3)
other binary files                                         a question (H3)
translations ``.mo``; ``.po .pot``                         mentions; `texts_fixtures`, not asked
text that is no UTF-8                                      a question (H4)
templates, data and what else is text                      `texts_fixtures`
=========================================================  ==================================

The ruling ``rewrite`` of a pickle is exact where the question has edits; of any other binary
file only ``keep`` makes sense.
"""

from __future__ import annotations

import posixpath
from typing import cast

from sealwright.contracts.coo.package_names import Names
from sealwright.contracts.coo.rewriting import (
    python_files,
    structured,
    texts_markup,
    texts_pickles,
    texts_sources,
)
from sealwright.contracts.coo.rewriting.references import Found, Index, Question
from sealwright.contracts.coo.rewriting.texts_fixtures import fixture, read_by_code
from sealwright.contracts.coo.rewriting.texts_notebooks import Scan, notebook
from sealwright.contracts.coo.rewriting.texts_pickles import Pickled
from sealwright.contracts.coo.rewriting.texts_reading import mentions, open_sheet
from sealwright.contracts.coo.rewriting.texts_sheet import Sheet
from sealwright.paths import RelPath

DOCUMENTS = (".rst", ".md", ".markdown", ".mdx", ".txt", ".rest", ".myst", "")
_CYTHON = (".pyx", ".pxd", ".pxi")
_C = (".c", ".h", ".cc", ".cpp", ".cxx", ".hpp", ".hh", ".rs", ".m", ".mm", ".cu")
_PICKLES = (".pkl", ".pickle", ".pck", ".pcl", ".p")
_TRANSLATIONS = (".po", ".pot")
_WIDE = (b"\xff\xfe", b"\xfe\xff")


def scan(path: RelPath, data: bytes, names: Names, index: Index) -> Found:
    """Return what is found in one file."""
    return scan_with(cast("Scan", python_files.scan), path, data, names, index)


def scan_with(python: Scan | None, path: RelPath, data: bytes, names: Names, index: Index) -> Found:
    """Return what is found in one file; ``python`` reads the code of notebooks, if it is there."""
    if structured.owns(path):
        return structured.scan(path, data, names, index)
    suffix = posixpath.splitext(path)[1].lower()
    if suffix == ".mo":
        return Found(mentions=mentions(data, names))
    if suffix in _PICKLES or data[:1] == b"\x80":
        pickled = texts_pickles.read(data, names)
        if pickled is not None:
            return _pickle(data, names, pickled)
    if b"\0" in data and not data.startswith(_WIDE):
        return _binary(data, names)
    sheet = open_sheet(path, data, names, index)
    if isinstance(sheet, Found):
        return sheet
    if suffix == ".ipynb":
        return notebook(sheet, python)
    _act(sheet, path, suffix)
    return sheet.found()


def _act(sheet: Sheet, path: RelPath, suffix: str) -> None:
    asked = read_by_code(path, sheet.names.legacy, sheet.names.canonical)
    if suffix in _CYTHON:
        texts_sources.cython(sheet)
    elif suffix in _C:
        texts_sources.c(sheet)
    elif suffix in DOCUMENTS:
        texts_markup.document(sheet)
        if asked:
            fixture(sheet, ask=suffix == ".txt")
    else:
        fixture(sheet, ask=asked and suffix not in _TRANSLATIONS)


def _pickle(data: bytes, names: Names, found: Pickled) -> Found:
    count = mentions(data, names)
    if not found.named:
        why = f"a pickle that has the name {count} times, but not as a module"
        return _asked(names, why) if count else Found()
    why = f"a pickle that names {'; '.join(sorted(set(found.named)))}"
    why += f"; it cannot be rewritten: {found.reason}" if found.reason else ""
    return Found((), (Question(1, 0, "H3", names.legacy, why, found.edits),), 0)


def _binary(data: bytes, names: Names) -> Found:
    count = mentions(data, names)
    return _asked(names, f"a binary file that has the name {count} times") if count else Found()


def _asked(names: Names, why: str) -> Found:
    return Found((), (Question(1, 0, "H3", names.legacy, why),), 0)
