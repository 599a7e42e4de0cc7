"""Symbolic links whose text names the package.

A relative link is retargeted (R8) if its text leads, one name after the other and through folders
that are no links themselves, to the package's folder or module in the tree, and to something that
is there.  Of every other link that names the package a person says that it is kept (H5).
"""

from __future__ import annotations

import os
import posixpath
from pathlib import Path

from sealwright.contracts.coo.package_names import Names
from sealwright.contracts.coo.rewriting.module_tree import ModuleTree
from sealwright.contracts.coo.rewriting.references import Edit, Found, Question
from sealwright.paths import RelPath


def scan(root: Path, path: RelPath, names: Names, index: ModuleTree) -> Found:
    """Return what is found in the text of the link ``path`` of the repository ``root``."""
    text = os.readlink(root / path)
    if not any(_named(part, names) for part in text.split("/")):
        return Found()
    edits = tuple(_edits(root, path, text, names, index))
    if edits:
        return Found(edits)
    why = f"is named by a link to {text!r}, which is not a place in the package"
    return Found((), (Question(1, 0, "H5", names.legacy, why),))


def _named(part: str, names: Names) -> bool:
    return part in (names.legacy, f"{names.legacy}.py")


def _edits(root: Path, path: RelPath, text: str, names: Names, index: ModuleTree) -> list[Edit]:
    """Return the edit of the one part that is the package, and nothing if that is not sure."""
    here, at, found = posixpath.dirname(path), 0, list[Edit]()
    if posixpath.isabs(text) or (root / here).resolve() != root.resolve() / here:
        return []
    for part in text.split("/"):
        here = posixpath.normpath(posixpath.join(here, part))
        if here == ".." or here.startswith("../"):
            return []
        if _named(part, names) and index.is_package(here):
            start = len(os.fsencode(text[:at]))
            end = start + len(names.legacy)
            found.append(Edit(start, end, names.canonical.encode(), "R8"))
        elif os.path.islink(root / here) and at + len(part) < len(text):
            return []
        at += len(part) + 1
    return found if len(found) == 1 and index.on_disk(here) else []
