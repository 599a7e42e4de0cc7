"""The shape of a record: what it must look like, said once, checked here and written for others.

A shape checks a value, naming the place of each thing that is wrong, and renders itself as JSON
Schema (2020-12), so that a reader with any validator finds what we find::

    Text(pattern)      a string that the whole pattern matches
    Whole(least)       an integer
    Flag(only)         true or false, or only one of them
    Maybe(shape)       null, or the shape
    Many(shape)        a list; ``least`` entries, ``unique`` ones
    Named(key, shape)  an object with any keys that the pattern matches
    Record(fields)     an object with exactly these keys, but for the ``optional`` ones
    Choice(words)      one of these strings

>>> list(Record({"stage": Whole(1)}).problems({"stage": 0, "x": 1}, "gate"))
['gate.x: expected no such key', 'gate.stage: expected a whole number from 1 on, found 0']
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class Shape(Protocol):
    """What a value must look like."""

    def problems(self, value: Any, place: str) -> Iterator[str]:
        """Yield a sentence for each thing that is wrong with ``value``, which is at ``place``."""

    def schema(self) -> dict[str, Any]:
        """Return the same as JSON Schema."""


@dataclass(frozen=True, slots=True)
class Text:
    """A string; ``pattern`` must match all of it, and means the same in Python and ECMAScript."""

    pattern: str = r"[^\u0000]*"
    said: str = "text"

    def problems(self, value: Any, place: str) -> Iterator[str]:
        """Yield what is wrong."""
        if not isinstance(value, str) or not re.fullmatch(self.pattern, value):
            yield f"{place}: expected {self.said}, found {shown(value)}"

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return {"type": "string", "pattern": f"^(?:{self.pattern})$", "description": self.said}


@dataclass(frozen=True, slots=True)
class Whole:
    """An integer from ``least`` up to ``most``."""

    least: int = 0
    most: int = 2**53 - 1

    def problems(self, value: Any, place: str) -> Iterator[str]:
        """Yield what is wrong."""
        if type(value) is not int or not self.least <= value <= self.most:
            yield f"{place}: expected a whole number from {self.least} on, found {shown(value)}"

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return {"type": "integer", "minimum": self.least, "maximum": self.most}


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false, or ``only`` one of the two."""

    only: bool | None = None

    def problems(self, value: Any, place: str) -> Iterator[str]:
        """Yield what is wrong."""
        if not isinstance(value, bool) or self.only not in (None, value):
            wanted = "true or false" if self.only is None else shown(self.only)
            yield f"{place}: expected {wanted}, found {shown(value)}"

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return {"type": "boolean"} if self.only is None else {"const": self.only}


@dataclass(frozen=True, slots=True)
class Choice:
    """One of some strings."""

    words: tuple[str, ...]

    def problems(self, value: Any, place: str) -> Iterator[str]:
        """Yield what is wrong."""
        if not isinstance(value, str) or value not in self.words:
            yield f"{place}: expected {' or '.join(self.words)}, found {shown(value)}"

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return {"enum": list(self.words)}


@dataclass(frozen=True, slots=True)
class Maybe:
    """Null, or a value of a shape."""

    shape: Shape

    def problems(self, value: Any, place: str) -> Iterator[str]:
        """Yield what is wrong."""
        if value is not None:
            yield from self.shape.problems(value, place)

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return {"anyOf": [{"type": "null"}, self.shape.schema()]}


@dataclass(frozen=True, slots=True)
class Many:
    """A list of values of one shape."""

    shape: Shape
    least: int = 0
    unique: bool = False

    def problems(self, value: Any, place: str) -> Iterator[str]:
        """Yield what is wrong."""
        if not isinstance(value, list):
            yield f"{place}: expected a list, found {shown(value)}"
            return
        if len(value) < self.least:
            yield f"{place}: expected at least {self.least} entries, found {len(value)}"
        for number, each in enumerate(value):
            yield from self.shape.problems(each, f"{place}[{number}]")
            if self.unique and each in value[:number]:
                yield f"{place}[{number}]: is written twice"

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        made = {"type": "array", "items": self.shape.schema(), "minItems": self.least}
        return {**made, "uniqueItems": True} if self.unique else made


@dataclass(frozen=True, slots=True)
class Named:
    """An object of which every key matches a pattern, and every value a shape."""

    key: Text
    shape: Shape

    def problems(self, value: Any, place: str) -> Iterator[str]:
        """Yield what is wrong."""
        if not isinstance(value, dict):
            yield f"{place}: expected an object, found {shown(value)}"
            return
        for name in sorted(value):
            yield from self.key.problems(name, f"{place}, key")
            yield from self.shape.problems(value[name], f"{place}.{name}")

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        shape = self.shape.schema()
        return {
            "type": "object",
            "propertyNames": self.key.schema(),
            "additionalProperties": shape,
        }


@dataclass(frozen=True, slots=True)
class Record:
    """An object with exactly these fields; those that are ``optional`` may be left out."""

    fields: Mapping[str, Shape]
    optional: Mapping[str, Shape] = field(default_factory=dict)

    def problems(self, value: Any, place: str) -> Iterator[str]:
        """Yield what is wrong, in the order of the fields."""
        if not isinstance(value, dict):
            yield f"{place}: expected an object, found {shown(value)}"
            return
        known = {**self.fields, **self.optional}
        for name in sorted(value.keys() - known.keys()):
            yield f"{place}.{name}: expected no such key"
        for name, shape in known.items():
            if name in value:
                yield from shape.problems(value[name], f"{place}.{name}")
            elif name in self.fields:
                yield f"{place}.{name}: is missing"

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        every = {**self.fields, **self.optional}
        return {
            "type": "object",
            "required": sorted(self.fields),
            "additionalProperties": False,
            "properties": {name: shape.schema() for name, shape in every.items()},
        }


def document(shape: Shape, title: str, about: str) -> dict[str, Any]:
    """Return the whole JSON Schema of a file that has this shape."""
    return {"$schema": DIALECT, "title": title, "description": about, **shape.schema()}


def shown(value: Any) -> str:
    """Return a short, printable spelling of a value that others wrote."""
    words = {None: "null", True: "true", False: "false"}
    if value is None or isinstance(value, bool):
        return words[value]
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    return f"{value!a:.80}"


SHA256 = Text("sha256:[0-9a-f]{64}", "sha256: and 64 hexadecimal digits")
COMMIT = Text("[0-9a-f]{40}(?:[0-9a-f]{24})?", "the full name of a commit or a tree")
LINE = Text(r"[^\u0000-\u001f\u007f-\u009f]+", "one line of text")
TIME = Text("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", "a time such as …T…Z")
