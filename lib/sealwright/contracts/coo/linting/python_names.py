"""What the names in a Python module stand for: imports, aliases and scopes, by its syntax tree.

A use is a name or a chain of attributes, with the dotted names that it may stand for:

>>> module = Module("import random as r\\nfrom time import time\\nt = time\\nt(r.random)")
>>> [(use.node.lineno, use.dotted, use.call is not None) for use in module.uses]
[(3, ('time.time',), False), (4, ('time.time',), True), (4, ('random.random',), False)]

Scopes are Python's: a function's names hide those outside it, a class's names are not seen in its
functions, a comprehension has its own (see `python_scopes`, and `python_aliases` for what a name
may stand for).  Nothing is run, and no other module is read.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple, TypeGuard

from sealwright.contracts.coo.linting.python_aliases import Aliases
from sealwright.contracts.coo.linting.python_scopes import Scope, bind, holder

PLAIN, INJECTED = "", "injected"  # a default or an annotation: where an injected value is declared
Function = ast.FunctionDef | ast.AsyncFunctionDef
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_CHAIN = (ast.Name, ast.Attribute, ast.Call)


class Use(NamedTuple):
    """A use of a name: the node, what it may stand for, and the call of it if it is called."""

    node: ast.expr
    dotted: tuple[str, ...]
    call: ast.Call | None
    role: str
    scope: Scope


class Statement(NamedTuple):
    """A statement or handler, and where it stands."""

    node: ast.stmt | ast.ExceptHandler
    scope: Scope


class Module:
    """A module's uses of names and its statements, in the order of the source.

    Raises `SyntaxError`, `ValueError` or `RecursionError` for what Python cannot read.
    """

    def __init__(self, source: str) -> None:
        tree = ast.parse(source)
        self._raw: list[tuple[ast.expr, ast.Call | None, str, Scope]] = []
        self.statements: list[Statement] = []
        self.calls: list[tuple[ast.Call, Scope]] = []
        self.inside: dict[ast.AST, Scope] = {}  # the scopes of functions
        module = Scope("module", "")
        self._walk(tree, module)
        self._aliases = Aliases(module)
        uses = (self._use(*each) for each in self._raw)
        self.uses = sorted((use for use in uses if use.dotted), key=_place)
        self.statements.sort(key=_place)

    def dotted(self, node: ast.expr, scope: Scope) -> set[str]:
        """Return what an expression in a scope may stand for."""
        return self._aliases.dotted(node, scope)

    def made_by(self, node: ast.expr, scope: Scope) -> list[ast.expr]:
        """Return what is called to make a value: the call's function, also by way of a name."""
        if isinstance(node, ast.NamedExpr):
            node = node.value
        held = holder(node.id, scope) if isinstance(node, ast.Name) else None
        values = held.bound[node.id] if held and isinstance(node, ast.Name) else [node]
        return [value.func for value in values if isinstance(value, ast.Call)]

    def _use(self, node: ast.expr, call: ast.Call | None, role: str, scope: Scope) -> Use:
        return Use(node, tuple(sorted(self.dotted(node, scope))), call, role, scope)

    def _walk(self, tree: ast.Module, module: Scope) -> None:
        rest: list[_Visit] = [_Visit(tree, module, PLAIN)]
        while rest:
            visit = rest.pop()
            node, scope = visit.node, visit.scope
            if isinstance(node, (ast.stmt, ast.ExceptHandler)):
                self.statements.append(Statement(node, scope))
            bind(node, scope)
            rest += reversed(list(self._inside(visit)))

    def _inside(self, visit: _Visit) -> Iterator[_Visit]:
        """Yield what lies in a node, each part with its scope, and note the uses on the way."""
        node, scope, role = visit
        if isinstance(node, _CHAIN):
            yield from self._chain(node, scope, role)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            inner = self.inside[node] = Scope("function", getattr(node, "name", "<lambda>"), scope)
            yield from _function(node, scope, inner)
        elif isinstance(node, ast.ClassDef):
            inner = Scope("class", node.name, scope)
            outer = (*node.decorator_list, *node.bases, *node.keywords, *_type_parameters(node))
            yield from (_Visit(each, scope, role) for each in outer)
            yield from (_Visit(each, inner, PLAIN) for each in node.body)
        elif isinstance(node, ast.NamedExpr):  # its name is not of the comprehension around it
            yield _Visit(node.value, scope, role)
        elif isinstance(node, _COMPREHENSIONS):
            yield from _comprehension(node, scope, role)
        else:
            for name in node._fields:
                part = INJECTED if name in ("annotation", "returns") else role
                value = getattr(node, name, None)
                values = value if isinstance(value, list) else (value,)
                yield from (_Visit(v, scope, part) for v in values if _holds_more(v))

    def _chain(
        self, node: ast.Name | ast.Attribute | ast.Call, scope: Scope, role: str
    ) -> Iterator[_Visit]:
        if isinstance(node, ast.Call):
            called: ast.expr = node.func
            self.calls.append((node, scope))
            self._note(called, node, role, scope)
            root = _root(called)
            if not isinstance(root, ast.Name):
                yield _Visit(root, scope, role)
            yield from (_Visit(each, scope, role) for each in (*node.args, *node.keywords))
            return
        if isinstance(node, ast.Attribute) or isinstance(node.ctx, ast.Load):
            self._note(node, None, role, scope)
        root = _root(node)
        if not isinstance(root, ast.Name):
            yield _Visit(root, scope, role)

    def _note(self, node: ast.expr, call: ast.Call | None, role: str, scope: Scope) -> None:
        self._raw.append((node, call, role, scope))


class _Visit(NamedTuple):
    node: ast.AST
    scope: Scope
    role: str


def _holds_more(value: object) -> TypeGuard[ast.AST]:
    """Return whether a value is a node in which there is something; most are none."""
    return isinstance(value, ast.AST) and bool(value._fields) and type(value) is not ast.Constant


def _place(found: Use | Statement) -> tuple[int, int]:
    return found.node.lineno, found.node.col_offset


def _root(node: ast.expr) -> ast.expr:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node


def _function(node: Function | ast.Lambda, scope: Scope, inner: Scope) -> Iterator[_Visit]:
    arguments = node.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    every += [each for each in (arguments.vararg, arguments.kwarg) if each]
    declared: list[ast.expr | None] = [*arguments.defaults, *arguments.kw_defaults]
    declared += [argument.annotation for argument in every]
    for argument in every:
        inner.bind(argument.arg, None)
    body: list[ast.stmt] | list[ast.expr]
    if isinstance(node, ast.Lambda):
        body = [node.body]
    else:
        body = node.body
        declared.append(node.returns)
        inner.outside.update(_globals(node))
        outer = [*node.decorator_list, *_type_parameters(node)]
        yield from (_Visit(each, scope, PLAIN) for each in outer)
    yield from (_Visit(each, scope, INJECTED) for each in declared if each)
    yield from (_Visit(each, inner, PLAIN) for each in body)


def _type_parameters(node: ast.AST) -> list[ast.AST]:
    return list(getattr(node, "type_params", ()))  # from Python 3.12 on


def _globals(node: Function) -> Iterator[str]:
    """Yield what a function declares global; what is within functions in it is theirs."""
    rest: list[ast.AST] = list(node.body)
    while rest:
        inside = rest.pop()
        if isinstance(inside, ast.Global):
            yield from inside.names
        if not isinstance(inside, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            rest += [each for each in ast.iter_child_nodes(inside) if isinstance(each, ast.stmt)]
            rest += getattr(inside, "handlers", [])
            rest += getattr(inside, "cases", [])


def _comprehension(node: ast.AST, scope: Scope, role: str) -> Iterator[_Visit]:
    inner = Scope("comprehension", "", scope)
    generators: list[ast.comprehension] = getattr(node, "generators", [])
    yield _Visit(generators[0].iter, scope, role)
    for number, generator in enumerate(generators):
        parts = [generator.target, *generator.ifs]
        parts += [generator.iter] if number else []
        yield from (_Visit(each, inner, role) for each in parts)
    for name in ("key", "value", "elt"):
        if isinstance(part := getattr(node, name, None), ast.AST):
            yield _Visit(part, inner, role)
