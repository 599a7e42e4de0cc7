"""What a runtime specification is filled with, besides the results of the gates: one line of JSON::

    {"amu0":"<id>","canonical":"coo","configuration":"sha256:…","entry_points":["python -m coo"],
     "format":"sealwright/specification-facts/1","legacy":"project_builder",
     "manifests":[["tools_manifest.json","sha256:…"]],"modules":[["coo/__init__.py","sha256:…"]],
     "rules":[["import-from",12]],"source_root":".","states":["INIT",…]}

``modules`` are the Python files of the canonical package; ``rules`` say how often each rule of the
rewriting was used; ``states`` are those of the attempt, in their order.  Rows are sorted by bytes.

>>> parse(Facts("old", "coo").to_bytes()).canonical
'coo'
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from sealwright import hashing
from sealwright.errors import Damaged, Refused
from sealwright.paths import TOP, RelPath
from sealwright.runtime import canonical
from sealwright.walk import walk

FORMAT = "sealwright/specification-facts/1"
NAME = "facts.json"
Row = tuple[str, str]
_TEXTS = ("legacy", "canonical", "source_root", "amu0", "configuration")
_LISTS = ("entry_points", "states")
_ROWS = ("modules", "manifests")


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts; each of them is plain, and sorted where its order says nothing."""

    legacy: str
    canonical: str
    source_root: str = TOP
    amu0: str = ""
    configuration: str = ""
    entry_points: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    modules: tuple[Row, ...] = ()
    manifests: tuple[Row, ...] = ()
    rules: tuple[tuple[str, int], ...] = ()

    def __post_init__(self) -> None:
        for name in (*_ROWS, "rules", "entry_points"):
            object.__setattr__(self, name, tuple(sorted(getattr(self, name), key=_order)))

    def to_bytes(self) -> bytes:
        """Return the file."""
        return canonical.line({"format": FORMAT, **{f.name: _plain(self, f.name) for f in _FIELDS}})


_FIELDS = fields(Facts)


def _plain(facts: Facts, name: str) -> Any:
    value = getattr(facts, name)
    if name in (*_ROWS, "rules"):
        return [list(row) for row in value]
    return list(value) if name in _LISTS else value


def _order(row: str | Sequence[Any]) -> bytes:
    return (row if isinstance(row, str) else str(row[0])).encode("utf-8", "surrogatepass")


def parse(data: bytes, name: str = NAME) -> Facts:
    """Return what a file says; `Damaged` unless `Facts.to_bytes` gives its bytes."""
    try:
        told = canonical.decode_line(data)
        if told.pop("format") != FORMAT:
            raise ValueError(f"expected {FORMAT}")
        made = Facts(**{key: _fixed(key, value) for key, value in told.items()})
        same = made.to_bytes() == data
    except (AttributeError, KeyError, TypeError, ValueError) as problem:
        raise Damaged(f"{name}: expected facts, found another: {problem}") from None
    if not same:
        raise Damaged(f"{name}: expected sorted facts, found another order")
    return made


def _fixed(key: str, value: Any) -> Any:
    kinds = {"rules": (str, int), **dict.fromkeys(_ROWS, (str, str))}
    if key in _TEXTS and isinstance(value, str):
        return value
    if key in _LISTS and isinstance(value, list) and all(isinstance(each, str) for each in value):
        return tuple(value)
    if key in kinds and isinstance(value, list):
        rows = tuple(tuple(row) for row in value)
        if all(tuple(map(type, row)) == kinds[key] for row in rows):
            return rows
    raise ValueError(f"{key}: {value!r}")


def modules(tree: Path, package: RelPath) -> tuple[Row, ...]:
    """Return the Python files of a package by their paths in the repository, with digests."""
    top = tree / package
    if not top.is_dir():
        raise Refused(f"{package}: expected the canonical package, found none")
    paths = [f"{package}/{path}" for path in _python(top)]
    sums = hashing.identities(tree / path for path in paths)
    return tuple((path, str(sha256)) for path, sha256 in zip(paths, sums, strict=True))


def _python(top: Path) -> Iterable[str]:
    for prefix, entry in walk(str(top)):
        if entry.name.endswith(".py") and entry.is_file(follow_symlinks=False):
            yield f"{prefix}{entry.name}"
