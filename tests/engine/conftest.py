from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.workbench import Workbench, every_kind

settings.register_profile("suite", deadline=None, derandomize=True)  # the same cases each time
settings.register_profile("wide", deadline=None, max_examples=2500)
settings.load_profile("suite")


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    """An empty repository."""
    root = tmp_path / "repository"
    root.mkdir()
    return Workbench(root)


@pytest.fixture
def full(bench: Workbench) -> Workbench:
    """A repository with every kind of output, not yet run."""
    bench.steps = every_kind()
    bench.write("in.txt", "hello world again")
    bench.write("state.txt", "before")
    return bench
