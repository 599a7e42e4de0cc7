"""What an act touches undeclared, by watching the system calls of one that runs apart.

The act runs in a process of its own under ``strace -f``, in a staging folder whose content
is thrown away; nothing is recorded.  Every path inside the repository that it opens, lists,
makes, renames or removes, and that is neither declared nor in its staging folder, is named.
What version control keeps for itself (``.git``) and the engine's own folder are left out.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sealwright import paths, process
from sealwright.engine import execution, staging
from sealwright.engine.engine import Engine
from sealwright.errors import Refused
from sealwright.paths import RelPath
from sealwright.runtime import canonical
from sealwright.step import (
    Changes,
    Fact,
    File,
    Input,
    Member,
    Output,
    Record,
    Step,
    Transition,
    Tree,
)

BEGIN, END = "/sealwright-act-begins", "/sealwright-act-ends"
_CALL = re.compile(r"^\d+ +(?P<call>\w+)\((?P<rest>.*)\) += (?P<result>-?\d+)")
_NAME = re.compile(r'(?:AT_FDCWD(?:<(?P<cwd>[^>]*)>)?, |\d+<(?P<at>[^>]*)>, )?"(?P<name>[^"]*)"')
_WRITES = ("O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_APPEND")
_CHANGES = ("rename", "unlink", "mkdir", "rmdir", "symlink", "link", "truncate", "chmod", "utime")
_LOOKS = ("stat", "access", "readlink")  # asking about a path reads none of its content


@dataclass(frozen=True, slots=True)
class Touched:
    """The undeclared paths that an act read and wrote, each in byte order."""

    step: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]

    @property
    def undeclared(self) -> bool:
        """Return whether anything was touched that is not declared."""
        return bool(self.reads or self.writes)

    def to_json(self) -> str:
        """Return the finding as JSON."""
        said = {"step": self.step, "reads": list(self.reads), "writes": list(self.writes)}
        return canonical.encode(said).decode()

    def __str__(self) -> str:
        lines = [f"{self.step}: reads {name}, which it does not declare" for name in self.reads]
        lines += [f"{self.step}: writes {name}, which it does not declare" for name in self.writes]
        return "\n".join(lines) or f"{self.step}: touches only what it declares"


def trace(engine: Engine, name: str) -> Touched:
    """Run the act of ``name`` apart, watched, and return what it touched undeclared."""
    environment = dict(engine.world.environment)
    if process.find("strace", environment) is None:
        raise Refused("strace: not found on PATH; install it, for example: apt-get install strace")
    dodo = engine.world.root / "dodo.py"
    with tempfile.TemporaryDirectory(prefix="sealwright-") as folder:
        log = Path(folder, "calls")
        watch = ("strace", "-f", "-y", "-s", "4096", "-e", "trace=%file,getdents64", "-o", str(log))
        act = (sys.executable, "-m", "sealwright.engine", str(dodo), "apart", name)
        process.run((*watch, *act), cwd=engine.world.root, env=environment, timeout=3600)
        lines = log.read_text(errors="surrogateescape").splitlines()
    step = engine.graph.steps[name]
    reads, writes = _sorted(engine, step, _between(lines))
    return Touched(name, tuple(sorted(reads - writes)), tuple(sorted(writes)))


def apart(engine: Engine, step: Step) -> None:
    """Run the act of ``step`` between two markers that a watcher sees, and keep nothing."""
    stage = staging.prepare(step, engine.world.root, engine.next_folder(), {})
    try:
        with open(stage.log, "wb") as log:
            run = execution.new_run(engine, engine.afresh(step), step, stage, log)
            os.access(BEGIN, os.F_OK)
            step.act(run)
            os.access(END, os.F_OK)
    finally:
        stage.discard()


def _between(lines: Iterable[str]) -> Iterator[str]:
    inside = False
    for line in lines:
        if BEGIN in line or END in line:
            inside = BEGIN in line
        elif inside:
            yield line


def _sorted(engine: Engine, step: Step, lines: Iterable[str]) -> tuple[set[str], set[str]]:
    reads: set[str] = set()
    writes: set[str] = set()
    for line in lines:
        for path, wrote in _touched(line, engine.world.root):
            if not _declared(step, path, wrote=wrote) and not _own(engine, path):
                (writes if wrote else reads).add(path)
    return reads, writes


def _touched(line: str, root: Path) -> Iterator[tuple[RelPath, bool]]:
    """Yield the paths inside the repository of one call that succeeded."""
    call = _CALL.match(line)
    if call is None or call["result"].startswith("-") or any(w in call["call"] for w in _LOOKS):
        return
    wrote = any(word in call["rest"] for word in _WRITES)
    wrote = wrote or any(word in call["call"] for word in _CHANGES)
    names = list(_NAME.finditer(call["rest"]))
    for found in names[:1] if call["call"].startswith("exec") else names:
        place = os.path.normpath(os.path.join(found["cwd"] or found["at"] or root, found["name"]))
        if place.startswith(f"{root}/"):
            yield paths.relative(root, Path(place)), wrote


def _own(engine: Engine, path: RelPath) -> bool:
    state = paths.relative(engine.world.root, engine.world.state)
    parts = path.split("/")
    return paths.above(state, path) or ".git" in parts or ".staging" in parts


def _declared(step: Step, path: RelPath, *, wrote: bool) -> bool:
    """Return whether ``path`` is, lies in, or leads to something that the step declares."""
    items: list[Input | Output] = [*step.outputs] if wrote else [*step.inputs, *step.outputs]
    return any(_covers(item, path, wrote=wrote) for item in items)


def _covers(item: Input | Output, path: RelPath, *, wrote: bool) -> bool:
    match item:
        case Transition(of):
            return _covers(of, path, wrote=wrote)
        case Changes(_, within):
            return any(_covers(Tree(place), path, wrote=wrote) for place in within)
        case Fact():
            return False
        case Record(ledger):
            place = ledger
        case Member(folder):
            place = folder
        case File(where) | Tree(where):
            place = where
    inside = paths.above(place, path) if isinstance(item, Tree | Member) else place == path
    return inside or (not wrote and paths.above(path, place))
