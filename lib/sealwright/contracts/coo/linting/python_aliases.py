"""What an expression in a Python module may stand for, as dotted names.

Followed are imports, assignments of one name, conditional expressions, and with literals also
``getattr``, ``importlib.import_module`` and ``__import__``.  A name that is bound several times
may stand for each of what it is bound to.  One that is bound by way of itself (``x = x.y``) is
followed up to `PARTS` parts, which is more than a rule's names have; one that may then stand for
more than `MOST` names is too much to be read, and a `ValueError`.  What is bound to something
unknown stands for nothing.  A name that nobody binds is a builtin or comes from an ``import *``.
"""

from __future__ import annotations

import ast

from sealwright.contracts.coo.linting.python_scopes import Scope, holder

PARTS, MOST = 6, 256


class Aliases:
    """The dotted names of one module's expressions."""

    def __init__(self, module: Scope) -> None:
        self._known: dict[tuple[Scope, str], set[str]] = {}
        bound = [
            (scope, name, [what for what in values if what is not None])
            for scope in module.all()
            for name, values in scope.bound.items()
        ]
        while any([self._more(*each) for each in bound if each[2]]):
            pass

    def dotted(self, node: ast.expr, scope: Scope) -> set[str]:
        """Return what an expression in a scope may stand for."""
        names: list[str] = []
        while isinstance(node, ast.Attribute):
            names.append(node.attr)
            node = node.value
        rest = "".join(f".{name}" for name in reversed(names))
        return {f"{found}{rest}" for found in self._of_root(node, scope)}

    def _of_root(self, node: ast.expr, scope: Scope) -> set[str]:
        if isinstance(node, ast.Name):
            return self._of_name(node.id, scope)
        if isinstance(node, ast.Call):
            return self._of_call(node, scope)
        if isinstance(node, ast.NamedExpr):
            return self.dotted(node.value, scope)
        if isinstance(node, ast.IfExp):
            return self.dotted(node.body, scope) | self.dotted(node.orelse, scope)
        if isinstance(node, ast.BoolOp):
            return {found for value in node.values for found in self.dotted(value, scope)}
        return set()

    def _of_name(self, name: str, scope: Scope) -> set[str]:
        held = holder(name, scope)
        if held is None:
            return {f"{source}.{name}" for source in [*scope.top.stars, "builtins"]}
        return self._known.get((held, name), set())

    def _more(self, scope: Scope, name: str, bound: list[str | ast.expr]) -> bool:
        """Add what a name stands for by what is known so far; return whether that is new."""
        known = self._known.setdefault((scope, name), set())
        found: set[str] = set()
        for what in bound:
            found |= {what} if isinstance(what, str) else self.dotted(what, scope)
        new = {each for each in found - known if each.count(".") < PARTS}
        known |= new
        if len(known) > MOST:
            raise ValueError(f"{name} may stand for more than {MOST} names")
        return bool(new)

    def _of_call(self, call: ast.Call, scope: Scope) -> set[str]:
        texts = [each.value if isinstance(each, ast.Constant) else None for each in call.args]
        if not any(isinstance(text, str) for text in texts[:2]):
            return set()
        called = self.dotted(call.func, scope)
        if "builtins.getattr" in called and len(texts) > 1 and isinstance(texts[1], str):
            return {f"{found}.{texts[1]}" for found in self.dotted(call.args[0], scope)}
        if isinstance(texts[0], str):
            if "importlib.import_module" in called:
                return {texts[0]}
            if "builtins.__import__" in called:
                return {texts[0].partition(".")[0]}
        return set()
