"""TOML: where its keys and strings stand; the standard library reads it, but tells no places.

What is found is compared with what `tomllib` reads: the same strings under the same keys, or
the text is `Unreadable`.

>>> [(p.keys, p.role) for p in places('[a]\\nb = ["c", {d = 1}]')]
[(('a',), 'key'), (('a', 'b'), 'key'), (('a', 'b'), 'value'), (('a', 'b', 'd'), 'key')]
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from typing import Any

from sealwright.contracts.coo.rewriting.structured_places import Place, Unreadable

_SKIP = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BLANK = re.compile(r"[ \t]*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_QUOTED = re.compile(
    r'"""(?:[^"\\]|\\.|"{1,2}(?!"))*"{3,5}|\'\'\'(?:[^\']|\'{1,2}(?!\'))*\'{3,5}'
    r'|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'',
    re.S,
)
_SCALAR = re.compile(r"[^,\]}#\n]+")


def places(text: str) -> list[Place]:
    """Return the places of all keys and strings, in order, or raise `Unreadable`."""
    try:
        read = tomllib.loads(text.removeprefix("\ufeff").replace("\r\n", "\n"))
        found = list(_Reader(text).document())
    except (tomllib.TOMLDecodeError, RecursionError, IndexError, AttributeError) as error:
        raise Unreadable(str(error)) from None
    strings = [(p.keys, _value(text, p)) for p in found if p.role == "value"]
    if Counter(strings) != Counter(_strings(read, ())):
        raise Unreadable("its strings are not found where they stand")
    return found


def _value(text: str, place: Place) -> str:
    quote = text[place.start - 1]
    quotes = quote * 3 if text[place.start - 3 : place.start] == quote * 3 else quote
    if len(quotes) == 3 and place.start == place.end and text[place.end] != quote:
        quotes = quote
    raw = text[place.start : place.end].replace("\r\n", "\n")
    return str(tomllib.loads(f"x = {quotes}{raw}{quotes}")["x"])


def _strings(value: Any, keys: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(value, str):
        yield keys, value
    for key, inner in value.items() if isinstance(value, dict) else ():
        yield from _strings(inner, (*keys, key))
    for inner in value if isinstance(value, list) else ():
        yield from _strings(inner, keys)


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 1 if text.startswith("\ufeff") else 0

    def document(self) -> Iterator[Place]:
        table: tuple[str, ...] = ()
        while self._skip(_SKIP) < len(self.text):
            if self.text[self.at] == "[":
                self.at += 2 if self.text.startswith("[[", self.at) else 1
                found = list(self._key(()))
                table = found[-1].keys
                yield from found
                self.at = self.text.index("]", self.at)
                self.at += 2 if self.text.startswith("]]", self.at) else 1
            else:
                yield from self._pair(table)

    def _skip(self, what: re.Pattern[str]) -> int:
        found = what.match(self.text, self.at)
        self.at = found.end() if found else self.at
        return self.at

    def _pair(self, table: tuple[str, ...]) -> Iterator[Place]:
        found = list(self._key(table))
        yield from found
        self.at += 1  # the sign
        self._skip(_BLANK)
        yield from self._of(found[-1].keys)

    def _key(self, table: tuple[str, ...]) -> Iterator[Place]:
        while True:
            self._skip(_BLANK)
            if quoted := _QUOTED.match(self.text, self.at):
                raw, start, end = quoted[0], quoted.start() + 1, quoted.end() - 1
                table = (*table, str(tomllib.loads(f"x = {raw}")["x"]))
            else:
                bare = _BARE.match(self.text, self.at)
                if not bare:
                    raise AttributeError("a key is expected")
                start, end = bare.span()
                table = (*table, bare[0])
                quoted = bare
            yield Place(table, start, end, "key")
            self.at = quoted.end()
            self._skip(_BLANK)
            if self.text[self.at] != ".":
                return
            self.at += 1

    def _of(self, keys: tuple[str, ...]) -> Iterator[Place]:
        if quoted := _QUOTED.match(self.text, self.at):
            width = 3 if quoted[0][:3] in ('"""', "'''") else 1
            yield Place(keys, quoted.start() + width, quoted.end() - width)
            self.at = quoted.end()
        elif self.text[self.at] == "[":
            yield from self._items(keys, "]")
        elif self.text[self.at] == "{":
            yield from self._items(keys, "}")
        else:
            self._skip(_SCALAR)

    def _items(self, keys: tuple[str, ...], closer: str) -> Iterator[Place]:
        self.at += 1
        while self._skip(_SKIP) < len(self.text) and self.text[self.at] != closer:
            if self.text[self.at] == ",":
                self.at += 1
            elif closer == "]":
                yield from self._of(keys)
            else:
                yield from self._pair(keys)
        self.at += 1
