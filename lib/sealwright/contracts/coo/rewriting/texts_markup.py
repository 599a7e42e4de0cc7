"""Documents: reStructuredText, Markdown and plain text.

Everywhere: doctest prompts, import statements and ``python -m old`` (R6, R4).  In blocks that
are code, what uses the package (`texts_code`); in those of a shell, commands.  Directives and
roles that name a module (``automodule``, ``:func:``, ``::: old``), and directives that name a
file of the package (``literalinclude``), where it resolves or exists (R3, R8).  What a doctest
prints is rewritten where a dotted name in it resolves.  All else is prose, and stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from sealwright.contracts.coo.rewriting import texts_code
from sealwright.contracts.coo.rewriting.texts_commands import commands, run_as_module
from sealwright.contracts.coo.rewriting.texts_sheet import Sheet
from sealwright.contracts.coo.rewriting.texts_words import BARE, DOTTED, OBJECT, PATH, Word

Sort = Literal["python", "shell", "plain", "prose"]
_LINE = re.compile(r"[^\n]*\n|[^\n]+\Z")
_FENCE = re.compile(r"([ \t]*)(`{3,}|~{3,})[ \t]*\{?([\w+.-]*)")
_FENCED = (".md", ".markdown", ".mdx", ".myst")
_INTERPRETED = re.compile(r"(?<!`)`[~!]?\Z")
_BLOCK = re.compile(
    r"[ \t]*\.\.[ \t]+(code-block|code|sourcecode|testcode|testsetup|testcleanup|testoutput"
    r"|doctest|ipython|jupyter-execute|plot|autosummary|currentmodule)::[ \t]*([\w+.-]*)"
)
_PYTHON = frozenset(
    [
        *("python", "python3", "py", "py3", "pycon", "pycon3", "ipython", "ipython3", "cython"),
        *("testcode", "testsetup", "testcleanup", "doctest", "jupyter-execute", "plot", "default"),
        *("code-cell", "pyi", "pyodide"),
    ]
)
_SHELL = frozenset(["console", "bash", "sh", "shell", "shell-session", "zsh", "powershell", "bat"])
_NAMING = re.compile(
    r"[ \t]*(?:\.\.[ \t]+(?:py:)?(?:auto\w+|(?:current)?module|function|class|exception|data|method"
    r"|attribute|inheritance-diagram|click|argparse|typer|program-output|pydantic\w*|apidoc\w*)::"
    r"|:(?:module|ref|func|template-module|members|show-inheritance):"
    r"|:::[ \t]|```\{(?:py:)?\w+\})"
)
_FILING = re.compile(
    r"[ \t]*\.\.[ \t]+(?:literalinclude|include|image|figure|plot|csv-table|highlightinclude)::"
)
_OPTION_FILE = re.compile(r"[ \t]*:(?:file|path|download):")
_ROLE = re.compile(r"(?::(?:[\w+-]+:)*[\w+-]+:|\{(?:[\w+-]+:)*[\w+-]+\})`[^`\n]*\Z")
_ROLE_NAMES = re.compile(
    r"[:{](?:py:)?(?:mod|func|class|meth|exc|data|attr|obj|const|any|ref|module|external[+\w:]*"
    r"|type|deco)[:}]`[^`\n]*\Z"
)
_SNIPPET = re.compile(r"[ \t]*-{2,}8<-{2,}|\{!")


@dataclass(frozen=True, slots=True)
class Block:
    """Lines of one sort."""

    sort: Sort
    start: int
    end: int


def document(sheet: Sheet) -> None:
    """Decide about a document."""
    for block in blocks(sheet.text, fenced=sheet.path.lower().endswith(_FENCED)):
        if not any(True for _ in sheet.within(block.start, block.end)):
            continue
        run_as_module(sheet, block.start, block.end)
        bound = texts_code.imports(sheet, block.start, block.end)
        if block.sort == "prose":
            _prose(sheet, block, bound)
        elif block.sort == "shell":
            commands(sheet, block.start, block.end, ask=False)
        else:
            lines(sheet, block, bound or (block.sort == "python" and _imported_above(sheet, block)))


def _imported_above(sheet: Sheet, block: Block) -> bool:
    name = re.escape(sheet.names.legacy)
    pattern = rf"^[ \t]*(?:>>> |\.\.\. )?(?:import|from)[ \t]+{name}\b"
    return bool(re.search(pattern, sheet.text[: block.start], re.MULTILINE))


def lines(sheet: Sheet, block: Block, bound: bool) -> None:
    """Decide about a block: where it has prompts, what is printed is no code."""
    text = sheet.text[block.start : block.end]
    prompts = block.sort == "plain" or any(map(texts_code.PROMPT.match, text.splitlines()))
    for line in _LINE.finditer(sheet.text, block.start, block.end):
        if not prompts or texts_code.PROMPT.match(line[0]):
            texts_code.uses(sheet, *line.span(), bound=bound)
        else:
            printed(sheet, *line.span())


def printed(sheet: Sheet, start: int, end: int) -> None:
    """Rewrite the dotted names and paths of the package in what a program prints."""
    for word in sheet.within(start, end):
        if word.kind in (DOTTED, OBJECT) and sheet.resolves(word):
            sheet.rewrite(word, "R3")
        elif word.kind == PATH and sheet.exists(word):
            sheet.rewrite(word, "R8")
        elif word.kind == BARE and sheet.text[word.start - 9 : word.start] == "<module '":
            sheet.rewrite(word, "R6")


def _prose(sheet: Sheet, block: Block, bound: bool) -> None:
    naming = session = False
    for line in _LINE.finditer(sheet.text, block.start, block.end):
        named = bool(_NAMING.match(line[0]))
        naming = named or (naming and line[0][:1].isspace())
        if texts_code.PROMPT.match(line[0]):
            session = True
            texts_code.uses(sheet, *line.span(), bound=bound)
        elif session and line[0].strip():
            printed(sheet, *line.span())
        else:
            session = False
            _told(sheet, line.start(), line[0], named, naming)


def _told(sheet: Sheet, start: int, line: str, named: bool, naming: bool) -> None:
    """Decide about a line that people read, by the directives and roles in it."""
    filing = _FILING.match(line) or _OPTION_FILE.match(line) or _SNIPPET.match(line)
    marked = sheet.path.endswith(".rst")  # where one backtick is a role
    for word in sheet.within(start, start + len(line)):
        before = line[: word.start - start]
        if filing:
            _file(sheet, word)
        elif naming or _ROLE.search(before) or (marked and _INTERPRETED.search(before)):
            _named(sheet, word, named or bool(_ROLE_NAMES.search(before)))


def _file(sheet: Sheet, word: Word) -> None:
    if word.kind == PATH and sheet.exists(word):
        sheet.rewrite(word, "R8")


def _named(sheet: Sheet, word: Word, sure: bool) -> None:
    """Rewrite a module that is named; the bare name only where it can be nothing else."""
    dotted = word.kind in (DOTTED, OBJECT)
    if sheet.begins_well(word) if dotted else (word.kind == BARE and sure and _whole(sheet, word)):
        sheet.rewrite(word, "R3")


def _whole(sheet: Sheet, word: Word) -> bool:
    """Return whether a bare name is all that a directive or role is given."""
    before = sheet.text[word.start - 1 : word.start]
    after = sheet.text[word.end : word.end + 1]
    directive = sheet.text[sheet.line(word.start)[0] : word.start].rstrip().endswith(("::", ":"))
    return (before in tuple("`~<!") and after in tuple("`>")) or (directive and after in "\r\n")


def blocks(text: str, *, fenced: bool) -> Iterator[Block]:
    """Yield the blocks of a document, which together are all of it."""
    sort: Sort = "prose"
    fence, indent, start = "", -1, 0
    for found in _LINE.finditer(text):
        line = found[0]
        closes = fence and line.strip().startswith(fence) and not line.strip().strip(fence[0])
        deeper = not line.strip() or _indent(line) > indent
        if (fence and not closes) or (indent >= 0 and deeper):
            continue
        if fence or indent >= 0:
            end = found.end() if fence else found.start()
            yield Block(sort, start, end)
            sort, start, indent = "prose", end, -1
            if fence:
                fence = ""
                continue
        opened = _opens(line, fenced)
        if opened:
            yield Block(sort, start, found.end())
            start = found.end()
            sort, fence = opened
            indent = -1 if fence else _indent(line)
    yield Block(sort, start, len(text))


def _opens(line: str, fenced: bool) -> tuple[Sort, str] | None:
    fence = _FENCE.match(line) if fenced or line.lstrip().startswith("```") else None
    if fence:
        return _sort(fence[3]), fence[2]
    if block := _BLOCK.match(line):
        if block[1] in ("autosummary", "currentmodule"):
            return None
        return _sort(block[1] if not block[2] or block[1] in _PYTHON else block[2]), ""
    if line.rstrip().endswith("::") and not line.lstrip().startswith(".. "):
        return "plain", ""
    return None


def _sort(language: str) -> Sort:
    plain = language.lower()
    if plain in _PYTHON:
        return "python"
    return "shell" if plain in _SHELL else "plain"


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
