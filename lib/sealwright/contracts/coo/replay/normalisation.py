"""An artefact, as the replay compares it: masked, canonical, one spelling (document 003, §11.3).

`normalize_artefact` and `artefacts_equal` are the algorithm of the document, byte for byte: the
values of `MASKED_FIELDS` become `STABLE_REPLACEMENT`, wherever they are, and the rest is written
with sorted keys and without white space.

The algorithm takes what was read, and JSON readers let much pass that two of them read differently.
So `read` is strict: UTF-8 without a byte order mark, no key twice in one object, no NaN and no
infinity (nor a number that becomes one), no lone surrogate, at most `DEPTH` containers deep.

>>> normalize_artefact(read(b'{"b": 1, "a": {"pid": 7}}', "example"))
'{"a":{"pid":"<MASKED>"},"b":1}'

What was compared can be looked at in a folder (`write`) that git ignores, one file for each replay
and artefact, until it is taken away (`clean`).
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn

from sealwright import durable
from sealwright.errors import Damaged, Refused

MASKED_FIELDS = ["timestamp", "created_at", "updated_at", "pid", "ppid", "hostname"]
STABLE_REPLACEMENT = "<MASKED>"
DEPTH = 100
IGNORE = ".gitignore"


def normalize_artefact(data: Any) -> str:
    """Return the canonical, comparable text of an artefact."""

    def mask_fields(obj: Any) -> Any:
        if isinstance(obj, dict):
            return {
                k: (STABLE_REPLACEMENT if k in MASKED_FIELDS else mask_fields(v))
                for k, v in obj.items()
            }
        elif isinstance(obj, list):
            return [mask_fields(item) for item in obj]
        else:
            return obj

    return json.dumps(mask_fields(data), sort_keys=True, separators=(",", ":"))


def artefacts_equal(a1: Any, a2: Any) -> bool:
    """Return whether two artefacts have the same text."""
    return normalize_artefact(a1) == normalize_artefact(a2)


def written(data: Any) -> bytes:
    """Return an artefact as a file has it: not masked, of one spelling, with a newline."""
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode() + b"\n"


def read(data: bytes, name: str) -> Any:
    """Return the artefact in ``data``; `Damaged`, calling it ``name``, where readers disagree."""
    try:
        value = _DECODER.decode(data.decode("utf-8"))
        _examine(value, 0)
    except (ValueError, RecursionError) as problem:
        raise Damaged(f"{name}: expected JSON that reads one way only, found {problem}") from None
    return value


def write(folder: Path, replays: Mapping[str, Mapping[str, Any]]) -> None:
    """Write the text of each artefact to ``folder/<replay>/<artefact>.json``; git ignores all."""
    durable.mkdir(folder)
    durable.write(folder / IGNORE, b"*\n")
    for replay, artefacts in replays.items():
        durable.mkdir(folder / replay)
        for name, value in artefacts.items():
            text = normalize_artefact(value) + "\n"
            durable.write(folder / replay / f"{name}.json", text.encode())


def clean(folder: Path) -> None:
    """Remove what `write` wrote; `Refused` where something else lies there, too."""
    if os.path.lexists(folder):
        examine(folder)
        durable.remove(folder)


def examine(folder: Path) -> None:
    """Raise `Refused` where something else lies in a folder than `write` wrote."""
    if not os.path.lexists(folder):
        return
    if folder.is_symlink() or not folder.is_dir():
        what = "expected a folder of artefacts, found another thing"
        raise Refused(f"{folder}: {what}; take that away")
    if strange := sorted(_strange(folder)):
        found = ", ".join(map(ascii, strange[:5]))
        raise Refused(f"{folder}: expected artefacts alone, found {found}; take that away")


def _strange(folder: Path) -> Iterator[str]:
    for place, folders, files in os.walk(folder):
        below = os.path.relpath(place, folder)
        deep = below != "."
        yield from (os.path.join(below, name) for name in folders if deep)
        for name in files:
            if not (name.endswith(".json") if deep else name in (IGNORE, f".{IGNORE}.tmp")):
                yield os.path.join(below, name)


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        twice = next(key for key in made if sum(key == other for other, _ in pairs) > 1)
        raise ValueError(f"the key {twice!a} twice")
    return made


def _constant(text: str) -> NoReturn:
    raise ValueError(text)


def _examine(value: Any, depth: int) -> None:
    if depth > DEPTH:
        raise ValueError(f"more than {DEPTH} nested containers")
    if isinstance(value, str):
        value.encode()  # which a lone surrogate does not have
    elif isinstance(value, float) and not math.isfinite(value):
        raise ValueError("a number that is too large")
    elif isinstance(value, dict | list):
        if isinstance(value, dict):
            _examine(list(value), depth)
        for inner in value.values() if isinstance(value, dict) else value:
            _examine(inner, depth + 1)


_DECODER = json.JSONDecoder(object_pairs_hook=_pairs, parse_constant=_constant)
