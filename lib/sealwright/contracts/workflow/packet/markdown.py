"""A document of Markdown as sections of prose, bullets and fenced code, with their places.

CommonMark says what a block is; a packet is read in a narrower way, so that every line of it
either becomes data or is a complaint:

* one heading ``#``, then sections under ``##``, each title once;
* paragraphs, bullet lists of one level, fenced code, and comments ``<!-- … -->``; nothing else;
* a line that is not indented ends a list, though CommonMark would lazily continue its last bullet;
* no line is outside all blocks, as a link's definition is, and no text has a part that is not
  shown as it is written: a link, an image, HTML.

>>> problems = Problems("packet.md")
>>> top, part = sections("# Title\\n## Part\\n- `a`\\nThen:\\n- b\\n", problems)
>>> [(type(block).__name__, block.text) for block in part.blocks]
[('Bullets', '`a`'), ('Prose', 'Then:'), ('Bullets', 'b')]
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sealwright.contracts.workflow.packet.problems import Place, Problems

if TYPE_CHECKING:
    from markdown_it.token import Token

_SHOWN = {"text", "code_inline", "softbreak", "em_open", "em_close", "strong_open", "strong_close"}
_COMMENT = re.compile(r"<!--(?:(?!--).)*-->\s*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text, or one bullet with the lines that are indented under it."""

    at: Place
    text: str


@dataclass(frozen=True, slots=True)
class Prose:
    """Consecutive lines of a paragraph."""

    lines: tuple[Line, ...]

    @property
    def text(self) -> str:
        """All lines as one."""
        return " ".join(line.text for line in self.lines)

    @property
    def at(self) -> Place:
        """Where it begins."""
        return self.lines[0].at


@dataclass(frozen=True, slots=True)
class Bullets(Prose):
    """A list: one line for each bullet."""


@dataclass(frozen=True, slots=True)
class Code:
    """A fenced block: what stands between the fences."""

    at: Place
    text: str


Block = Prose | Bullets | Code


@dataclass(slots=True)
class Section:
    """A title and what stands under it."""

    title: str
    at: Place
    blocks: list[Block] = field(default_factory=list)


def sections(text: str, problems: Problems) -> list[Section]:
    """Return the document's head and its sections, in order; complaints go to ``problems``."""
    from markdown_it import MarkdownIt  # only who reads Markdown pays for it

    source = text.split("\n")
    tokens = MarkdownIt("commonmark").parse(text)
    _uncovered(tokens, source, problems)
    _hidden(tokens, problems)
    found: list[Section] = []
    for token, inside in _top(tokens):
        if token.type == "heading_open":
            found.append(Section(inside[0].content, _begin(token)))
            _heading(token, found, problems)
        elif not found:
            problems.add(_begin(token), "expected a heading `# …` first, found something else")
        else:
            found[-1].blocks += _blocks(token, inside, source, problems)
    return found


def _top(tokens: Sequence[Token]) -> Iterator[tuple[Token, list[Token]]]:
    """Yield each token of the top level with those inside it."""
    opened: Token | None = None
    inside: list[Token] = []
    for token in tokens:
        if opened is None and token.nesting == 1:
            opened, inside = token, []
        elif opened is not None and token.nesting == -1 and token.level == opened.level:
            yield opened, inside
            opened = None
        elif opened is not None:
            inside.append(token)
        else:
            yield token, []


def _heading(token: Token, found: list[Section], problems: Problems) -> None:
    expected = "h1" if len(found) == 1 else "h2"
    if token.tag != expected:
        wanted = {"h1": "a heading `# …` first", "h2": "a heading `## …`"}[expected]
        problems.add(_begin(token), f"expected {wanted}, found one of level {token.tag[1]}")
    elif any(section.title == found[-1].title for section in found[:-1]):
        problems.add(_begin(token), f"section {found[-1].title!r}: expected once, found twice")


def _blocks(
    token: Token, inside: list[Token], source: list[str], problems: Problems
) -> Iterator[Block]:
    if token.type == "paragraph_open":
        yield Prose(tuple(_lines(inside[0], source)))
    elif token.type == "bullet_list_open":
        yield from _bullets(inside, source, problems)
    elif token.type == "fence":
        yield Code(_begin(token), token.content)
    elif not (token.type == "html_block" and _COMMENT.fullmatch(token.content)):
        kind = token.type.removesuffix("_open").replace("_", " ")
        expected = "expected a paragraph, bullets, fenced code or a comment"
        problems.add(_begin(token), f"{expected}, found {kind}")


def _bullets(inside: list[Token], source: list[str], problems: Problems) -> Iterator[Block]:
    """Yield lists, and between them what is not indented and so in none."""
    listed: list[Line] = []
    for token in inside:
        if token.type == "inline" and token.level == 3:
            first, *rest = _lines(token, source)
            own = [line for line in rest if source[line.at[0] - 1][:1].isspace()]
            lazy = rest[len(own) :]
            listed.append(Line(first.at, " ".join(line.text for line in (first, *own))))
            if lazy:
                yield Bullets(tuple(listed))
                yield Prose(tuple(lazy))
                listed = []
        elif token.nesting >= 0 and not _part_of_bullet(token):
            problems.add(_begin(token), "expected a bullet of one paragraph, found more in it")
    if listed:
        yield Bullets(tuple(listed))


def _part_of_bullet(token: Token) -> bool:
    return token.type in ("list_item_open", "paragraph_open") and token.level < 3


def _lines(inline: Token, source: list[str]) -> Iterator[Line]:
    start = (inline.map or [0])[0]
    for number, text in enumerate(inline.content.split("\n"), start):
        column = source[number].find(text) if number < len(source) else 0
        yield Line((number + 1, max(column, 0) + 1), text)


def _begin(token: Token) -> Place:
    return ((token.map or [0])[0] + 1, 1)


def _uncovered(tokens: Sequence[Token], source: list[str], problems: Problems) -> None:
    covered = {n for t in tokens if t.map and t.level == 0 for n in range(*t.map)}
    for number, line in enumerate(source):
        if line.strip() and number not in covered:
            problems.add((number + 1, 1), "expected text that is shown, found a definition")


def _hidden(tokens: Sequence[Token], problems: Problems) -> None:
    for token in tokens:
        for child in token.children or ():
            if child.type not in _SHOWN:
                kind = child.type.removesuffix("_open").replace("_", " ")
                what = f"expected text as it is shown, found {kind}; write it as `code`"
                problems.add(_begin(token), what)
                break


def invisible(text: str, problems: Problems) -> None:
    """Complain about every character that nobody sees, wherever it is."""
    for number, line in enumerate(text.split("\n"), 1):
        for column, letter in enumerate(line, 1):
            if unicodedata.category(letter).startswith("C"):
                found = f"expected characters that are seen, found U+{ord(letter):04X}"
                problems.add((number, column), found)
