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
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from doit.exceptions import InvalidDodoFile
from doit.task import Task

from sealwright import process
from sealwright.engine import binding, settings
from sealwright.engine.settings import Own
from sealwright.errors import SealwrightError

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
        loaded = settings.load(file.parent, process.environment(), own)
        engine = loaded.engine()
        made = binding.tasks(engine, loaded.groups(), loaded.chains)
    except SealwrightError as problem:
        raise InvalidDodoFile(str(problem)) from None

    def task_sealwright() -> Iterator[Task]:
        yield from made

    state = engine.world.state.relative_to(engine.world.root)
    plain = {"backend": "sqlite3", "dep_file": str(state / "plain.db")}
    return {
        "DOIT_CONFIG": {"default_tasks": ["all"], **plain},
        "task_sealwright": task_sealwright,
    }


def _again(dodo: Path) -> None:
    """Replace this process by the same doit command, run under our commands."""
    main = Path(getattr(sys.modules["__main__"], "__file__", None) or "")
    if main.resolve() == dodo:
        raise SystemExit("dodo.py: holds tasks for doit and runs nothing itself; type: doit")
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
