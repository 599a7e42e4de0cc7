from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.workbench import MEMORY, Workbench, every_kind

settings.register_profile("suite", deadline=None, derandomize=True)  # the same cases each time
settings.register_profile("wide", deadline=None, max_examples=2500)
settings.load_profile("suite")


@pytest.fixture
def quick_path() -> Iterator[Path]:
    """A folder where durable writes cost nothing, if there is such a place."""
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        yield Path(folder)


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
