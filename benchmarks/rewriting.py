"""``python -m benchmarks.rewriting [MODULES]``: one rename of a package, by us and by two others.

A package of many modules that import one another in the usual ways is written below
``build/bench``.  We plan the whole pass: scan, edits, post-conditions, difference.  LibCST's
`RenameCommand` transforms the text of each file; rope plans the renaming of the package's
folder.  What is not installed is left out.  One run each, on one processor; seconds of
processor time.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

from sealwright.contracts.coo.rewriting.module_tree import ModuleTree
from sealwright.contracts.coo.rewriting.planning import plan
from sealwright.contracts.coo.rewriting.references import Names, splice
from sealwright.contracts.coo.rewriting.rulings import Rulings
from sealwright.paths import TOP, RelPath

TOP_FOLDER = Path(__file__).resolve().parents[1] / "build" / "bench" / "rewriting"
NAMES = Names("legacy_package", "coo")
GROUP = 20
MODULE = '''"""Module {here} of a package, about {old}."""

from __future__ import annotations

import os
import {old}
import {old}.group{other} as neighbour
from {old}.group{group} import shared
from {old}.group{other}.module{next} import Thing as Other

LIMITS = {{"low": {here}, "high": {next}}}


class Thing(Other):
    """A thing that holds others, as one does in {old}."""

    limit: int = LIMITS["low"]

    def __init__(self, items: list[int] | None = None, *, name: str = "thing") -> None:
        super().__init__(items or [], name=name)
        self.items = sorted(items or [], key=lambda item: (item % 7, item))
        self.place = os.path.join(os.getcwd(), name, str({here}))

    def total(self, start: int = 0) -> int:
        result = start
        for number, item in enumerate(self.items):
            if item > LIMITS["high"]:
                continue
            result += item * number if item % 2 else item // (number + 1)
        return result + {old}.group{group}.shared.LIMIT

    def described(self) -> str:
        rows = [f"{{key}}: {{value!r:>10}}" for key, value in vars(self).items()]
        return "\\n".join([type(self).__name__, *rows, {old}.__name__])


def build(count: int = 10) -> dict[str, Thing]:
    """Return things by name."""
    try:
        made = {{f"thing{{n}}": Thing([n, n + 1], name=f"thing{{n}}") for n in range(count)}}
    except (ValueError, KeyError) as problem:
        raise RuntimeError(f"no things: {{problem}}") from problem
    made["neighbour"] = neighbour.module{next}.Thing([shared.LIMIT])
    return made
'''


def lay(modules: int) -> list[RelPath]:
    """Write the package, and return its modules."""
    shutil.rmtree(TOP_FOLDER, ignore_errors=True)
    old, groups = NAMES.legacy, max(1, modules // GROUP)
    texts = {f"{old}/__init__.py": ""}
    for group in range(groups):
        texts[f"{old}/group{group}/__init__.py"] = ""
        texts[f"{old}/group{group}/shared.py"] = "LIMIT = 3\n"
    for here in range(modules):
        group, other = here % groups, (here + 1) % groups
        said = MODULE.format(
            old=old, here=here, group=group, other=other, next=(here + 1) % modules
        )
        texts[f"{old}/group{group}/module{here}.py"] = said
    for path, text in texts.items():
        (TOP_FOLDER / path).parent.mkdir(parents=True, exist_ok=True)
        (TOP_FOLDER / path).write_text(text)
    return [RelPath(path) for path in texts]


def ours(paths: list[RelPath]) -> dict[str, str]:
    index = ModuleTree.of(TOP_FOLDER, TOP, NAMES)
    made = plan(TOP_FOLDER, paths, NAMES, index, Rulings())
    made.verdict.enforce()
    edits = {file.path: file.edits for file in made.files}
    return {path: splice((TOP_FOLDER / path).read_bytes(), edits[path]).decode() for path in edits}


def libcst(paths: list[RelPath]) -> dict[str, str]:
    from libcst import parse_module
    from libcst.codemod import CodemodContext
    from libcst.codemod.commands.rename import RenameCommand

    after = {}
    for path in paths:
        text = (TOP_FOLDER / path).read_text()
        command = RenameCommand(CodemodContext(), NAMES.legacy, NAMES.canonical)
        changed = command.transform_module(parse_module(text)).code
        if changed != text:
            after[path] = changed
    return after


def rope(paths: list[RelPath]) -> dict[str, str]:
    from rope.base.project import Project
    from rope.refactor.rename import Rename

    project = Project(str(TOP_FOLDER), ropefolder=None)
    changes = Rename(project, project.get_resource(NAMES.legacy)).get_changes(NAMES.canonical)
    contents = [each for each in changes.changes if hasattr(each, "new_contents")]
    return {each.resource.path: each.new_contents for each in contents}


def main(words: list[str]) -> int:
    paths = lay(int(words[0]) if words else 1000)
    first: dict[str, str] = {}
    spent_by_us = 0.0
    for run in (ours, libcst, rope):
        spent, after = timed(run, paths)
        if run is ours:
            first, spent_by_us = after, spent
        same = sum(after.get(path) == text for path, text in first.items())
        times = f"{spent / spent_by_us:6.1f} x" if after else "  left out"
        print(f"{run.__name__:8}{spent:9.2f} s {times}, {same} of {len(first)} files the same")
    return 0


def timed(
    run: Callable[[list[RelPath]], dict[str, str]], paths: list[RelPath]
) -> tuple[float, dict[str, str]]:
    begun = time.process_time()
    try:
        after = run(paths)
    except ImportError:
        after = {}
    return time.process_time() - begun, after


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
