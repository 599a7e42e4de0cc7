"""``"old"`` as one part of a path that code puts together: R8.

``os.path.join(here, "old", "x")`` and ``here / "old" / "x"`` are paths of the package's if what
the strings say from there on is on disk.  Where nothing follows, the folder itself is meant if
the path begins at ``__file__``; else a person is asked.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from sealwright.contracts.coo.rewriting.bindings import Reading
from sealwright.contracts.coo.rewriting.decisions import MENTION, Decision, ask, edit
from sealwright.contracts.coo.rewriting.references import Index

_JOINS = frozenset(["join", "joinpath", "Path", "PurePath", "PosixPath"])


def decision(node: ast.expr, reading: Reading, index: Index) -> Decision | None:
    """Return what is done about a string that is one part of a path; None if it is none."""
    parts = _parts(node, reading)
    if not parts or not isinstance(node, ast.Constant):
        return None
    at = next(number for number, part in enumerate(parts) if part is node)
    said = [str(node.value)]
    for part in parts[at + 1 :]:
        if not isinstance(part, ast.Constant):
            said.append("*")
            break
        said.append(str(part.value))
    if not index.on_disk("/".join(said)):
        return MENTION if len(said) > 1 else None
    if said[1:] and said[1] != "*":
        return edit("R8")
    begun = {
        each.id for part in parts[:at] for each in ast.walk(part) if isinstance(each, ast.Name)
    }
    return edit("R8") if "__file__" in begun else ask("R8", "may be the folder of the package")


def _parts(node: ast.expr, reading: Reading) -> list[ast.expr]:
    above = reading.parents.get(node)
    if isinstance(above, ast.Call) and node in above.args:
        name = getattr(above.func, "attr", getattr(above.func, "id", ""))
        receiver = getattr(above.func, "value", None)
        plain = not isinstance(receiver, ast.Constant)  # ", ".join([…]) joins no path
        return list(above.args) if name in _JOINS and plain else []
    if isinstance(above, ast.BinOp) and isinstance(above.op, ast.Div):
        top = above
        for each in reading.above(above):
            if not isinstance(each, ast.BinOp) or not isinstance(each.op, ast.Div):
                break
            top = each
        return list(_operands(top))
    return []


def _operands(node: ast.expr) -> Iterator[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        yield from _operands(node.left)
        yield from _operands(node.right)
    else:
        yield node
