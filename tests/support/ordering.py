"""Repositories under ``work_orders``, made once in a session and then copied for each test.

``pytest_plugins = ("tests.support.ordering",)`` gives

``reader``     somebody who can read snapshots
``unordered``  a small repository with two inputs, before any run
``ordered``    the same after one ``doit``
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import keys
from tests.support.example import copied, ran
from tests.support.keys import Reader
from tests.support.orders import Orders, made


@pytest.fixture(scope="session")
def reader() -> Iterator[Reader]:
    """Return a key without a passphrase, and its home."""
    with keys.short_folder() as folder:
        yield keys.made(folder)


@pytest.fixture(scope="session")
def _unordered(reader: Reader, tmp_path_factory: pytest.TempPathFactory) -> Orders:
    root = tmp_path_factory.mktemp("orders") / "repository"
    return made(root, reader.fingerprint, reader.public)


@pytest.fixture(scope="session")
def _ordered(_unordered: Orders, tmp_path_factory: pytest.TempPathFactory) -> Orders:
    return ran(copied(_unordered, tmp_path_factory.mktemp("ordered") / "repository"))


@pytest.fixture
def unordered(_unordered: Orders, tmp_path: Path) -> Orders:
    """A small repository with two inputs, before any run."""
    return copied(_unordered, tmp_path / "unordered")


@pytest.fixture
def ordered(_ordered: Orders, tmp_path: Path) -> Orders:
    """The same after one doit."""
    return copied(_ordered, tmp_path / "ordered")
