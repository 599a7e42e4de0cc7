"""``.pth`` files: what of them leads to a package.

A line is a folder for the module search path, relative to the file's, or begins with ``import``
and is executed.  A folder leads to a package if it holds it; an ``import`` does if it names a
module beside the file, or in it, that has the package's name in quotes, as the finders of editable
installations do.  Such a finder may lead to more packages than that one: a ``MAPPING`` of names to
places, which is read and not executed.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from sealwright.contracts.coo.suite import names as naming

Change = Callable[[str], str]
_IMPORT = re.compile(r"import[ \t]")


def lines(file: Path) -> list[str]:
    """Return the lines of a ``.pth`` file, with what ends them."""
    return file.read_text("utf-8", "surrogateescape").splitlines(keepends=True)


def dropped(file: Path, packages: Collection[str]) -> list[str]:
    """Return the lines of ``file`` that lead to one of ``packages``."""
    if not file.is_file():
        return []
    return [line for line in lines(file) if _leads(file.parent, line.rstrip(), packages)]


def _leads(site: Path, line: str, packages: Collection[str]) -> bool:
    if not line.strip() or line.startswith("#"):
        return False
    if _IMPORT.match(line):
        texts = [line, *(_source(site / f"{word}.py") for word in set(re.findall(r"\w+", line)))]
        return any(_quoted(package).search(text) for text in texts for package in packages)
    return any(naming.holds(site / line, package) for package in packages)


def folders(site: Path, packages: Collection[str]) -> list[Path]:
    """Return the folders that lead to ``packages`` by the ``.pth`` files of ``site``."""
    found = (
        site / line.rstrip()
        for file in sorted(site.glob("*.pth"))
        for line in dropped(file, packages)
        if not _IMPORT.match(line)
    )
    return list(dict.fromkeys(found))


def mapped(file: Path, packages: Collection[str]) -> dict[str, Path]:
    """Return what else the finders lead to that lead to ``packages``: names, and places."""
    found: dict[str, Path] = {}
    for line in dropped(file, packages):
        if _IMPORT.match(line):
            for word in sorted(set(re.findall(r"\w+", line))):
                found.update(_mapping(_source(file.parent / f"{word}.py")))
    firsts = {each.partition(".")[0] for each in packages}
    return {name: place for name, place in found.items() if name.partition(".")[0] not in firsts}


def _mapping(source: str) -> dict[str, Path]:
    """Return what a finder's source says under ``MAPPING``."""
    try:
        body = ast.parse(source).body if "MAPPING" in source else []
        told = [ast.literal_eval(value) for node in body for value in _assigned(node, "MAPPING")]
    except (SyntaxError, ValueError, RecursionError):
        return {}
    pairs = (pair for each in told if isinstance(each, dict) for pair in each.items())
    return {str(name): Path(str(place)) for name, place in pairs}


def _assigned(node: ast.stmt, name: str) -> Iterator[ast.expr]:
    """Yield the value that a statement gives a name."""
    targets = [getattr(node, "target", None), *getattr(node, "targets", ())]
    if any(isinstance(each, ast.Name) and each.id == name for each in targets):
        yield from (value for value in [getattr(node, "value", None)] if value)


def _source(place: Path) -> str:
    return place.read_text("utf-8", "replace") if place.is_file() else ""


def _quoted(package: str) -> re.Pattern[str]:
    return re.compile(rf"(['\"]){re.escape(package)}\1")
