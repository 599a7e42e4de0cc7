"""One run of a suite: in a copy of the tree, in an environment of its own, with proof.

The order: the tree is copied; the environment is made; a child proves that the package comes from
the copy; the command runs in the copy, without network where the system allows that, within a
time limit; what listeners and tripwire wrote is read; what the suite did to the copy is told; the
tree must be what it was; everything is thrown away.

All of it happens in ``work``, which is made anew.  It must not lie in a project: what a suite runs
in its copy, or in its folder for temporary files, looks for a configuration in the folders above,
and would find that project's.  In snapshots ids are spelled without it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from sealwright import digest, durable, process
from sealwright.contracts.coo.package_names import Names
from sealwright.contracts.coo.suite import (
    environment,
    outcomes,
    snapshot,
    tripwire,
    working_copy,
)
from sealwright.contracts.coo.suite.environment import Environment, Plan
from sealwright.contracts.coo.suite.outcomes import Outcomes
from sealwright.contracts.coo.suite.snapshot import EXCLUDED, Snapshot
from sealwright.contracts.coo.suite.spelling import Spelling
from sealwright.contracts.coo.suite.tripwire import Look
from sealwright.digest import Digest
from sealwright.errors import Refused
from sealwright.paths import TOP, RelPath
from sealwright.runtime import canonical
from sealwright.verdict import Finding, Verdict, refusal, together

_ROOM = {"environment", "home", "records", "tree"}
_PROJECT = (
    *(".git", "conftest.py", "pyproject.toml", "setup.cfg", "setup.py", "tox.ini"),
    *("pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml"),
)
_VARIABLE = {"HOME", "PATH", "TMPDIR"}  # of the machine, or of this run


@dataclass(frozen=True, slots=True)
class Wish:
    """A suite: its command, the package that it tests, and what it may count on."""

    command: tuple[str, ...]
    names: Names
    interpreter: Path = Path(sys.executable)
    source_root: RelPath = TOP
    variables: Mapping[str, str] = field(default_factory=dict)
    legacy_allowed: bool = False
    seed: int = 0
    timeout: float = 3600


@dataclass(frozen=True, slots=True)
class Result:
    """What a run of a suite came to."""

    wish: Wish
    exit_code: int
    outcomes: Outcomes
    looks: tuple[Look, ...]
    changes: tuple[str, ...]
    facts: Mapping[str, Any]
    seconds: float

    @property
    def environment(self) -> Digest:
        """Return the digest of what the suite ran in."""
        return digest.sha256(canonical.encode(self.facts))

    def snapshot(
        self, tree: Path, excluded: Collection[str] = EXCLUDED, unstable: Collection[str] = ()
    ) -> Snapshot:
        """Return the snapshot of the package in ``tree``, which the suite ran on."""
        wish = self.wish
        package = wish.names.legacy if wish.legacy_allowed else wish.names.canonical
        return Snapshot(
            package=package,
            files=snapshot.files(tree, wish.source_root, package, excluded),
            excluded=tuple(sorted(excluded)),
            rows=self.outcomes.rows,
            sessions=self.outcomes.sessions,
            exit_code=self.exit_code,
            looks=self.looks,
            environment=self.environment,
            unstable=tuple(sorted(unstable, key=str.encode)),
        )

    def verdict(self) -> Verdict:
        """Answer whether there is proof that the whole suite ran."""
        evidence = {"changes": list(self.changes), "isolated": process.isolated()}
        about = {"exit_code": self.exit_code, "totals": dict(self.outcomes.totals())}
        return together([self.outcomes.ran(), Verdict((), evidence | about)])


def run(tree: Path, wish: Wish, work: Path, log: BinaryIO) -> Result:
    """Run a suite on a copy of ``tree``; its output goes to ``log``.

    `Refused` if the package is not the copy's, or if the tree changed meanwhile; `ProgramFailed`
    if the suite did not end in time.
    """
    work = work.absolute()
    _suitable(work, tree.absolute()).enforce()
    before = working_copy.state(tree)
    with _room(work) as room:
        copied = working_copy.make(tree, room / "tree")
        made = _environment(wish, room)
        env = made.variables(wish.variables, room / "home", wish.seed)
        environment.proof(made, env).enforce()
        done = process.run(
            _command(wish, made),
            cwd=room / "tree",
            env=env,
            timeout=wish.timeout,
            log=log,
            check=False,
        )
        spell = _spelling(room, made)
        result = Result(
            wish,
            done.code,
            outcomes.read(made.records, spell),
            tripwire.read(made.records, spell),
            tuple(working_copy.changes(tree, room / "tree", copied)),
            _facts(wish, made, env, spell),
            done.seconds,
        )
    if working_copy.state(tree) != before:
        raise Refused(f"{tree}: changed while its suite ran on a copy; find out what wrote into it")
    return result


def _suitable(work: Path, tree: Path) -> Verdict:
    """Answer whether ``work`` may be made anew, and has nothing above that a suite would find."""
    remedy = "name a folder below the system's for temporary files"
    found = [name for name in (os.listdir(work) if work.is_dir() else ()) if name not in _ROOM]
    if work == tree or work in tree.parents or tree in work.parents or found:
        what = f"expected a folder of its own, found {found[0] if found else 'the tree'} there"
        return refusal(str(work), what, remedy)
    above = (each / name for each in work.parents for name in _PROJECT)
    findings = [
        Finding(str(work), f"expected no project above it, found {place}", remedy)
        for place in above
        if os.path.lexists(place)
    ]
    return Verdict(tuple(findings))


@contextmanager
def _room(work: Path) -> Iterator[Path]:
    """Yield a new folder with places for everything, which is removed in the end."""
    working_copy.discard(work)
    for name in ("home/tmp", "records"):
        durable.create_folders(work / name)
    try:
        yield work
    finally:
        working_copy.discard(work)


def _environment(wish: Wish, room: Path) -> Environment:
    plan = Plan(room / "tree", wish.source_root, wish.names, wish.legacy_allowed)
    return environment.build(room / "environment", plan, wish.interpreter, room / "records")


def _command(wish: Wish, made: Environment) -> tuple[str, ...]:
    """Return the command under the package's present name, with the environment's Python."""
    command = wish.command if wish.legacy_allowed else wish.names.command(wish.command)
    program, *arguments = command
    return str(made.python) if made.parent.is_program(program) else program, *arguments


def _spelling(room: Path, made: Environment) -> Spelling:
    return Spelling.of(
        tree=room / "tree",
        environment=made.folder,
        home=room / "home",
        work=room,
        parent=made.parent.prefix,
        python=made.parent.base.parent.parent,
    )


def _facts(
    wish: Wish, made: Environment, env: Mapping[str, str], spell: Spelling
) -> dict[str, Any]:
    """Return what must be the same for runs that are compared."""
    given = {name: value for name, value in env.items() if name not in _VARIABLE}
    return {
        **made.facts(),
        "command": [spell(word) for word in wish.names.command(wish.command)],
        "isolated": process.isolated(),
        "seed": wish.seed,
        "source_root": wish.source_root,
        "variables": [[name, spell(given[name])] for name in sorted(given)],
    }
