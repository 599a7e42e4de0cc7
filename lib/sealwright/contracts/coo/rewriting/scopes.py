"""Scopes, and how each of them binds the two names; Python's rules for where a name is looked for.

A function looks past the classes around it.  What is declared ``global`` is the module's.

>>> module = Scope("module")
>>> inner = Scope("function", Scope("class", module))
>>> module.bound["old"] = [Binding(IMPORT, ast.alias("old"))]
>>> inner.holder("old") is module, module.is_package("old")
(True, True)
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

IMPORT, SPARE, GONE, OTHER = "import", "spare", "gone", "other"


@dataclass(eq=False, slots=True)
class Scope:
    """A module, class, function or comprehension, and how it binds the two names."""

    kind: str
    parent: Scope | None = None
    bound: dict[str, list[Binding]] = field(default_factory=dict)
    outside: dict[str, str] = field(default_factory=dict)  # declared global or nonlocal

    @property
    def top(self) -> Scope:
        """Return the module."""
        return self.parent.top if self.parent else self

    @property
    def owner(self) -> Scope:
        """Return the scope in which ``:=`` binds."""
        return self.parent.owner if self.parent and self.kind == "comprehension" else self

    def binds(self, name: str) -> bool:
        """Return whether a name is this scope's own."""
        return name in self.bound

    def is_package(self, name: str) -> bool:
        """Return whether a name is bound here, and by imports of the package alone."""
        kinds = {binding.kind for binding in self.bound.get(name, ())}
        return IMPORT in kinds and OTHER not in kinds

    def holder(self, name: str) -> Scope | None:
        """Return the scope that binds what ``name`` is here; None if none does."""
        return next((scope for scope in self.path(name) if scope.binds(name)), None)

    def path(self, name: str) -> Iterator[Scope]:
        """Yield the scopes in which ``name`` is looked for, from here on."""
        if self.outside.get(name) == "global":
            yield self.top
            return
        looked: Scope | None = self
        while looked:
            if looked is self or looked.kind != "class":
                yield looked
            looked = looked.parent


class Binding(NamedTuple):
    """One way in which a scope binds a name."""

    kind: str
    node: ast.AST


class Use(NamedTuple):
    """A name where it is read, assigned or deleted."""

    node: ast.Name
    scope: Scope
