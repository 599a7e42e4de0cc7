"""Records that people write: JSON, canonical or not, without what readers understand differently.

Keys written twice, numbers that are no integers, NaN, lone surrogates, more than `LARGEST` bytes or
`canonical.DEPTH` levels are refused; white space and the order of keys are free.

>>> read(b'{"a": [1, true]}', "record.json")
{'a': [1, True]}
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

from sealwright.errors import Misconfigured
from sealwright.runtime import canonical

LARGEST = 1 << 20


def read(data: bytes, name: str) -> dict[str, Any]:
    """Return the object in ``data``; `Misconfigured` if it is none."""
    try:
        if len(data) > LARGEST:
            raise ValueError(f"expected at most {LARGEST} bytes, found more")
        value = _DECODER.decode(data.decode("utf-8"))
        canonical.encode(value)
    except (ValueError, RecursionError) as problem:
        raise Misconfigured(f"{name}: expected a record in JSON: {problem}") from None
    if not isinstance(value, dict):
        raise Misconfigured(f"{name}: expected an object, found another value")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        twice = next(key for key, _ in pairs if [k for k, _ in pairs].count(key) > 1)
        raise ValueError(f"key {twice!r} is written twice")
    return made


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"expected whole numbers, found {text[:40]}")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_once, parse_float=_no_number, parse_constant=_no_number
)
