"""The modules of the legacy package, and what each binds at its top level.

A dotted path is there if it names a module, or a name that a module binds: by a definition, an
assignment, an import, a ``global`` statement or a star import from within the package.  Modules
are folders, Python sources, stubs and extension modules; they are parsed when they are asked
about, and never run.  Either name of the package may be asked for, and either may be the one
that its folder has: before the copy the legacy one, afterwards the canonical one.

What a path may be:

``YES``   it is there, or may be made by a module below the package that makes names as it runs
``OPEN``  the package itself makes names as it runs, and this may be one
``PART``  a module of the package stands before it
``NO``    nothing but the package itself does

>>> tree = ModuleTree.of(Path("/nowhere"), TOP, Names("old", "coo"))
>>> tree.look("old.mod"), tree.resolves("old"), tree.on_disk("old/x")
(<Look.NO: 'no'>, False, False)
"""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from sealwright.contracts.coo.package_names import Names
from sealwright.contracts.coo.rewriting.top_level import binds, parsed, statements
from sealwright.paths import TOP, RelPath

EXTENSIONS = (".so", ".pyd", ".pyx", ".c", ".cpp")
_SOURCES = (".py", ".pyi")
_ALWAYS = frozenset(
    f"__{name}__" for name in ("name", "file", "doc", "path", "dict", "spec", "loader", "package")
)
_GLOBAL = re.compile(r"^[ \t]+global[ \t]+([\w, \t]+)", re.MULTILINE)
_MAKES_NAMES = re.compile(r"\bglobals\(\)|sys\.modules\[__name__\]|\bdef __getattr__\(|\bexec\(")
_WILD = re.compile(r"[*?\[{\ufffc%$<]")


class Look(Enum):
    """How much of a dotted path is there."""

    YES = "yes"
    OPEN = "open"
    PART = "part"
    NO = "no"


class _Names(NamedTuple):
    bound: frozenset[str]
    open: bool


class ModuleTree:
    """The legacy package below one source root."""

    def __init__(self, root: Path, source_root: RelPath, names: Names) -> None:
        self._names = names
        self._root, self._source = root, root if source_root == TOP else root / source_root
        self._prefix = "" if source_root == TOP else f"{source_root}/"
        base = self._source
        both = (names.legacy, names.canonical)
        self._base = next((base / name for name in both if _is_module(base / name)), base / both[0])
        self._known: dict[Path, _Names] = {}

    @classmethod
    def of(cls, root: Path, source_root: RelPath, names: Names) -> ModuleTree:
        """Return the tree of the package in ``source_root`` of the repository ``root``."""
        return cls(root, source_root, names)

    def resolves(self, dotted: str) -> bool:
        """Return whether ``old.module.attribute`` or ``old.module:attribute`` is there."""
        return self.look(dotted) is Look.YES

    def look(self, dotted: str) -> Look:
        """Return how much of a dotted path is there."""
        module, colon, attribute = dotted.partition(":")
        first, *rest = module.split(".")
        if first not in (self._names.legacy, self._names.canonical) or not _is_module(self._base):
            return Look.NO
        here = self._base
        for number, name in enumerate(rest):
            if not name or not _is_module(here / name):
                return _deeper(Look.NO if colon else self._bound(here, name), number)
            here = here / name
        found = self._bound(here, attribute.partition(".")[0]) if colon else Look.YES
        return _deeper(found, len(rest)) if colon else found

    def on_disk(self, path: str) -> bool:
        """Return whether a path of the package's is there, from the source root or repository.

        What follows the first sign that is open (``*``, ``{``, ``%`` …) is not asked.
        """
        plain = _closed(path)
        parts = posixpath.normpath(plain).split("/") if plain and plain[0] != "/" else [".."]
        while parts[0] == "..":
            parts = parts[1:] or ["/"]
        plain = "/".join(parts)
        first, *rest = plain.removeprefix(self._prefix).split("/")
        stem, dot, suffix = first.partition(".")
        if stem not in (self._names.legacy, self._names.canonical) or (dot and rest):
            return False
        if dot:
            return Path(f"{self._base}.{suffix}").is_file()
        return self._base.is_dir() and self._base.joinpath(*rest).exists()

    def is_package(self, path: str) -> bool:
        """Return whether a path in the repository is the package's folder, or its module."""
        name = path.removeprefix(self._prefix).removesuffix(".py")
        return path.startswith(self._prefix) and name in (self._names.legacy, self._names.canonical)

    def hands_on(self, path: str, level: int, module: str, *, star: bool = False) -> bool:
        """Return whether what a file imports the legacy name from is a module that imports it.

        By a ``star`` it is handed on only by one without ``__all__``.
        """
        here = (self._root / path).parent
        tops = [here, self._root, self._source]
        if level:
            tops = [here, *here.parents][level - 1 : level]
        for top in tops:
            found = top.joinpath(*module.split(".")) if module else top
            if _is_module(found / self._names.legacy):
                return False
            for source in _sources(found):
                data = source.read_bytes()
                if self._names.legacy.encode() in data and not (star and b"__all__" in data):
                    return self._imports_itself(source)
        return False

    def _imports_itself(self, source: Path) -> bool:
        try:
            nodes = list(statements(parsed(source.read_bytes()).body))
        except (SyntaxError, ValueError, RecursionError):
            return False
        imports = (each for node in nodes if isinstance(node, ast.Import) for each in node.names)
        return any(
            not each.asname and each.name.partition(".")[0] == self._names.legacy
            for each in imports
        )

    def _bound(self, module: Path, name: str) -> Look:
        found = self._names_of(module)
        if name in found.bound or name in _ALWAYS:
            return Look.YES
        return Look.OPEN if found.open else Look.NO

    def _names_of(self, module: Path) -> _Names:
        if module not in self._known:
            self._known[module] = _Names(frozenset(), False)  # a circle of stars ends here
            read = [self._read(source, module) for source in _sources(module)]
            bound = frozenset().union(*(each.bound for each in read))
            binary = any(Path(f"{module}{suffix}").is_file() for suffix in EXTENSIONS)
            self._known[module] = _Names(bound, binary or any(each.open for each in read))
        return self._known[module]

    def _read(self, source: Path, module: Path) -> _Names:
        try:
            data = source.read_bytes()
            tree = parsed(data)
        except (OSError, SyntaxError, ValueError, RecursionError):
            return _Names(frozenset(), True)
        text = data.decode("latin-1")
        bound, stars = set[str](), False
        for names in _GLOBAL.findall(text):
            bound.update(name.strip() for name in names.split(","))
        for node in statements(tree.body):
            if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
                starred = self._star(node, source, module)
                bound |= starred.bound
                stars = stars or starred.open
            else:
                bound.update(binds(node))
        return _Names(frozenset(bound), stars or bool(_MAKES_NAMES.search(text)))

    def _star(self, node: ast.ImportFrom, source: Path, module: Path) -> _Names:
        parts = (node.module or "").split(".") if node.module else []
        if node.level:
            inside = source.stem == "__init__"
            here = module if inside else module.parent
            for _ in range(node.level - 1):
                here = here.parent
        elif parts and parts[0] in (self._names.legacy, self._names.canonical):
            here, parts = self._base, parts[1:]
        else:
            return _Names(frozenset(), True)
        found = here.joinpath(*parts)
        return self._names_of(found) if _is_module(found) else _Names(frozenset(), True)


def _deeper(found: Look, modules: int) -> Look:
    """Return what is found where so many modules below the package stand before it."""
    deeper = {Look.NO: Look.PART, Look.OPEN: Look.YES}
    return deeper.get(found, found) if modules else found


def _closed(path: str) -> str:
    """Return what of a path comes before its first part that is open."""
    wild = _WILD.search(path)
    return path[: wild.start()].rpartition("/")[0] if wild else path


def _is_module(place: Path) -> bool:
    suffixes = (*_SOURCES, *EXTENSIONS)
    return place.is_dir() or any(Path(f"{place}{suffix}").is_file() for suffix in suffixes)


def _sources(module: Path) -> Iterator[Path]:
    for suffix in _SOURCES:
        for source in (Path(f"{module}{suffix}"), module / f"__init__{suffix}"):
            if source.is_file():
                yield source
