"""After Snapshot 0 the legacy package cannot be found, and whoever looks for it is written down."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sealwright.contracts.coo.suite import tripwire
from sealwright.contracts.coo.suite.spelling import Spelling
from sealwright.errors import Damaged
from tests.coo.suite.workshop import FLAT, PYTEST, UNITTEST, after, before, log, rows, tree

CANONICAL = {
    name.replace("project_builder", "coo"): text.replace("project_builder", "coo")
    for name, text in FLAT.items()
}
LOOKS = """
import importlib, importlib.util, os, pickle, pkgutil, subprocess, sys
from unittest import mock
import pytest

def test_import():
    with pytest.raises(ModuleNotFoundError, match="No module named 'project_builder'"):
        import project_builder.run
def test_name():
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("project_builder.run")
def test_spec():
    assert importlib.util.find_spec("project_builder") is None
def test_patch():
    with pytest.raises(ModuleNotFoundError), mock.patch("project_builder.run.main"):
        pass
def test_pickle():
    with pytest.raises(ModuleNotFoundError):
        pickle.loads(b"cproject_builder.run\\nmain\\n.")
def test_listing():
    assert pkgutil.find_loader("project_builder") is None if sys.version_info < (3, 12) else True
def test_child():
    done = subprocess.run([sys.executable, "-m", "project_builder.run"], capture_output=True)
    assert b"No module named" in done.stderr
def test_clean_child():
    done = subprocess.run([sys.executable, "-c", "import project_builder"], env={}, cwd="/")
    assert done.returncode == 1
def test_path(monkeypatch):
    monkeypatch.syspath_prepend(os.getcwd())
    with pytest.raises(ModuleNotFoundError):
        import project_builder
def test_others():
    import coo.run
"""


def both(place: Path) -> Path:
    """Write a tree in which the legacy package still is beside the canonical one."""
    return tree(place, {**FLAT, **CANONICAL})


def test_each_way_to_the_legacy_package_ends_and_is_told_with_its_line(tmp_path: Path) -> None:
    place = tree(both(tmp_path / "tree"), {"tests/test_looks.py": LOOKS})
    result = after(place)
    assert set(rows(result).values()) == {"passed"}, log(place)
    told = {look.test.partition("::")[2].removesuffix(" (call)"): look for look in result.looks}
    assert told["test_import"].file == "{tree}/tests/test_looks.py"
    assert told["test_import"].line == 8
    assert told["test_name"].near == "{tree}/tests/test_looks.py:11"
    assert told["test_spec"].near == "{tree}/tests/test_looks.py:13"
    assert told["test_patch"].near == "{tree}/tests/test_looks.py:15"
    assert told["test_pickle"].near == "{tree}/tests/test_looks.py:19"
    assert told["test_child"].near == "-m project_builder.run"
    assert told["test_path"].line == 31
    assert [look.line for look in result.looks if look.file == "<string>"] == [1]
    assert "test_others" not in told
    assert {look.module for look in result.looks} == {"project_builder"}


def test_the_list_is_the_same_whatever_came_first(tmp_path: Path) -> None:
    place = tree(both(tmp_path / "tree"), {"tests/test_looks.py": LOOKS})
    looks = after(place).looks
    assert after(place, (*PYTEST, "-p", "no:randomly")).looks == looks == tuple(sorted(set(looks)))
    assert not tripwire.untouched(()).findings
    assert {f.where for f in tripwire.untouched(looks).findings} == {look.where for look in looks}


def test_before_the_migration_nobody_is_in_the_way(tmp_path: Path) -> None:
    result = before(tree(tmp_path / "tree", FLAT))
    assert (rows(result), result.looks) == ({"tests/test_run.py::test_run": "passed"}, ())


def test_a_plugin_that_names_the_legacy_package_is_told_though_no_test_runs(tmp_path: Path) -> None:
    place = tree(both(tmp_path / "tree"), {"conftest.py": "import project_builder\n"})
    result = after(place)
    assert result.exit_code == 4
    assert [look.near for look in result.looks] == ["{tree}/conftest.py:1"]


def test_tests_in_the_legacy_package_are_left_out_since_they_were_ported(tmp_path: Path) -> None:
    case = "import unittest\nclass T(unittest.TestCase):\n    def test_x(self): pass\n"
    for name in ("project_builder", "coo"):
        inside = {f"{name}/tests/__init__.py": "", f"{name}/tests/test_in.py": case}
        tree(both(tmp_path / "tree"), inside)
    for more in ((), ("-n", "1")):
        found = rows(after(tmp_path / "tree", (*PYTEST, *more)))
        assert [name for name in found if "test_in" in name] == ["coo/tests/test_in.py::T::test_x"]
        assert set(found.values()) == {"passed"}
    found = rows(after(tmp_path / "tree", UNITTEST))
    assert found == {"coo.tests.test_in.T.test_x": "passed"}


def test_a_command_for_the_legacy_package_becomes_one_for_the_canonical(tmp_path: Path) -> None:
    inside = {"coo/tests/__init__.py": "", "coo/tests/test_in.py": "def test_in(): pass\n"}
    place = tree(both(tmp_path / "tree"), inside)
    result = after(place, (*PYTEST, "project_builder/tests"))
    assert rows(result) == {"coo/tests/test_in.py::test_in": "passed"}


def test_a_running_test_of_unittest_is_named(tmp_path: Path) -> None:
    case = """
        import unittest
        class T(unittest.TestCase):
            def test_x(self): import project_builder
    """
    result = after(tree(both(tmp_path / "tree"), {"test_x.py": case}), UNITTEST)
    assert [look.test for look in result.looks] == ["test_x.T.test_x"]
    assert rows(result) == {"test_x.T.test_x": "error"}


def test_what_else_lies_among_looks_is_damage(tmp_path: Path) -> None:
    for text in ("{", "7", '{"module": "a"}'):
        (tmp_path / "tripwire-1.jsonl").write_text(text)
        with pytest.raises(Damaged, match="expected a line about an import"):
            tripwire.read(tmp_path, Spelling())


def test_a_file_whose_name_is_no_text_can_be_told(tmp_path: Path) -> None:
    said = {"module": "old", "file": "/a/\udcff.py", "line": 1, "near": "", "test": ""}
    (tmp_path / "tripwire-1.jsonl").write_text(json.dumps(said) + "\n")
    (look,) = tripwire.read(tmp_path, Spelling.of(tree=Path("/a")))
    assert look.file == "{tree}/\\udcff.py"
