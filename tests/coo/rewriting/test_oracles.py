"""Other tools that rename, as witnesses for plain code; and this package, renamed as a whole."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import sealwright
from sealwright.contracts.coo.package_names import Names
from sealwright.contracts.coo.rewriting import planning, python_files
from sealwright.contracts.coo.rewriting.module_tree import ModuleTree
from sealwright.contracts.coo.rewriting.references import splice
from sealwright.contracts.coo.rewriting.rulings import Rulings

LIB = Path(sealwright.__file__).parents[1]
OURS = Names("sealwright", "coo")
SAMPLE = ("git.py", "ledger.py", "manifest.py", "setup.py", "contracts/coo/lint_engine.py")


@pytest.mark.parametrize("name", SAMPLE)
def test_libcst_renames_code_to_the_same_bytes(name):
    pytest.importorskip("libcst")
    from libcst import parse_module
    from libcst.codemod import CodemodContext
    from libcst.codemod.commands.rename import RenameCommand

    data = (LIB / "sealwright" / name).read_bytes()
    found = python_files.scan(f"sealwright/{name}", data, OURS, ModuleTree.of(LIB, ".", OURS))
    code = [edit for edit in found.edits if edit.rule in ("R1", "R2")]
    command = RenameCommand(CodemodContext(), OURS.legacy, OURS.canonical)
    assert splice(data, code) == command.transform_module(parse_module(data)).code.encode()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_rope_renames_a_package_to_the_same_bytes(tmp_path):
    pytest.importorskip("rope")
    from rope.base.project import Project
    from rope.refactor.rename import Rename

    shutil.copytree(LIB / "sealwright" / "runtime", tmp_path / "sealwright" / "runtime")
    (tmp_path / "sealwright" / "__init__.py").write_text("")
    for name in ("errors.py", "paths.py", "verdict.py", "walk.py"):
        shutil.copy(LIB / "sealwright" / name, tmp_path / "sealwright" / name)
    project = Project(str(tmp_path), ropefolder=None)
    changes = Rename(project, project.get_resource("sealwright")).get_changes("coo").changes
    theirs = {
        each.resource.path: each.new_contents
        for each in changes
        if hasattr(each, "resource") and hasattr(each, "new_contents")
    }
    index = ModuleTree.of(tmp_path, ".", OURS)
    for path, text in theirs.items():
        data = (tmp_path / path).read_bytes()
        code = [
            e for e in python_files.scan(path, data, OURS, index).edits if e.rule in ("R1", "R2")
        ]
        assert splice(data, code).decode() == text
    assert theirs


def test_this_package_can_be_renamed(tmp_path):
    shutil.copytree(
        LIB / "sealwright", tmp_path / "coo", ignore=shutil.ignore_patterns("*.pyc", "files")
    )
    paths = sorted(str(each.relative_to(tmp_path)) for each in tmp_path.rglob("*.py"))
    index = ModuleTree.of(tmp_path, ".", OURS)
    made = planning.plan(tmp_path, paths, OURS, index, Rulings())
    assert not made.findings
    assert made.rules["R1"] > 1000
