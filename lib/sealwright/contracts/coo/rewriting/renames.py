"""Names in code: import statements (R1), the names that they bind (R2), and what stands against it.

A scope that binds ``old`` by imports of the package alone is renamed as a whole: its imports,
every use that looks the name up there, its ``global`` and ``nonlocal`` statements.  It is refused
where something else binds ``old`` too (H1), and where ``coo`` is already bound, or used, so that
one name would come to mean the other (H2).  ``import coo`` binds the same package, and is no
obstacle.  What a module hands on that imports the package (``from tests.context import old``) is an
import of it, too.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from sealwright.contracts.coo.package_names import Names
from sealwright.contracts.coo.rewriting.bindings import Reading
from sealwright.contracts.coo.rewriting.marks import Mark
from sealwright.contracts.coo.rewriting.module_tree import Look, ModuleTree
from sealwright.contracts.coo.rewriting.positions import dotted
from sealwright.contracts.coo.rewriting.scopes import IMPORT, OTHER, Binding, Scope, Use
from sealwright.contracts.coo.rewriting.source import Source
from sealwright.contracts.coo.rewriting.top_level import statements

_FROM = re.compile(r"from(?:[ \t\f]|\\\r\n|\\\r|\\\n)+")
_MIXED = "is bound here, and by an import of the package in the same scope; rename one of the two"
_TAKEN = "means something else here, or would come to mean the package; rename it first"
_NOWHERE = "is bound nowhere in this file, and may be the package"
_OF_CLASS = "becomes an attribute of the class, and this file reads an attribute of that name"


@dataclass(slots=True)
class Renames:
    """The names of one module; ``free``: names that nothing binds may be the package."""

    source: Source
    reading: Reading
    names: Names
    index: ModuleTree
    free: bool = False
    path: str = ""
    renamed: set[Scope] = field(default_factory=set)
    _handed: list[ast.alias] = field(default_factory=list)

    def marks(self) -> Iterator[Mark]:
        """Yield what is done about imports and names."""
        self._hand_on()
        yield from self._imports()
        for scope in self.reading.scopes:
            if IMPORT in {binding.kind for binding in scope.bound.get(self.names.legacy, ())}:
                yield from self._scope(scope)
        for use in self.reading.uses:
            same = use.node.id == self.names.legacy
            yield from self._use(use) if same else self._taken(use)
        for statement, scope in self.reading.declared:
            yield from self._declared(statement, scope)

    def mark(self, offset: int, rule: str) -> Mark:
        """Return the mark of a name, unless it is spelled in other characters."""
        legacy = self.names.legacy
        if self.source.text.startswith(legacy, offset):
            return Mark(offset, rule)
        return Mark(offset, rule, "is spelled in other characters; spell it plainly", legacy)

    def against(self, node: ast.AST, rule: str, why: str, text: str) -> Mark:
        """Return the mark of what stands against renaming."""
        return Mark(self._offset(node), rule, why, text)

    def _offset(self, node: ast.AST) -> int:
        line, column = getattr(node, "lineno", 1), getattr(node, "col_offset", 0)
        return self.source.offset(line, column)

    def _imports(self) -> Iterator[Mark]:
        for node in self.reading.imports:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    if alias.name.partition(".")[0] == self.names.legacy:
                        yield self.mark(self._offset(alias), "R1")
            elif not node.level and (node.module or "").partition(".")[0] == self.names.legacy:
                word = _FROM.match(self.source.text, self._offset(node))
                yield self.mark(word.end() if word else self._offset(node), "R1")
        for alias in self._handed:
            yield self.mark(self._offset(alias), "R1")

    def _hand_on(self) -> None:
        """Take ``from tests.context import old`` for an import of the package, if it is one."""
        for node in self.reading.imports:
            named = [alias for alias in node.names if alias.name == self.names.legacy]
            if not named or not isinstance(node, ast.ImportFrom) or not self.path:
                continue
            if self.index.hands_on(self.path, node.level, node.module or ""):
                self._handed += named
        for scope in self.reading.scopes:
            bound = scope.bound.get(self.names.legacy, [])
            for at, binding in enumerate(bound):
                if binding.node in self._handed:
                    bound[at] = Binding(IMPORT, binding.node)

    def _scope(self, scope: Scope) -> Iterator[Mark]:
        """Decide whether a scope is renamed, and yield what stands against it."""
        legacy, canonical = self.names.legacy, self.names.canonical
        mixed = [binding for binding in scope.bound[legacy] if binding.kind == OTHER]
        for binding in mixed:
            yield self.against(binding.node, "H1", _MIXED, legacy)
        if not mixed:
            self.renamed.add(scope)
            if scope.binds(canonical) and not scope.is_package(canonical):
                yield self.against(scope.bound[canonical][0].node, "H2", _TAKEN, canonical)
            if scope.kind == "class" and re.search(
                rf"\.\s*{legacy}\b(?!\s+import)", self.source.text
            ):
                first = next(each.node for each in scope.bound[legacy] if each.kind == IMPORT)
                yield self.against(first, "H1", _OF_CLASS, legacy)

    def _use(self, use: Use) -> Iterator[Mark]:
        holder = use.scope.holder(self.names.legacy)
        if holder is None:
            yield from self._unbound(use)
        elif holder in self.renamed:
            if any(self._is_taken(scope) for scope in _between(use.scope, holder)):
                yield self.against(use.node, "H2", _TAKEN, self.names.legacy)
            else:
                yield self.mark(self._offset(use.node), "R2")

    def _is_taken(self, scope: Scope) -> bool:
        canonical = self.names.canonical
        return scope.binds(canonical) and not scope.is_package(canonical)

    def _taken(self, use: Use) -> Iterator[Mark]:
        """Yield a use of the new name that would come to mean the package."""
        for scope in use.scope.path(self.names.canonical):
            if scope.binds(self.names.canonical):
                return
            if scope in self.renamed:
                holder = use.scope.holder(self.names.canonical)
                if not (holder and holder.is_package(self.names.canonical)):
                    yield self.against(use.node, "H2", _TAKEN, self.names.canonical)
                return

    def _unbound(self, use: Use) -> Iterator[Mark]:
        chain: ast.AST = use.node
        while isinstance(above := self.reading.parents.get(chain), ast.Attribute):
            chain = above
        look = self.index.look(dotted(chain)) if chain is not use.node else Look.NO
        if (look is Look.YES and self.free) or self._starred():
            yield self.mark(self._offset(use.node), "R2")
        elif look is not Look.NO:
            yield self.against(use.node, "R2", _NOWHERE, dotted(chain))

    def _starred(self) -> bool:
        """Return whether a star import of a module that imports the package hands its name on."""
        stars = (
            node
            for node in statements(self.source.tree.body)
            if isinstance(node, ast.ImportFrom) and node.names[0].name == "*"
        )
        return bool(self.path) and any(
            self.index.hands_on(self.path, node.level, node.module or "", star=True)
            for node in stars
        )

    def _declared(self, node: ast.Global | ast.Nonlocal, scope: Scope) -> Iterator[Mark]:
        if (
            self.names.legacy not in node.names
            or scope.holder(self.names.legacy) not in self.renamed
        ):
            return
        start = self._offset(node)
        end = self.source.offset(node.end_lineno or node.lineno, node.end_col_offset or 0)
        for found in re.finditer(rf"\b{self.names.legacy}\b", self.source.text[start:end]):
            yield self.mark(start + found.start(), "R2")


def _between(scope: Scope, holder: Scope) -> Iterator[Scope]:
    """Yield the scopes that a name passes from its use to the scope that binds it."""
    looked: Scope | None = scope
    while looked:
        if looked is holder or looked is scope or looked.kind != "class":
            yield looked
        looked = None if looked is holder else looked.parent
