"""Texts with marks: what ⟦ ⟧ holds is to be rewritten, what ⟪ ⟫ holds is to be asked about.

A corpus is a file of such texts; a line ``=== PATH`` begins each, and says what it is called.
"""

from __future__ import annotations

import re
from pathlib import Path

from sealwright.contracts.coo.package_names import Names
from sealwright.contracts.coo.rewriting.references import Edit, Found, splice

NAMES = Names("old", "coo")
_MARK = re.compile("[⟦⟧⟪⟫]")


class Tree:
    """A package, as a list of its dotted names and files, below one source root."""

    dotted = frozenset(
        [
            *("__version__", "f", "cli", "cli:main", "cli.main", "mod", "mod.Class", "mod:Class"),
            *("mod.func", "mod:func", "sub", "sub.deep", "sub.deep.x", "app:create", "app"),
            *("settings", "plugin", "plugin.Plugin", "mod.OldWarning", "ext", "cli:Tool"),
        ]
    )
    files = frozenset(
        [
            *("__init__.py", "data", "data/x.txt", "templates", "templates/page.html", "py.typed"),
            *("VERSION", "mod.py", "cli.py", "locale", "include", "include/x.h", "sub", "_ext.c"),
        ]
    )

    def __init__(self, source_root: str = "") -> None:
        self.prefix = source_root

    def resolves(self, dotted: str) -> bool:
        first, _, rest = dotted.partition("." if "." in dotted else ":")
        return first in ("old", "coo") and (not rest or rest in self.dotted)

    def on_disk(self, path: str) -> bool:
        first, _, rest = path.removeprefix(self.prefix).partition("/")
        return first in ("old", "coo") and (not rest.rstrip("/") or rest.rstrip("/") in self.files)


class Module(Tree):
    """A package that is one file."""

    dotted = frozenset(["f", ":main", "main"])

    def on_disk(self, path: str) -> bool:
        return path.removeprefix(self.prefix) in ("old.py", "coo.py")


def cases(name):
    """Return the paths and marked texts of a corpus that lies beside this module."""
    pieces = re.split(
        r"^=== (.*)\n", Path(__file__).with_name(name).read_text(), flags=re.MULTILINE
    )
    assert not pieces[0]
    return list(zip(pieces[1::2], pieces[2::2], strict=True))


def plain(marked: str) -> str:
    """Return the text without marks."""
    return _MARK.sub("", marked)


def wanted(marked: str) -> str:
    """Return the text after the rewriting."""
    return plain(marked.replace("⟦old⟧", "coo"))


def shown(marked: str, found: Found) -> str:
    """Return the text with marks where ``found`` says so."""
    data = plain(marked).encode()
    lines = data.split(b"\n")
    marks = [
        Edit(e.start, e.end, f"⟦{data[e.start : e.end].decode()}⟧".encode(), e.rule)
        for e in found.edits
    ]
    for question in found.questions:
        before = sum(len(line) + 1 for line in lines[: question.line - 1])
        at = before + len(lines[question.line - 1].decode()[: question.column].encode())
        marks.append(Edit(at, at + 3, b"\xe2\x9f\xaa" + data[at : at + 3] + b"\xe2\x9f\xab", "?"))
    return splice(data, marks).decode()


def found_in(scan, path, marked, index=None):
    """Return the text with marks where something is found in it, twice over if it came to that."""
    index = index or Tree()
    found = scan(path, plain(marked).encode(), NAMES, index)
    after = splice(plain(marked).encode(), found.edits)
    if after.decode() != wanted(marked) or scan(path, after, NAMES, index).edits:
        return f"{shown(marked, found)}\n=== after\n{after.decode()}"
    return shown(marked, found)
