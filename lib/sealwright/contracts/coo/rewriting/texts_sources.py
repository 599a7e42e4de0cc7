"""Sources that no parser of ours reads: Cython and other Pythons by their lines, C by its strings.

Cython has import statements and uses as Python has them, and ``include`` and ``extern from``
with paths.  So has a Python that this one cannot parse; there the name alone in quotes is a
question.  In C, a string is the package where a function of Python's takes the name of a
module (R4), where a dotted name in it resolves (R3), or as the path of an ``#include`` (R8);
any other string with the name is a question, a comment is prose.
"""

from __future__ import annotations

import re

from sealwright.contracts.coo.rewriting import texts_code
from sealwright.contracts.coo.rewriting.texts_sheet import Sheet
from sealwright.contracts.coo.rewriting.texts_words import DOTTED, MODULES, OBJECT, PATH, Word

_LINE = re.compile(r"[^\n]+")
_PIECE = re.compile(
    r"//[^\n]*|/\*.*?\*/|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|#\s*include\s*<[^>\n]*>", re.S
)
_TAKES_MODULE = re.compile(
    r"(?:PyImport_\w+|PyState_\w+|PyCapsule_Import|PyErr_NewException\w*|import|import_module"
    r"|module_?|pyo3|pymodule)\s*[(=!]?\s*(?:\w+,\s*)?\"\Z"
)
_METHOD = re.compile(r"\"\s*,\s*(?:\(\s*PyCFunction\s*\)|_PyCFunction_CAST|\w+\s*,\s*METH_)")


def cython(sheet: Sheet) -> None:
    """Decide about a ``.pyx``, ``.pxd`` or ``.pxi``."""
    bound = texts_code.imports(sheet, 0, len(sheet.text))
    for line in _LINE.finditer(sheet.text):
        if re.match(r"\s*(?:include|cdef\s+extern\s+from)\b", line[0]):
            for word in sheet.within(*line.span()):
                _path(sheet, word)
        texts_code.uses(sheet, *line.span(), bound=bound)


def python(sheet: Sheet) -> None:
    """Decide about Python that cannot be parsed."""
    texts_code.comments(sheet, 0, len(sheet.text))
    bound = texts_code.imports(sheet, 0, len(sheet.text))
    for line in _LINE.finditer(sheet.text):
        texts_code.uses(sheet, *line.span(), bound=bound)
    for word in sheet.within(0, len(sheet.text)):
        around = sheet.text[word.start - 1 : word.start] + sheet.text[word.right : word.right + 1]
        if around in ("''", '""'):
            sheet.ask(word, "R4", "is alone in quotes")
        else:
            sheet.mention(word)


def c(sheet: Sheet) -> None:
    """Decide about a source or header of C, C++ or Rust."""
    for piece in _PIECE.finditer(sheet.text):
        for word in sheet.within(*piece.span()):
            if piece[0].startswith(("//", "/*")):
                sheet.mention(word)
            elif word.kind == PATH:
                _path(sheet, word)
            else:
                _string(sheet, word)


def _path(sheet: Sheet, word: Word) -> None:
    if word.kind == PATH and sheet.exists(word):
        sheet.rewrite(word, "R8")


def _string(sheet: Sheet, word: Word) -> None:
    before = sheet.text[max(0, word.start - 80) : word.start]
    if word.kind not in MODULES:
        sheet.mention(word)
    elif word.kind in (DOTTED, OBJECT) and sheet.resolves(word):
        sheet.rewrite(word, "R3")
    elif _TAKES_MODULE.search(before):
        sheet.rewrite(word, "R4")
    elif _METHOD.match(sheet.text, word.right):
        sheet.mention(word)
    elif sheet.text[word.start - 1] == '"' and sheet.text[word.right] == '"':
        sheet.ask(word, "R4", "the name of a module or type, or just a word")
    else:
        sheet.mention(word)
