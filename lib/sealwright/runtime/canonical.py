"""Canonical bytes: one value has one spelling, so a digest of the bytes is a digest of the value.

Canonical JSON is UTF-8 without a byte order mark, keys sorted, separators ``,`` and ``:``,
no other white space, and no escape that JSON does not demand.  It holds

* ``null``, ``true``, ``false``, and integers from -(2**53-1) to 2**53-1, since beyond them
  readers that keep numbers as doubles disagree;
* strings of any Unicode characters, but no lone surrogates, which UTF-8 cannot write;
* arrays, and objects whose keys are ASCII strings, since other keys sort differently by
  code point than by UTF-16 unit;
* no floats, since their spelling differs between languages: write a decimal as a string.

Within these limits the bytes are those of RFC 8785, so any library for that can recompute
a digest.  Containers nest at most `DEPTH` deep.  In files one trailing newline follows the
value (`line`), and in a file of records each line is one record.

A reader believes nothing: it parses, writes again, and compares.  Repeated keys, other
escapes, white space, NaN and the like are thereby damage, without a rule for each.

>>> encode({"b": (1, None), "a": "é"}).decode()
'{"a":"é","b":[1,null]}'

By hand, for a file that ends in the newline::

    python3 -m json.tool --sort-keys --compact --no-ensure-ascii FILE | cmp - FILE
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from itertools import accumulate
from typing import Any, NoReturn

DEPTH = 64  # our deepest record uses about ten; parsers recurse, and a stack is not endless
SIZE = 64 << 20  # bytes; no record comes near it, and parsing takes many times it in memory
INTEGER = 2**53 - 1  # the last integer such that it and all below are exact in a double

_ENCODER = json.JSONEncoder(
    ensure_ascii=False,
    allow_nan=False,
    sort_keys=True,
    separators=(",", ":"),
    check_circular=False,  # the depth cap ends a circle as well
)
# A string may lack its closing quote, so that a match never fails and text of quotes stays linear.
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_STEPS = bytes.maketrans(b"[{]}", b"\2\2\0\0")
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[{]}"))


class NotCanonical(ValueError):
    """A value has no canonical bytes, or bytes are not the canonical spelling of a value."""


def encode(value: Any) -> bytes:
    """Return the canonical bytes of ``value``, without a newline."""
    _examine(value, 0)
    try:
        return _ENCODER.encode(value).encode("utf-8")
    except UnicodeEncodeError as problem:
        code = ord(problem.object[problem.start])
        raise NotCanonical(f"expected characters, found the lone surrogate U+{code:04X}") from None


def line(value: Any) -> bytes:
    """Return the canonical bytes of ``value`` and a newline: a small file, or a line of records."""
    return encode(value) + b"\n"


def decode(data: bytes) -> Any:
    """Return the value whose canonical bytes are ``data``, or raise `NotCanonical`."""
    if len(data) > SIZE:
        raise NotCanonical(f"expected at most {SIZE} bytes, found {len(data)}")
    if _nesting(data) > DEPTH:
        raise NotCanonical(f"expected at most {DEPTH} nested containers, found more")
    try:
        value = _DECODER.decode(data.decode("utf-8"))
    except NotCanonical:
        raise
    except ValueError as problem:
        raise NotCanonical(f"expected canonical JSON in UTF-8, found {problem}") from None
    _compare(data, encode(value))
    return value


def decode_line(data: bytes) -> Any:
    """Return the value of which ``data`` is the `line`, or raise `NotCanonical`."""
    if not data.endswith(b"\n"):
        raise NotCanonical("expected a newline at the end, found none")
    return decode(data[:-1])


def digest(data: bytes) -> str:
    """Return ``sha256:`` and the hexadecimal SHA-256 digest of ``data``."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _examine(value: Any, depth: int) -> None:
    """Raise `NotCanonical` unless ``value``, ``depth`` containers deep, is of the kinds allowed.

    Exact types only: a subclass may spell itself differently than it compares.
    """
    kind = type(value)
    if kind is dict:
        _examine_keys(value)
        _examine_items(value.values(), depth)
    elif kind is list or kind is tuple:
        _examine_items(value, depth)
    elif kind is int:
        if not -INTEGER <= value <= INTEGER:
            raise NotCanonical(
                f"expected integers within ±(2**53-1), found {value.bit_length()} bits"
            )
    elif kind is not str and kind is not bool and value is not None:
        raise NotCanonical(
            f"expected null, booleans, integers, strings, lists and dicts, found {kind.__name__}"
        )


def _examine_keys(keys: Iterable[Any]) -> None:
    for key in keys:
        if type(key) is not str or not key.isascii():
            found = ascii(key) if type(key) is str else type(key).__name__
            raise NotCanonical(f"expected ASCII strings as keys, found {found}")


def _examine_items(items: Iterable[Any], depth: int) -> None:
    if depth >= DEPTH:
        raise NotCanonical(f"expected at most {DEPTH} nested containers, found more")
    for item in items:
        if type(item) is not str:  # most are, and need no call
            _examine(item, depth + 1)


def _nesting(data: bytes) -> int:
    """Return how deep the brackets of ``data`` nest; exact up to the first error in it."""
    if data.count(b"[") + data.count(b"{") <= DEPTH:
        return 0
    brackets = _STRING.sub(b"", data).translate(_STEPS, _NOT_BRACKETS)
    return max(accumulate(step - 1 for step in brackets), default=0)


def _compare(data: bytes, canonical: bytes) -> None:
    if data == canonical:
        return
    pairs = enumerate(zip(data, canonical, strict=False))
    shorter = min(len(data), len(canonical))
    offset = next((index for index, (found, expected) in pairs if found != expected), shorter)
    raise NotCanonical(
        f"expected the canonical spelling, found another (or a repeated key) from byte {offset} on"
    )


def _refuse_number(text: str) -> NoReturn:
    raise NotCanonical(f"expected integers as the only numbers, found {text[:40]}")


_DECODER = json.JSONDecoder(parse_float=_refuse_number, parse_constant=_refuse_number)
