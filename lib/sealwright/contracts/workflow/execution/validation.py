"""The packet's validation command, on the files that are proposed, in the sandbox.

It runs in a new clone that holds the proposed tree, so not where the backend worked: what that
left beside the tree, such as an ignored module, is not there.  It runs in a copy, which is
compared afterwards: what the command touched is told, and goes nowhere, since the commit is
made of the tree that was examined before.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sealwright import durable
from sealwright.contracts.workflow.execution.backend import FIXED, TARGET
from sealwright.contracts.workflow.execution.clone import Clone, make
from sealwright.contracts.workflow.execution.envelope import Envelope
from sealwright.contracts.workflow.execution.examination import examine
from sealwright.contracts.workflow.execution.words import scrubbed
from sealwright.errors import Misconfigured
from sealwright.sandbox.cage import Cage, Came, Limits, Place

MISSING, FAILED, TIMEOUT = "missing-test-command", "failed-tests", "timeout"


@dataclass(frozen=True, slots=True)
class Validation:
    """How the command ended, its log, and which files it touched."""

    command: tuple[str, ...]
    came: Came | None
    log: bytes
    touched: tuple[str, ...] = ()

    @property
    def blocker(self) -> str:
        """Why the run is blocked, or nothing."""
        if self.came is None or self.came.ended == "missing":
            return MISSING
        if self.came.ended == "timeout":
            return TIMEOUT
        return "" if self.came.well else FAILED


def words(command: str) -> tuple[str, ...]:
    """Return the words of a command, as a shell splits them; no shell runs it."""
    try:
        return tuple(shlex.split(command))
    except ValueError as error:
        found = f"found {command!r}: {error}"
        raise Misconfigured(f"validation command: expected words, {found}") from None


def validate(
    clone: Clone,
    tree: str,
    command: str,
    *,
    cage: Cage,
    limits: Limits,
    folder: Path,
    variables: Mapping[str, str] | None = None,
) -> Validation:
    """Run the command on ``tree``; everything lies in the new folder ``folder``."""
    argv = words(command)
    if not argv:
        return Validation(argv, None, b"no validation command was given\n")
    after, scratch = folder / "after", folder / "scratch"
    for each in (after, scratch):
        durable.mkdir(each)
    proposed = _holding(clone, tree, folder / "clone")
    came = cage.run(
        argv,
        cwd=Place(proposed.place, TARGET, after),
        env={**FIXED, **(variables or {})},
        limits=limits,
        work=scratch,
    )
    log = scrubbed(came) + (f"{came.reason}\n".encode() if came.reason else b"")
    return Validation(argv, came, log, _touched(proposed, after))


def _holding(clone: Clone, tree: str, place: Path) -> Clone:
    """Return a clone of the clone that holds another tree, which no commit has yet."""
    made = make(clone.place, clone.head, place)
    objects = clone.repository.ask("pack-objects", "--revs", "--stdout", "-q", stdin=tree.encode())
    made.repository.ask("unpack-objects", "-q", stdin=objects)
    made.repository.ask("read-tree", "--reset", "-u", tree)
    return Clone(place, clone.head, tree, clone.branch)


def _touched(proposed: Clone, after: Path) -> tuple[str, ...]:
    anything = Envelope(("*",), ())
    found = examine(proposed, after, anything)
    return tuple(sorted({*(change.path for change in found.changes), *found.ignored}))
