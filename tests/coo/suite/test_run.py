"""Suites of small repositories, before and after: they come to the same, or it is said why."""

from __future__ import annotations

from pathlib import Path

import pytest

from sealwright.contracts.coo.suite import comparison, snapshots_equal
from tests.coo.suite import workshop
from tests.coo.suite.workshop import (
    FLAT,
    INSTALLERS,
    NAMES,
    PYTEST,
    SOURCE,
    UNITTEST,
    after,
    before,
    project,
    renamed,
    three,
    tree,
)
from tests.support import pythons

MODULE = {
    "project_builder.py": 'def main():\n    """\n    >>> main()\n    1\n    """\n    return 1\n',
    "test_it.py": "import project_builder\ndef test_it():\n    assert project_builder.main()\n",
}
INSIDE = {
    **FLAT,
    "project_builder/tests/__init__.py": "",
    "project_builder/tests/test_in.py": "from .. import run\ndef test_in(): assert run.VALUE\n",
    "project_builder/tests/test_red.py": "def test_red():\n    assert 0, 'project_builder'\n",
}


@pytest.mark.parametrize(
    ("files", "command"),
    [
        (FLAT, PYTEST),
        (INSIDE, PYTEST),
        (INSIDE, (*PYTEST, "project_builder/tests")),
        (INSIDE, (*PYTEST, "--pyargs", "project_builder.tests")),
        (MODULE, (*PYTEST, "--doctest-modules")),
    ],
)
def test_a_suite_comes_to_the_same_under_the_other_name(
    tmp_path: Path, files: dict[str, str], command: tuple[str, ...]
) -> None:
    s0, s1, s2 = three(tree(tmp_path / "tree", files), command)
    assert comparison.consolidated(s0, s1, s2, NAMES).findings == ()
    assert snapshots_equal(s1.view(), s2.view())
    assert len(s0.rows) == len(s1.rows) > 0
    assert s1.encode() == s2.encode()


def test_a_suite_of_unittest_comes_to_the_same(tmp_path: Path) -> None:
    case = """
        import unittest
        from project_builder import run
        class Case(unittest.TestCase):
            def test_run(self): self.assertEqual(run.VALUE, 1)
            def test_red(self): self.fail()
    """
    inside = {"project_builder/tests/__init__.py": "", "project_builder/tests/test_c.py": case}
    s0, s1, s2 = three(tree(tmp_path / "tree", {**FLAT, **inside}), UNITTEST)
    assert comparison.consolidated(s0, s1, s2, NAMES).findings == ()
    assert len(s2.rows) == 2


PLUGIN = {
    "project_builder/plugin.py": """
        import pytest
        @pytest.fixture
        def built():
            from project_builder.run import VALUE
            return VALUE
    """,
    "tests/test_plugin.py": """
        import importlib.metadata as metadata, subprocess, sys
        def test_fixture(built): assert built == 1
        def test_program():
            assert subprocess.run(["build-it"], capture_output=True).stdout == b"1\\n"
        def test_module():
            words = [sys.executable, "-c", "import project_builder.run as r; r.main()"]
            assert subprocess.run(words, capture_output=True, env={}).stdout == b"1\\n"
        def test_entry():
            (entry,) = metadata.entry_points(group="project_builder.on")
            assert entry.load().__module__ == "project_builder.run"
    """,
}
# The group's name stays as it is: the rewriting has a rule for it, and these tests have none.
KEPT = ('entry_points(group="coo.on")', 'entry_points(group="project_builder.on")')


@pytest.fixture(scope="module")
def parents(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return environments with pytest, one for each way to install a package."""
    folder = tmp_path_factory.mktemp("parents")
    return {
        way: pythons.bare(pythons.program(pythons.OWN), folder / way.replace(" ", "-"))
        for way in INSTALLERS
    }


@pytest.mark.parametrize("way", INSTALLERS)
def test_a_plugin_with_entry_points_comes_to_the_same_however_it_is_installed(
    tmp_path: Path, parents: dict[str, Path], way: str
) -> None:
    python = parents[way]
    live = project(tmp_path / "tree", "src")
    tree(live, {f"src/{n}" if "tests" not in n else n: text for n, text in PLUGIN.items()})
    text = (live / "pyproject.toml").read_text()
    entry = (
        '[project.entry-points.pytest11]\nbuilt = "project_builder.plugin"\n[project.entry-points."'
    )
    (live / "pyproject.toml").write_text(text.replace('[project.entry-points."', entry, 1))
    INSTALLERS[way](live, next(python.parent.parent.glob("lib/*/site-packages")))
    if way == "by setup.py develop":
        info = live / "src/Project.Builder.egg-info/entry_points.txt"
        info.write_text(info.read_text() + "[pytest11]\nbuilt = project_builder.plugin\n")
    more = {"interpreter": python, "source_root": SOURCE["src"]}
    s0 = before(live, **more)
    assert s0.exit_code == 0, workshop.log(live)
    target = renamed(live, tmp_path / "new" / "tree")
    place = target / "tests/test_plugin.py"
    place.write_text(place.read_text().replace(*KEPT))
    s1 = after(target, **more)
    snapshots = s0.snapshot(live), s1.snapshot(target)
    assert comparison.preserved(*snapshots, NAMES, s1.outcomes.failures).findings == (), (
        workshop.log(target)
    )
    assert s1.looks == ()
    assert s1.facts["replaced"] == ["project-builder==1.5"]


HIDDEN = {
    **FLAT,
    "tests/test_patch.py": """
        import importlib
        from unittest import mock
        NAME = "project" + "_builder.run"
        def test_patch():
            with mock.patch(NAME + ".main"):
                pass
        def test_import():
            assert importlib.import_module(NAME)
    """,
}


def test_what_the_rewriting_missed_is_found_while_the_legacy_package_is_there(
    tmp_path: Path,
) -> None:
    s0, s1, _ = three(tree(tmp_path / "tree", HIDDEN))
    found = comparison.preserved(s0, s1, NAMES).findings
    assert [finding.where for finding in found] == [
        *("tests/test_patch.py::test_import", "tests/test_patch.py::test_patch")
    ]
    assert [finding.remedy for finding in found] == [
        "look at {tree}/tests/test_patch.py:9, which looks for project_builder",
        "look at {tree}/tests/test_patch.py:6, which looks for project_builder",
    ]


def test_a_file_that_only_the_legacy_package_had_is_a_difference_of_the_two_last(
    tmp_path: Path,
) -> None:
    text = "import pathlib\ndef test_x(): pathlib.Path('project' + '_builder/run.py').read_text()\n"
    s0, s1, s2 = three(tree(tmp_path / "tree", {**FLAT, "tests/test_x.py": text}))
    assert comparison.preserved(s0, s1, NAMES).holds
    (finding,) = comparison.consolidated(s0, s1, s2, NAMES).findings
    assert (finding.where, finding.what) == (
        "tests/test_x.py::test_x",
        "expected passed as before, found failed",
    )


def test_the_same_tree_has_the_same_snapshot_in_another_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for name, zone in (("one", "UTC"), ("another/folder", "Asia/Tokyo")):
        monkeypatch.setenv("TZ", zone)
        place = tree(tmp_path / name / "tree", INSIDE)
        found.append(before(place).snapshot(place).encode())
    assert found[0] == found[1]


def test_another_seed_is_another_environment(tmp_path: Path) -> None:
    place = tree(tmp_path / "tree", FLAT)
    one, other = (before(place, seed=seed).snapshot(place) for seed in (0, 1))
    (finding,) = comparison.same(one, other).findings
    assert finding.where == "environment"
