"""The syntax tree of a module, and what the statements of its own scope bind.

>>> [sorted(binds(each)) for each in statements(parsed("import a.b\\nif c: d = e, f = 1").body)]
[['a'], [], ['d', 'e', 'f']]
"""

from __future__ import annotations

import ast
import gc
import warnings
from collections.abc import Iterator

_SCOPES = (
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda),
    *(ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp),
)


def parsed(source: bytes | str) -> ast.Module:
    """Return the syntax tree of a module; what the parser would warn of is not ours to say.

    A tree that grows is no garbage: to look for some meanwhile costs a third of the time.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source)
    finally:
        if collecting:
            gc.enable()


def statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements of a module that are run in its own scope, in order."""
    inside = (ast.stmt, ast.ExceptHandler, ast.match_case)
    rest: list[ast.AST] = list(reversed(body))
    while rest:
        node = rest.pop()
        if isinstance(node, ast.stmt):
            yield node
        if not isinstance(node, _SCOPES):
            found = [each for each in ast.iter_child_nodes(node) if isinstance(each, inside)]
            rest += reversed(found)


def binds(node: ast.stmt) -> Iterator[str]:
    """Yield the names that a statement binds by itself, without the statements in it."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield node.name
    elif isinstance(node, (ast.Import, ast.ImportFrom)):
        for alias in node.names:
            yield alias.asname or alias.name.partition(".")[0]
    else:
        yield from _assigned(node)


def _assigned(node: ast.stmt) -> Iterator[str]:
    apart = (*_SCOPES, ast.stmt, ast.ExceptHandler, ast.match_case)
    rest: list[ast.AST] = list(ast.iter_child_nodes(node))
    while rest:
        each = rest.pop(0)
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store):
            yield each.id
        if not isinstance(each, apart):
            rest[:0] = ast.iter_child_nodes(each)
