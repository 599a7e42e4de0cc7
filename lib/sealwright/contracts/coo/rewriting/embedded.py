"""Source text inside of text: what is written in a string, and the examples of a docstring.

An `Extract` is text that can be parsed by itself, with the place that each of its characters
has in what it was taken from.

>>> for extract in examples("Say:\\n\\n  >>> f(\\n  ...   1)\\n  2\\n"):
...     print(repr(extract.text), extract.places[0], extract.code)
'f(\\n  1)\\n' 12 True
'2\\n' 28 False
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from sealwright.contracts.coo.rewriting.literals import HOLE

_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_PROMPT = re.compile(r"([ \t]*)(>>>|\.\.\.)(?:[ \t]|$)")
_INDENT = re.compile(r"[ \t]*")


@dataclass(slots=True)
class Extract:
    """Text, and where each character of it comes from; code, or what code prints."""

    text: str = ""
    places: list[int] = field(default_factory=list)
    code: bool = True

    def add(self, text: str, place: int) -> None:
        """Add text that begins at a place."""
        self.text += text
        self.places += range(place, place + len(text))


def dedented(value: str) -> Extract:
    """Return source text without the indentation that all of its lines have."""
    lines = list(_LINE.finditer(value))
    indents = [_indent(line[0]) for line in lines if line[0].strip()]
    margin = _common(indents)
    parts, places = [], list[int]()
    for line in lines:
        start = line.start() + min(margin, len(_indent(line[0])))
        parts.append(value[start : line.end()])
        places += range(start, line.end())
    return Extract("".join(parts).replace(HOLE, "_"), places)


def examples(value: str) -> Iterator[Extract]:
    """Yield the examples in a text: each one's source, and what it is to print."""
    current: Extract | None = None
    for line in _LINE.finditer(value):
        text = line[0]
        prompt = _PROMPT.match(text)
        if prompt and (prompt[2] == ">>>" or (current and current.code)):
            if current and (prompt[2] == ">>>" or not current.code):
                yield current
                current = None
            current = current or Extract()
            current.add(text[prompt.end() :], line.start() + prompt.end())
        elif current and text.strip():
            if current.code:
                yield current
                current = Extract(code=False)
            margin = len(_indent(text))
            current.add(text[margin:], line.start() + margin)
        elif current:
            yield current
            current = None
    if current:
        yield current


def joined(extracts: list[Extract]) -> Extract:
    """Return several sources as one."""
    whole = Extract()
    for extract in extracts:
        whole.text += extract.text
        whole.places += extract.places
        if not extract.text.endswith("\n"):
            whole.add("\n", extract.places[-1] if extract.places else 0)
    return whole


def _indent(line: str) -> str:
    found = _INDENT.match(line)
    return found[0] if found else ""


def _common(indents: list[str]) -> int:
    """Return how many signs all indentations begin with."""
    least, most = min(indents, default=""), max(indents, default="")
    pairs = enumerate(zip(least, most, strict=False))
    return next((at for at, (one, other) in pairs if one != other), min(len(least), len(most)))
