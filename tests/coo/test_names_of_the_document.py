"""Modules, tests, scripts and files of the reference have the names of document 003, §2."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.example import PROJECT

RUNTIME = (
    *("state_machine", "amendment_engine", "lint_engine", "governance_leak_scanner", "freeze"),
    *("amu_capture", "migration", "gates", "replay", "rollback", "logging"),
)
TESTS = ("determinism", "migration", "replay", "governance_integrity", "sandbox_security")
SCRIPTS = (
    *("apply_amendments", "run_lint", "run_scanner", "run_tests", "run_replay"),
    *("run_migration", "run_rollback"),
)
COO = PROJECT / "lib/sealwright/contracts/coo"


def there(place: Path) -> bool:
    return place.with_suffix(".py").is_file() or (place / "__init__.py").is_file()


@pytest.mark.parametrize(
    ("folder", "names"),
    [
        (COO, RUNTIME),
        (PROJECT / "tests/coo", [f"test_{name}" for name in TESTS]),
        (PROJECT / "scripts", SCRIPTS),
    ],
    ids=["runtime", "tests", "scripts"],
)
def test_what_the_document_names_is_there_under_its_name(folder, names):
    assert [name for name in names if not there(folder / name)] == []
