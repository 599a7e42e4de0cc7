"""What a repository's dodo.py calls::

    from sealwright.engine import doorway

    globals().update(doorway.tasks(__file__))

Under our commands (see `commands`) this gives doit the tasks of the contracts in force.
Where doit did not read the lines that name our commands (a sub-folder, ``-f``,
``DOIT_FILE``, ``--dir``), the same command is executed again, in the repository's root and
under our commands, since our steps never run under doit's own rules.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from doit.exceptions import InvalidDodoFile
from doit.task import Task

from sealwright import process
from sealwright.engine import binding, selection, settings
from sealwright.engine.settings import Own, Settings
from sealwright.errors import SealwrightError

_NAME = "sealwright_tasks"
_ours = False


def enter() -> None:
    """Say that one of our own commands is at work in this process."""
    global _ours
    _ours = True


def tasks(dodo: str, *own: Own) -> dict[str, Any]:
    """Return what a dodo.py needs: ``DOIT_CONFIG`` and a creator of all tasks.

    ``own`` are functions that take a `World` and return a `Contract` of the repository's own.
    """
    file = Path(dodo).resolve()
    if not _ours:
        _again(file)
    try:
        creator = Creator(settings.load(file.parent, process.environment(), own))
    except SealwrightError as problem:
        raise InvalidDodoFile(str(problem)) from None
    world = creator.engine.world
    state = world.state.relative_to(world.root)
    plain = {"backend": "sqlite3", "dep_file": str(state / "plain.db")}
    return {"DOIT_CONFIG": {"default_tasks": ["all"], **plain}, _NAME: creator}


class Creator:
    """What doit asks for the tasks of all contracts in force."""

    def __init__(self, loaded: Settings) -> None:
        self.engine = loaded.engine()
        self._loaded = loaded

    def create_doit_tasks(self) -> Iterator[Task]:
        """Yield a task for each step, guard, group and chain."""
        yield from binding.tasks(self.engine, self._loaded.groups(), self._loaded.chains)

    def steps(self, words: Iterable[str]) -> list[str] | None:
        """Return the steps that ``words`` stand for, or None if doit has to say it."""
        return selection.steps(words, self.engine.graph, self._loaded.chains)


def alone(namespace: dict[str, Any]) -> Creator | None:
    """Return the creator in the names of a dodo.py if no other task can come from there."""
    creators = [
        name
        for name, value in namespace.items()
        if name.startswith("task_") or hasattr(value, "create_doit_tasks")
    ]
    return namespace[_NAME] if creators == [_NAME] else None


def _again(dodo: Path) -> None:
    """Replace this process by the same doit command, run under our commands."""
    main = Path(getattr(sys.modules["__main__"], "__file__", None) or "")
    if main.resolve() == dodo:
        raise SystemExit("dodo.py: holds tasks for doit and runs nothing itself; type: doit")
    if main.name != "doit" and main.parent.name != "doit":
        raise InvalidDodoFile(
            f"{dodo}: its steps run under doit's command line only; type: doit, or: inv --list"
        )
    os.chdir(dodo.parent)
    sys.stdout.flush()
    sys.stderr.flush()
    argv = [sys.executable, "-m", "sealwright.engine", str(dodo), *sys.argv[1:]]
    os.execve(sys.executable, argv, dict(process.environment()))
