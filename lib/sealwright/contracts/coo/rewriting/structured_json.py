"""JSON: where its keys and strings stand.

>>> [(p.keys, p.role) for p in places('{"a": ["b", {"c": 1}]}')]
[(('a',), 'key'), (('a',), 'value'), (('a', 'c'), 'key')]
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from sealwright.contracts.coo.rewriting.structured_places import Place, Unreadable

_STRINGS = json.JSONDecoder(strict=False)
_TOKEN = re.compile(r"[\s:,]*([\[\]{}\"]|[^\s\[\]{}\":,]+)")


def places(text: str) -> list[Place]:
    """Return the places of all keys and strings, in order, or raise `Unreadable`."""
    try:
        json.loads(text.removeprefix("\ufeff"), strict=False)
        return list(_places(text))
    except (ValueError, RecursionError) as error:
        raise Unreadable(str(error)) from None


def _places(text: str) -> Iterator[Place]:
    above: list[tuple[bool, tuple[str, ...]]] = []  # whether a mapping, and its own keys
    keys: tuple[str, ...] = ()
    mapping = expected = False
    at = 0
    while token := _TOKEN.match(text, at):
        at, sign = token.end(), token[1]
        if sign in ("{", "["):
            above.append((mapping, keys))
            mapping = expected = sign == "{"
        elif sign in ("}", "]"):
            mapping, keys = above.pop()
            keys, expected = (keys[:-1] if mapping else keys), mapping
        elif sign == '"':
            value, end = _STRINGS.raw_decode(text, at - 1)
            if expected:
                keys = (*keys, value)
            yield Place(keys, at, end - 1, "key" if expected else "value")
            keys, expected, at = _after(keys, mapping, expected, end)
        else:
            keys, expected, at = _after(keys, mapping, False, at)


def _after(
    keys: tuple[str, ...], mapping: bool, was_key: bool, at: int
) -> tuple[tuple[str, ...], bool, int]:
    """Return the keys after a string or number: a key stays until its value is over."""
    if not mapping or was_key:
        return keys, False, at
    return keys[:-1], True, at
