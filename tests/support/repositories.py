"""Repositories that are made and run once in a run of the suite, and then copied for each test.

A test module takes them with ``pytest_plugins = ("tests.support.repositories",)``:

``example``  the embedded example, after one ``doit``
``sealed``   a small repository of the same kind, after one ``doit``
``bare``     the same before any run
"""

from __future__ import annotations

from pathlib import Path

import pytest

from sealwright.example import keys, repository
from tests.support.example import SMALL, Repository, copied, make, ran
from tests.support.grounds import ground


@pytest.fixture(scope="session")
def _example(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    def made(root: Path) -> Repository:
        repository.build(root)
        keys.give(root)
        return ran(Repository(root))

    return ground(tmp_path_factory, "example", made, Repository)


@pytest.fixture(scope="session")
def _bare(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    return ground(tmp_path_factory, "small", lambda root: make(root, SMALL), Repository)


@pytest.fixture(scope="session")
def _sealed(_bare: Repository, tmp_path_factory: pytest.TempPathFactory) -> Repository:
    return ground(tmp_path_factory, "sealed", lambda root: ran(copied(_bare, root)), Repository)


@pytest.fixture
def example(_example: Repository, tmp_path: Path) -> Repository:
    """The embedded example, after one doit."""
    return copied(_example, tmp_path / "example")


@pytest.fixture
def sealed(_sealed: Repository, tmp_path: Path) -> Repository:
    """A small repository after one doit."""
    return copied(_sealed, tmp_path / "sealed")


@pytest.fixture
def bare(_bare: Repository, tmp_path: Path) -> Repository:
    """A small repository before any run."""
    return copied(_bare, tmp_path / "bare")
