"""Gate A: the repository is one package: the canonical one (003, section 10).

Looked at is everything under the source root but what is left out, and outside of it each file of
Python that can be parsed; asked is, with all findings at once:

==============  ============================================================================
structure       each path that the configuration demands lies under the canonical package
legacy path     no file, folder, link, bytecode or distribution of the legacy package is left
legacy import   by the syntax tree of each Python file, none imports the legacy package
case            no two paths differ only by case (or by the form of their characters)
leftover        nothing of an interrupted write or a staging is left
reference       nothing else, as far as whoever knows other references names some
==============  ============================================================================

See `legacy_paths` and `legacy_imports` for what exactly is found.
"""

from __future__ import annotations

import fnmatch
import os
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sealwright import digest
from sealwright.contracts.coo.gates import legacy_imports, legacy_paths
from sealwright.contracts.coo.gates.legacy_paths import Seen
from sealwright.contracts.coo.scanning.scanned_files import content, shown
from sealwright.paths import TOP, RelPath
from sealwright.runtime import canonical
from sealwright.verdict import Finding, Verdict
from sealwright.walk import walk

GIT = ".git"
LEFTOVERS = (".*.tmp",)  # what `sealwright.durable` calls a file until it is whole
PYTHON = (".py", ".pyi", ".pyw")
References = Callable[[Path], Iterable[Finding]]


@dataclass(frozen=True, slots=True)
class Wish:
    """Which package gives way to which, where, and what else is asked.

    ``structure`` are paths under the canonical package; ``omit`` are paths of the repository that
    are left out with all that is in them; ``leftovers`` are names, with ``*``.
    """

    legacy: str
    canonical: str
    source_root: RelPath = TOP
    structure: tuple[RelPath, ...] = ()
    omit: tuple[RelPath, ...] = ()
    leftovers: tuple[str, ...] = LEFTOVERS

    def below(self, name: str) -> str:
        """Return the path in the repository of a path under the source root."""
        return name if self.source_root == TOP else f"{self.source_root}/{name}"

    @property
    def package(self) -> str:
        """Return where the canonical package lies."""
        return self.below(self.canonical.replace(".", "/"))


def _nothing(tree: Path) -> Iterable[Finding]:
    return ()


def judge(tree: Path, wish: Wish, references: References = _nothing) -> Verdict:
    """Answer whether the repository at ``tree`` holds the canonical package only."""
    seen = list(_seen(tree, wish))
    everywhere = seen if wish.source_root == TOP else _seen(tree, replace(wish, source_root=TOP))
    python = [each for each in everywhere if each.kind == "file" and each.path.endswith(PYTHON)]
    rows: list[list[str]] = []
    findings = [*_structure(seen, wish), *legacy_paths.findings(tree, seen, wish)]
    for each in python:
        findings += _imports(tree, each, wish, rows)
    findings += [*_case(seen), *_leftovers(seen, wish.leftovers), *references(tree)]
    evidence = {
        "paths": len(seen),
        "python_files": len(python),
        "python_sha256": digest.sha256(canonical.line(rows)),
        "structure": list(wish.structure),
    }
    return Verdict(tuple(findings), evidence)


def _seen(tree: Path, wish: Wish) -> Iterator[Seen]:
    """Yield what lies under the source root, by paths of the repository."""
    top = tree if wish.source_root == TOP else tree / wish.source_root
    above = wish.below("")
    omitted = set(wish.omit)

    def omit(prefix: str) -> Callable[[str], bool]:
        return lambda name: name == GIT or f"{above}{prefix}{name}" in omitted

    for prefix, entry in walk(str(top), omit):
        yield Seen(f"{above}{prefix}{entry.name}", _kind(entry))


def _kind(entry: os.DirEntry[str]) -> str:
    if entry.is_symlink():
        return "link"
    if entry.is_dir(follow_symlinks=False):
        return "folder"
    return "file" if entry.is_file(follow_symlinks=False) else "other"


def _imports(tree: Path, each: Seen, wish: Wish, rows: list[list[str]]) -> Iterator[Finding]:
    try:
        data = content(tree / each.path)
    except OSError as error:
        yield Finding(each.shown, f"cannot be read: {error.strerror}", "make it readable")
        return
    rows.append([each.shown, digest.sha256(data)])
    inside = each.path.startswith(wish.below(""))
    yield from legacy_imports.findings(data, each.shown, wish.legacy, readable=inside)


def _structure(seen: Sequence[Seen], wish: Wish) -> Iterator[Finding]:
    found = {each.path: each.kind for each in seen}
    for path in (wish.package, *(f"{wish.package}/{below}" for below in wish.structure)):
        kind = found.get(path)
        module = f"{path}.py" in found and path == wish.package
        if kind not in ("file", "folder") and not module:
            what = f"expected a file or folder, found {'nothing' if kind is None else f'a {kind}'}"
            yield Finding(path, what, "make it, or take it out of `structure`")


def _case(seen: Sequence[Seen]) -> Iterator[Finding]:
    """Yield paths that are one on some file systems: what is inside of them is not told again."""
    known: dict[str, str] = {}
    for each in seen:
        folder, _, name = each.path.rpartition("/")
        key = f"{folder}/{unicodedata.normalize('NFC', name.casefold())}"
        first = known.setdefault(key, each.path)
        if first != each.path:
            other = shown(first)
            what = f"differs from {other} only by case, and is the same file on some systems"
            yield Finding(each.shown, what, "rename one of them")


def _leftovers(seen: Sequence[Seen], patterns: Sequence[str]) -> Iterator[Finding]:
    for each in seen:
        name = each.path.rpartition("/")[2]
        if any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns):
            yield Finding(each.shown, "is left from a write that was not ended", "remove it")
