"""Paths that are left of a legacy package.

For the package ``old`` in the source root these are, with whatever is in them:

* ``old``, a folder, link or anything else; ``old.py``, ``old.pyi``, ``old.pyc``, ``old.so``,
  ``old.cpython-311-….so``: what Python would import by that name;
* ``__pycache__/old.*``: bytecode of a module of that name;
* anywhere: ``old.egg-link``, ``__editable__.old-1.0.pth``, spelled with ``-``, ``_`` or ``.``:
  what leads an interpreter to a distribution of that name;
* anywhere: a symbolic link whose text leads to one of the paths above.

Of ``ns.old`` the paths are those in the folder ``ns``.
"""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from sealwright.contracts.coo.scanning.scanned_files import shown
from sealwright.verdict import Finding

_LINKING = re.compile(r"(?:__editable__[._-]+)?(?P<name>.+?)(?:-[0-9][^/]*?)?\.(?:egg-link|pth)")
_SEPARATORS = re.compile(r"[-_.]+")
REMEDY = "remove it; the migration deletes what it declares"


class Seen(NamedTuple):
    """A path of the repository: ``file``, ``folder``, ``link`` or ``other``."""

    path: str
    kind: str

    @property
    def shown(self) -> str:
        """Return the path as UTF-8 can write it."""
        return shown(self.path)


class Places(Protocol):
    """Where packages lie."""

    @property
    def legacy(self) -> str:
        """Return the import name of the legacy package."""

    def below(self, name: str) -> str:
        """Return the path in the repository of a path under the source root."""


def findings(tree: Path, seen: Sequence[Seen], places: Places) -> Iterator[Finding]:
    """Yield what is left of the legacy package among the paths of a repository."""
    package = places.below(places.legacy.replace(".", "/"))
    within = ""
    for each in seen:
        if within and each.path.startswith(within):
            continue
        if what := _remains(each, package, places.legacy):
            yield Finding(each.shown, what, REMEDY)
            within = f"{each.path}/"
        elif each.kind == "link":
            yield from _leads(tree, each, package)


def _remains(each: Seen, package: str, legacy: str) -> str:
    """Return what of the legacy package a path is, or nothing."""
    folder, _, last = package.rpartition("/")
    inside, _, name = each.path.rpartition("/")
    module = name.partition(".")[0]
    if inside == folder and name == last:
        return f"is a {each.kind} of the legacy package"
    if inside == folder and module == last and each.kind != "folder":
        return "is a module of the legacy package"
    caches = f"{folder}/__pycache__" if folder else "__pycache__"
    if inside == caches and module == last:
        return "is bytecode of the legacy package"
    if (match := _LINKING.fullmatch(name)) and _same(match["name"], legacy):
        return "leads an interpreter to the legacy package"
    return ""


def _same(name: str, legacy: str) -> bool:
    return _SEPARATORS.sub("-", name).lower() == _SEPARATORS.sub("-", legacy).lower()


def _leads(tree: Path, each: Seen, package: str) -> Iterator[Finding]:
    text = os.readlink(tree / each.path)
    inside = text.removeprefix(f"{tree}/")
    if inside == text:  # from where the link lies, or from the top of all
        inside = posixpath.join("/", posixpath.dirname(each.path), text)
    led = posixpath.normpath(posixpath.join("/", inside))[1:]
    if led == package or led.startswith(f"{package}/"):
        yield Finding(each.shown, f"leads to {shown(led)}, of the legacy package", REMEDY)
