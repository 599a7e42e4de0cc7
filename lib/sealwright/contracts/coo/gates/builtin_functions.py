"""Functions of a tree that return bytes, run as modules are.

A function that can be imported, as it is or as a `functools.partial` with plain keyword arguments,
is run in a process of its own.  Any other is called here, on each of the copies, whose files were
made in different orders; the evidence says which of both it was.

>>> where(lambda tree: b"")
'this process'
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sealwright import durable
from sealwright.contracts.coo.gates.module_runs import STDOUT, Ran, Runner
from sealwright.contracts.coo.gates.private_copies import PrivateCopy
from sealwright.errors import SealwrightError
from sealwright.runtime import canonical

Function = Callable[[Path], bytes]
OWN, HERE = "process", "this process"
_ENTRY = "sealwright.contracts.coo.gates.builtin_entry"


def where(function: Function) -> str:
    """Return where a function is run."""
    return HERE if _reference(function) is None else OWN


def run(name: str, function: Function, copy: PrivateCopy, runner: Runner) -> Ran:
    """Run a function once, on its copy of the tree."""
    reference = _reference(function)
    if reference is None:
        return _here(name, function, copy)
    argv = [sys.executable, "-m", _ENTRY, str(copy.tree)]
    path = [place for place in sys.path if place]
    return runner.observe(name, argv, copy, path=path, stdin=reference)


def _here(name: str, function: Function, copy: PrivateCopy) -> Ran:
    said = copy.said / name
    try:
        durable.create(said, function(copy.tree))
    except SealwrightError as problem:
        return Ran(copy, {}, tuple(str(problem).splitlines()))
    return Ran(copy, {STDOUT: said})


def _reference(function: Function) -> bytes | None:
    """Return how another process finds a function, or None if it cannot."""
    arguments: dict[str, Any] = {}
    found: Any = function
    if isinstance(function, functools.partial) and not function.args:
        found, arguments = function.func, dict(function.keywords)
    module, name = getattr(found, "__module__", None), getattr(found, "__qualname__", "")
    known = sys.modules.get(module) if isinstance(module, str) else None
    if module == "__main__" or getattr(known, name, None) is not found:
        return None
    try:
        return canonical.line({"module": module, "name": name, "arguments": arguments})
    except canonical.NotCanonical:
        return None
