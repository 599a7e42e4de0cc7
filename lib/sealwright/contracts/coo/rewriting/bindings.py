"""Which names in a module are the package: scopes, bindings and uses of two names.

A name is the package where its scope binds it by ``import old`` or ``import old.x`` and by
nothing else; ``del`` is no binding, and neither is what an ``except`` for a failed import
assigns, nor ``old = reload(old)``.  Scopes are Python's: a class's names are not seen in its
functions, a comprehension has its own, ``:=`` binds outside of it, ``global`` and ``nonlocal`` are
followed.

Only what touches a line of interest is read: a line without either name binds and uses neither.

>>> reading = Reading.of(Source.of_text("import old\\ndef f(old): old"), Names("old", "coo"))
>>> [(use.node.lineno, use.scope.kind) for use in reading.uses]
[(2, 'function')]
"""

from __future__ import annotations

import ast
import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from sealwright.contracts.coo.package_names import Names
from sealwright.contracts.coo.rewriting.scopes import (
    GONE,
    IMPORT,
    OTHER,
    SPARE,
    Binding,
    Scope,
    Use,
)
from sealwright.contracts.coo.rewriting.source import LINE_END, Source

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_TEMPLATES: tuple[type[ast.AST], ...] = tuple(
    getattr(ast, name) for name in ("JoinedStr", "TemplateStr") if hasattr(ast, name)
)
_IMPORTERS = frozenset({"reload", "import_module", "importorskip", "__import__"})
_FAILED = frozenset({"ImportError", "ModuleNotFoundError", "Exception"})


class Literal(NamedTuple):
    """A string, bytes or f-string that mentions the package."""

    node: ast.expr
    scope: Scope


@dataclass(slots=True)
class Reading:
    """What a module says about two names, and the parents of its nodes."""

    names: Names
    lines: list[int]
    module: Scope = field(default_factory=lambda: Scope("module"))
    scopes: list[Scope] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)
    imports: list[ast.Import | ast.ImportFrom] = field(default_factory=list)
    declared: list[tuple[ast.Global | ast.Nonlocal, Scope]] = field(default_factory=list)
    literals: list[Literal] = field(default_factory=list)
    parents: dict[ast.AST, ast.AST] = field(default_factory=dict)
    _bindings: list[tuple[str, Binding, Scope]] = field(default_factory=list)

    @classmethod
    def of(cls, source: Source, names: Names) -> Reading:
        """Return what a source says about the two names."""
        made = cls(names, relevant_lines(source, names))
        made.scopes.append(made.module)
        made._walk(source.tree)
        made._settle()
        return made

    def above(self, node: ast.AST) -> Iterator[ast.AST]:
        """Yield what a node lies in, from its parent on."""
        while node in self.parents:
            yield (node := self.parents[node])

    def touches(self, node: ast.AST) -> bool:
        """Return whether a line of interest is among those of a node."""
        start, end = getattr(node, "lineno", None), getattr(node, "end_lineno", None)
        if start is None or end is None:
            return True
        for decorator in getattr(node, "decorator_list", ()):
            start = min(start, decorator.lineno)
        at = bisect_left(self.lines, start)
        return at < len(self.lines) and self.lines[at] <= end

    def _walk(self, tree: ast.Module) -> None:
        rest: list[tuple[ast.AST, Scope]] = [(tree, self.module)]
        while rest:
            node, scope = rest.pop()
            for child, inner in self._visit(node, scope):
                self.parents[child] = node
                if self.touches(child):
                    rest.append((child, inner))

    def _visit(self, node: ast.AST, scope: Scope) -> Iterable[tuple[ast.AST, Scope]]:
        """Note what a node says, and return what lies in it, each part with its scope."""
        if isinstance(node, ast.Name):
            self._name(node, scope)
            return ()
        if isinstance(node, ast.Constant):
            self._constant(node, scope)
            return ()
        if isinstance(node, _TEMPLATES):
            return self._template(node, scope)
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            self._import(node, scope)
            return ()
        if isinstance(node, (*_FUNCTIONS, ast.ClassDef, *_COMPREHENSIONS)):
            return self._block(node, scope)
        self._bind_plainly(node, scope)
        return ((child, scope) for child in ast.iter_child_nodes(node))

    def _name(self, node: ast.Name, scope: Scope) -> None:
        if node.id not in (self.names.legacy, self.names.canonical):
            return
        self.uses.append(Use(node, scope))
        if isinstance(node.ctx, ast.Del):
            self._bind(node.id, GONE, node, scope)
        elif isinstance(node.ctx, ast.Store):
            walrus = isinstance(self.parents.get(node), ast.NamedExpr)
            kind = SPARE if self._is_spare(node) else OTHER
            self._bind(node.id, kind, node, scope.owner if walrus else scope)

    def _is_spare(self, node: ast.Name) -> bool:
        """Return whether a name is assigned because its import failed, or the package again."""
        assign, handler, *rest = (*self.above(node), None, None)
        if not isinstance(assign, ast.Assign):
            return False
        if isinstance(assign.value, ast.Call) and self._imports(assign.value):
            return True
        if not isinstance(handler, ast.ExceptHandler):
            return False
        types = ast.walk(handler.type) if handler.type else ()
        caught = {each.id for each in types if isinstance(each, ast.Name)}
        tried = rest[0]
        imported = isinstance(tried, ast.Try) and any(
            isinstance(each, ast.Import) and _first_names(each, node.id) for each in tried.body
        )
        return imported and (handler.type is None or bool(caught & _FAILED))

    def _imports(self, call: ast.Call) -> bool:
        """Return whether a call gives the package: ``reload(old)``, ``import_module("old")``."""
        name = getattr(call.func, "attr", getattr(call.func, "id", ""))
        first = call.args[0] if call.args else None
        named = getattr(first, "id", getattr(first, "value", None))
        return name in _IMPORTERS and named == self.names.legacy

    def _constant(self, node: ast.Constant, scope: Scope) -> None:
        value = node.value
        if isinstance(value, bytes):
            value = value.decode("latin-1")
        if isinstance(value, str) and self.names.legacy in value:
            self.literals.append(Literal(node, scope))

    def _template(self, node: ast.AST, scope: Scope) -> Iterator[tuple[ast.AST, Scope]]:
        values: list[ast.expr] = getattr(node, "values", [])
        said = (each.value for each in values if isinstance(each, ast.Constant))
        nested = isinstance(self.parents.get(node), ast.FormattedValue)
        mentions = any(self.names.legacy in str(each) for each in said)
        if mentions and not nested and isinstance(node, ast.expr):
            self.literals.append(Literal(node, scope))
        yield from ((each, scope) for each in values if not isinstance(each, ast.Constant))

    def _import(self, node: ast.Import | ast.ImportFrom, scope: Scope) -> None:
        self.imports.append(node)
        for alias in node.names:
            plain = isinstance(node, ast.Import) and not alias.asname
            bound = alias.asname or (alias.name.partition(".")[0] if plain else alias.name)
            self._bind(bound, IMPORT if plain else OTHER, alias, scope)

    def _bind_plainly(self, node: ast.AST, scope: Scope) -> None:
        """Note what other statements, except clauses and patterns bind or declare."""
        if isinstance(node, (ast.Global, ast.Nonlocal)):
            self.declared.append((node, scope))
            word = "global" if isinstance(node, ast.Global) else "nonlocal"
            scope.outside.update(dict.fromkeys(node.names, word))
        for name in (getattr(node, "name", None), getattr(node, "rest", None)):
            if isinstance(name, str) and not isinstance(node, ast.alias):
                self._bind(name, OTHER, node, scope)

    def _block(self, node: ast.AST, scope: Scope) -> Iterator[tuple[ast.AST, Scope]]:
        kind = {ast.ClassDef: "class", **dict.fromkeys(_FUNCTIONS, "function")}
        inner = Scope(kind.get(type(node), "comprehension"), scope)
        self.scopes.append(inner)
        if isinstance(node, _COMPREHENSIONS):
            yield from _comprehension(node, scope, inner)
            return
        if not isinstance(node, ast.Lambda):
            self._bind(getattr(node, "name", ""), OTHER, node, scope)
        for name in node._fields:
            value = getattr(node, name, None)
            parts = value if isinstance(value, list) else [value]
            place = inner if name in ("body", "type_params") else scope
            yield from ((part, place) for part in parts if isinstance(part, ast.AST))
        for argument in _arguments(node):
            self._bind(argument.arg, OTHER, argument, inner)

    def _bind(self, name: str, kind: str, node: ast.AST, scope: Scope) -> None:
        if name in (self.names.legacy, self.names.canonical):
            self._bindings.append((name, Binding(kind, node), scope))

    def _settle(self) -> None:
        """Give each binding to its scope, now that all declarations are known."""
        for name, binding, scope in self._bindings:
            if name not in scope.outside:
                scope.bound.setdefault(name, []).append(binding)
            elif scope.outside[name] == "global":
                scope.top.bound.setdefault(name, []).append(binding)
        for name, binding, scope in self._bindings:
            if scope.outside.get(name) == "nonlocal" and scope.parent:
                holder = scope.parent.holder(name)
                (holder or scope).bound.setdefault(name, []).append(binding)


def relevant_lines(source: Source, names: Names) -> list[int]:
    """Return the numbers of the lines that have one of the names, however it is spelled."""
    either = re.compile(f"{re.escape(names.legacy)}|{re.escape(names.canonical)}")
    if source.text.isascii():
        found = {source.place(match.start())[0] for match in either.finditer(source.text)}
        return sorted(found)
    lines = LINE_END.split(source.text)
    return [n for n, line in enumerate(lines, 1) if either.search(_folded(line))]


def _folded(line: str) -> str:
    return line if line.isascii() else unicodedata.normalize("NFKC", line)


def _first_names(node: ast.Import, name: str) -> bool:
    firsts = (alias.name.partition(".")[0] for alias in node.names if not alias.asname)
    return name in firsts


def _arguments(node: ast.AST) -> list[ast.arg]:
    arguments = getattr(node, "args", None)
    if not isinstance(arguments, ast.arguments):
        return []
    single = [each for each in (arguments.vararg, arguments.kwarg) if each]
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *single]


def _comprehension(node: ast.AST, scope: Scope, inner: Scope) -> Iterator[tuple[ast.AST, Scope]]:
    generators: list[ast.comprehension] = getattr(node, "generators", [])
    for number, generator in enumerate(generators):
        yield generator.iter, inner if number else scope
        yield generator.target, inner
        yield from ((each, inner) for each in generator.ifs)
    for name in ("key", "value", "elt"):
        if isinstance(part := getattr(node, name, None), ast.AST):
            yield part, inner
