"""What the constitutional lint finds in a Python module: by its syntax tree, never by its text.

Strings and comments hold no code, so nothing in them is found.  What a name stands for is told by
`python_names`.  A *halt* is a ``raise`` of a halting exception, or a function with a halting
name; the function that holds it must call what escalates itself (a function within it, or the
one that called it, is another path), unless it is listed.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase

from sealwright.contracts.coo.linting.lint_rules import Rule
from sealwright.contracts.coo.linting.python_names import INJECTED, Module, Statement, Use
from sealwright.contracts.coo.linting.python_scopes import Scope

_DISPLAYS = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)
_MUTABLE = {f"builtins.{name}" for name in ("list", "dict", "set", "bytearray")}
_MUTABLE |= {f"collections.{name}" for name in ("defaultdict", "deque", "Counter", "OrderedDict")}
Found = tuple[int, int, str]  # line, column as `ast` counts it, what was found


def findings(module: Module, rule: Rule, path: str) -> Iterator[Found]:
    """Yield what one rule finds in a module."""
    if rule.kind == "names":
        yield from _names(module, rule)
    elif rule.kind == "escalation":
        yield from _halts(module, rule, path)
    elif rule.kind == "construct":
        test = _CONSTRUCTS[rule.construct]
        for statement in module.statements:
            if what := test(module, statement):
                yield statement.node.lineno, statement.node.col_offset, what


def _names(module: Module, rule: Rule) -> Iterator[Found]:
    for use in module.uses:
        if (rule.injectable and use.role == INJECTED and not use.call) or (
            rule.literal and use.call and _is_literal(use.call)
        ):
            continue
        hit = [name for name in use.dotted if any(_under(name, each) for each in rule.names)]
        if hit:
            yield use.node.lineno, use.node.col_offset, hit[0]


def _under(name: str, above: str) -> bool:
    return name == above or name.startswith(f"{above}.")


def _is_literal(call: ast.Call) -> bool:
    first = call.args[0] if call.args else None
    return isinstance(first, ast.Constant) and isinstance(first.value, str)


def _halts(module: Module, rule: Rule, path: str) -> Iterator[Found]:
    escalating = {id(use.scope.owner) for use in module.uses if use.call and _calls(use, rule)}
    escalating |= {id(scope.owner) for scope in _unknown_calls(module, rule)}
    for statement in module.statements:
        holder, what = _halt(module, statement, rule)
        if what and id(holder) not in escalating and not _is_listed(holder, rule, path):
            yield statement.node.lineno, statement.node.col_offset, what


def _is_listed(holder: Scope, rule: Rule, path: str) -> bool:
    return f"{path}::{holder.qualified or '<module>'}" in rule.listed


def _halt(module: Module, statement: Statement, rule: Rule) -> tuple[Scope, str]:
    """Return the scope that halts at a statement, and how; nothing if none does."""
    node, scope = statement
    if isinstance(node, ast.Raise) and node.exc:
        for name in _raised(module, node.exc, scope):
            if any(fnmatchcase(name, pattern) for pattern in rule.raises):
                return scope.owner, name
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and any(
        fnmatchcase(node.name, pattern) for pattern in rule.halts
    ):
        return module.inside[node], node.name
    return scope, ""


def _raised(module: Module, raised: ast.expr, scope: Scope) -> list[str]:
    """Return the last parts of the names that an exception's class may have."""
    names: set[str] = set()
    for each in (raised, *module.made_by(raised, scope)):
        names |= {_last(each), *map(_end, module.dotted(each, scope))}
    return sorted(names)


def _calls(use: Use, rule: Rule) -> bool:
    return any(_end(name) in rule.calls for name in use.dotted)


def _unknown_calls(module: Module, rule: Rule) -> Iterator[Scope]:
    """Yield where a function or method of such a name is called that no import tells of."""
    for call, scope in module.calls:
        if _last(call.func) in rule.calls:
            yield scope


def _last(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _end(dotted: str) -> str:
    return dotted.rpartition(".")[2]


def _wildcard(module: Module, statement: Statement) -> str:
    node = statement.node
    if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
        return f"from {'.' * node.level}{node.module or ''} import *"
    return ""


def _global(module: Module, statement: Statement) -> str:
    node = statement.node
    return f"global {', '.join(node.names)}" if isinstance(node, ast.Global) else ""


def _bare_except(module: Module, statement: Statement) -> str:
    node = statement.node
    return "except:" if isinstance(node, ast.ExceptHandler) and node.type is None else ""


def _mutable(module: Module, statement: Statement) -> str:
    node, scope = statement
    if scope.kind != "module" or not isinstance(node, (ast.Assign, ast.AnnAssign)):
        return ""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    names = [target.id for target in targets if isinstance(target, ast.Name)]
    kept = [name for name in names if not (name.startswith("__") and name.endswith("__"))]
    value = node.value
    made = isinstance(value, ast.Call) and module.dotted(value.func, scope) & _MUTABLE
    return kept[0] if kept and (made or isinstance(value, _DISPLAYS)) else ""


_CONSTRUCTS: dict[str, Callable[[Module, Statement], str]] = {
    "wildcard-import": _wildcard,
    "global-statement": _global,
    "mutable-module-state": _mutable,
    "bare-except": _bare_except,
}
