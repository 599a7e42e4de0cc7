"""Configuration in YAML, read as what somebody else wrote: every complaint points at a place.

A document is one YAML mapping in UTF-8, at most one mebibyte and 32 levels deep.  Anchors,
aliases, tags, merge keys, a second document, a key written twice, a key that is no string
and control characters are refused.  A string is what YAML resolves to one: ``yes`` and
``2025-01-01`` are none until they are put in quotes.  A whole number is decimal (``010`` is
none), a flag is ``true`` or ``false``, and ``null`` is the same as leaving an optional key
out.  A key that nobody asked for is an error.

All complaints are `Misconfigured` and begin with file, line, column and key path, which
begins with the file's own name.  The place is that of the value, or of the key where the
key is wrong, or of the surrounding mapping where the key is missing:

    config/coo.yaml:12:3: coo.rewrite: expected a list of paths, found str
    config/coo.yaml:14:1: coo.rewrit: unknown key; did you mean 'rewrite'?

>>> with parse(b"rewrite: [tests, scripts]", "config/coo.yaml") as coo:
...     coo.paths("rewrite"), coo.flag("strict", default=True)
(('tests', 'scripts'), True)

A document inside another (front matter) keeps its line numbers if as many empty lines are
put before it as there are lines above it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum
from pathlib import Path
from typing import Any, Final, Literal, Self, TypeAlias, TypeVar

import yaml

from sealwright import paths as names
from sealwright.errors import Misconfigured
from sealwright.paths import RelPath

LARGEST = 1 << 20  # bytes
DEEPEST = 32  # levels

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NAMES = {"seq": "list", "map": "mapping"}
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,17})\Z")
_FLAGS = {"true": True, "false": False}
_PLAIN_KEY = re.compile(r"[\w./-]+\Z")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


class _Required(Enum):
    REQUIRED = "no default"


REQUIRED: Final = _Required.REQUIRED
_Absent: TypeAlias = Literal[_Required.REQUIRED]
_V = TypeVar("_V")
_D = TypeVar("_D")


def load(path: Path, *, name: str | None = None) -> Table:
    """Return the document at ``path``; complaints call it ``name``, or else by its path."""
    name = str(path) if name is None else name
    try:
        return parse(_content(path, name), name)
    except FileNotFoundError:
        remedy = "create it, as `sealwright init` does, or name another file"
        raise Misconfigured(f"{name}: does not exist; {remedy}") from None
    except OSError as error:
        raise Misconfigured(f"{name}: cannot be read: {error.strerror}") from None


def parse(data: bytes, name: str) -> Table:
    """Return the document in ``data``; an empty one is an empty table."""
    text = _text(data, name)
    try:
        _vet(text, name)
        node = yaml.compose(text, _LOADER)
    except yaml.YAMLError as error:
        raise _not_yaml(error, name) from None
    if node is None:
        node = yaml.compose("{}", _LOADER)
    root = _Place(name, Path(name).stem, node)
    root.check()
    return root.table()


@dataclass(frozen=True, slots=True)
class _Place:
    """One value, and where it was written."""

    name: str
    path: str
    node: Any  # a yaml.Node, whose marks the published types call optional

    def where(self, mark: Any = None, path: str = "") -> str:
        return f"{_place_of(mark or self.node.start_mark, self.name)}: {path or self.path}"

    @property
    def kind(self) -> str:
        kind: str = self.node.tag.rpartition(":")[2]
        return _NAMES.get(kind, kind)

    def wrong(self, expected: str, found: str = "") -> Misconfigured:
        return Misconfigured(f"{self.where()}: expected {expected}, found {found or self.kind}")

    def under(self, key: str) -> str:
        return f"{self.path}.{key if _PLAIN_KEY.match(key) else repr(key)}"

    def members(self) -> Iterator[tuple[yaml.ScalarNode, _Place]]:
        """Yield the keys and values of a mapping whose keys have been checked."""
        for key, value in self.node.value:
            yield key, _Place(self.name, self.under(key.value), value)

    def elements(self, expected: str = "a list") -> tuple[_Place, ...]:
        if not isinstance(self.node, yaml.SequenceNode):
            raise self.wrong(expected)
        numbered = enumerate(self.node.value)
        return tuple(_Place(self.name, f"{self.path}[{n}]", node) for n, node in numbered)

    def check(self) -> None:
        """Raise `Misconfigured` if a key here or below is no string or is written twice."""
        if isinstance(self.node, yaml.MappingNode):
            self._check_keys()
            for _, value in self.members():
                value.check()
        elif isinstance(self.node, yaml.SequenceNode):
            for element in self.elements():
                element.check()

    def _check_keys(self) -> None:
        lines: dict[str, int] = {}
        for key, _ in self.node.value:
            text = _Place(self.name, self.path, key).text("a string as key")
            if text in lines:
                where = self.where(key.start_mark, self.under(text))
                raise Misconfigured(
                    f"{where}: is written twice; the first is on line {lines[text]}"
                )
            lines[text] = key.start_mark.line + 1

    def quotable(self) -> str:
        """Return the kind of this value, and how to say it if text was meant."""
        if not isinstance(self.node, yaml.ScalarNode) or self.kind in ("str", "null"):
            return self.kind
        return f'{self.kind}; if text is meant, write "{self.node.value}" in quotes'

    def text(self, expected: str = "a string") -> str:
        if self.kind != "str":
            raise self.wrong(expected, self.quotable())
        return str(self.node.value)

    def integer(self) -> int:
        if self.kind == "int" and not _DECIMAL.match(self.node.value):
            raise self.wrong("a whole number in at most 18 decimal digits", self.shown())
        if self.kind != "int":
            raise self.wrong("a whole number")
        return int(self.node.value)

    def flag(self) -> bool:
        if self.kind != "bool":
            raise self.wrong("true or false")
        if self.node.value not in _FLAGS:
            raise self.wrong("true or false", self.shown())
        return _FLAGS[self.node.value]

    def named(self, parser: Callable[[str], RelPath]) -> RelPath:
        text = self.text("a path")
        try:
            return parser(text)
        except Misconfigured as error:
            raise Misconfigured(f"{self.where()}: {error}") from None

    def table(self) -> Table:
        if not isinstance(self.node, yaml.MappingNode):
            raise self.wrong("a mapping")
        return Table(self)

    def plain(self) -> Any:
        """Return the value as Python's own types; what YAML readers disagree on is refused."""
        if isinstance(self.node, yaml.MappingNode):
            return {key.value: value.plain() for key, value in self.members()}
        if isinstance(self.node, yaml.SequenceNode):
            return [element.plain() for element in self.elements()]
        if self.kind == "null":
            return None
        return {"int": self.integer, "bool": self.flag}.get(self.kind, self.text)()

    def shown(self) -> str:
        """Return the value itself where it is short enough to be shown, else its kind."""
        if isinstance(self.node, yaml.ScalarNode) and len(self.node.value) <= 80:
            return repr(self.node.value)
        return self.kind


class Table:
    """A mapping that is read key by key, and remembers what was asked for.

    Each method takes a key and a ``default``; without one the key is required.  As a
    context manager a table closes itself, unless an exception is on its way.
    """

    def __init__(self, place: _Place) -> None:
        self._place = place
        self._marks = {key.value: key.start_mark for key, _ in place.members()}
        self._values = {key.value: value for key, value in place.members()}
        self._asked: set[str] = set()
        self._handed_out: list[Table] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if error is None:
            self.close()

    def keys(self) -> tuple[str, ...]:
        """Return the keys as written; to see a key is not to ask for it."""
        return tuple(self._values)

    def kind(self, key: str) -> str:
        """Return ``str``, ``int``, ``bool``, ``list``, ``mapping``, …, or ``null`` if absent."""
        self._asked.add(key)
        return self._values[key].kind if key in self._values else "null"

    def string(self, key: str, default: _D | _Absent = REQUIRED) -> str | _D:
        """Return a string."""
        return self._read(key, _Place.text, "a string", default)

    def integer(self, key: str, default: _D | _Absent = REQUIRED) -> int | _D:
        """Return a whole number; a flag is none."""
        return self._read(key, _Place.integer, "a whole number", default)

    def flag(self, key: str, default: _D | _Absent = REQUIRED) -> bool | _D:
        """Return true or false."""
        return self._read(key, _Place.flag, "true or false", default)

    def strings(self, key: str, default: _D | _Absent = REQUIRED) -> tuple[str, ...] | _D:
        """Return a list of strings."""
        return self._list(key, _Place.text, "a list of strings", default)

    def path(self, key: str, default: _D | _Absent = REQUIRED) -> RelPath | _D:
        """Return a path inside the repository."""
        return self._read(key, _path, "a path", default)

    def folder(self, key: str, default: _D | _Absent = REQUIRED) -> RelPath | _D:
        """Return the path of a folder inside the repository, which ``.`` is too."""
        return self._read(key, _folder, "a path", default)

    def paths(self, key: str, default: _D | _Absent = REQUIRED) -> tuple[RelPath, ...] | _D:
        """Return a list of paths inside the repository."""
        return self._list(key, _path, "a list of paths", default)

    def table(self, key: str, default: _D | _Absent = REQUIRED) -> Table | _D:
        """Return a mapping, as a table that closes with this one."""
        return self._read(key, self._hand_out, "a mapping", default)

    def tables(self, key: str, default: _D | _Absent = REQUIRED) -> tuple[Table, ...] | _D:
        """Return a list of mappings, as tables that close with this one."""
        return self._list(key, self._hand_out, "a list of mappings", default)

    def one_of(
        self, key: str, choices: Iterable[str], default: _D | _Absent = REQUIRED
    ) -> str | _D:
        """Return one of the strings ``choices``."""
        allowed = tuple(choices)
        expected = f"one of {', '.join(allowed)}"

        def chosen(place: _Place) -> str:
            text = place.text(expected)
            if text not in allowed:
                raise place.wrong(expected, place.shown())
            return text

        return self._read(key, chosen, expected, default)

    def either(self, *keys: str) -> str:
        """Return which one of ``keys`` is written; none and several are errors."""
        self._asked.update(keys)
        written = [key for key in keys if self.kind(key) != "null"]
        if len(written) != 1:
            expected = f"exactly one of the keys {', '.join(keys)}"
            raise self._place.wrong(expected, " and ".join(written) or "none of them")
        return written[0]

    def raw(self, key: str, default: _D | _Absent = REQUIRED) -> Any | _D:
        """Return any value as Python's own strings, whole numbers, flags, lists and dicts."""
        return self._read(key, _Place.plain, "a value", default)

    def where(self, key: str) -> str:
        """Return ``file:line:column: key.path``, for a complaint of the caller's own."""
        if key in self._values:
            return self._values[key].where()
        return self._place.where(path=self._place.under(key))

    def wrong(self, key: str, expected: str) -> Misconfigured:
        """Return the complaint that the value of ``key`` is not ``expected``."""
        if key in self._values:
            return self._values[key].wrong(expected, self._values[key].shown())
        return Misconfigured(f"{self.where(key)}: is missing; expected {expected}")

    def close(self) -> None:
        """Raise `Misconfigured` for all keys, here and below, that nobody asked for."""
        if unknown := list(self._unknown()):
            raise Misconfigured("\n".join(unknown))

    def _unknown(self) -> Iterator[str]:
        for key in self._values:
            if key not in self._asked:
                where = self._place.where(self._marks[key], self._values[key].path)
                yield f"{where}: unknown key; {self._suggestion(key)}"
        for table in self._handed_out:
            yield from table._unknown()

    def _suggestion(self, key: str) -> str:
        if close := get_close_matches(key, sorted(self._asked - set(self._values)), 1):
            return f"did you mean {close[0]!r}?"
        return f"known keys are {', '.join(sorted(self._asked)) or 'none'}"

    def _hand_out(self, place: _Place) -> Table:
        table = place.table()
        self._handed_out.append(table)
        return table

    def _list(
        self, key: str, reader: Callable[[_Place], _V], expected: str, default: _D | _Absent
    ) -> tuple[_V, ...] | _D:
        def listed(place: _Place) -> tuple[_V, ...]:
            return tuple(map(reader, place.elements(expected)))

        return self._read(key, listed, expected, default)

    def _read(
        self, key: str, reader: Callable[[_Place], _V], expected: str, default: _D | _Absent
    ) -> _V | _D:
        if self.kind(key) != "null":
            return reader(self._values[key])
        if default is not REQUIRED:
            return default
        if key in self._values:
            raise self._values[key].wrong(expected)
        raise self.wrong(key, expected)


def _path(place: _Place) -> RelPath:
    return place.named(names.parse)


def _folder(place: _Place) -> RelPath:
    return place.named(names.folder)


def _content(path: Path, name: str) -> bytes:
    """Return the bytes of a file; one byte too many is enough to refuse it."""
    if path.exists() and not path.is_file():  # to open a FIFO would wait for a writer
        raise Misconfigured(f"{name}: expected a file, found something else")
    with path.open("rb") as file:
        return file.read(LARGEST + 1)


def _text(data: bytes, name: str) -> str:
    if len(data) > LARGEST:
        raise Misconfigured(f"{name}: expected at most {LARGEST} bytes, found more")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", "replace")
        raise Misconfigured(f"{_point(name, before)}: expected UTF-8, found other bytes") from None
    if found := _CONTROL.search(text.replace("\r\n", " \n")):
        before = text[: found.start()]
        raise Misconfigured(f"{_point(name, before)}: expected text, found {found[0]!r}")
    return text


def _point(name: str, before: str) -> str:
    """Return ``file:line:column`` of what follows the text ``before``."""
    return f"{name}:{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"


def _vet(text: str, name: str) -> None:
    """Refuse what we do not read, event by event: composing a tree first would recurse."""
    depth = documents = 0
    for event in yaml.parse(text, _LOADER):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        documents += isinstance(event, yaml.DocumentStartEvent)
        if problem := _problem(event, depth, documents):
            raise Misconfigured(f"{_place_of(event.start_mark, name)}: {problem}")


def _problem(event: Any, depth: int, documents: int) -> str:
    if depth > DEEPEST:
        return f"expected at most {DEEPEST} levels, found more"
    if documents > 1:
        return "expected one document, found a second one"
    if getattr(event, "anchor", None):
        return "expected no anchor or alias, found one; write the value out where it is used"
    if getattr(event, "tag", None):
        return "expected no tag, found one; remove it"
    if isinstance(event, yaml.ScalarEvent) and (found := _CONTROL.search(event.value)):
        return f"expected text without control characters, found {found[0]!r}"
    return ""


def _not_yaml(error: Any, name: str) -> Misconfigured:
    mark = getattr(error, "problem_mark", None)
    where = _place_of(mark, name) if mark else name
    told = (getattr(error, "context", None), getattr(error, "problem", None))
    reason = ", ".join(part for part in told if part) or "it cannot be read"
    return Misconfigured(f"{where}: is not YAML: {reason}")


def _place_of(mark: Any, name: str) -> str:
    return f"{name}:{mark.line + 1}:{mark.column + 1}"
