"""How the whole suite is run: see ``make test``."""

from __future__ import annotations

import gc
import os

import pytest


def pytest_xdist_auto_num_workers() -> int:
    """Return four workers for two processors: tests wait for disks, for children and for time."""
    processors = len(os.sched_getaffinity(0))
    return processors + min(processors, 4)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Look for garbage among what tests leave, and no more among all that was collected."""
    gc.collect()
    gc.freeze()
