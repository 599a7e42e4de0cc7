"""Pythons that are on this machine, and environments of them with pytest and nothing else."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

VERSIONS = ("3.11", "3.12", "3.13", "3.14")
OWN = f"{sys.version_info.major}.{sys.version_info.minor}"
ASK = "import sys; print('%d.%d' % sys.version_info[:2])"


def found() -> list[str]:
    """Return the versions that are here, our own among them."""
    return [version for version in VERSIONS if version == OWN or _find(version)]


def program(version: str) -> Path:
    """Return the program of a Python that is here."""
    return _find(version) or Path(sys.executable)


def _find(version: str) -> Path | None:
    """Look on the PATH, and among those of pyenv."""
    found = shutil.which(f"python{version}")
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    places = sorted(pyenv.glob(f"versions/{version}.*/bin/python{version}"))
    for place in [*places, *([Path(found)] if found else [])]:
        done = subprocess.run([place, "-I", "-c", ASK], capture_output=True, text=True)
        if done.stdout.strip() == version:
            return place
    return None


def bare(python: Path, folder: Path) -> Path:
    """Make an environment of ``python`` that has pytest, what it needs, and nothing else."""
    subprocess.run([python, "-m", "venv", "--without-pip", folder], check=True)
    site = next(folder.glob("lib/python3.*/site-packages"))
    for name in {*_needed("pytest")}:
        for file in metadata.files(name) or ():
            if ".." not in file.parts and "__pycache__" not in file.parts:
                target = site / file
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file.locate(), target)
    return folder / "bin/python"


def _needed(name: str) -> Iterator[str]:
    """Yield a distribution and all that it needs on this system."""
    yield name
    for wanted in metadata.requires(name) or ():
        if "extra ==" not in wanted and not re.search("sys_platform|python_version <", wanted):
            yield from _needed(re.match(r"[\w.-]+", wanted)[0])
