"""The outline of a Markdown document: which of its lines are headings, text, code or HTML.

A document is read in parts, each from one heading to another that begins its line with ``#``,
after an empty line, and is inside nothing.  Before such a line every list, quote and paragraph
has ended, and code or HTML that has not would show it to be no heading.  So each part means by
itself what it means in the whole, and a part that is known need not be read again.

>>> for part in outline("# A\\na\\n\\n## B\\nb", {}, {}):
...     print(part.length, part.headings, part.text[1])
3 {0: Heading(level=1, hashes=True)} Text(first=1, last=2, limit=3)
2 {0: Heading(level=2, hashes=True)} Text(first=1, last=2, limit=2)
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

DEEPEST = 20  # containers in one another, a list counting twice; the parser skips what is deeper
BLANK = " \t\r\n"
_BORDER = re.compile(r"\n[ \t]*\r?\n(?=#{1,6}[ \t\r\n])")
_CONTAINERS = ("blockquote_open", "list_item_open")
_WHOLE = ("fence", "code_block", "html_block")


class Heading(NamedTuple):
    """A heading of the document, written with ``#`` or underlined."""

    level: int
    hashes: bool


class Text(NamedTuple):
    """A paragraph's or heading's lines, up to ``last``, and where what holds them ends."""

    first: int
    last: int
    limit: int


class Part(NamedTuple):
    """What is on the lines of a part, counted from 0; ``deep`` are those too deep to read."""

    length: int
    headings: dict[int, Heading]
    whole: dict[int, int]
    text: dict[int, Text]
    deep: list[int]


Key = tuple[str, bool]  # by which a part is known: its text, and whether it is the last


def outline(text: str, known: Mapping[Key, Part], kept: dict[Key, Part]) -> Iterator[Part]:
    """Yield the parts in order, and put them into ``kept``."""
    ends = [*(match.end() for match in _BORDER.finditer(text)), len(text)]
    start = passed = 0
    while start < len(text):
        passed, key, part = _next(text, start, ends, passed, known)
        start = ends[passed - 1]
        kept[key] = part
        yield part


def _next(
    text: str, start: int, ends: Sequence[int], passed: int, known: Mapping[Key, Part]
) -> tuple[int, Key, Part]:
    """Return how many ends are passed by the part that begins at ``start``, and that part.

    It has the 1st, 2nd, 4th, 8th … end that fits, so no line is read more than a few times.
    """
    step = 1
    while True:
        number = min(passed + step, len(ends))
        key = (text[start : ends[number - 1]], number == len(ends))
        if part := known.get(key) or _part(*key):
            return number, key, part
        step *= 2


def _part(text: str, last: bool) -> Part | None:
    """Return what ``text`` is, or None if a heading after it would be none."""
    length = text.count("\n") + (not text.endswith("\n"))
    reader = _Reader(length)
    for token in _tokens(text if last else text + "#\n"):
        reader.take(token)
    if not last and reader.part.headings.pop(length, None) is None:
        return None
    reader.part.text.pop(length, None)
    return reader.part


class _Reader:
    """Takes the parser's tokens in order, and notes what they say of lines."""

    def __init__(self, length: int) -> None:
        self.part = Part(length, {}, {}, {}, [])
        self._quotes = 0
        self._limits = [length]

    def take(self, token: Token) -> None:
        """Note what is at the top, what is whole, and what is text outside quotes."""
        first, last = token.map or (0, 0)
        self._enter(token, first, last)
        if token.type == "heading_open" and token.level == 0:
            heading = Heading(int(token.tag[1:]), token.markup.startswith("#"))
            self.part.headings[first] = heading
        elif token.type == "inline" and not self._quotes:
            text = Text(first, last, self._limits[-1])
            self.part.text.update(dict.fromkeys(range(first, last), text))
        elif token.type in _WHOLE:
            self.part.whole[first] = last

    def _enter(self, token: Token, first: int, last: int) -> None:
        if token.type in ("blockquote_open", "blockquote_close"):
            self._quotes += token.nesting
        elif token.type == "list_item_open":
            self._limits.append(last)
        elif token.type == "list_item_close":
            self._limits.pop()
        if token.type in _CONTAINERS and token.level >= DEEPEST - 1:
            self.part.deep.append(first)


@functools.cache
def _markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt  # only who reads Markdown pays for it

    return MarkdownIt("commonmark", {"maxNesting": DEEPEST})


def _tokens(text: str) -> list[Token]:
    """Return the blocks of a text; what is within a line is not looked at."""
    found: list[Token] = []
    markdown = _markdown()
    markdown.block.parse(text.replace("\r\n", "\n"), markdown, {}, found)
    return found


def plain(text: str) -> str:
    """Return what of a paragraph is neither code nor HTML nor part of a link's address."""
    (paragraph,) = _markdown().parseInline(text)
    return "\n".join(part.content for part in paragraph.children or () if part.type == "text")
