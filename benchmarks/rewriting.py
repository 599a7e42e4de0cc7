"""One rename of a package of N modules, by us and by two others.

The modules import one another in the usual ways.  We plan the whole pass: scan, edits,
post-conditions, difference.  LibCST's `RenameCommand` transforms the text of each file; rope plans
the renaming of the package's folder.  Each is a program of its own, ``rewriting.py TOOL FOLDER``,
which says how long the renaming took; its start and its imports are not in it.  Each is taken
once.  What is not installed is left out.  How many files come out as ours do is in no figure: the
others know no strings.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks import contest, measure
from benchmarks.contest import Row
from benchmarks.measure import Sample, Wrong
from benchmarks.peers import OURS
from sealwright.contracts.coo.package_names import Names
from sealwright.contracts.coo.rewriting.module_tree import ModuleTree
from sealwright.contracts.coo.rewriting.planning import plan
from sealwright.contracts.coo.rewriting.references import splice
from sealwright.contracts.coo.rewriting.rulings import Rulings
from sealwright.paths import TOP, RelPath

SIZES = (400,)
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


def write(root: Path, modules: int) -> None:
    """Write the package."""
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
    contest.write(root, texts.items())


def ours(root: Path, paths: list[RelPath]) -> dict[str, str]:
    index = ModuleTree.of(root, TOP, NAMES)
    made = plan(root, paths, NAMES, index, Rulings())
    made.verdict.enforce()
    edits = {file.path: file.edits for file in made.files}
    return {path: splice((root / path).read_bytes(), edits[path]).decode() for path in edits}


def libcst(root: Path, paths: list[RelPath]) -> dict[str, str]:
    from libcst import parse_module
    from libcst.codemod import CodemodContext
    from libcst.codemod.commands.rename import RenameCommand

    after = {}
    for path in paths:
        text = (root / path).read_text()
        command = RenameCommand(CodemodContext(), NAMES.legacy, NAMES.canonical)
        changed = command.transform_module(parse_module(text)).code
        if changed != text:
            after[path] = changed
    return after


def rope(root: Path, paths: list[RelPath]) -> dict[str, str]:
    from rope.base.project import Project
    from rope.refactor.rename import Rename

    project = Project(str(root), ropefolder=None)
    changes = Rename(project, project.get_resource(NAMES.legacy)).get_changes(NAMES.canonical)
    contents = [each for each in changes.changes if hasattr(each, "new_contents")]
    return {each.resource.path: each.new_contents for each in contents}


Rename = Callable[[Path, list[RelPath]], dict[str, str]]
IMPORTED = {"LibCST": ("libcst.codemod.commands.rename",), "rope": ("rope.refactor.rename",)}
TOOLS: Mapping[str, Rename] = {OURS.name: ours, "LibCST": libcst, "rope": rope}


def main(tool: str, folder: str) -> None:
    """Rename, and print the seconds, and how many files would change."""
    root = Path(folder)
    paths = [RelPath(str(path.relative_to(root))) for path in sorted(root.rglob("*.py"))]
    for module in IMPORTED.get(tool, ()):
        importlib.import_module(module)
    start = time.perf_counter()
    after = TOOLS[tool](root, paths)
    print(json.dumps([time.perf_counter() - start, len(after)]))


def take(tool: str, root: Path, modules: int) -> Callable[[int], Sample]:
    def taken(_: int) -> Sample:
        top = Path(__file__).resolve().parents[1]
        sample = measure.once([sys.executable, "-m", __name__, tool, str(root)], top)
        seconds, changed = json.loads(sample.printed.splitlines()[-1])
        if changed < modules:
            raise Wrong(f"{tool}: changes {changed} files, expected {modules} at least")
        return Sample(seconds, sample.peak_kib, sample.printed)

    return taken


def versions() -> dict[str, str]:
    """Return what was compared."""
    return {OURS.name: OURS.version()} | {
        name: found for name in TOOLS if (found := _version(name))
    }


def _version(tool: str) -> str:
    try:
        return version(tool.lower()) if tool != OURS.name else ""
    except PackageNotFoundError:
        return ""


def run(sizes: Sequence[int], folder: Path, runs: int) -> list[Row]:
    """Return the rows of all sizes; each is taken once."""
    found: list[Row] = []
    for size in sizes or SIZES:
        root = folder / str(size)
        write(root, size)
        there = [name for name in TOOLS if name in versions()]
        takes = {name: take(name, root, size) for name in there}
        found += contest.rows("rename", size, measure.interleaved(takes, 1))
        absent = [name for name in TOOLS if name not in there]
        found += [contest.missing("rename", size, name, "not installed") for name in absent]
    return found


if __name__ == "__main__":
    main(*sys.argv[1:])
