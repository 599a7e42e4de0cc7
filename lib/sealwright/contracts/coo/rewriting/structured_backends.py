"""Build back ends that derive the import package from the distribution's name (R10).

The distribution keeps its name; so where that name decided which package is built, and nothing
in the file says so, what says so is added::

    flit, uv-build        a name of the module
    hatchling, scikit-build-core, poetry    the package's folder

Of a back end that is not known to look for packages itself, it is asked.
"""

from __future__ import annotations

import posixpath
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sealwright.contracts.coo.rewriting.structured_places import Place
from sealwright.contracts.coo.rewriting.texts_sheet import Sheet

Document = Mapping[str, Any]
LOOKING = ("setuptools", "pdm", "mesonpy", "distutils", "backend")  # for packages, in the tree
_SEPARATORS = re.compile(r"[-_.]+")
_HEADER = re.compile(r"[^\n]*(?:\n|\Z)")
_WHY = "the build back end derives the package from the distribution's name; name it"


@dataclass(frozen=True, slots=True)
class Backend:
    """A back end: the tables that may name the package, and the line that does."""

    table: str
    explicit: tuple[str, ...]
    line: Callable[[str, str], str]


def _hatch(folder: str, name: str) -> str:
    if name.endswith(".py"):
        return f'only-include = ["{folder}{name}"]' + ('\nsources = ["src"]' if folder else "")
    return f'packages = ["{folder}{name}"]'


def _poetry(folder: str, name: str) -> str:
    source = f', from = "{folder.rstrip("/")}"' if folder else ""
    return f'packages = [{{ include = "{name}"{source} }}]'


def _module(key: str) -> Callable[[str, str], str]:
    return lambda folder, name: f'{key} = "{name.removesuffix(".py")}"'


BACKENDS = {
    "flit_core": Backend(
        "tool.flit.module", ("tool.flit.module.name", "tool.flit.metadata.module"), _module("name")
    ),
    "flit": Backend(
        "tool.flit.module", ("tool.flit.module.name", "tool.flit.metadata.module"), _module("name")
    ),
    "uv_build": Backend(
        "tool.uv.build-backend", ("tool.uv.build-backend.module-name",), _module("module-name")
    ),
    "hatchling": Backend(
        "tool.hatch.build.targets.wheel",
        tuple(
            f"tool.hatch.build.{target}{key}"
            for target in ("targets.wheel.", "")
            for key in ("packages", "include", "only-include", "force-include", "bypass-selection")
        ),
        _hatch,
    ),
    "poetry": Backend("tool.poetry", ("tool.poetry.packages",), _poetry),
    "scikit_build_core": Backend(
        "tool.scikit-build",
        ("tool.scikit-build.wheel.packages",),
        lambda folder, name: f'wheel.packages = ["{folder}{name}"]',
    ),
}


def name_the_package(sheet: Sheet, found: list[Place]) -> None:
    """Add what names the package to a ``pyproject.toml``, or ask for it."""
    document = tomllib.loads(sheet.text.removeprefix("\ufeff").replace("\r\n", "\n"))
    backend = str(_at(document, "build-system.build-backend") or "").partition(".")[0]
    backend = backend.partition(":")[0]
    place = _folder(sheet)
    if place is None or not _derived(document, sheet.names.legacy) or backend in ("", *LOOKING):
        return
    if _at(document, "tool.setuptools.packages") is not None:
        return
    known = BACKENDS.get(backend)
    if known is None:
        if _at(document, "tool.maturin.module-name") is None:
            sheet.inquire(0, "R10", backend, _WHY)
    elif all(_at(document, key) is None for key in known.explicit):
        _insert(sheet, found, known.table, known.line(*place))


def pbr(sheet: Sheet, found: list[Place]) -> None:
    """Ask for the packages in a ``setup.cfg`` that pbr reads."""
    values = {place.keys: sheet.text[place.start : place.end] for place in found}
    used = any("pbr" in _SEPARATORS.sub(" ", text).split() for text in values.values())
    name = values.get(("metadata", "name"), "")
    if used and _plain(name) == sheet.names.legacy and ("files", "packages") not in values:
        sheet.inquire(0, "R10", "pbr", _WHY + ", as packages of [files]")


def _at(document: Document, dotted: str) -> Any:
    value: Any = document
    for key in dotted.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _plain(name: str) -> str:
    return _SEPARATORS.sub("_", name).lower()


def _derived(document: Document, legacy: str) -> bool:
    names = (_at(document, "project.name"), _at(document, "tool.poetry.name"))
    return any(isinstance(name, str) and _plain(name) == legacy.lower() for name in names)


def _folder(sheet: Sheet) -> tuple[str, str] | None:
    """Return the folder that the package lies in, and what it is called there from now on."""
    here = posixpath.dirname(sheet.path)
    for folder in ("src/", "python/", "lib/", ""):
        for suffix in ("", ".py"):
            at = posixpath.join(here, f"{folder}{sheet.names.legacy}{suffix}")
            if sheet.index.on_disk(at):
                return folder, sheet.names.canonical + suffix
    return None


def _insert(sheet: Sheet, found: list[Place], table: str, line: str) -> None:
    """Put a line into a table, which is made at the end if there is none."""
    keys = tuple(table.split("."))
    end = "\r\n" if "\r\n" in sheet.text else "\n"
    line = line.replace("\n", end)
    for place in found:
        begin, _ = sheet.line(place.start)
        if place.role == "key" and place.keys == keys and sheet.text[begin:].lstrip()[:1] == "[":
            header = _HEADER.match(sheet.text, begin)
            at = header.end() if header else begin
            before = "" if sheet.text[:at].endswith("\n") else end
            return sheet.insert(at, before + line + end, "R10")
    before = "" if sheet.text.endswith("\n") else end
    sheet.insert(len(sheet.text), f"{before}{end}[{table}]{end}{line}{end}", "R10")
    return None
