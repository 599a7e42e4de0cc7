"""The trusted core needs nothing but a Python interpreter, wherever it is copied."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import sealwright.runtime

CORE = Path(sealwright.runtime.__file__).parent
EVERY = sorted(CORE.rglob("*.py"))
TESTS = [file for file in EVERY if file.parent.name == "tests"]
FILES = [file for file in EVERY if file not in TESTS]

# Modules that only one family of systems has; what merely guards its use of them may import them.
ONLY_POSIX = "fcntl grp posix pwd pty resource syslog termios tty"
ONLY_WINDOWS = "msvcrt nt winreg _winapi"

# What is in a process that runs pytest, besides the standard library.
TOOLS = {"__main__", "_pytest", "iniconfig", "packaging", "pluggy", "pygments", "pytest"}
TOOLS |= {"runtime", "watch", "py", "_distutils_hack"}  # the last are of pytest and of setuptools

USE = """
import sys
for name in sys.argv[2].split():
    sys.modules[name] = None
sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
from runtime import canonical, containment
from runtime.orchestration.mission_journal import MissionJournal, line_of
from runtime.governance.envelope_enforcer import Envelope, EnvelopeEnforcer
from runtime.orchestration.operations import Operation, Runner
from runtime.orchestration.execution_context import ExecutionContext, UUID

journal = MissionJournal()
journal.start("s1", "build", {"a": 1}, "2025-01-01T00:00:00Z")
journal.finish("s1", "completed", {}, "2025-01-01T00:00:09Z")
again = MissionJournal.parse(map(line_of, journal.records))
assert again.verify_integrity(expected_head=journal.head) == (True, ())
enforcer = EnvelopeEnforcer(sys.argv[1], Envelope(["read"], ["runtime/**"], [], 1.0))
assert enforcer.check("read", "runtime/canonical.py")
assert not enforcer.check("read", "elsewhere")
at = "2025-01-01T00:00:09Z"
context = ExecutionContext(sys.argv[1], 40 * "a", "sha256:" + 64 * "0", UUID(int=1), at)
envelope = Envelope(["gate_check"], [], [], 1.0)
runner = Runner(context, envelope, journal, clock=lambda: at)
assert runner.run(Operation("o1", "gate_check"), lambda *_: 7).output == 7
own = [name for name in sys.modules if name.partition(".")[0] == "runtime"]
foreign = [name for name in sys.modules if name.partition(".")[0] == "sealwright"]
print(len(own), foreign, [place for place in sys.path if "site-packages" in place])
"""


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    shutil.copytree(CORE, tmp_path / "runtime", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_there_is_a_core_to_look_at():
    assert {"canonical.py", "containment.py", "mission_journal.py"} <= {file.name for file in FILES}


def test_a_copy_works_without_the_rest_and_without_installed_packages(bundle):
    missing = " ".join(set(f"{ONLY_POSIX} {ONLY_WINDOWS}".split()) - set(sys.builtin_module_names))
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", USE, bundle, missing], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "12 [] []\n"


# A plugin that notes, after the tests, what was imported from where.
WATCH = """
import sys

def pytest_sessionfinish(session):
    places = [getattr(module, "__file__", None) or "" for module in list(sys.modules.values())]
    with open(session.config.rootpath.parent / "imported", "w") as file:
        file.writelines(f"{name} {place}\\n" for name, place in zip(list(sys.modules), places))
"""


def test_the_tests_of_a_bundle_pass_where_there_is_nothing_but_pytest(tmp_path):
    folder, site = tmp_path / "bundle", tmp_path / "site"
    shutil.copytree(CORE, folder / "runtime", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "pytest.ini").write_text("[pytest]\ntestpaths = runtime/tests\n")
    site.mkdir()
    (site / "watch.py").write_text(WATCH)
    before = sorted(folder.rglob("*"))
    start = f"import sys; sys.path.append({str(site)!r}); import pytest; sys.exit(pytest.main())"
    argv = [sys.executable, "-I", "-B", "-c", start]
    options = ["-q", "-p", "no:cacheprovider", "-p", "watch", "--basetemp", str(tmp_path / "t")]
    environment = {"PATH": "", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(
        [*argv, *options], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "skipped" not in done.stdout
    assert sorted(folder.rglob("*")) == before
    imported = dict(line.split(" ", 1) for line in (tmp_path / "imported").read_text().splitlines())
    names = {name.partition(".")[0] for name in imported}
    assert "runtime" in names
    assert names - set(sys.stdlib_module_names) <= TOOLS
    runtime = [place for name, place in imported.items() if name.partition(".")[0] == "runtime"]
    assert all(Path(place).is_relative_to(folder) for place in runtime)


def test_the_tests_of_a_bundle_pass_as_its_reader_starts_them(bundle):
    (bundle / "pytest.ini").write_text("[pytest]\ntestpaths = runtime/tests\n")
    argv = [sys.executable, "-I", "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(argv, cwd=bundle, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout


@pytest.mark.parametrize("file", TESTS, ids=lambda file: file.name)
def test_a_test_of_a_bundle_imports_pytest_besides_and_climbs_no_higher_than_the_core(file):
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            roots = {name.name.partition(".")[0] for name in node.names}
            assert roots <= {"pytest", *sys.stdlib_module_names}
        if isinstance(node, ast.ImportFrom):
            assert node.level or str(node.module).partition(".")[0] in sys.stdlib_module_names
            assert node.level <= 2


def test_a_bundle_has_the_tests_that_the_document_names():
    assert {file.name for file in TESTS} == {
        "__init__.py",
        "test_operations.py",
        "test_mission_journal.py",
        "test_envelope_enforcer.py",
        "test_self_mod_protection.py",
    }


def test_a_copy_leaves_nothing_behind(bundle):
    before = sorted(bundle.rglob("*"))
    subprocess.run([sys.executable, "-I", "-S", "-c", USE, bundle, ""], check=True, timeout=60)
    assert sorted(bundle.rglob("*")) == before


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(CORE)))
def test_a_file_imports_the_standard_library_and_its_neighbours_only(file):
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            for name in node.names:
                assert name.name.partition(".")[0] in sys.stdlib_module_names
        if isinstance(node, ast.ImportFrom) and node.level == 0:
            assert node.module.partition(".")[0] in sys.stdlib_module_names
        if isinstance(node, ast.ImportFrom) and node.level:
            climb = file.parent
            for _ in range(node.level - 1):
                climb = climb.parent
            assert climb.is_relative_to(CORE)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(CORE)))
def test_a_file_reads_neither_clock_nor_environment_and_starts_nothing(file):
    modules = set()
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            modules |= {name.name.partition(".")[0] for name in node.names}
        if isinstance(node, ast.ImportFrom) and node.level == 0:
            modules.add(node.module.partition(".")[0])
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            assert (node.value.id, node.attr) not in {("os", "environ"), ("os", "getenv")}
    assert not modules & {"time", "datetime", "random", "subprocess", "socket", "urllib", "secrets"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(CORE)))
def test_a_file_begins_with_what_it_is(file):
    assert ast.get_docstring(ast.parse(file.read_bytes()))
