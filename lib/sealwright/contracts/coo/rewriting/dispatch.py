"""Which scanner reads a file: by its name, and for a script by its first line.

==================================  ===================================================
``.py .pyi .pyw``; ``#!… python``   `python_files`
everything else                     ``texts``: configuration, documents, data, binaries
==================================  ===================================================

A file without the legacy name in its bytes is not read, but for the configuration in which a
build back end finds the module by another name (``structured.always``), and text in UTF-16.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from functools import cache
from types import ModuleType

from sealwright.contracts.coo.rewriting import python_files, words
from sealwright.contracts.coo.rewriting.module_tree import ModuleTree
from sealwright.contracts.coo.rewriting.references import Edit, Found, Names, Question
from sealwright.paths import RelPath

Scanner = Callable[[RelPath, bytes, Names, ModuleTree], Found]
_PYTHON = (".py", ".pyi", ".pyw")
_SHEBANG = re.compile(rb"#![^\n]*\bpython[0-9.]*w?\b")
_WIDE = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}


def is_python(path: RelPath, data: bytes) -> bool:
    """Return whether a file is read as Python."""
    return path.lower().endswith(_PYTHON) or _SHEBANG.match(data) is not None


def concerns(path: RelPath, data: bytes, names: Names) -> bool:
    """Return whether a file has to be read at all."""
    encoding = _WIDE.get(data[:2], "utf-8")
    if names.legacy.encode() in data or names.legacy.encode(encoding) in data:
        return True
    structured = _module("structured")
    return structured is not None and bool(structured.always(path))


def scan(path: RelPath, data: bytes, names: Names, index: ModuleTree) -> Found:
    """Return the references in one file."""
    if is_python(path, data):
        return python_files.scan(path, data, names, index)
    texts = _module("texts")
    scanner: Scanner = texts.scan if texts else all_questions
    return scanner(path, data, names, index)


@cache
def _module(name: str) -> ModuleType | None:
    """Return a module of this package, which is read where it is needed, if it is there."""
    try:
        return importlib.import_module(f"{__package__}.{name}")
    except ModuleNotFoundError:
        return None


def all_questions(path: RelPath, data: bytes, names: Names, index: ModuleTree) -> Found:
    """Return a question about every occurrence, where no scanner knows more."""
    text, name = data.decode("utf-8", "surrogateescape"), names.legacy
    questions = []
    for found in words.occurrences(name).finditer(text):
        before = text[: found.start()]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n") - 1
        start = len(before.encode("utf-8", "surrogateescape"))
        made = Edit(start, start + len(name), names.canonical.encode(), "R9")
        questions.append(
            Question(line, column, "R9", name, "is in a file of no known kind", (made,))
        )
    return Found((), tuple(questions))
