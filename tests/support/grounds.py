"""Repositories that are made once in a run of the suite, whichever worker comes first.

``ground(factory, "sealed", make)`` returns the repository that ``make`` makes in a folder of its
own.  Another worker that asks meanwhile waits; one that asks later gets the same folder.  Who
writes there writes for all, so that a test takes a copy (`example.copied`).
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from tests.support.example import Repository

R = TypeVar("R", bound=Repository)


def ground(
    factory: pytest.TempPathFactory, name: str, make: Callable[[Path], R], kind: type[R]
) -> R:
    """Return the repository called ``name``, made at a path that is not there yet, or before."""
    folder = _shared(factory) / name
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made, root = folder / "made", folder / "repository"
        if not made.exists():
            made.write_text(str(make(root).now))
        return kind(root, int(made.read_text()))


def _shared(factory: pytest.TempPathFactory) -> Path:
    """Return a folder that all workers of this run have, and no other run."""
    own = factory.getbasetemp()
    return (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "grounds"
