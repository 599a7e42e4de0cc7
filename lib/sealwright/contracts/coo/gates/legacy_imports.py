"""Imports of a legacy package, by the syntax tree of a Python file.

>>> [str(f) for f in findings(b"import os, old.x\\nfrom old import y\\n", "a.py", "old")]
['a.py:1:12: imports old.x; import the canonical package', \
'a.py:2:1: imports old; import the canonical package']

``import old``, ``import old.x as y``, ``from old.x import y`` and ``from ns import old`` (of
``ns.old``) are found wherever they stand: in a function, under ``TYPE_CHECKING``, in a ``try``.
Relative imports, strings and comments are none.  A file that says the name, but is not Python, is
a finding too, since nobody can tell what it imports; one that never says it imports nothing of it
(identifiers are compared as Python does, in NFKC).  Columns count characters.
"""

from __future__ import annotations

import ast
import io
import tokenize
import unicodedata
import warnings
from collections.abc import Iterator

from sealwright.contracts.coo.scanning.scanned_text import Lines
from sealwright.verdict import Finding

REMEDY = "import the canonical package"


def findings(data: bytes, path: str, legacy: str, *, readable: bool = True) -> Iterator[Finding]:
    """Yield the imports of ``legacy`` in a source, and if it has to be ``readable``, why it is not.

    Where other sources lie than those of the package, some are meant not to be Python of this
    version; what they say of the legacy package was asked before it was rewritten.
    """
    last = legacy.rpartition(".")[2]
    text = _text(data)
    if text is None or _never_says(text, last):
        if readable and text is None and last.encode() in data:
            yield _unread(path, 1, "its encoding is not what it declares", legacy)
        return
    try:
        found = list(_imports(text, legacy))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        if readable:
            yield _unread(path, getattr(error, "lineno", 0) or 1, _why(error), legacy)
    else:
        for line, column, name in found:
            yield Finding(f"{path}:{line}:{column}", f"imports {name}", REMEDY)


def _why(error: Exception) -> str:
    said = error.msg if isinstance(error, SyntaxError) else str(error)
    return said or type(error).__name__


def _text(data: bytes) -> str | None:
    """Return the characters of a source, or None where Python would refuse it."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        return data.decode(encoding)
    except (SyntaxError, LookupError, ValueError):
        return None


def _never_says(text: str, name: str) -> bool:
    spelled = text if text.isascii() else unicodedata.normalize("NFKC", text)
    return unicodedata.normalize("NFKC", name) not in spelled


def _unread(path: str, line: int, why: str, legacy: str) -> Finding:
    what = f"says {legacy.rpartition('.')[2]}, and is not Python that can be read: {why}"
    return Finding(f"{path}:{line}:1", what, "mend it, or leave it out of the source root")


def _imports(text: str, legacy: str) -> Iterator[tuple[int, int, str]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of an escape in a string, to standard error
        tree = ast.parse(text)
    lines = Lines(text)
    for node in sorted(_statements(tree), key=lambda node: (node.lineno, node.col_offset)):
        for place, name in _names(node):
            if name == legacy or name.startswith(f"{legacy}."):
                yield place.lineno, _column(lines.text(place.lineno), place.col_offset), name
                if place is node:
                    break  # what it takes from the module is of the same package


def _column(line: str, offset: int) -> int:
    """Return the column in characters of an offset in bytes."""
    before = line.encode("utf-8", "surrogatepass")[:offset]
    return len(before.decode("utf-8", "surrogatepass")) + 1


def _statements(tree: ast.Module) -> Iterator[ast.Import | ast.ImportFrom]:
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield node


def _names(node: ast.Import | ast.ImportFrom) -> Iterator[tuple[ast.alias | ast.ImportFrom, str]]:
    """Yield the modules that a statement may import, and the node that names each."""
    if isinstance(node, ast.Import):
        yield from ((alias, alias.name) for alias in node.names)
    elif node.level == 0 and node.module:
        yield node, node.module
        yield from ((alias, f"{node.module}.{alias.name}") for alias in node.names)
