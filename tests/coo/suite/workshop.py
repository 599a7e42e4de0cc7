"""Small repositories whose suites are run, and environments in which their package is installed."""

from __future__ import annotations

import shutil
import subprocess
import sys
import textwrap
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sealwright.contracts.coo.suite import Names, Result, Snapshot, Wish, run
from sealwright.paths import TOP, RelPath
from tests.coo.scans import put
from tests.support.example import QUICKER

NAMES = Names("project_builder", "coo")
PYTEST = ("python", "-m", "pytest", "-q", *QUICKER)
UNITTEST = ("python", "-m", "unittest", "-v")
FLAT = {
    "project_builder/__init__.py": "VALUE = 1\n",
    "project_builder/run.py": "from project_builder import VALUE\ndef main():\n    print(VALUE)\n",
    "tests/test_run.py": "from project_builder.run import VALUE\ndef test_run(): assert VALUE\n",
}
PROJECT = """\
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
[project]
name = "Project.Builder"
version = "1.5"
[project.scripts]
build-it = "project_builder.run:main"
[project.entry-points."project_builder.on"]
run = "project_builder.run:main"
[tool.setuptools]
"""
IN_FLAT, IN_SRC = 'packages = ["project_builder"]\n', 'package-dir = {"" = "src"}\n'


def tree(place: Path, files: Mapping[str, str]) -> Path:
    return put(place, {name: textwrap.dedent(text) for name, text in files.items()})


def renamed(source: Path, target: Path, *, keep: bool = False) -> Path:
    """Write the tree as it is after the migration; ``keep`` the legacy package there, too."""
    for place in sorted(source.rglob("*")):
        if place.is_file():
            path = str(place.relative_to(source))
            put(target, {NAMES.renamed(path): NAMES.renamed(place.read_text())})
            if keep and NAMES.renamed(path) != path:
                put(target, {path: place.read_bytes()})
    return target


def ran(place: Path, wish: Wish) -> Result:
    """Run a suite in the same folder as all others of a test."""
    with open(place.parent / "log", "wb") as log:
        return run(place, wish, place.parent / "work", log)


def before(place: Path, command: tuple[str, ...] = PYTEST, **more: Any) -> Result:
    return ran(place, Wish(command, NAMES, legacy_allowed=True, **more))


def after(place: Path, command: tuple[str, ...] = PYTEST, **more: Any) -> Result:
    return ran(place, Wish(command, NAMES, **more))


def rows(result: Result) -> dict[str, str]:
    """Return what each test came to; of one that came to more than one thing, all of it."""
    found: dict[str, str] = {}
    for row in result.outcomes.rows:
        found[row.id] = f"{found[row.id]}, {row.outcome}" if row.id in found else row.outcome
    return found


def three(place: Path, command: tuple[str, ...] = PYTEST, **more: Any) -> tuple[Snapshot, ...]:
    """Return the snapshots of a tree before, after the rewriting, and after the deletion."""
    at_first = renamed(place, place.parent / "s1" / "tree", keep=True)
    at_last = renamed(place, place.parent / "s2" / "tree")
    results = [before(place, command, **more)]
    for each in (at_first, at_last):
        wish = Wish(command, NAMES, **more)
        with open(place.parent / "log", "wb") as log:
            results.append(run(each, wish, place.parent / "work", log))
    places = [place, at_first, at_last]
    return tuple(r.snapshot(p) for r, p in zip(results, places, strict=True))


def log(place: Path) -> str:
    return (place.parent / "log").read_text()


def bare(folder: Path) -> tuple[Path, Path]:
    """Make an environment with nothing in it; return its Python and its folder of packages."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    return folder / "bin/python", next(folder.glob("lib/python3.*/site-packages"))


def _built(source: Path, target: Path, kind: str) -> Path:
    code = f"from setuptools import build_meta as b; print(b.{kind}({str(target)!r}))"
    target.mkdir(parents=True, exist_ok=True)
    copy = target / "source"
    if kind == "build_wheel":
        source = Path(shutil.copytree(source, copy))
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=source, check=True, capture_output=True, text=True
    )
    return target / done.stdout.splitlines()[-1]


def _unpacked(wheel: Path, site: Path) -> None:
    with zipfile.ZipFile(wheel) as file:
        file.extractall(site)


def as_wheel(source: Path, site: Path) -> None:
    """Install a package as files."""
    _unpacked(_built(source, site.parent / "wheels", "build_wheel"), site)


def editable(source: Path, site: Path) -> None:
    """Install a package as a path, or a finder, that leads to its sources."""
    _unpacked(_built(source, site.parent / "wheels", "build_editable"), site)


def developed(source: Path, site: Path) -> None:
    """Install a package as ``setup.py develop`` did."""
    folder = source / "src" if (source / "src").is_dir() else source
    info = folder / "Project.Builder.egg-info"
    put(info, {"PKG-INFO": "Metadata-Version: 2.1\nName: Project.Builder\nVersion: 1.5\n"})
    put(info, {"top_level.txt": "project_builder\n"})
    entries = "[console_scripts]\nbuild-it = project_builder.run:main\n"
    group = "[project_builder.on]\nrun = project_builder.run:main\n"
    put(info, {"entry_points.txt": entries + group})
    put(site, {"easy-install.pth": f"{site}/other\n{folder}\n", "other/kept.py": "KEPT = 1\n"})
    put(site, {"Project.Builder.egg-link": f"{folder}\n.\n"})


def named(source: Path, site: Path) -> None:
    """Install nothing but a path that leads to the sources."""
    put(site, {"mine.pth": f"{source / 'src' if (source / 'src').is_dir() else source}\n"})


INSTALLERS: dict[str, Callable[[Path, Path], None]] = {
    "as a wheel": as_wheel,
    "editable": editable,
    "by setup.py develop": developed,
}
SOURCE: dict[str, RelPath] = {"flat": TOP, "src": RelPath("src")}


def project(place: Path, layout: str) -> Path:
    """Write a project with a package in a layout."""
    inside = "src/" if layout == "src" else ""
    files = {inside + name if "tests" not in name else name: text for name, text in FLAT.items()}
    return tree(place, {**files, "pyproject.toml": PROJECT + (IN_SRC if inside else IN_FLAT)})
