"""Gate A finds what is left of a legacy package, wherever it hides, and nothing else."""

from __future__ import annotations

import shutil

import pytest

from sealwright.contracts.coo.gates import legacy_imports, unification
from sealwright.contracts.coo.gates.unification import Wish
from sealwright.paths import RelPath
from sealwright.verdict import Finding
from tests.coo.scans import put

WISH = Wish("project_builder", "coo", structure=(RelPath("runtime/gates.py"), RelPath("tests")))
GOOD = {
    "coo/__init__.py": "",
    "coo/runtime/gates.py": "import coo.tests\nfrom . import project_builder_like\n",
    "coo/tests/test_a.py": "# import project_builder\nTEXT = 'import project_builder'\n",
    "tests/test_b.py": "import project_builders, xproject_builder\nfrom .project_builder import x",
    "docs/project_builder.md": "project_builder was here\n",
}


@pytest.fixture
def tree(tmp_path):
    return put(tmp_path / "tree", GOOD)


def found(tree, wish=WISH) -> list[str]:
    return [f"{each.where}: {each.what}" for each in unification.judge(tree, wish).findings]


def test_a_repository_of_the_canonical_package_alone_passes(tree):
    verdict = unification.judge(tree, WISH)
    assert verdict.holds, str(verdict)
    assert verdict.evidence["python_files"] == 4
    assert verdict.evidence["structure"] == ["runtime/gates.py", "tests"]


def test_the_evidence_changes_with_what_was_read_and_with_nothing_else(tree, tmp_path):
    first = unification.judge(tree, WISH).evidence
    other = tmp_path / "some where else"
    for name in reversed(GOOD):
        put(other, {name: GOOD[name]})
    assert unification.judge(other, WISH).evidence == first
    put(other, {"coo/__init__.py": "A = 1\n"})
    assert unification.judge(other, WISH).evidence["python_sha256"] != first["python_sha256"]


@pytest.mark.parametrize(
    ("source", "places"),
    {
        "plain": ("import project_builder\n", ["1:8"]),
        "with a submodule": ("import os, project_builder.plan as p\n", ["1:12"]),
        "from": ("from project_builder import a, b\n", ["1:1"]),
        "from a submodule": ("from project_builder.x import *\n", ["1:1"]),
        "in a function": ("def f():\n    import project_builder\n", ["2:12"]),
        "for types only": ("if TYPE_CHECKING:\n  from project_builder import a\n", ["2:3"]),
        "in a try": ("try:\n import project_builder\nexcept ImportError: pass\n", ["2:9"]),
        "twice": ("import project_builder; import project_builder.x\n", ["1:8", "1:32"]),
        "after other characters": ("x = 'ä日'; import project_builder\n", ["1:18"]),
        "over lines": ("import \\\n  project_builder\n", ["2:3"]),
        "behind a mark": (b"\xef\xbb\xbfimport project_builder\r\n", ["1:8"]),
        "in another encoding": (
            "# coding: latin-1\nx = 'é'; import project_builder\n".encode("latin-1"),
            ["2:17"],
        ),
        "spelled with other letters": ("import \uff50roject_builder\n", ["1:8"]),
    }.values(),
)
def test_an_import_is_found_with_its_place(tree, source, places):
    put(tree, {"coo/x.py": source})
    told = [each.where for each in unification.judge(tree, WISH).findings]
    assert told == [f"coo/x.py:{place}" for place in places]


@pytest.mark.parametrize(
    "source",
    [
        "from . import project_builder\n",
        "from ..project_builder import x\n",
        "import coo.project_builder\n",
        "import project_builder2\n",
        "from coo import project_builder\n",
        "def project_builder(): pass\nproject_builder()\n",
        b"\xff\xfe no python and no name",
        "print 'no python, no name'\n",
    ],
)
def test_what_is_no_import_of_it_is_not_found(tree, source):
    put(tree, {"coo/x.py": source})
    assert found(tree) == []


@pytest.mark.parametrize(
    "source", ["print 'project_builder'\n", b"project_builder\xff\n", "project_builder\0\n"]
)
def test_what_says_the_name_and_is_not_python_is_found(tree, source):
    put(tree, {"coo/x.py": source})
    (told,) = found(tree)
    assert told.startswith("coo/x.py:1:1: says project_builder, and is not Python")


def test_stubs_are_read_as_well(tree):
    put(tree, {"coo/x.pyi": "import project_builder\n"})
    assert found(tree) == ["coo/x.pyi:1:8: imports project_builder"]


def test_a_name_with_dots_is_found_in_every_form():
    source = b"from ns import a, old\nimport ns.old.x\nimport ns, old\nfrom ns.older import old\n"
    told = [each.where for each in legacy_imports.findings(source, "x.py", "ns.old")]
    assert told == ["x.py:1:19", "x.py:2:8"]


@pytest.mark.parametrize(
    "path",
    [
        "project_builder/__init__.py",
        "project_builder/data/empty",
        "project_builder.py",
        "project_builder.pyi",
        "project_builder.pyc",
        "project_builder.cpython-311-x86_64-linux-gnu.so",
        "__pycache__/project_builder.cpython-311.pyc",
        "lib/project-builder.egg-link",
        "lib/__editable__.Project_Builder-1.0.pth",
    ],
)
def test_a_path_of_the_legacy_package_is_found_once(tree, path):
    put(tree, {path: ""})
    (told,) = found(tree)
    assert "of the legacy package" in told or "to the legacy package" in told
    assert path.startswith(told.partition(":")[0])


def test_an_empty_folder_of_the_legacy_package_is_found(tree):
    (tree / "project_builder").mkdir()
    assert found(tree) == ["project_builder: is a folder of the legacy package"]


@pytest.mark.parametrize("text", ["../project_builder", "../project_builder/plan.py", "absolute"])
def test_a_link_to_the_legacy_package_is_found_even_if_it_leads_nowhere(tree, text):
    text = str(tree / "project_builder") if text == "absolute" else text
    (tree / "coo/link").symlink_to(text)
    assert [each.partition(" /")[0] for each in found(tree)] == [
        f"coo/link: leads to {text.removeprefix('../').removeprefix(f'{tree}/')}, "
        "of the legacy package"
    ]


def test_a_link_by_the_legacy_name_is_found(tree):
    (tree / "project_builder").symlink_to("coo")
    assert found(tree) == ["project_builder: is a link of the legacy package"]


def test_what_the_structure_demands_and_is_missing_is_found(tree):
    shutil.rmtree(tree / "coo/tests")
    (tree / "coo/runtime/gates.py").unlink()
    (tree / "coo/runtime/gates.py").symlink_to("../__init__.py")
    assert found(tree) == [
        "coo/runtime/gates.py: expected a file or folder, found a link",
        "coo/tests: expected a file or folder, found nothing",
    ]


def test_the_canonical_package_itself_must_be_there(tmp_path):
    put(tmp_path, {"a.py": ""})
    assert found(tmp_path, Wish("old", "coo")) == ["coo: expected a file or folder, found nothing"]


def test_paths_that_differ_by_case_only_are_found(tree):
    put(tree, {"coo/A/x": "", "coo/a/x": "", "coo/\u00e9": "", "coo/e\u0301": ""})
    told = found(tree)
    assert told[0].startswith("coo/a: differs from coo/A only by case")
    assert len(told) == 2


def test_what_a_write_left_is_found(tree):
    put(tree, {"coo/.plan.json.tmp": ""})
    assert found(tree) == ["coo/.plan.json.tmp: is left from a write that was not ended"]


def test_only_the_source_root_is_looked_at_and_what_is_left_out_is_not(tree):
    moved = tree.parent / "other"
    moved.mkdir()
    shutil.copytree(tree, moved / "src")
    put(moved, {"project_builder/a.py": "", "src/.venv/x.py": "import project_builder\n"})
    put(moved, {"src/.git/x.py": "import project_builder\n"})
    wish = Wish("project_builder", "coo", RelPath("src"), WISH.structure, (RelPath("src/.venv"),))
    assert found(moved, wish) == []
    put(moved, {"src/project_builder/a.py": ""})
    assert found(moved, wish) == ["src/project_builder: is a folder of the legacy package"]


def test_an_import_is_found_outside_of_the_source_root_too(tree):
    moved = tree.parent / "other"
    moved.mkdir()
    shutil.copytree(tree, moved / "src")
    old = "import project_builder\nprint 'of another version'\n"
    put(moved, {"tests/test_it.py": "import os, project_builder.x\n", "tests/old.py": old})
    wish = Wish("project_builder", "coo", RelPath("src"), WISH.structure)
    assert found(moved, wish) == ["tests/test_it.py:1:12: imports project_builder.x"]
    put(moved, {"src/old.py": old})
    assert found(moved, wish)[0].startswith("src/old.py:2:1: says project_builder, and is not")


def test_references_that_the_caller_knows_are_findings(tree):
    more = Finding("coo/x.py:1:1", "names project_builder")
    verdict = unification.judge(tree, WISH, lambda root: [more] if root == tree else [])
    assert verdict.findings == (more,)


def test_a_file_that_cannot_be_read_is_found_and_the_others_are_read(tree, monkeypatch):
    real = unification.content

    def content(place):
        if place.name == "__init__.py":
            raise PermissionError(13, "Permission denied", str(place))
        return real(place)

    put(tree, {"coo/x.py": "import project_builder\n"})
    monkeypatch.setattr(unification, "content", content)
    assert found(tree) == [
        "coo/__init__.py: cannot be read: Permission denied",
        "coo/x.py:1:8: imports project_builder",
    ]


def test_everything_is_found_at_once(tree):
    put(
        tree,
        {
            "project_builder/a.py": "import project_builder\n",
            "coo/x.py": "import project_builder\n",
        },
    )
    assert len(found(tree)) == 3
