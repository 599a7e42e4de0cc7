"""Which scanner reads a file: by its name, and for a script by its first line.

==================================  ===================================================
``.py .pyi .pyw``; ``#!… python``   `python_files`
everything else                     ``texts``: configuration, documents, data, binaries
==================================  ===================================================

A file without the legacy name in its bytes is not read, but for the configuration in which a
build back end finds the module by another name (``structured.always``), and text in UTF-16.
"""

from __future__ import annotations

import re

from sealwright.contracts.coo.package_names import Names
from sealwright.contracts.coo.rewriting import python_files, structured, texts
from sealwright.contracts.coo.rewriting.module_tree import ModuleTree
from sealwright.contracts.coo.rewriting.references import Found
from sealwright.paths import RelPath

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
    return structured.always(path)


def scan(path: RelPath, data: bytes, names: Names, index: ModuleTree) -> Found:
    """Return the references in one file."""
    if is_python(path, data):
        return python_files.scan(path, data, names, index)
    return texts.scan(path, data, names, index)
