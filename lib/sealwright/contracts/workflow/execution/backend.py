"""Backends: who works on the task.  None chooses target, scope, approval or success.

=========  ==================================================================================
kind       what runs in the sandbox, in a copy of the clone
=========  ==================================================================================
`Command`  the words of the configuration; ``{task}`` in them is the path of the task
`Patch`    ``git apply --index`` of a patch file: all of it, or none
`Fake`     edits that are spelled out: a path and its text, or none to delete it
=========  ==================================================================================

The task is a JSON file, read-only, whose path is ``SEALWRIGHT_TASK`` as well.  What comes of
it all is a folder, and a log; what the log says is never believed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sealwright import durable
from sealwright.contracts.workflow.execution.clone import Clone
from sealwright.contracts.workflow.execution.words import scrubbed
from sealwright.runtime import canonical
from sealwright.sandbox.cage import Cage, Came, Limits, Place

TARGET, GIVEN = "/task/target", "/task/given"
TASK, PATCH = "task.json", "change.patch"
FIXED = {  # the variables of every program that works on a target; ``python3`` is this one
    "PATH": os.pathsep.join((os.path.dirname(sys.executable), os.defpath)),
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONHASHSEED": "0",
    "GIT_CONFIG_NOSYSTEM": "1",
}
_REFRESH = "git update-index -q --refresh"  # the copy's files have times of their own
_APPLY = f'{_REFRESH}; exec git apply --index --whitespace=nowarn "$1"'
_EDIT = """
import json, os, sys
for path, text in json.load(open(sys.argv[1], encoding="utf-8"))["edits"]:
    if text is None:
        os.unlink(path)
        continue
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write(text)
"""


@dataclass(frozen=True, slots=True)
class Command:
    """A program and its words; ``variables`` are what else it has of an environment."""

    argv: tuple[str, ...]
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Patch:
    """A patch, as its bytes."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Fake:
    """Edits by path: the new text, or none to delete the file."""

    edits: Mapping[str, str | None]


Backend = Command | Patch | Fake


@dataclass(frozen=True, slots=True)
class Worked:
    """What a backend left: a folder that nobody trusts, how it ended, and its log."""

    folder: Path
    came: Came
    log: bytes

    @property
    def blocker(self) -> str:
        """Why the run is blocked, or nothing."""
        if self.came.well:
            return ""
        return "timeout" if self.came.ended == "timeout" else "provider-unavailable"


def work(
    backend: Backend,
    clone: Clone,
    task: Mapping[str, Any],
    *,
    cage: Cage,
    limits: Limits,
    folder: Path,
) -> Worked:
    """Let a backend work on a copy of the clone; everything lies in the new folder ``folder``."""
    given, after, scratch = (folder / name for name in ("given", "after", "scratch"))
    for each in (given, after, scratch):
        durable.mkdir(each)
    _give(backend, task, given)
    inputs = Place(given, GIVEN)
    seen = cage.seen(inputs)
    words = (word.replace("{task}", f"{seen}/{TASK}") for word in argv(backend))
    came = cage.run(
        [word.replace("{given}", seen) for word in words],
        cwd=Place(clone.place, TARGET, after),
        places=[inputs],
        env={**_variables(backend), "SEALWRIGHT_TASK": f"{seen}/{TASK}"},
        limits=limits,
        work=scratch,
    )
    return Worked(after, came, scrubbed(came))


def argv(backend: Backend) -> tuple[str, ...]:
    """Return the words that run a backend."""
    if isinstance(backend, Command):
        return backend.argv
    if isinstance(backend, Patch):
        return ("sh", "-c", _APPLY, "sh", "{given}/" + PATCH)
    return (sys.executable, "-I", "-S", "-B", "-c", _EDIT, "{task}")


def _variables(backend: Backend) -> dict[str, str]:
    own = dict(backend.variables) if isinstance(backend, Command) else {}
    return {**FIXED, **own}


def _give(backend: Backend, task: Mapping[str, Any], given: Path) -> None:
    durable.set_mode(given, 0o755)  # the program may be another user, whatever our umask
    told = dict(task)
    if isinstance(backend, Fake):
        told["edits"] = [[path, text] for path, text in backend.edits.items()]
    durable.write(given / TASK, canonical.line(told))
    if isinstance(backend, Patch):
        durable.write(given / PATCH, backend.data)
