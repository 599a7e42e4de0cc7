"""Who imports a package: looked for in the bytes of sources first, then in their syntax.

A source that cannot be parsed is searched for lines that look like import statements.

>>> lines(b"import os\\ndef f():\\n    from old.mod import x", "old")
[3]
>>> lines(b"x = 'import old'  # import old", "old")
[]
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from sealwright.walk import walk

_CALLS = ("import_module", "__import__", "find_spec", "importorskip")


def places(site: Path, package: str) -> Iterator[tuple[str, int]]:
    """Yield the sources below ``site`` that import a package, and the line of each import."""
    for prefix, entry in walk(str(site)):
        if entry.name.endswith((".py", ".pth")) and entry.is_file():
            data = Path(entry.path).read_bytes()
            for line in lines(data, package, pth=entry.name.endswith(".pth")):
                yield prefix + entry.name, line


def lines(data: bytes, package: str, *, pth: bool = False) -> list[int]:
    """Return the lines of a source that import a package."""
    if package.encode() not in data or not _mentions(package).search(data):
        return []
    if not pth:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                tree = ast.parse(data)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            pass
        else:
            found = (node for node in ast.walk(tree) if _imports(node, package))
            return sorted({getattr(node, "lineno", 1) for node in found})
    pattern = rb"^[^\S\n]*(?:import|from)[^\S\n]+(?:[\w., ]+,[^\S\n]*)?" + package.encode() + rb"\b"
    return [data.count(b"\n", 0, m.start()) + 1 for m in re.finditer(pattern, data, re.MULTILINE)]


@cache
def _mentions(package: str) -> re.Pattern[bytes]:
    """Return what a source must match in order to be worth parsing."""
    name, rest = re.escape(package.encode()), rb"(?:[^\n]|\\\r?\n)*?"
    calls = "|".join(_CALLS).encode()
    return re.compile(
        rb"\b(?:import|from)\b" + rest + rb"\b" + name + rb"\b"
        rb"|\b(?:" + calls + rb")\s*\(\s*[rubRUB]*[\"']{1,3}" + name + rb"\b"
    )


def _imports(node: ast.AST, package: str) -> bool:
    """Return whether a node imports the package, by a statement or a call with its name."""
    if isinstance(node, ast.Import):
        return any(alias.name.partition(".")[0] == package for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        return not node.level and (node.module or "").partition(".")[0] == package
    if not isinstance(node, ast.Call) or not node.args:
        return False
    called = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    called = node.func.id if isinstance(node.func, ast.Name) else called
    first = node.args[0]
    if called not in _CALLS or not isinstance(first, ast.Constant):
        return False
    return isinstance(first.value, str) and first.value.partition(".")[0] == package
