"""The scopes of a Python module, and what its syntax binds names to.

A name is bound to the dotted name of what is imported, to the expression that is assigned, or to
something that the syntax does not tell (a parameter, a function, an item of a loop).

>>> module = Scope("module", "")
>>> for node in ast.walk(ast.parse("import a.b as c; d = c.e; from .f import g")):
...     bind(node, module)
>>> module.bound["c"], ast.unparse(module.bound["d"][0]), module.bound["g"]
(['a.b'], 'c.e', ['.f.g'])
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

Bound = str | ast.expr | None


@dataclass(eq=False, slots=True)
class Scope:
    """A module, class, function or comprehension, and what its names are bound to."""

    kind: str
    name: str
    parent: Scope | None = None
    bound: dict[str, list[Bound]] = field(default_factory=dict)
    outside: set[str] = field(default_factory=set)  # declared global
    stars: list[str] = field(default_factory=list)
    inner: list[Scope] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.parent:
            self.parent.inner.append(self)

    def bind(self, name: str, what: Bound) -> None:
        """Note that a name is bound here."""
        scope = self.top if name in self.outside else self
        scope.bound.setdefault(name, []).append(what)

    def all(self) -> Iterator[Scope]:
        """Yield this scope and those in it."""
        rest = [self]
        while rest:
            yield (scope := rest.pop())
            rest += scope.inner

    @property
    def top(self) -> Scope:
        """Return the module."""
        return self.parent.top if self.parent else self

    @property
    def owner(self) -> Scope:
        """Return the function or module whose code this is part of."""
        if self.kind == "comprehension" and self.parent:
            return self.parent.owner
        return self

    @property
    def qualified(self) -> str:
        """Return the name with those of the scopes around it."""
        above = self.parent.qualified if self.parent else ""
        return f"{above}.{self.name}".strip(".")


def bind(node: ast.AST, scope: Scope) -> None:
    """Note what a node binds in its scope."""
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        _bind_imports(node, scope)
    elif isinstance(node, ast.Assign):
        for target in node.targets:
            _bind_value(target, node.value, scope)
    elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)) and node.value:
        walrus = isinstance(node, ast.NamedExpr)
        _bind_value(node.target, node.value, scope.owner if walrus else scope)
    elif isinstance(node, ast.Name):
        if not isinstance(node.ctx, ast.Load):
            scope.bind(node.id, None)
    elif not isinstance(node, ast.alias):
        _bind_unknown(node, scope)


def _bind_unknown(node: ast.AST, scope: Scope) -> None:
    """Note what functions, classes, except clauses and patterns bind."""
    for name in (getattr(node, "name", None), getattr(node, "rest", None)):
        if isinstance(name, str):
            scope.bind(name, None)


def _bind_imports(node: ast.Import | ast.ImportFrom, scope: Scope) -> None:
    if isinstance(node, ast.Import):
        for alias in node.names:
            first = alias.name.partition(".")[0]
            scope.bind(alias.asname or first, alias.name if alias.asname else first)
        return
    source = "." * node.level + (node.module or "")
    for alias in node.names:
        if alias.name == "*":
            scope.top.stars.append(source)
        else:
            scope.bind(alias.asname or alias.name, f"{source}.{alias.name}")


def _bind_value(target: ast.expr, value: ast.expr, scope: Scope) -> None:
    if isinstance(target, ast.Name):
        scope.bind(target.id, value)
    elif isinstance(target, (ast.Tuple, ast.List)) and isinstance(value, (ast.Tuple, ast.List)):
        for one, other in zip(target.elts, value.elts, strict=False):
            _bind_value(one, other, scope)


def holder(name: str, scope: Scope) -> Scope | None:
    """Return the scope that binds what ``name`` is in ``scope``; None if it is a builtin."""
    looked: Scope | None = scope.top if name in scope.outside else scope
    while looked and not (name in looked.bound and (looked is scope or looked.kind != "class")):
        looked = looked.parent
    return looked
