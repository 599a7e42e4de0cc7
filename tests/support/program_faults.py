"""A fault at the n-th call that changes anything, whether we make it or a program that we run.

`fault` counts the calls of `durable.system` (see `faults`) and, among them, every program that
changes a file: git where it writes, and whatever runs in a sandbox.  Such a program is not run and
we are dead (``lost``), runs to its end and we are dead (``kept``), or does nothing but tell of a
full or broken disk (``ENOSPC``, ``EIO``), as git does: with exit code 128 and a line.  To the
dead the index acknowledges nothing either, which SQLite would write without asking us.

>>> writes(["git", "-c", "a=b", "--git-dir=x", "update-ref", "refs/heads/main"])
'git update-ref'
>>> writes(["git", "status"])
''
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from sealwright import durable, process
from sealwright.engine.state import State
from sealwright.errors import ProgramFailed
from sealwright.process import Finished
from tests.support.faults import Faulty, PowerCut

MODES = ("lost", "kept", "torn", "ENOSPC", "EIO")
_WRITING = {
    *("apply", "commit-tree", "hash-object", "pack-objects", "read-tree"),
    *("unpack-objects", "update-index", "update-ref", "write-tree"),
}


class Reaching(Faulty):
    """`durable.System` and `process.run` with one fault in them; ``made`` names every call."""

    def __init__(self, at: int, mode: str) -> None:
        super().__init__(at, mode)
        self.made: list[str] = []

    def __getattr__(self, name: str) -> Any:
        call = super().__getattr__(name)

        def noted(*args: Any, **kwargs: Any) -> Any:
            before = self.count
            try:
                return call(*args, **kwargs)
            finally:
                if self.count != before:
                    self.made.append(name)

        return noted

    def run(self, argv: Sequence[str], **options: Any) -> Finished:
        """Stand in for `process.run`."""
        if self.dead:
            raise PowerCut
        if not (named := writes(argv)):
            return _run(argv, **options)
        self.count += 1
        self.made.append(named)
        if self.count != self.at or self.mode == "torn":
            return _run(argv, **options)
        if self.mode == "kept":
            _run(argv, **options)
        if self.mode in ("lost", "kept"):
            self.dead = True
            raise PowerCut
        said = f"fatal: {os.strerror(getattr(errno, self.mode))}"
        if options.get("check", True):
            raise ProgramFailed(f"{argv[0]}: expected exit code 0, found 128: {said}")
        return Finished(tuple(argv), 128, b"", said.encode(), 0.0)

    def acknowledge(self, state: State, journal: tuple[int, str]) -> None:
        """Stand in for `State.acknowledge`."""
        if self.dead:
            raise PowerCut
        _acknowledge(state, journal)


_run, _acknowledge = process.run, State.acknowledge


def writes(argv: Sequence[str]) -> str:
    """Return what a program that changes something is called, else nothing."""
    if argv[0] == sys.executable:
        return "sandbox"
    words = _WRITING.intersection(argv) if argv[0] == "git" else set()
    if "--stdout" in argv or ("hash-object" in words and "-w" not in argv):
        return ""
    return f"git {words.pop()}" if words else ""


@contextlib.contextmanager
def fault(at: int, mode: str) -> Iterator[Reaching]:
    """Put a fault at the ``at``-th call while the block runs; a `PowerCut` ends the block."""
    reaching = Reaching(at, mode)
    durable.system = reaching  # type: ignore[assignment]
    process.run = reaching.run  # type: ignore[assignment]
    State.acknowledge = lambda *words: reaching.acknowledge(*words)  # type: ignore[method-assign]
    try:
        with contextlib.suppress(PowerCut):
            yield reaching
    finally:
        durable.system, process.run = durable.System(), _run
        State.acknowledge = _acknowledge  # type: ignore[method-assign]
