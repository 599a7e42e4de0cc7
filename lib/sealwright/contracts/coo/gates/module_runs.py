"""One run of a module in its private copy of the tree, and what came of it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sealwright import durable, process
from sealwright.contracts.coo.gates import private_copies
from sealwright.contracts.coo.gates.module_settings import PYTHON, Module
from sealwright.contracts.coo.gates.private_copies import PrivateCopy
from sealwright.errors import ProgramFailed
from sealwright.paths import TOP, RelPath, within
from sealwright.verdict import legible
from sealwright.walk import walk

STDOUT = "standard output"
_SHELL = ("sh", "-c", 'umask "$1" && shift && exec "$@"', "sh")
_SHOWN = 200  # characters of what a program said last


@dataclass(frozen=True, slots=True)
class Ran:
    """A run: what it made, by name, in files that stay, and what is wrong with it."""

    copy: PrivateCopy
    outputs: Mapping[str, Path]
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Runner:
    """How programs are run in private copies."""

    python: Path
    source_root: RelPath
    environment: Mapping[str, str]
    seconds: float

    def run(self, module: Module, copy: PrivateCopy) -> Ran:
        """Run a module once."""
        for output in module.outputs:
            durable.remove(within(copy.tree, output))
        argv = [str(self.python) if word == PYTHON else word for word in module.command[:1]]
        return self.observe(module.name, [*argv, *module.command[1:]], copy, module.outputs)

    def observe(
        self,
        name: str,
        argv: Sequence[str],
        copy: PrivateCopy,
        outputs: Sequence[RelPath] = (),
        path: Sequence[str] = (),
        stdin: bytes = b"",
    ) -> Ran:
        """Run a program once, with ``path`` as places of Python's modules besides its own."""
        before = _places(copy)
        said = copy.said / name
        try:
            done = process.run(
                [*_SHELL, copy.umask, *argv],
                cwd=copy.tree,
                env=self._env(copy, path),
                stdin=stdin,
                timeout=self.seconds,
                check=False,
            )
        except ProgramFailed as problem:
            return Ran(copy, {}, (_told(copy, str(problem).splitlines()[0]),))
        durable.create(said, done.out)
        made, missing = _made(copy, outputs)
        problems = [
            *_ended(copy, done.code, done.err),
            *missing,
            *_undeclared(copy, before, outputs),
        ]
        return Ran(copy, {STDOUT: said, **made}, tuple(problems))

    def _env(self, copy: PrivateCopy, path: Sequence[str]) -> dict[str, str]:
        top = copy.tree if self.source_root == TOP else copy.tree / self.source_root
        return {
            **self.environment,
            "HOME": str(copy.home),
            "TMPDIR": str(copy.temporary),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONHASHSEED": copy.hash_seed,
            "PYTHONPATH": os.pathsep.join([str(copy.order), *path, str(top)]),
        }


def _ended(copy: PrivateCopy, code: int, err: bytes) -> Iterator[str]:
    if code:
        lines = err.decode("utf-8", "backslashreplace").strip().splitlines() or ["nothing"]
        yield f"expected exit code 0, found {code}; it said last: {_told(copy, lines[-1])}"


def _told(copy: PrivateCopy, text: str) -> str:
    """Return a line that a program said, the same whichever copy it ran in."""
    return legible(text.replace(str(copy.tree), "{repo}")[:_SHOWN])


def _made(copy: PrivateCopy, outputs: Sequence[RelPath]) -> tuple[dict[str, Path], list[str]]:
    """Return the files that are the declared outputs, kept as they are now, and what is missing."""
    made: dict[str, Path] = {}
    missing = []
    for output in outputs:
        place = within(copy.tree, output)
        if place.is_dir() and not place.is_symlink():
            for prefix, entry in walk(str(place)):
                path = f"{output}/{prefix}{entry.name}"
                if entry.is_file(follow_symlinks=False):
                    made[path] = Path(entry.path)
                elif not entry.is_dir(follow_symlinks=False):
                    missing.append(f"{path}: expected a file, found something else")
        elif place.is_file() and not place.is_symlink():
            made[str(output)] = place
        else:
            missing.append(f"{output}: expected a file or folder that it makes, found none")
    return made, missing


def _places(copy: PrivateCopy) -> dict[str, str]:
    tree, home = private_copies.contents(copy.tree), private_copies.contents(copy.home)
    return tree | {f"~/{path}": what for path, what in home.items()}


def _undeclared(
    copy: PrivateCopy, before: Mapping[str, str], outputs: Sequence[RelPath]
) -> Iterator[str]:
    after = _places(copy)
    for path in sorted({*before, *after}, key=os.fsencode):
        declared = any(path == each or path.startswith(f"{each}/") for each in outputs)
        if before.get(path) == after.get(path) or declared:
            continue
        did = "changed" if path in before and path in after else "made"
        yield f"{path}: was {did if path in after else 'removed'}, and is no declared output"
