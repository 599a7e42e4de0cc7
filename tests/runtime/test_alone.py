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
FILES = sorted(CORE.rglob("*.py"))

# Modules that only one family of systems has; what merely guards its use of them may import them.
ONLY_POSIX = "fcntl grp posix pwd pty resource syslog termios tty"
ONLY_WINDOWS = "msvcrt nt winreg _winapi"

USE = """
import sys
for name in sys.argv[2].split():
    sys.modules[name] = None
sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
from runtime import canonical, containment
from runtime.orchestration.mission_journal import MissionJournal, line_of
from runtime.governance.envelope_enforcer import Envelope, EnvelopeEnforcer

journal = MissionJournal()
journal.start("s1", "build", {"a": 1}, "2025-01-01T00:00:00Z")
journal.finish("s1", "completed", {}, "2025-01-01T00:00:09Z")
again = MissionJournal.parse(map(line_of, journal.records))
assert again.verify_integrity(expected_head=journal.head) == (True, ())
enforcer = EnvelopeEnforcer(sys.argv[1], Envelope(["read"], ["runtime/**"], [], 1.0))
assert enforcer.check("read", "runtime/canonical.py")
assert not enforcer.check("read", "elsewhere")
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
    assert done.stdout == "7 [] []\n"


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
