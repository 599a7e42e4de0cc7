"""How a package is called from outside: scripts, entry points of other groups, ``python -m``.

Read are ``[project.scripts]``, ``[project.gui-scripts]`` and ``[project.entry-points.…]`` of
``pyproject.toml``, ``[options.entry_points]`` of ``setup.cfg``, and every ``__main__.py`` of the
package.  An entry point is named as ``group: name = module:object``; those that lead into other
packages are none of this one.  Nothing is imported.
"""

from __future__ import annotations

import configparser
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sealwright.contracts.coo.scanning.scanned_files import content, shown
from sealwright.errors import Refused
from sealwright.paths import RelPath
from sealwright.walk import walk

PROJECT, SETUP = "pyproject.toml", "setup.cfg"
_SCRIPTS = {"scripts": "console_scripts", "gui-scripts": "gui_scripts"}
Found = Iterator[tuple[str, str, str]]  # group, name, module:object


def of(tree: Path, package: RelPath, name: str) -> tuple[str, ...]:
    """Return the public entry points of the package ``name``, which lies at ``package``."""
    declared = {
        f"{group}: {key} = {led}"
        for group, key, led in (*_of_project(tree), *_of_setup(tree))
        if f"{led.partition(':')[0].strip()}.".startswith(f"{name}.")
    }
    return tuple(sorted({*declared, *_runnable(tree, package, name)}))


def _of_project(tree: Path) -> Found:
    if not (tree / PROJECT).is_file():
        return
    try:
        project = tomllib.loads(content(tree / PROJECT).decode("utf-8")).get("project", {})
        for key, group in _SCRIPTS.items():
            yield from _rows(group, project.get(key, {}))
        for group, rows in project.get("entry-points", {}).items():
            yield from _rows(group, rows)
    except (AttributeError, OSError, ValueError) as problem:
        raise Refused(f"{PROJECT}: expected TOML of a project, found another: {problem}") from None


def _rows(group: str, rows: Mapping[str, Any]) -> Found:
    for name, led in rows.items():
        yield str(group), str(name), str(led)


def _of_setup(tree: Path) -> Found:
    if not (tree / SETUP).is_file():
        return
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(content(tree / SETUP).decode("utf-8"))
    except (OSError, ValueError, configparser.Error) as problem:
        first = str(problem).splitlines()[0]
        raise Refused(f"{SETUP}: expected a configuration, found another: {first}") from None
    section = "options.entry_points"
    for group in parser.options(section) if parser.has_section(section) else ():
        for line in parser.get(section, group).splitlines():
            name, equals, led = line.partition("=")
            if equals:
                yield group, name.strip(), led.strip()


def _runnable(tree: Path, package: RelPath, name: str) -> Iterator[str]:
    top = tree / package
    for prefix, entry in walk(str(top)) if top.is_dir() else ():
        if entry.name == "__main__.py":
            yield f"python -m {'.'.join([name, *shown(prefix).split('/')[:-1]])}"
