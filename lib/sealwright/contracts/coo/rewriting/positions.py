"""What the place of a string in a module says that it is.

``MODULE``      a call, argument or comparison that takes the name of a module
``KEPT``        one that takes another kind of name: a distribution, a program, a fixture
``KEY``         the key of an environment: kept, if not said elsewhere
``GROUP``       a group of entry points where it is looked up: kept
``ANNOTATION``  an annotation or another place that only type checkers and `typing` read
``CODE``        source text that is run
``EXPORTED``    an item of ``__all__``
``DOCUMENT``    a docstring, or another string that is a statement
``FREE``        anything else

What is in none of the `position_tables` is `FREE`.  A function goes by its last name and, where
that is too common, by the module that it is imported from.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sealwright.contracts.coo.rewriting.bindings import Reading
from sealwright.contracts.coo.rewriting.position_tables import (
    BUILTINS,
    CALLED_MODULES,
    DICTS,
    KEPT_KEYS,
    KEPT_VALUES,
    KEYS_OF_GROUPS,
    KEYS_OF_MODULES,
    MODULE_OPTIONS,
    NAMED_KEPT,
    NAMED_MODULES,
    OF_MODULES,
    OTHERS_OPTION_M,
    PREFIXES,
    RESOURCES,
    SETUP_KEPT,
    SETUP_MODULES,
    VALUES_OF_MODULES,
    Position,
    by_function,
)

_P = Position
_SAME = (ast.Starred, ast.IfExp, ast.BoolOp, ast.NamedExpr, ast.BinOp)
_GROUPS = (ast.List, ast.Tuple, ast.Set)
_BLOCKS = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(slots=True)
class Positions:
    """The positions of strings in one module."""

    tree: ast.Module
    reading: Reading
    setup: bool = False  # a setup.py, in which dictionaries and variables become arguments
    _origins: Mapping[str, str] | None = None

    def of(self, node: ast.expr) -> Position:
        """Return what a string is for."""
        here: ast.AST = node
        inside = False  # of a dictionary or an index, so that only an annotation is told from above
        for above in self.reading.above(node):
            if found := self._in(here, above):
                return found if not inside or found is _P.ANNOTATION else _P.FREE
            inside = inside or isinstance(above, (ast.Dict, ast.Subscript))
            if not isinstance(above, (*_SAME, *_GROUPS, ast.keyword, ast.Dict, ast.Subscript)):
                return _P.FREE
            here = above
        return _P.FREE

    def _in(self, here: ast.AST, above: ast.AST) -> Position | None:
        """Return what ``here`` is for in the node ``above`` it, if that tells."""
        if isinstance(above, ast.Expr):
            return _P.FREE if isinstance(here, (*_SAME, *_GROUPS)) else _P.DOCUMENT
        if isinstance(above, ast.Call):
            return self._argument(here, above)
        if isinstance(above, _GROUPS):
            return _after_option(here, above.elts)
        if isinstance(above, ast.Dict):
            return self._in_dict(here, above)
        if isinstance(above, ast.Subscript):
            return self._in_subscript(here, above)
        if isinstance(above, ast.Compare):
            beyond = self.reading.parents.get(above)
            others = [each for each in (above.left, *above.comparators) if each is not here]
            if _or_below(here, above, beyond) or any(map(self._is_loaded, others)):
                return _P.MODULE
            return _compared(others)
        return self._assigned(above) or _declared(here, above)

    def _is_loaded(self, node: ast.expr) -> bool:
        """Return whether a name goes over ``sys.modules``."""
        if not isinstance(node, ast.Name):
            return False
        for above in self.reading.above(node):
            loops = [above] if isinstance(above, ast.For) else getattr(above, "generators", ())
            for loop in loops:
                bound = {each.id for each in ast.walk(loop.target) if isinstance(each, ast.Name)}
                gone_over = map(dotted, ast.walk(loop.iter))
                if node.id in bound and "sys.modules" in gone_over:
                    return True
        return False

    def _assigned(self, above: ast.AST) -> Position | None:
        """Return what a variable of a ``setup.py`` holds."""
        targets = getattr(above, "targets", ()) if self.setup else ()
        return _of_setup({dotted(target) for target in targets})

    def _argument(self, here: ast.AST, call: ast.Call) -> Position:
        place: int | str
        if isinstance(here, ast.keyword):
            place = here.arg or ""
        elif here in call.args:
            place = call.args.index(here)
        else:
            return _P.FREE
        name, origin = self._called(call.func)
        if after := _after_option(here, call.args):
            return after
        return self._by_table(call, place, name, origin)

    def _by_table(self, call: ast.Call, place: int | str, name: str, origin: str) -> Position:
        if name == "dict" and self.setup and (found := _of_setup({str(place)})):
            return found
        if name in DICTS or name == "dict":
            if self._of_sys_modules(call, place):
                return _P.MODULE
            return _P.KEY if place == 0 and _of_kept(call.func) else _P.FREE
        if name == "metadata" or (name in RESOURCES and "metadata" in origin):
            return _P.KEPT
        if name in RESOURCES:
            return _P.MODULE if place == 0 and "resources" in origin else _P.FREE
        if name in BUILTINS and origin not in ("", "builtins"):
            return _P.FREE
        if name == "setattr" and place == 2 and _beside(call.args[1:2]):
            return _P.MODULE
        return by_function(name, place) or self._by_receiver(call, place, name, origin)

    def _by_receiver(self, call: ast.Call, place: int | str, name: str, origin: str) -> Position:
        if name in ("extend", "append") and dotted(call.func).startswith("__all__."):
            return _P.EXPORTED
        if name in ("multiple", "object") and "patch." in f"{origin}." and place == 0:
            return _P.MODULE
        if name in PREFIXES and isinstance(call.func, ast.Attribute):
            if self._is_loaded(call.func.value):
                return _P.MODULE
            return _beside([call.func.value]) or _P.FREE
        if not isinstance(place, int):
            return _P.FREE
        if name in ("assertEqual", "assertEquals", "assertIn"):
            return _beside(call.args) or _P.FREE
        earlier = (each.value for each in call.args[:place] if isinstance(each, ast.Constant))
        return _P.KEY if any(said in KEPT_KEYS for said in earlier) else _P.FREE

    def _of_sys_modules(self, call: ast.Call, place: int | str) -> bool:
        receiver = dotted(call.func.value) if isinstance(call.func, ast.Attribute) else ""
        if receiver.endswith("modules") and place == 0:
            return True
        first = call.args[0] if call.args else None
        named = isinstance(first, ast.Constant) and first.value == "sys.modules"
        if place == 0:
            return receiver.endswith("patch") and isinstance(first, ast.Constant) and not named
        return place == 1 and first is not None and (named or dotted(first) == "sys.modules")

    def _in_dict(self, here: ast.AST, above: ast.Dict) -> Position | None:
        """Return what a key is for; a value is for what its key or its own place says."""
        if here in above.values:
            key = above.keys[above.values.index(here)]
            if _holding(above, self.reading.parents.get(above)) == "package_dir":
                return _P.MODULE
            return self._by_key(key.value if isinstance(key, ast.Constant) else None)
        holder = self.reading.parents.get(above)
        name = _holding(above, holder)
        if name in KEYS_OF_MODULES:
            return _P.MODULE
        if name in KEYS_OF_GROUPS:
            return _P.KEY
        if isinstance(holder, ast.Call) and self._argument(above, holder) is _P.MODULE:
            return _P.MODULE
        return _P.FREE

    def _by_key(self, key: object) -> Position | None:
        """Return what the value of a key in a dictionary is, if the key tells."""
        if key in VALUES_OF_MODULES:
            return _P.MODULE
        if isinstance(key, str) and KEPT_VALUES.fullmatch(key):
            return _P.KEPT
        return _of_setup({str(key)}) if self.setup else None

    def _in_subscript(self, here: ast.AST, above: ast.Subscript) -> Position | None:
        name = dotted(above.value)
        if name.rpartition(".")[2] == "Literal":
            return _P.FREE
        if here is above.slice and name in ("sys.modules", "modules"):
            return _P.MODULE
        return _P.KEY if name.rpartition(".")[2] in KEPT_KEYS else None

    def _called(self, function: ast.expr) -> tuple[str, str]:
        """Return the last name of a function, and what it is imported from or called on."""
        if isinstance(function, ast.Attribute):
            receiver = dotted(function.value)
            first, dot, rest = receiver.partition(".")
            return function.attr, self.origins.get(first, first) + dot + rest
        name = dotted(function)
        origin, _, last = self.origins.get(name, name).rpartition(".")
        return last, origin

    @property
    def origins(self) -> Mapping[str, str]:
        """Return what imported names stand for; asked for rarely, so read when asked."""
        if self._origins is None:
            self._origins = dict(_origins(self.tree))
        return self._origins


def _holding(node: ast.Dict, holder: ast.AST | None) -> str:
    """Return the keyword, key or variable whose value a dictionary is."""
    if isinstance(holder, ast.keyword):
        return holder.arg or ""
    if isinstance(holder, ast.Assign):
        return dotted(holder.targets[0]).rpartition(".")[2]
    if isinstance(holder, ast.Dict) and node in holder.values:
        key = holder.keys[holder.values.index(node)]
        return str(key.value) if isinstance(key, ast.Constant) else ""
    return ""


def _of_kept(function: ast.expr) -> bool:
    """Return whether a method is one of a dictionary whose keys are no modules."""
    receiver = dotted(function.value) if isinstance(function, ast.Attribute) else ""
    return receiver.rpartition(".")[2] in KEPT_KEYS


def dotted(node: ast.AST) -> str:
    """Return a name with its attributes; ``?`` stands for anything else at its root."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    names.append(node.id if isinstance(node, ast.Name) else "?")
    return ".".join(reversed(names))


def _origins(tree: ast.Module) -> Iterator[tuple[str, str]]:
    rest: list[ast.AST] = [tree]
    while rest:
        node = rest.pop()
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module or ''}.{alias.name}"
        elif isinstance(node, ast.Import):
            yield from ((each.asname, each.name) for each in node.names if each.asname)
        inside = (ast.stmt, ast.ExceptHandler, ast.match_case)
        rest += [each for each in ast.iter_child_nodes(node) if isinstance(each, inside)]


def _after_option(here: ast.AST, items: list[ast.expr]) -> Position | None:
    """Return `MODULE` for what follows ``-m`` in the words of a Python command."""
    at = next((n for n, item in enumerate(items) if item is here), 0)
    said = [item.value if isinstance(item, ast.Constant) else None for item in items[:at]]
    if not said or said[-1] not in MODULE_OPTIONS:
        return None
    programs = {str(word).rpartition("/")[2] for word in said}
    return None if said[-1] == "-m" and programs & OTHERS_OPTION_M else _P.MODULE


def _of_setup(names: set[str]) -> Position | None:
    """Return what an argument of ``setup`` takes."""
    if names & SETUP_MODULES:
        return _P.MODULE
    return _P.KEPT if names & SETUP_KEPT else None


def _compared(others: list[ast.expr]) -> Position:
    if any(dotted(each) in ("sys.modules", "modules") for each in others):
        return _P.MODULE
    if any(dotted(each).rpartition(".")[2] in KEPT_KEYS for each in others):
        return _P.KEY
    return _beside(others) or _P.FREE


def _or_below(here: ast.AST, compared: ast.Compare, above: ast.AST | None) -> bool:
    """Return whether it goes on ``x == "old" or x.startswith("old.")``: x is a module's name."""
    said = here.value if isinstance(here, ast.Constant) else None
    if not isinstance(said, str) or not isinstance(above, ast.BoolOp):
        return False
    others = [compared.left, *compared.comparators]
    names = {dotted(each) for each in others if each is not here}
    prefix = f"{said}."
    return any(
        isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr == "startswith"
        and dotted(call.func.value) in names - {"?"}
        and any(isinstance(arg, ast.Constant) and arg.value == prefix for arg in call.args)
        for call in above.values
    )


def _beside(others: list[ast.expr]) -> Position | None:
    """Return `MODULE` beside what holds the name of a module, such as ``x.__module__``."""
    nodes = (node for each in others for node in ast.walk(each))
    said = [getattr(node, key, None) for node in nodes for key in ("id", "attr", "value")]
    words = [each for each in said if isinstance(each, str)]
    known = any(each in OF_MODULES or CALLED_MODULES.fullmatch(each) for each in words)
    return _P.MODULE if known else None


def _declared(here: ast.AST, above: ast.AST) -> Position | None:
    """Return what annotations and the names that are assigned tell."""
    if isinstance(above, ast.arg) or here is getattr(above, "returns", None):
        return _P.ANNOTATION
    if isinstance(above, ast.AnnAssign) and here is above.annotation:
        return _P.ANNOTATION
    if isinstance(above, (ast.Assign, ast.AugAssign, ast.AnnAssign)):
        targets = above.targets if isinstance(above, ast.Assign) else [above.target]
        names = {dotted(target).rpartition(".")[2] for target in targets}
        if "__all__" in names:
            return _P.EXPORTED
        if "__doc__" in names:
            return _P.DOCUMENT
        if names & NAMED_MODULES or any(map(CALLED_MODULES.fullmatch, names)):
            return _P.MODULE
        return _P.KEPT if names & NAMED_KEPT else _P.FREE
    return _P.FREE if isinstance(above, _BLOCKS) else None
