"""As much of JSON Schema (2020-12) as our schemas use; a keyword that is not known is an error."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

TYPES = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool}
SILENT = {"$schema", "$id", "$defs", "title", "description", "properties", "required", "minimum"}
KNOWN = SILENT | {"type", "items", "enum", "const", "pattern", "$ref", "additionalProperties"}


def problems(value: Any, schema: Any, top: Mapping[str, Any], at: str = "") -> Iterator[str]:
    assert schema.keys() <= KNOWN, schema.keys() - KNOWN
    if ref := schema.get("$ref"):
        yield from problems(value, top["$defs"][ref.rpartition("/")[2]], top, at)
    if "type" in schema and not any(_is(value, kind) for kind in _list(schema["type"])):
        yield f"{at}: expected {schema['type']}, found {value!r}"
        return
    yield from _simple(value, schema, at)
    if isinstance(value, dict):
        yield from _object(value, schema, top, at)
    if isinstance(value, list) and "items" in schema:
        for number, each in enumerate(value):
            yield from problems(each, schema["items"], top, f"{at}/{number}")


def _simple(value: Any, schema: Any, at: str) -> Iterator[str]:
    if "const" in schema and value != schema["const"]:
        yield f"{at}: expected {schema['const']!r}, found {value!r}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at}: expected one of {schema['enum']}, found {value!r}"
    if isinstance(value, str) and not re.search(schema.get("pattern", ""), value):
        yield f"{at}: expected {schema['pattern']}, found {value!r}"
    if isinstance(value, int) and value < schema.get("minimum", value):
        yield f"{at}: expected {schema['minimum']} or more, found {value}"


def _object(value: Any, schema: Any, top: Mapping[str, Any], at: str) -> Iterator[str]:
    yield from (f"{at}: lacks {n}" for n in schema.get("required", ()) if n not in value)
    for name, inner in value.items():
        rule = schema.get("properties", {}).get(name, schema.get("additionalProperties", {}))
        if rule is False:
            yield f"{at}: has {name}, which the schema does not know"
        else:
            yield from problems(inner, rule, top, f"{at}/{name}")


def _is(value: Any, kind: str) -> bool:
    if kind == "null":
        return value is None
    return isinstance(value, TYPES[kind]) and not (kind == "integer" and isinstance(value, bool))


def _list(kinds: Any) -> list[str]:
    return kinds if isinstance(kinds, list) else [kinds]
