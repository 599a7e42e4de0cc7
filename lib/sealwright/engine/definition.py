"""What a step is, apart from what it reads and writes: the part that makes it stale when
somebody edits the rule rather than the data.

A definition is a mapping of names to short values, so that two of them can be told apart
name by name:

``version``        the step's own, raised by its author
``act``            a command's words, or a callable's qualified name
``code``           the BLAKE3 of the file that holds the callable
``code MODULE``    the BLAKE3 of the file of a declared module, or ``missing``; to look for it
                   imports nothing, since the act may import it only when it runs
``arguments``      the SHA-256 of their canonical bytes
``inputs``         what they are called, and ``outputs`` likewise
``env NAME``       the SHA-256 of a declared variable's value, or ``unset``
``tool NAME``      the BLAKE3 of the program's file, or ``missing``

Its digest is the SHA-256 of its canonical bytes.  No absolute path is in it, so that a
copied or moved repository is still up to date.
"""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from importlib.machinery import PathFinder
from typing import Any, Protocol

from sealwright import digest
from sealwright.digest import Digest
from sealwright.runtime import canonical
from sealwright.step import Command, Input, Output, Step, Tree, World, spot

Definition = dict[str, str]
_NONE = digest.sha256(b"{}")  # the digest of no arguments, which most steps have


class Look(Protocol):
    """Who looks at the files that a definition is of."""

    def code(self, path: str) -> str:
        """Return the digest of a source file."""

    def tool(self, name: str) -> str:
        """Return the digest of the program that ``name`` finds, or ``missing``."""


def of(step: Step, world: World, look: Look) -> Definition:
    """Return the definition of ``step``; ``look`` gives the digests of programs and sources."""
    found = rule(step, world, look)
    for side, items in (("inputs", step.inputs), ("outputs", step.outputs)):
        found[side] = names([_described(item) for item in items])
    return found


def rule(step: Step, world: World, look: Look) -> Definition:
    """Return the definition without what its inputs and outputs are called."""
    found = _act(step.act, look)
    found["arguments"] = _arguments(step.arguments) if step.arguments else _NONE
    found["version"] = step.version
    for name in step.code:
        source = _file(name)
        found[f"code {name}"] = look.code(source) if source else "missing"
    for name in dict.fromkeys(step.tools + _program(step.act)):
        found[f"tool {name}"] = look.tool(name)
    for name in step.environment:
        value = world.environment.get(name)
        found[f"env {name}"] = "unset" if value is None else digest.sha256(os.fsencode(value))
    return found


def names(described: list[str]) -> str:
    """Return the entry for what inputs or outputs are called."""
    return digest.sha256("\n".join(described).encode("utf-8", "surrogateescape"))


def digest_of(definition: Definition) -> Digest:
    """Return the digest under which a receipt names a definition."""
    return digest.sha256(canonical.encode(definition))


def _arguments(arguments: Mapping[str, Any]) -> str:
    return digest.sha256(canonical.encode(dict(arguments)))


def _described(item: Input | Output) -> str:
    without = (
        f" without {' '.join(item.exclude)}" if isinstance(item, Tree) and item.exclude else ""
    )
    return spot(item) + without


def _act(act: Callable[..., Any], look: Look) -> Definition:
    if isinstance(act, Command):
        return {"act": digest.sha256("\0".join(act.words()).encode("utf-8", "surrogateescape"))}
    while isinstance(act, partial):
        act = act.func
    target = act if inspect.isroutine(act) else type(act)
    source = _source(target)
    return {
        "act": f"{target.__module__}.{target.__qualname__}",
        "code": look.code(source) if source else "unknown",
    }


def _source(target: Any) -> str | None:
    """Return the file that holds a function or class; most functions say so themselves."""
    code = None if hasattr(target, "__wrapped__") else getattr(target, "__code__", None)
    if code is not None and code.co_filename.endswith(".py"):
        return str(code.co_filename)
    return inspect.getsourcefile(inspect.unwrap(target))


@cache
def _file(module: str) -> str | None:
    """Return the file that a module would be imported from."""
    name, *parts = module.split(".")
    top = sys.modules.get(name)  # a package of somebody else's finder is found there at least
    folders: Sequence[str] | None = None if top is None else getattr(top, "__path__", None)
    if not (parts and folders):
        parts, name, folders = [name, *parts], "", sys.path
    for part in parts:
        name = f"{name}.{part}" if name else part
        spec = PathFinder.find_spec(name, folders)
        if spec is None:
            return None
        origin, folders = spec.origin, spec.submodule_search_locations or []
    return origin


def _program(act: Callable[..., Any]) -> tuple[str, ...]:
    first = act.argv[0] if isinstance(act, Command) else None
    return (first,) if isinstance(first, str) else ()
