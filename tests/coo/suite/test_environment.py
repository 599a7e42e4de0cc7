"""The package is the tree's, and nothing of it is found in the environment that it comes from."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from sealwright import process
from sealwright.contracts.coo.suite import Names, environment
from sealwright.contracts.coo.suite.environment import Environment, Plan
from sealwright.errors import ProgramFailed, Refused
from sealwright.paths import TOP, RelPath
from tests.coo.scans import put
from tests.coo.suite import workshop
from tests.coo.suite.workshop import INSTALLERS, NAMES, SOURCE, bare, project, renamed

ABOUT = """
import importlib.metadata as m, importlib.util, json, shutil, sys, os
try:
    found = m.distribution("project-builder")
except m.PackageNotFoundError:
    found = None
def where(name):
    spec = importlib.util.find_spec(name)
    return spec and (spec.origin or list(spec.submodule_search_locations)[0])
print(json.dumps({
    "legacy": where("project_builder"), "canonical": where("coo"),
    "version": found and found.version,
    "times": sum(each.metadata["Name"] == "Project.Builder" for each in m.distributions()),
    "entries": [e.value for e in m.entry_points(group="project_builder.on")],
    "program": shutil.which("build-it"),
}))
"""


def built(folder: Path, tree: Path, python: Path, source: RelPath, *, legacy: bool) -> Environment:
    (folder / "home/tmp").mkdir(parents=True)
    (folder / "records").mkdir()
    plan = Plan(tree, source, NAMES, legacy)
    return environment.build(folder / "environment", plan, python, folder / "records")


def variables(made: Environment) -> dict[str, str]:
    return made.variables({}, made.folder.parent / "home", 0)


def asked(made: Environment, code: str = ABOUT, **env: str) -> Any:
    """Return what a Python of the environment says; without ``env`` its variables are empty."""
    done = process.run([str(made.python), "-c", code], cwd=Path("/"), env=env)
    return json.loads(done.out)


@pytest.mark.parametrize("layout", SOURCE)
@pytest.mark.parametrize("way", INSTALLERS)
def test_what_is_installed_gives_way_to_the_tree_under_either_name(
    tmp_path: Path, layout: str, way: str
) -> None:
    live = project(tmp_path / "live", layout)
    python, site = bare(tmp_path / "parent")
    INSTALLERS[way](live, site)
    old = Path(shutil.copytree(live, tmp_path / "old", ignore=shutil.ignore_patterns("*.egg-info")))
    new = renamed(old, tmp_path / "new")
    for tree, legacy, package in ((old, True, "project_builder"), (new, False, "coo")):
        made = built(tmp_path / package, tree, python, SOURCE[layout], legacy=legacy)
        assert environment.proof(made, variables(made)).holds
        found = asked(made, PATH=f"{made.folder}/bin")
        expected = str(tree / SOURCE[layout] / package / "__init__.py")
        assert found["legacy" if legacy else "canonical"] == expected
        assert found["canonical" if legacy else "legacy"] is None
        assert (found["version"], found["times"]) == ("1.5", 1)
        assert found["entries"] == [f"{package}.run:main"]
        assert found["program"] == f"{made.folder}/bin/build-it"
        done = process.run(["build-it"], cwd=Path("/"), env=variables(made))
        assert done.out == b"1\n"
        assert made.replaced == ("project-builder==1.5",)


def test_a_deleted_package_is_not_found_again_where_it_was_installed(tmp_path: Path) -> None:
    live = project(tmp_path / "live", "src")
    python, site = bare(tmp_path / "parent")
    for way in ("as a wheel", "by setup.py develop"):
        INSTALLERS[way](live, site)
    empty = tmp_path / "empty"
    (empty / "src").mkdir(parents=True)
    made = built(tmp_path / "made", empty, python, RelPath("src"), legacy=True)
    assert asked(made)["legacy"] is None
    (finding, *_) = environment.proof(made, variables(made)).findings
    assert "expected it in the tree, found it nowhere" in finding.what


def test_an_editable_installation_is_known_by_where_it_came_from(tmp_path: Path) -> None:
    live = project(tmp_path / "live", "flat")
    python, site = bare(tmp_path / "parent")
    url = {"dir_info": {"editable": True}, "url": live.as_uri()}
    put(site, {"project_builder-2.0.dist-info/METADATA": "Name: project-builder\nVersion: 2.0\n"})
    put(site, {"project_builder-2.0.dist-info/direct_url.json": json.dumps(url)})
    made = built(tmp_path / "made", live, python, TOP, legacy=True)
    assert made.replaced == ("project-builder==2.0",)


def test_other_packages_are_there_and_paths_that_lead_to_them(tmp_path: Path) -> None:
    live = project(tmp_path / "live", "flat")
    python, site = bare(tmp_path / "parent")
    workshop.developed(live, site)
    put(site, {"other.py": "", "nested/deep/module.py": "", "my_project_builder/__init__.py": ""})
    put(site, {"where.pth": "import sys; sys.where = sys._getframe(1).f_locals['sitedir']\n"})
    put(tmp_path, {"elsewhere/far.py": ""})
    put(site, {"far.pth": f"# a folder\n{tmp_path}/elsewhere\n"})
    made = built(tmp_path / "made", live, python, TOP, legacy=True)
    names = ["other", "nested.deep.module", "my_project_builder", "kept", "far"]
    code = f"import importlib, json; [importlib.import_module(n) for n in {names}]; print('1')"
    assert asked(made, code) == 1
    found = asked(made, "import json, sys; print(json.dumps(sys.where))")
    assert found == str(next(made.folder.glob("lib/*/site-packages")))


REAL = """
import json, os, {0}
print(json.dumps([os.path.realpath(each.__file__) for each in ({0})]))
"""
SEVERAL = """\
packages = ["project_builder", "helpers", "company.shop"]
py-modules = ["single"]
package-dir = {project_builder = "project_builder", helpers = "more/helpers", company = "more"}
"""


def test_the_other_packages_of_a_finder_are_those_of_the_tree(tmp_path: Path) -> None:
    live = project(tmp_path / "live", "flat")
    put(live, {"more/helpers/__init__.py": "", "more/shop/__init__.py": "", "single.py": ""})
    put(live, {"pyproject.toml": workshop.PROJECT + SEVERAL})
    python, site = bare(tmp_path / "parent")
    workshop.editable(live, site)
    url = {"dir_info": {"editable": True}, "url": live.as_uri()}
    put(site, {"project_builder-1.5.dist-info/direct_url.json": json.dumps(url)})
    new = renamed(live, tmp_path / "new")
    made = built(tmp_path / "made", new, python, TOP, legacy=False)
    assert environment.proof(made, variables(made)).holds
    found = asked(made, REAL.format("helpers, company.shop, single"))
    inside = ("more/helpers/__init__.py", "more/shop/__init__.py", "single.py")
    assert found == [str(new / each) for each in inside]


def test_another_package_of_a_finder_that_is_elsewhere_stays_there(tmp_path: Path) -> None:
    live = project(tmp_path / "live", "flat")
    put(tmp_path, {"far/helpers/__init__.py": ""})
    python, site = bare(tmp_path / "parent")
    finder = f"MAPPING = {{'project_builder': 'x', 'helpers': '{tmp_path}/far/helpers'}}\n"
    put(site, {"_finder.py": finder + "def install(): ...\n"})
    put(site, {"_finder.pth": "import _finder; _finder.install()\n"})
    made = built(tmp_path / "made", live, python, TOP, legacy=True)
    found = asked(made, REAL.format("helpers, helpers"))
    assert set(found) == {str(tmp_path / "far/helpers/__init__.py")}


def test_a_dotted_package_is_hidden_and_its_neighbours_are_not(tmp_path: Path) -> None:
    python, site = bare(tmp_path / "parent")
    put(site, {"company/builder/__init__.py": "", "company/shop/__init__.py": ""})
    tree = put(tmp_path / "tree", {"company/builder/__init__.py": "", "company/builder/a.py": ""})
    (tmp_path / "made/home/tmp").mkdir(parents=True)
    plan = Plan(tree, TOP, Names("company.builder", "company.coo"), True)
    made = environment.build(tmp_path / "made/e", plan, python, tmp_path / "made")
    code = "import company.shop as s, company.builder as b; print('[\"%s\"]' % b.__file__)"
    assert asked(made, code) == [str(tree / "company/builder/__init__.py")]
    assert environment.proof(made, variables(made)).holds


def test_an_environment_may_have_more_folders_than_one(tmp_path: Path) -> None:
    first, _ = bare(tmp_path / "first")
    text = (tmp_path / "first/pyvenv.cfg").read_text()
    (tmp_path / "first/pyvenv.cfg").write_text(text.replace("packages = false", "packages = true"))
    tree = put(tmp_path / "tree", {"project_builder/__init__.py": ""})
    made = built(tmp_path / "made", tree, first, TOP, legacy=True)
    _, more = made.parent.sites
    found = asked(made, "import json, sys; print(json.dumps(sys.path))")
    (linked,) = made.folder.glob("lib/*/site-packages-1")
    assert found.index(str(linked)) > found.index(str(linked.with_name("site-packages")))
    assert {place.name for place in linked.iterdir()} == {place.name for place in more.iterdir()}


def test_a_script_of_another_package_runs_in_the_environment(tmp_path: Path) -> None:
    python, site = bare(tmp_path / "parent")
    body = "import sys, project_builder\nprint(sys.prefix, project_builder.__file__)\n"
    put(tmp_path / "parent/bin", {"tool": f"#!{python}\n{body}", "shell": "#!/bin/sh\necho hi\n"})
    put(
        tmp_path / "parent/bin",
        {"far": f"#!/bin/sh\n'''exec' {python} \"$0\" \"$@\"\n' '''\n{body}"},
    )
    put(site, {"project_builder.py": ""})
    tree = put(tmp_path / "tree", {"project_builder.py": ""})
    made = built(tmp_path / "made", tree, python, TOP, legacy=True)
    for name in ("tool", "far"):
        done = process.run([name], cwd=Path("/"), env=variables(made))
        assert done.out.decode().split() == [str(made.folder), str(tree / "project_builder.py")]
    assert not (made.folder / "bin/shell").exists()


def test_a_long_place_makes_scripts_that_start(tmp_path: Path) -> None:
    live = project(tmp_path / "live", "flat")
    python, site = bare(tmp_path / "parent")
    workshop.as_wheel(live, site)
    made = built(tmp_path / ("long and wide " * 9), live, python, TOP, legacy=True)
    assert process.run(["build-it"], cwd=Path("/"), env=variables(made)).out == b"1\n"


def test_a_search_path_of_the_caller_that_leads_elsewhere_is_refused(tmp_path: Path) -> None:
    other = put(tmp_path / "other", {"project_builder/__init__.py": ""})
    tree = put(tmp_path / "tree", {"project_builder/__init__.py": "", "project_builder/a.py": ""})
    made = built(tmp_path / "made", tree, Path(sys.executable), TOP, legacy=True)
    found = environment.proof(made, {**variables(made), "PYTHONPATH": str(other)})
    assert {finding.where for finding in found.findings} == {"project_builder"}
    assert all(str(other) in finding.what for finding in found.findings)
    with pytest.raises(Refused, match="expected an import from the tree"):
        found.enforce()


def test_a_module_that_leads_out_of_the_tree_is_named(tmp_path: Path) -> None:
    other = put(tmp_path / "other", {"far.py": "", "more/__init__.py": "", "more/x.py": ""})
    tree = put(tmp_path / "tree", {"project_builder/__init__.py": "", "project_builder/b.py": ""})
    (tree / "project_builder/far.py").symlink_to(other / "far.py")
    (tree / "project_builder/more").symlink_to(other / "more")
    made = built(tmp_path / "made", tree, Path(sys.executable), TOP, legacy=True)
    found = environment.proof(made, variables(made)).findings
    assert sorted({f.where for f in found}) == ["project_builder.far", "project_builder.more"]


def test_a_package_that_cannot_be_imported_is_no_proof(tmp_path: Path) -> None:
    tree = put(tmp_path / "tree", {"project_builder/__init__.py": "import nowhere_at_all\n"})
    made = built(tmp_path / "made", tree, Path(sys.executable), TOP, legacy=True)
    (finding,) = environment.proof(made, variables(made)).findings
    assert "No module named 'nowhere_at_all'" in finding.what


def test_a_package_that_ends_the_interpreter_is_no_proof(tmp_path: Path) -> None:
    tree = put(tmp_path / "tree", {"project_builder.py": "import os\nprint('[]')\nos._exit(0)\n"})
    made = built(tmp_path / "made", tree, Path(sys.executable), TOP, legacy=True)
    with pytest.raises(ProgramFailed, match="expected a proof"):
        environment.proof(made, variables(made)).enforce()


def test_the_same_parent_makes_the_same_files(tmp_path: Path) -> None:
    live = project(tmp_path / "live", "flat")
    python, site = bare(tmp_path / "parent")
    workshop.as_wheel(live, site)
    folders = []
    for number in ("1", "2"):
        made = built(tmp_path / number, live, python, TOP, legacy=False)
        places = sorted(p for p in made.folder.rglob("*") if p.is_file() and not p.is_symlink())
        said = {str(p.relative_to(made.folder)): p.read_bytes() for p in places}
        own = str(tmp_path / number).encode()
        folders.append({n: data.replace(own, b"{here}") for n, data in said.items()})
    assert folders[0] == folders[1]


def test_what_is_no_python_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="expected a Python that describes itself"):
        built(tmp_path, tmp_path, Path("/bin/true"), TOP, legacy=True)
