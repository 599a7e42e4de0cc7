"""Modules of a repository whose outputs must be the same in repeated runs::

    modules:
      - name: plan
        command: [python, -m, coo.plan]
        outputs: [build/plan.json]     # files or folders that the command makes; none is fine

``python`` is the interpreter that the caller names.  What a command prints is an output, too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sealwright.document import Table
from sealwright.paths import RelPath

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")
PYTHON = "python"


@dataclass(frozen=True, slots=True)
class Module:
    """A command, and what it makes."""

    name: str
    command: tuple[str, ...]
    outputs: tuple[RelPath, ...] = ()


def read(table: Table) -> tuple[Module, ...]:
    """Return the modules in a configuration, in the order written: later ones may use earlier."""
    found = tuple(map(_read, table.tables("modules", ())))
    names = [module.name for module in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise table.wrong("modules", f"each name once, but {', '.join(twice)}")
    return found


def _read(given: Table) -> Module:
    made = Module(given.string("name"), given.strings("command"), given.paths("outputs", ()))
    if not _NAME.fullmatch(made.name):
        raise given.wrong("name", "letters, digits, `_`, `.` and `-`")
    if not made.command or not all(made.command):
        raise given.wrong("command", "a program and its arguments")
    return made
