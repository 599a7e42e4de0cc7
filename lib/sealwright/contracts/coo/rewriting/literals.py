"""What a string literal says, and where in the source each character of it is written.

A literal may be several pieces side by side, raw, bytes or f-strings.  Its value is decoded
piece by piece, with the offset of the source at which each character begins; what an f-string
fills in is one `HOLE`.  So a name that is found in the value is found in the source, unless it
is spelled with escapes or across pieces.

>>> said = Literal.of(r'x = f"a\\n{b}old"', 4, 15)
>>> said.value.index("old"), said.places[said.value.index("old")], said.value.replace(HOLE, "?")
(3, 12, 'a\\n?old')
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from functools import cache

HOLE = "\N{OBJECT REPLACEMENT CHARACTER}"
_PIECE = re.compile(r"([A-Za-z]{0,2})('''|\"\"\"|'|\")")
_BETWEEN = re.compile(r"(?:[ \t\f\r\n]|\\\r?\n|\\\r|#[^\r\n]*)*")
_ESCAPE = re.compile(
    r"\\(?:\r\n|[0-7]{1,3}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|N\{[^}]*\}|[\s\S])"
    r"|\r\n?"
)
_SIGNS = dict(zip("abfnrtv'\"\\", "\a\b\f\n\r\t\v'\"\\", strict=True))
_FIELD = re.compile(r"[\[({]|[\])}]|[!:]|[A-Za-z]{0,2}(?:'''|\"\"\"|'|\")")
_OPEN, _CLOSE = "[({", "])}"


class Unclear(Exception):
    """The source of a literal is not of the form that is expected."""


@dataclass(slots=True)
class Literal:
    """The characters of a literal, and the offset in the source of each."""

    source: str
    value: str = ""
    places: list[int] = field(default_factory=list)
    _parts: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, source: str, start: int, end: int) -> Literal:
        """Return the literal between two offsets, or raise `Unclear`."""
        made = cls(source)
        here = start
        while here < end:
            here = made._piece(here)
            if not (between := _BETWEEN.match(source, here)):
                raise Unclear("expected pieces of a string")
            here = between.end()
        made.value = "".join(made._parts)
        return made

    def written(self, start: int, length: int) -> int | None:
        """Return where in the source a stretch of the value is written letter by letter."""
        first = self.places[start]
        plain = self.places[start : start + length] == list(range(first, first + length))
        text = self.value[start : start + length]
        return first if plain and self.source.startswith(text, first) else None

    def _piece(self, start: int) -> int:
        opening = _PIECE.match(self.source, start)
        if not opening:
            raise Unclear("expected a piece of a string")
        kind, quote = opening[1].lower(), opening[2]
        if "f" in kind or "t" in kind:
            return self._formatted(opening.end(), quote, raw="r" in kind)
        end = _plain_end(self.source, opening.end(), quote)
        self._decode(opening.end(), end - len(quote), raw="r" in kind, data="b" in kind)
        return end

    def _formatted(self, start: int, quote: str, *, raw: bool) -> int:
        here = kept = start
        while not self.source.startswith(quote, here):
            sign = self.source[here : here + 1]
            if not sign:
                raise Unclear("expected the end of an f-string")
            if sign == "\\" and not (raw and self.source[here + 1 : here + 2] in "{}"):
                here += 2 if not self.source.startswith("\\N{", here) else 3
                if self.source[here - 1] == "{" and not raw:
                    here = self.source.index("}", here) + 1
            elif sign in "{}":
                self._decode(kept, here, raw=raw)
                if self.source.startswith(sign * 2, here):
                    self._add(sign, here)
                    here += 2
                else:
                    self._add(HOLE, here)
                    here = self._field_end(here + 1)
                kept = here
            else:
                here += 1
        self._decode(kept, here, raw=raw)
        return here + len(quote)

    def _field_end(self, here: int) -> int:
        """Return where the field ends whose inside begins ``here``."""
        depth = 0
        while found := _FIELD.search(self.source, here):
            sign, here = found[0], found.end()
            if sign in ("!", ":"):
                if depth == 0 and sign == ":":
                    return self._spec_end(here)
            elif sign in _OPEN:
                depth += 1
            elif sign in _CLOSE:
                if depth == 0:
                    return here
                depth -= 1
            else:
                here = Literal(self.source)._piece(found.start())
        raise Unclear("expected the end of a field")

    def _spec_end(self, here: int) -> int:
        while here < len(self.source):
            sign, here = self.source[here], here + 1
            if sign == "}":
                return here
            if sign == "{":
                here = self._field_end(here)
        raise Unclear("expected the end of a field")

    def _decode(self, start: int, end: int, *, raw: bool, data: bool = False) -> None:
        here = start
        for escape in _ESCAPE.finditer(self.source, start, end):
            self._add(self.source[here : escape.start()], here)
            here = escape.end()
            text = escape[0]
            if raw and text[0] == "\\":
                self._add("\\", escape.start())
                self._add("\n" if text[1] in "\r\n" else text[1:], escape.start() + 1)
            else:
                self._add(_decoded(text, data=data), escape.start(), length=len(text))
        self._add(self.source[here:end], here)

    def _add(self, text: str, start: int, length: int = 0) -> None:
        self._parts.append(text)
        if length and length != len(text):
            self.places += [start] * len(text)
        else:
            self.places += range(start, start + len(text))


@cache
def _closing(quote: str) -> re.Pattern[str]:
    return re.compile(rf"(?:[^\\]|\\[\s\S])*?{quote}")


def _plain_end(source: str, start: int, quote: str) -> int:
    found = _closing(quote).match(source, start)
    if not found:
        raise Unclear("expected the end of a string")
    return found.end()


def _decoded(text: str, *, data: bool) -> str:
    """Return what an escape stands for."""
    if text[0] == "\r":
        return "\n"
    sign, rest = text[1], text[2:]
    if sign in "\r\n":
        return ""
    if sign in _SIGNS:
        return _SIGNS[sign]
    if sign in "01234567":
        return chr(int(text[1:], 8) & 0xFF if data else int(text[1:], 8))
    if sign == "x" and rest:
        return chr(int(rest, 16))
    if sign in "uUN" and rest and not data:
        return unicodedata.lookup(rest[1:-1]) if sign == "N" else chr(int(rest, 16))
    return text
