"""What resolves in the module tree, and which paths are the package's."""

from __future__ import annotations

import pytest

from sealwright.contracts.coo.rewriting.module_tree import Look, ModuleTree
from tests.coo.rewriting.corpus import NAMES, PACKAGE, lay, tree

YES, NO, PART, OPEN = Look.YES, Look.NO, Look.PART, Look.OPEN
LOOKS = {
    "project_builder": YES,
    "coo": YES,
    "other.core": NO,
    "project_builder.core": YES,
    "project_builder.core.Builder": YES,
    "project_builder.core.Builder.anything": YES,
    "project_builder.core.missing": PART,
    "project_builder.missing": NO,
    "project_builder.missing.core": NO,
    "project_builder:main": YES,
    "project_builder.core:build": YES,
    "project_builder.core:Builder.x": YES,
    "project_builder.core:missing": PART,
    "project_builder.missing:x": NO,
    "project_builder:missing": NO,
    "project_builder.__version__": YES,
    "project_builder.core.__file__": YES,
    "project_builder.star.build": YES,
    "project_builder.star.missing": PART,
    "project_builder.lazy.made": YES,
    "project_builder._speed": YES,
    "project_builder._speed.fast": YES,
    "project_builder.sub.deep.go": YES,
    "project_builder.templates": YES,
    "project_builder..core": NO,
    "project_builder.": NO,
}


@pytest.mark.parametrize("folder", ["project_builder", "coo"])
@pytest.mark.parametrize(("dotted", "expected"), LOOKS.items())
def test_a_dotted_path(tmp_path, folder, dotted, expected):
    made = tree(tmp_path, folder)
    assert made.look(dotted) is expected
    assert made.resolves(dotted) == (expected is YES)


def bound(root, text, **others):
    lay(root, {"project_builder/__init__.py": text, **others})
    return ModuleTree.of(root, ".", NAMES)


@pytest.mark.parametrize(
    "text",
    [
        "x = 1",
        "x: int = 1",
        "if a:\n    x = 1",
        "try:\n    import x\nexcept E:\n    x = None",
        "for x in y: ...",
        "with a as (b, x): ...",
        "def x(): ...",
        "async def x(): ...",
        "class x: ...",
        "from a import b as x",
        "import x.y",
        "(x := 1)",
        "def f():\n    global y, x\n    x = 1",
        "match a:\n    case 1:\n        x = 2",
    ],
)
def test_what_the_top_level_binds(tmp_path, text):
    assert bound(tmp_path, text).look("coo.x") is YES


@pytest.mark.parametrize(
    "text",
    [
        "def f(): x = 1",
        "if a:\n    def f(): x = 1",
        "[x for x in y]",
        "class C: x = 1",
        "y.x = 1",
        "'x'",
        "",
    ],
)
def test_what_it_does_not(tmp_path, text):
    assert bound(tmp_path, text).look("coo.x") is NO


@pytest.mark.parametrize(
    "text",
    ["from elsewhere import *", "globals()['y'] = 1", "def __getattr__(n): ...", "syntax error"],
)
def test_what_makes_names_as_it_runs_is_open(tmp_path, text):
    assert bound(tmp_path, text).look("coo.x") is OPEN


def test_stars_in_a_circle_end(tmp_path):
    others = {"project_builder/a.py": "from . import *\nx = 1"}
    assert bound(tmp_path, "from .a import *", **others).look("coo.x") is YES
    assert bound(tmp_path, "from .a import *", **others).look("coo.y") is NO


def test_a_package_of_one_file(tmp_path):
    lay(tmp_path, {"project_builder.py": "def go(): ..."})
    made = ModuleTree.of(tmp_path, ".", NAMES)
    assert made.resolves("project_builder:go") and made.resolves("coo.go")
    assert made.on_disk("project_builder.py") and made.on_disk("coo.py")
    assert not made.on_disk("project_builder") and not made.on_disk("project_builder/x")


PATHS = {
    "project_builder/data/x.txt": True,
    "./project_builder/data/x.txt": True,
    "../project_builder/data": True,
    "coo/data/x.txt": True,
    "src/project_builder/data/": True,
    "project_builder/data/*.txt": True,
    "project_builder/{name}/x": True,
    "project_builder/nothing": False,
    "project_builder/nothing/*.txt": False,
    "tests/project_builder/data/x.txt": False,
    "/project_builder/data/x.txt": False,
    "project_builder/../../etc": False,
    "project_builder.py": False,
    "data/x.txt": False,
    "": False,
    "..": False,
}


@pytest.mark.parametrize(("path", "expected"), PATHS.items())
def test_a_path(tmp_path, path, expected):
    lay(tmp_path, PACKAGE, "src/project_builder")
    lay(tmp_path, PACKAGE, "tests/project_builder")
    assert ModuleTree.of(tmp_path, "src", NAMES).on_disk(path) == expected
