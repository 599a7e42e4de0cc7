"""Document 001 from outside: a bundle that validates itself, wherever it is taken."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from sealwright import runtime
from sealwright.bundles import audit_gate_build_loop_phase2 as gate
from tests.support import pythons
from tests.support.example import PROJECT, Repository, copied, make, ran

NAME = "artifacts/bundles/Bundle_Build_Loop_Phase2_v1.1"
GATE = "scripts/audit_gate_build_loop_phase2.py"
DOCUMENT = "docs/03_runtime/Implementation_Plan_Build_Loop_Phase2_v1.1.md"
CONFIG = f"document: {DOCUMENT}\n"
FILES = {DOCUMENT: "# A plan\n", "config/bundle.yaml": CONFIG}
AGAIN = """
import hashlib, pathlib, sys
sys.dont_write_bytecode = True
sys.path.insert(0, "scripts")
import audit_gate_build_loop_phase2 as gate
files = {p.as_posix(): p.read_bytes() for p in pathlib.Path(".").rglob("*") if p.is_file()}
del files[gate.MANIFEST]
sums = {path: hashlib.sha256(data).hexdigest() for path, data in files.items()}
files[gate.MANIFEST] = gate.render_manifest(sums)
print(hashlib.sha256(gate.encode(files)).hexdigest())
"""
ANY = """layout: any
files:
  pytest.ini: pytest.ini
  test_it.py: test_it.py
"""


@pytest.fixture(scope="session")
def _bundled(tmp_path_factory) -> Repository:
    root = tmp_path_factory.mktemp("bundle") / "repository"
    return ran(make(root, FILES, ["bundle"]))


@pytest.fixture
def bundled(_bundled, tmp_path) -> Repository:
    """A small repository after one doit."""
    return copied(_bundled, tmp_path / "bundled")


def small(tmp_path: Path, test: str) -> Repository:
    """A repository whose bundle holds one test and nothing else."""
    files = {"pytest.ini": "[pytest]\n", "test_it.py": test, "config/bundle.yaml": ANY}
    return make(tmp_path / "small", files, ["bundle"])


def sha256(place: Path) -> str:
    return hashlib.sha256(place.read_bytes()).hexdigest()


def unpacked(repo: Repository, folder: Path) -> Path:
    folder.mkdir()
    with zipfile.ZipFile(repo.root / f"{NAME}.zip") as bundle:
        bundle.extractall(folder)
    return folder


def test_one_command_makes_the_bundle_and_what_belongs_to_it_and_git_sees_nothing(bundled):
    beside = {p.name.removeprefix(Path(NAME).name) for p in (bundled.root / NAME).parent.iterdir()}
    assert beside == {
        *(".zip", ".manifest.txt", ".pass_report.md", ".raw.log", "_workspace.zip"),
        ".gitignore",
    }
    assert bundled.status == ""
    assert "nothing executed" in bundled.doit().out


def test_the_bundle_has_the_layout_of_the_document_and_our_files_byte_for_byte(bundled):
    with zipfile.ZipFile(bundled.root / f"{NAME}.zip") as bundle:
        assert set(gate.REQUIRED) <= set(bundle.namelist())
        top = Path(runtime.__file__).parent
        for name in bundle.namelist():
            if name.startswith("runtime/"):
                assert bundle.read(name) == (top / name.removeprefix("runtime/")).read_bytes()
        assert bundle.read(GATE) == (PROJECT / GATE).read_bytes()
        assert bundle.read(DOCUMENT) == b"# A plan\n"
        assert bundle.read("manifest.txt") == (bundled.root / f"{NAME}.manifest.txt").read_bytes()


def test_coreutils_and_unzip_accept_it(bundled, tmp_path):
    folder = unpacked(bundled, tmp_path / "new")
    subprocess.run(
        ["sha256sum", "-c", "--strict", "--quiet", "manifest.txt"], cwd=folder, check=True
    )
    lines = (folder / "manifest.txt").read_text().splitlines()
    files = {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}
    assert {line[66:] for line in lines} == files - {"manifest.txt"}


def test_both_commands_of_the_document_work_in_a_checkout(bundled):
    """The gate's file is in the checkout of Sealwright, and the bundle where it was made."""
    done = bundled.run(sys.executable, PROJECT / GATE, "--zip", f"{NAME}.zip")
    assert done.code == 0 and done.out.endswith("RESULT: PASS\n"), done.said


def test_a_checkout_makes_its_own_bundle_and_the_command_of_the_document_takes_it(tmp_path):
    ignored = shutil.ignore_patterns(".*", "build", "artifacts", "__pycache__", "*.egg-info")
    shutil.copytree(PROJECT, tmp_path / "checkout", ignore=ignored)
    checkout = Repository(tmp_path / "checkout")
    assert checkout.doit("bundle").code == 0
    done = checkout.run(sys.executable, GATE, "--zip", f"{NAME}.zip")
    assert done.code == 0 and done.out.endswith("RESULT: PASS\n"), done.said


@pytest.mark.parametrize("version", pythons.found())
def test_both_commands_of_the_document_work_in_the_unpacked_bundle_alone(
    bundled, tmp_path, version
):
    """With a Python that has pytest and nothing else; it makes the same bytes as ours, too."""
    python = pythons.bare(pythons.program(version), tmp_path / "python")
    folder = unpacked(bundled, tmp_path / "alone")
    alone = Repository(folder)
    assert alone.run(python, "-c", AGAIN).out.strip() == sha256(bundled.root / f"{NAME}.zip")
    zip_there = folder / f"{NAME}.zip"
    zip_there.parent.mkdir(parents=True)
    shutil.copy(bundled.root / f"{NAME}.zip", zip_there)
    done = alone.run(python, GATE, "--zip", f"{NAME}.zip")
    assert done.code == 0 and done.out.endswith("RESULT: PASS\n"), done.said
    done = alone.run(python, "-m", "pytest", "-q")
    assert done.code == 0, done.said


@pytest.mark.parametrize("difference", ["folder", "umask", "zone", "seed"])
def test_the_same_files_make_the_same_bytes(_bundled, tmp_path, difference):
    other = make(tmp_path / "some where", FILES, ["bundle"])
    env = {"zone": {"TZ": "Asia/Kathmandu"}, "seed": {"PYTHONHASHSEED": "7"}}.get(difference, {})
    before = os.umask(0o077 if difference == "umask" else 0o022)
    try:
        done = other.doit("bundle:zip", **env)
    finally:
        os.umask(before)
    assert done.code == 0, done.said
    for suffix in (".zip", ".manifest.txt"):
        assert len({sha256(repo.root / f"{NAME}{suffix}") for repo in (_bundled, other)}) == 1


def test_the_workspace_is_what_the_gate_validated_and_nothing_else(bundled):
    with zipfile.ZipFile(bundled.root / f"{NAME}_workspace.zip") as workspace:
        names = workspace.namelist()
    with zipfile.ZipFile(bundled.root / f"{NAME}.zip") as bundle:
        assert names == bundle.namelist()
    assert not [name for name in names if "cache" in name]


def test_the_report_has_what_the_tests_printed(bundled):
    report = (bundled.root / f"{NAME}.pass_report.md").read_text()
    assert "PASS" in report and "stdout of pytest" in report
    assert b"passed" in (bundled.root / f"{NAME}.raw.log").read_bytes()


def test_a_changed_document_makes_another_bundle_and_it_is_judged_again(bundled):
    before = (bundled.root / f"{NAME}.zip").read_bytes()
    bundled.write(DOCUMENT, "# Another plan\n")
    done = bundled.doit()
    assert done.code == 0 and "4 run" in done.out, done.said
    assert (bundled.root / f"{NAME}.zip").read_bytes() != before


@pytest.mark.parametrize(
    ("test", "code"),
    [
        ("def test_it(): pass\n", 0),
        ("def test_it(): assert False\n", 1),
        ("", 1),
        ("import os\nprint('RESULT: PASS')\nos._exit(0)\n", 1),
    ],
    ids=["passes", "fails", "no test", "ends early"],
)
def test_only_a_bundle_whose_tests_pass_passes(tmp_path, test, code):
    repo = small(tmp_path, test)
    done = repo.doit()
    assert done.code == code, done.said
    assert (repo.root / f"{NAME}.pass_report.md").exists() is (code == 0)
    if code:
        assert "the audit gate does not pass it" in done.said and "RESULT: FAIL" in done.said


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (CONFIG + "layout: any\n", "only layout phase2 has a place for it"),
        (CONFIG + "layout: phase3\n", "expected one of phase2, any"),
        (CONFIG + "name: a/b\n", "the name of a file, without .zip"),
        (CONFIG + "files: {../x: y}\n", "expected a path inside the repository"),
    ],
)
def test_a_wrong_configuration_points_at_its_place(bundled, config, said):
    bundled.write("config/bundle.yaml", config)
    done = bundled.doit("list")
    assert done.code == 3 and said in done.said, done.said


def test_a_file_cannot_take_the_place_of_one_of_ours(bundled):
    bundled.write("config/bundle.yaml", f"{CONFIG}files: {{runtime/canonical.py: {DOCUMENT}}}\n")
    done = bundled.doit()
    assert done.code == 3 and "found one that Sealwright fills" in done.said


def test_sealwright_verify_reads_a_bundle_and_executes_nothing(bundled, tmp_path):
    done = bundled.sealwright("verify", f"{NAME}.zip")
    assert done.code == 0 and "a bundle" in done.out, done.said
    lines = (bundled.root / f"{NAME}.manifest.txt").read_text().splitlines(keepends=True)
    h1 = base64.b64encode(hashlib.sha256("".join(lines).encode()).digest()).decode()
    assert f"h1:{h1}" in done.out
    other = small(tmp_path, "raise SystemExit(1)\n")
    assert other.doit("bundle:zip").code == 0
    assert other.sealwright("verify", f"{NAME}.zip").code == 0


def test_sealwright_verify_names_what_is_wrong_with_a_bundle(bundled):
    place = bundled.root / f"{NAME}.zip"
    data = bytearray(place.read_bytes())
    data[data.index(b"# A plan")] ^= 1
    place.write_bytes(data)
    done = bundled.sealwright("verify", f"{NAME}.zip")
    assert done.code == 2 and "Z13-crc" in done.said, done.said
    files = {"a": b"one"}
    place.write_bytes(gate.encode(files | {"manifest.txt": gate.render_manifest({"a": "0" * 64})}))
    done = bundled.sealwright("verify", f"{NAME}.zip")
    assert done.code == 2 and "a: M30-hash: expected sha256:0000" in done.said, done.said
