"""The wheel and the sdist hold all that is needed, and work without this checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from sealwright.contracts import KNOWN

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build both from a copy, so that nothing of this checkout is touched."""
    folder = tmp_path_factory.mktemp("packaging")
    copy = folder / "sources"
    ignored = shutil.ignore_patterns(".git", ".venv", "build", "*.egg-info", "__pycache__", ".*")
    shutil.copytree(ROOT, copy, ignore=ignored)
    argv = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder / "dist"), "."]
    done = subprocess.run(argv, cwd=copy, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "dist"


def test_the_wheel_holds_the_package_and_its_data_and_nothing_else(built):
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        names = {name for name in wheel.namelist() if ".dist-info/" not in name}
    sources = {
        f"sealwright/{path.relative_to(ROOT / 'lib/sealwright')}"
        for path in (ROOT / "lib/sealwright").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert names == sources


def test_the_sdist_builds_the_wheel_from_lib(built):
    with tarfile.open(next(built.glob("*.tar.gz"))) as sdist:
        names = sdist.getnames()
    assert any(name.endswith("/lib/sealwright/py.typed") for name in names)
    assert any(name.endswith("/lib/sealwright/example/files/0luka.md") for name in names)
    assert any(name.endswith("/LICENSE") for name in names)


def test_the_installed_wheel_runs_the_example_without_this_checkout(built, tmp_path):
    site = tmp_path / "site"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(site)]
    subprocess.run([*pip, str(next(built.glob("*.whl")))], check=True)
    environment = {**os.environ, "PYTHONPATH": str(site)}
    where = "import sealwright; print(sealwright.__file__)"
    argv = [sys.executable, "-c", where]
    found = subprocess.run(argv, env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert found.stdout.startswith(str(site))
    argv = [sys.executable, "-m", "sealwright.cli", "--version"]
    subprocess.run(argv, env=environment, cwd=tmp_path, check=True)
    contracts = [f"--contract={name}" for name in KNOWN]
    argv = [sys.executable, "-m", "sealwright.cli", "init", ".", *contracts]
    subprocess.run(argv, env=environment, cwd=tmp_path, check=True)
    names = {path.name for path in tmp_path.glob("config/*")}
    assert names == {f"{name}.yaml" for name in ("sealwright", *KNOWN)}
    argv = [sys.executable, "-m", "doit", "list"]
    said = subprocess.run(argv, env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert "sot_pack:seal" in said.stdout, said.stderr
