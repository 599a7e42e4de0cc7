"""What the outside has to do with a package, in environments that have real distributions."""

from __future__ import annotations

import json
import os
import venv
from pathlib import Path

import pytest

from sealwright.contracts.coo.package_names import Names
from sealwright.contracts.coo.rewriting.outside import accepted, check, who
from sealwright.contracts.coo.rewriting.outside_imports import lines
from sealwright.contracts.coo.rewriting.outside_installed import ask
from sealwright.errors import ProgramFailed
from sealwright.paths import RelPath
from sealwright.verdict import Finding
from sealwright.walk import walk

NAMES = Names("old", "coo")


class World:
    """A repository with a package, and an environment beside it."""

    def __init__(self, folder):
        self.root = folder / "repository"
        self.write("old/__init__.py")
        self.write("pyproject.toml", '[project]\nname = "Old"\n')
        venv.EnvBuilder(symlinks=True).create(folder / "env")
        self.python = folder / "env/bin/python"
        [self.site] = (folder / "env/lib").glob("python*/site-packages")

    def write(self, path, text=""):
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)

    def install(self, name, files=(), points="", requires=(), origin=None):
        """Install a distribution as a wheel does: its files, and what is said about it."""
        info = f"{name.replace('-', '_')}-1.0.dist-info"
        said = "".join(f"Requires-Dist: {each}\n" for each in requires)
        written = {
            **dict(files),
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{said}",
            f"{info}/entry_points.txt": points,
        }
        if origin is not None:
            written[f"{info}/direct_url.json"] = json.dumps({"url": origin, "dir_info": {}})
        for path, text in written.items():
            (self.site / path).parent.mkdir(parents=True, exist_ok=True)
            (self.site / path).write_text(text)
        record = "".join(f"{path},,\n" for path in [*written, f"{info}/RECORD"])
        (self.site / info / "RECORD").write_text(record)

    def found(self, names=NAMES, source_root="."):
        verdict = check(self.python, names, self.root, RelPath(source_root))
        return [
            (who(finding), finding.where.rpartition(f"{self.site}/")[2], finding.what)
            for finding in verdict.findings
        ]


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


def test_where_nothing_has_to_do_with_the_package_it_holds(world):
    world.install("plain", {"plain.py": "import older, old_x\nfrom . import old\nx = 'old'\n"})
    verdict = check(world.python, NAMES, world.root)
    assert verdict.holds
    assert verdict.evidence == {"outside": {"distributions": 1, "own": ["old"]}}


@pytest.mark.parametrize(
    "line",
    [
        "import old",
        "import os, old.mod as m",
        "from old import x",
        "from old.mod import x",
        "def f():\n    import old",
        "try: import old\nexcept ImportError: pass",
        "import importlib; importlib.import_module('old.mod')",
        "__import__('old')",
        "import importlib as i; i.util.find_spec(\n'old.mod')",
        "import a, \\\n old",
    ],
)
def test_a_distribution_that_imports_the_package_is_found_with_its_place(world, line):
    number = 3 if line.startswith("def") else 2
    world.install("some-plugin", {"some/__init__.py": "", "some/plugin.py": f"#\n{line}\n"})
    place = f"some/plugin.py:{number}"
    assert world.found() == [("some-plugin", place, "imports old")]


def test_many_imports_of_one_distribution_are_one_finding(world):
    world.install("many", {"m.py": "import old\nfrom old import x\n", "n.py": "import old\n"})
    assert world.found() == [("many", "m.py:1", "imports old, and 2 more")]


def test_what_is_of_no_distribution_is_found_too(world):
    (world.site / "loose.py").write_text("import old")
    (world.site / "start.pth").write_text("import old; old.start()\n")
    assert world.found() == [("site-packages", "loose.py:1", "imports old, and 1 more")]


def test_a_source_that_cannot_be_parsed_is_searched_by_lines(world):
    world.install("ancient", {"a.py": "print 'x'\nimport old\n"})
    assert world.found() == [("ancient", "a.py:2", "imports old")]


@pytest.mark.parametrize("group", ["old", "old.plugins", "old_plugins"])
def test_a_plug_in_is_found_by_its_group(world, group):
    world.install("plug", {"plug.py": ""}, f"[{group}]\nx = plug:f\n")
    place = "plug-1.0.dist-info/entry_points.txt: x = plug:f"
    what = f"registers in the group {group} of entry points"
    assert world.found() == [("plug", place, what)]


def test_an_entry_point_that_leads_into_the_package_is_found(world):
    world.install(
        "plug", {}, "[console_scripts]\nx = old.cli:main\nolder = older:x\n[o]\ny = older\n"
    )
    place = "plug-1.0.dist-info/entry_points.txt: x = old.cli:main"
    what = "its entry point in console_scripts leads into old"
    assert world.found() == [("plug", place, what)]


def test_the_test_runner_is_found_if_it_needs_the_package(world):
    world.install("pytest", {"_pytest/config.py": "import old\n"}, requires=["Old>=1", "between"])
    world.install("between", {"between.py": "from old import x\n"}, requires=["x; extra == 'y'"])
    world.install("x", {"x.py": "import old\n"})
    what = "the test runner needs it, and it imports old"
    assert world.found() == [
        ("between", "between.py:1", what),
        ("pytest", "_pytest/config.py:1", what),
        ("x", "x.py:1", "imports old"),
    ]


def test_the_repository_s_own_installed_copy_is_no_contract(world):
    world.install(
        "old", {"old/__init__.py": "import old.x", "old/x.py": "", "old_tool.py": "import old"}
    )
    assert world.found() == []


def test_a_copy_of_another_distribution_is_found_and_its_own_imports_are_not(world):
    world.install("copy", {"old/__init__.py": "import old.x", "tool.py": "import old"})
    assert world.found() == [("copy", "old/__init__.py", "has a copy of old installed")]


def test_what_a_distribution_carries_of_others_counts_if_it_requires_the_package(world):
    carried = {"it/_vendor/draw.py": "import old\n"}
    world.install("it", carried)
    assert world.found() == []
    world.install("it", carried, requires=["Old>=1"])
    assert world.found() == [("it", "it/_vendor/draw.py:1", "imports old")]


def test_an_environment_inside_the_repository_is_outside(tmp_path):
    world = World(tmp_path)
    world.root = tmp_path
    world.write("old/__init__.py")
    world.install("other", {"old/__init__.py": "", "other.py": "import old"})
    assert world.found() == [("other", "old/__init__.py", "has a copy of old installed")]


def test_an_editable_installation_is_the_repository_itself(world):
    points = "[console_scripts]\nold = old.cli:main\n[old.plugins]\nx = old:x\n"
    files = {"__editable___own_finder.py": "import old\n", "own.pth": "import old\n"}
    world.install("Own-Name", files, points, origin=world.root.as_uri())
    assert world.found() == []


def test_a_shared_namespace_is_found(world):
    world.install("old-part", {"old/part/__init__.py": "import old.part"})
    what = "installs a part of the namespace old"
    assert world.found() == [("old-part", "old/part/__init__.py", what)]


@pytest.mark.parametrize(
    ("canonical", "name", "what"),
    [
        ("json", "python", "has a module json in its standard library"),
        ("sys", "python", "has a module sys in its standard library"),
        ("taken", "taker", "installs a package taken already"),
        ("loose", "site-packages", "has a module loose already"),
        ("there", "repository", "there is a package there already"),
        ("single", "repository", "there is a package single already"),
    ],
)
def test_a_canonical_name_that_is_taken_is_found(world, canonical, name, what):
    world.install("taker", {"taken/__init__.py": ""})
    (world.site / "loose").mkdir()
    (world.site / "loose/x.py").write_text("")
    world.write("there/a/b.py")
    world.write("single.py")
    found = world.found(Names("old", canonical))
    assert [(each, told) for each, _, told in found] == [(name, what)]


def test_a_folder_of_data_under_the_canonical_name_is_no_package(world):
    world.write("coo/manifests/tools_manifest.json", "{}")
    assert world.found() == []


def test_the_canonical_name_is_looked_for_below_the_source_root(world):
    world.write("src/old/__init__.py")
    world.write("src/coo/__init__.py")
    assert [each for each, _, _ in world.found(source_root="src")] == ["repository"]


def test_everything_is_told_at_once_and_the_same_each_time(world):
    world.install("b", {"b.py": "import old"}, "[old]\nx = b:x\n")
    world.install("a", {"a.py": "import old", "coo/__init__.py": ""})
    assert [each for each, _, _ in world.found()] == ["a", "b", "b", "a"]
    assert world.found() == world.found()


def test_nothing_is_written_or_imported(world):
    world.install("a", {"a.py": "import old\nopen('trace', 'w')\n"})
    before = [prefix + entry.name for prefix, entry in walk(str(world.site.parents[3]))]
    world.found()
    assert [prefix + entry.name for prefix, entry in walk(str(world.site.parents[3]))] == before
    assert not Path("trace").exists()


def test_an_interpreter_that_says_something_else_is_refused(tmp_path):
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\necho no\n")
    os.chmod(program, 0o755)
    with pytest.raises(ProgramFailed, match="expected a list of what is installed"):
        ask(program)


FINDINGS = (Finding("a-b: x.py:1", "imports old"), Finding("c: y.py:1", "imports old"))


def test_findings_are_accepted_by_name():
    assert accepted(FINDINGS, {"A_B": "not used"}) == FINDINGS[1:]
    assert accepted(FINDINGS, {"a-b": "x", "c": "y"}) == ()


def test_a_finding_is_not_accepted_for_no_reason():
    [first, second] = accepted(FINDINGS, {"a-b": " ", "c": "y"})
    assert (first, second.what) == (FINDINGS[0], "is accepted for no reason")


def test_a_name_that_accepts_nothing_is_a_finding():
    [*rest, last] = accepted(FINDINGS, {"d": "long gone"})
    assert rest == list(FINDINGS)
    assert (last.where, last.remedy) == ("d", "remove it from the rulings")


@pytest.mark.parametrize(
    "source", [b"import older", b"from . import old", b"from .old import x", b"old.x", b"\0old"]
)
def test_what_is_no_import_of_the_package_is_none(source):
    assert lines(source, "old") == []
