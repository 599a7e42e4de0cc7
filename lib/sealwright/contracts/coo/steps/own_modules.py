"""What the chain itself can make of a tree: the modules and the mission of who declares none.

Each is a function of a tree, with plain arguments, that returns bytes, so that another process can
run it; as a program, ``python -m … NAME ARGUMENTS TREE`` (the arguments as JSON) prints them.
"""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sealwright.contracts.coo.gates.chain_functions import linted, scanned
from sealwright.paths import RelPath, parse

if TYPE_CHECKING:  # each function is run many times, in a process of its own
    from sealwright.contracts.coo.gates.builtin_functions import Function
    from sealwright.contracts.coo.replay.mission import Mission
    from sealwright.contracts.coo.settings import Settings


def planned(tree: Path, *, legacy: str, canonical: str, source_root: str, package: str) -> bytes:
    """Return the plan of taking the migration back: each reference to the canonical package."""
    from sealwright.contracts.coo.package_names import Names
    from sealwright.contracts.coo.rewriting import planning
    from sealwright.contracts.coo.rewriting.module_tree import ModuleTree
    from sealwright.contracts.coo.rewriting.rulings import Rulings

    both = Names(canonical, legacy)
    index = ModuleTree.of(tree, RelPath(source_root), both)
    return planning.plan(tree, [parse(package)], both, index, Rulings()).encode()


def modules(settings: Settings, package: RelPath) -> dict[str, Function]:
    """Return the functions of the chain, as gate B runs them."""
    scan = settings.scan
    given: dict[str, tuple[Any, dict[str, Any]]] = {
        "scan": (
            scanned,
            {"ruleset": scan.ruleset, "sha256": scan.sha256, "scope": list(scan.scope)},
        ),
        "lint": (linted, {"ruleset": settings.lint}),
        "plan": (
            planned,
            {
                "legacy": settings.legacy,
                "canonical": settings.canonical,
                "source_root": settings.source_root,
                "package": package,
            },
        ),
    }
    return {name: functools.partial(call, **more) for name, (call, more) in given.items()}


def mission(settings: Settings, package: RelPath, inputs: Sequence[RelPath]) -> Mission:
    """Return the mission that runs the functions of the chain, each as a program."""
    from sealwright import digest
    from sealwright.contracts.coo.replay.mission import COPY, PYTHON, Mission, Output
    from sealwright.contracts.coo.replay.mission import Step as MissionStep
    from sealwright.runtime import canonical

    steps, outputs = [], []
    for name, function in modules(settings, package).items():
        assert isinstance(function, functools.partial)
        told = canonical.encode(dict(function.keywords)).decode()
        argv = ("python", "-m", __name__, function.func.__name__, told, ".")
        steps.append(MissionStep(name=name, argv=argv))
        outputs.append(Output(name=name, source="stdout", of=name))
    about = [[step.name, *step.argv] for step in steps]
    return Mission(
        name="own",
        sha256=digest.sha256(canonical.line(about)),
        inputs=tuple(inputs),
        steps=tuple(steps),
        outputs=tuple(outputs),
        layer=PYTHON,
        isolation=COPY,
    )


def main(words: Sequence[str]) -> int:
    """Print what one function makes of a tree."""
    functions: Mapping[str, Any] = {"scanned": scanned, "linted": linted, "planned": planned}
    name, told, tree = words
    sys.stdout.buffer.write(functions[name](Path(tree), **json.loads(told)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
