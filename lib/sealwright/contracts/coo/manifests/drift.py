"""What differs between two readings of a manifest: each field by its path, with both values.

Rows that have names are told apart by them, and not by where they stand.

>>> print(compare(b'{"kernel":{"release":"6.1"}}\\n', b'{"kernel":{"release":"6.8"}}\\n'))
$.kernel.release: expected "6.1", found "6.8"
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sealwright.errors import Damaged
from sealwright.runtime import canonical
from sealwright.verdict import Finding, Verdict, legible

_NOTHING = object()
_SHOWN = 200  # characters of a value
_SENTENCES = (b"sha256:", b"WAIVED ")


def compare(old: bytes, new: bytes) -> Verdict:
    """Answer whether two readings say the same; `Damaged` if one of them is no manifest."""
    before, after = _value(old, "the recorded manifest"), _value(new, "the present manifest")
    rows = list(_differences("$", before, after))
    findings = [
        Finding(legible(path), f"expected {_shown(was)}, found {_shown(found)}")
        for path, was, found in rows
    ]
    return Verdict(tuple(findings), {"differing": [path for path, _, _ in rows]})


def _value(data: bytes, name: str) -> Any:
    if data.startswith(_SENTENCES) and data.endswith(b"\n"):
        return data.decode("utf-8", "backslashreplace").rstrip("\n")
    try:
        return canonical.decode_line(data)
    except canonical.NotCanonical as problem:
        raise Damaged(f"{name}: {problem}") from None


def _differences(path: str, old: Any, new: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(old, dict) and isinstance(new, dict):
        yield from _inside(old, new, lambda key: f"{path}.{key}")
    elif isinstance(old, list) and isinstance(new, list):
        if (before := _by_name(old)) is not None and (after := _by_name(new)) is not None:
            yield from _inside(before, after, lambda name: f"{path}[name={name}]")
        else:
            numbered = dict(enumerate(old)), dict(enumerate(new))
            yield from _inside(*numbered, lambda number: f"{path}[{number}]")
    elif type(old) is not type(new) or old != new:
        yield path, old, new


def _inside(old: Mapping[Any, Any], new: Mapping[Any, Any], spell: Any) -> Iterator[Any]:
    for key in sorted({*old, *new}):
        yield from _differences(spell(key), old.get(key, _NOTHING), new.get(key, _NOTHING))


def _by_name(rows: list[Any]) -> dict[str, Any] | None:
    names = [row.get("name") for row in rows if isinstance(row, dict)]
    named = {name: row for name, row in zip(names, rows, strict=False) if isinstance(name, str)}
    return named if len(named) == len(rows) else None


def _shown(value: Any) -> str:
    if value is _NOTHING:
        return "nothing"
    spelled = canonical.encode(value).decode()
    return legible(spelled if len(spelled) <= _SHOWN else f"{spelled[:_SHOWN]}…")
