"""Packages of other people are renamed, and their own tests come to the same, one by one.

Two small packages have what makes that hard; a real one is taken from PyPI where that is reached.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile

import pytest

from sealwright import setup
from sealwright.contracts.coo.suite import Names, snapshot
from sealwright.contracts.coo.suite.outcomes import Row
from sealwright.digest import hexadecimal, of_file
from tests.support.example import QUICKER, Repository, make
from tests.support.governed import ASKED, WAIVED, configure

SDIST = ("sqlparse", "0.6.1", "ca722573f848ff2d30e40ea30f53a104b7dea7635ea9285891263eb2c58fb6e7")
RULES = (
    "[lanterns.sinks]\nconsole = lanterns.sinks:Console\n[pytest11]\nlight = lanterns.fixtures\n"
)
LANTERNS = {
    "src/lanterns/__init__.py": (
        '"""Lanterns.\n\n>>> import lanterns\n>>> lanterns.sinks.Console()\n'
        '<lanterns.sinks.Console>\n"""\nfrom lanterns import sinks\n\n__all__ = ["sinks"]\n'
    ),
    "src/lanterns/__init__.pyi": "from lanterns import sinks as sinks\n",
    "src/lanterns/__main__.py": 'print("lit by", __package__)\n',
    "src/lanterns/fixtures.py": (
        "import pytest\n\n\n@pytest.fixture\ndef lantern():\n"
        "    from lanterns.sinks import Console\n\n    return Console()\n"
    ),
    "src/lanterns/sinks.py": (
        "import importlib\nimport logging\nfrom importlib.metadata import entry_points\n\n"
        'log = logging.getLogger("lanterns")\n\n\n'
        "class Console:\n"
        '    def __repr__(self):\n        return "<lanterns.sinks.Console>"\n\n\n'
        'def found():\n    return [p.load() for p in entry_points(group="lanterns.sinks")]\n\n\n'
        'def loaded(name):\n    return importlib.import_module(f"lanterns.{name}")\n'
    ),
    "src/lanterns/templates/main.tmpl": "import lanterns\n\nprint(lanterns.{{ name }})\n",
    "src/lanterns.egg-info/PKG-INFO": "Metadata-Version: 2.1\nName: lanterns\nVersion: 1.0\n",
    "src/lanterns.egg-info/entry_points.txt": RULES,
    "src/lanterns.egg-info/top_level.txt": "lanterns\n",
    "src/lanterns.egg-info/SOURCES.txt": "src/lanterns/__init__.py\n",
    "tests/test_lanterns.py": (
        "import pickle\nimport subprocess\nimport sys\nfrom pathlib import Path\n"
        "from unittest import mock\n\nimport pytest\n\nimport lanterns\n\n\n"
        "def test_plugin(lantern):\n    assert type(lantern) in lanterns.sinks.found()\n\n\n"
        'def test_patch():\n    with mock.patch("lanterns.sinks.found", return_value=1):\n'
        "        assert lanterns.sinks.found() == 1\n\n\n"
        '@pytest.mark.parametrize("name", ["lanterns.sinks", "lanterns.fixtures"])\n'
        "def test_dynamic(name):\n"
        '    assert lanterns.sinks.loaded(name.partition(".")[2]).__name__ == name\n\n\n'
        "def test_program():\n"
        '    argv = [sys.executable, "-m", "lanterns"]\n'
        "    done = subprocess.run(argv, capture_output=True, text=True)\n"
        '    assert done.stdout == f"lit by {lanterns.__name__}\\n"\n\n\n'
        "def test_pickle():\n"
        "    made = pickle.loads(pickle.dumps(lanterns.sinks.Console()))\n"
        '    assert type(made).__module__ == "lanterns.sinks"\n\n\n'
        "def test_log(caplog):\n"
        '    lanterns.sinks.log.warning("x")\n'
        "    assert caplog.record_tuples[0][0] == lanterns.__name__\n\n\n"
        "def test_template():\n"
        '    text = (Path(lanterns.__file__).parent / "templates/main.tmpl").read_text()\n'
        '    exec(text.replace("{{ name }}", "sinks"))\n'
    ),
    "pyproject.toml": (
        '[project]\nname = "lanterns"\nversion = "1.0"\n'
        '[project.entry-points."lanterns.sinks"]\nconsole = "lanterns.sinks:Console"\n'
        "[tool.pytest.ini_options]\n"
        f'addopts = "--doctest-modules src/lanterns tests {" ".join(QUICKER)}"\n'
    ),
}
ABACUS = {
    "abacus.py": (
        'import sys\n\nVERSION = "1"\n\n\nclass Wrong(Exception):\n    pass\n\n\n'
        "def add(a, b):\n    if a is None:\n        raise Wrong(a)\n    return a + b\n\n\n"
        'if __name__ == "__main__":\n    print(add(*map(int, sys.argv[1:])))\n'
    ),
    "tests/__init__.py": "",
    "tests/test_add.py": (
        "import doctest\nimport runpy\nimport sys\nimport unittest\nfrom pathlib import Path\n"
        "from unittest import mock\n\nimport abacus\n\n\n"
        "class Adding(unittest.TestCase):\n"
        "    def test_sum(self):\n        self.assertEqual(abacus.add(1, 2), 3)\n\n"
        '    @mock.patch("abacus.add", return_value=7)\n'
        "    def test_patched(self, add):\n        self.assertEqual(abacus.add(1, 2), 7)\n\n"
        "    def test_name(self):\n"
        '        self.assertEqual(f"{abacus.Wrong.__module__}.Wrong", "abacus.Wrong")\n\n'
        "    def test_program(self):\n"
        '        with mock.patch.object(sys, "argv", ["x", "1", "2"]):\n'
        '            made = runpy.run_module("abacus")\n'
        '        self.assertEqual(made["add"](1, 2), 3)\n\n'
        "    def test_link(self):\n"
        '        text = (Path(__file__).parent / "linked.py").read_text()\n'
        '        self.assertIn("class Wrong", text)\n\n'
        "    def test_manual(self):\n"
        '        self.assertEqual(doctest.testfile("../manual.rst").failed, 0)\n\n'
        "    def test_tool(self):\n"
        '        self.assertEqual({"abacus": 1}["abacus"], 1)\n'
    ),
    "manual.rst": "The abacus\n==========\n\n>>> from abacus import add\n>>> add(1, 2)\n3\n",
    "setup.py": (
        'from setuptools import setup\n\nsetup(name="abacus", version="1", py_modules=["abacus"])\n'
    ),
}
RULING = "rulings:\n  - {text: abacus, below: tests, ruling: keep, why: a key of its own}\n"


def rehearsed(repo: Repository, legacy: str, **more: object):
    """Rename a package on copies, and return what was said and what was compared."""
    configure(repo, {'legacy: ""': f"legacy: {legacy}", ASKED: WAIVED})
    text = (repo.root / "config/coo.yaml").read_text()
    for key, value in more.items():
        was = {
            "source_root": "source_root: .",
            "test_command": "test_command: [python, -m, pytest, -q]",
        }
        assert was[key] in text
        text = text.replace(was[key], f"{key}: {json.dumps(value)}")
    repo.write("config/coo.yaml", text)
    repo.commit()
    return repo.doit("rehearse")


def outcomes(repo: Repository, number: int) -> list[Row]:
    """Return what the tests came to in one of the snapshots."""
    (place,) = (repo.root / ".sealwright").rglob(f"snapshot{number}.json")
    return list(snapshot.decode(place.read_bytes()).rows)


def test_a_plugin_in_a_source_folder_needs_no_ruling(tmp_path):
    repo = make(tmp_path / "repository", LANTERNS, ["coo"])
    done = rehearsed(repo, "lanterns", source_root="src")
    assert done.code == 0, done.said
    names = Names("lanterns", "coo")
    before = [Row(names.renamed(row.id), row.outcome) for row in outcomes(repo, 0)]
    assert sorted(before) == sorted(outcomes(repo, 2))
    assert len(before) == 9 and {row.outcome for row in before} == {"passed"}


def test_a_module_with_a_suite_of_unittest_needs_one_ruling(tmp_path):
    repo = make(tmp_path / "repository", ABACUS, ["coo"])
    os.symlink("../abacus.py", repo.root / "tests/linked.py")
    command = ["python", "-m", "unittest", "discover", "-s", "tests", "-t", "."]
    done = rehearsed(repo, "abacus", test_command=command)
    assert done.code == 1 and "tests/test_add.py:35" in done.said, done.said
    repo.write("config/coo.rulings.yaml", RULING)
    repo.commit()
    done = repo.doit("rehearse")
    assert done.code == 0, done.said
    assert outcomes(repo, 0) == outcomes(repo, 2) and len(outcomes(repo, 0)) == 7


@pytest.fixture(scope="module")
def sdist(tmp_path_factory):
    """A real package, as its authors publish it."""
    name, version, sha256 = SDIST
    folder = tmp_path_factory.mktemp("sdist")
    words = ["--no-deps", "--no-binary", ":all:", "--dest", folder, f"{name}=={version}"]
    argv = [sys.executable, "-m", "pip", "download", "--quiet", "--retries", "0", *words]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=120)
    found = sorted(folder.glob("*.tar.gz"))
    if done.returncode or not found:
        pytest.skip(f"{name} {version} cannot be had from PyPI")
    assert hexadecimal(of_file(found[0]).sha256) == sha256
    with tarfile.open(found[0]) as archive:
        archive.extractall(folder, filter="data")
    return folder / f"{name}-{version}"


def test_a_real_package_needs_no_ruling(sdist):
    repo = Repository(sdist)
    setup.init(sdist, ["coo"])
    repo.git("init", "--quiet", "--initial-branch=main")
    repo.git("add", "--all", "--force")
    repo.commit()
    done = rehearsed(repo, SDIST[0])
    assert done.code == 0, done.said
    assert len(outcomes(repo, 0)) == len(outcomes(repo, 2)) > 500
