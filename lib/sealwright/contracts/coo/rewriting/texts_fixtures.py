"""Templates, data and other texts of which nothing but their text is known.

Import statements (R6), ``python -m old`` (R4), dotted names that resolve (R3) and paths that
exist (R8) are rewritten, and so is, where the package is imported, a name of its that the template
completes (R5).  The bare name among the words of a sentence is a mention, and so is
one that names a parameter (``old=``) or an attribute of a tag, or is in what a tag is styled
and linked by; elsewhere it is a question, if the text lies with the tests or in the package,
where code may read it.
"""

from __future__ import annotations

import re

from sealwright.contracts.coo.rewriting import texts_code
from sealwright.contracts.coo.rewriting.texts_commands import run_as_module
from sealwright.contracts.coo.rewriting.texts_prose import named, prose
from sealwright.contracts.coo.rewriting.texts_sheet import Sheet
from sealwright.contracts.coo.rewriting.texts_words import (
    BARE,
    DOTTED,
    FARTHEST,
    OBJECT,
    PATH,
    PATTERN,
    Word,
)
from sealwright.paths import RelPath

_ATTRIBUTE = re.compile(r"<[A-Za-z][\w:-]*(?:\s+[\w:-]+(?:=(?:\"[^\"<]*\"|'[^'<]*'|\w+))?)*\s+\Z")
_VALUE = re.compile(
    r"\s(?:class|classes|id|ids|names?|for|rel|href|src|style|refid|refuri|refname|lang|role)="
    r"(?:\"[^\"<>]*|'[^'<>]*)\Z"
)
_COMPLETED = re.compile(r"\.(?:\{\{|\{%|\{\w*\}|\$\w|\$\{|%\(|%s)")  # by a template
_TESTS = frozenset(["tests", "test", "testing", "fixtures", "testdata"])


def read_by_code(path: RelPath, legacy: str, canonical: str) -> bool:
    """Return whether a text lies with the tests or in the package."""
    return not (_TESTS | {legacy, canonical}).isdisjoint(path.split("/")[:-1])


def _plain(sheet: Sheet, word: Word) -> bool:
    """Return whether a bare word is part of a sentence, of a style or of a tag's inside."""
    begin = max(0, word.start - FARTHEST)
    return (
        prose(sheet, word)
        or named(sheet, word)
        or bool(_ATTRIBUTE.search(sheet.text, begin, word.start))
        or bool(_VALUE.search(sheet.text, begin, word.start))
        or sheet.text[max(begin, word.start - 1) : word.start] == "!"  # a tag
    )


def _in_code(sheet: Sheet, word: Word, bound: bool) -> str:
    """Return the rule by which a word is code; the text may import the package."""
    if bound and word.kind == DOTTED and sheet.begins_well(word):
        return "R6"
    if sheet.text[word.start - 9 : word.start] == "<module '":
        return "R6"
    completed = word.kind in (BARE, PATTERN) and _COMPLETED.match(sheet.text, word.end)
    return "R5" if bound and completed else ""


def fixture(sheet: Sheet, *, ask: bool) -> None:
    """Decide about a whole text; ``ask`` about what no rule knows."""
    whole = (0, len(sheet.text))
    run_as_module(sheet, *whole)
    bound = texts_code.imports(sheet, *whole)
    for word in sheet.within(*whole):
        if word.kind in (DOTTED, OBJECT) and sheet.surely(word):
            sheet.rewrite(word, "R3")
        elif word.kind == PATH and sheet.exists(word):
            sheet.rewrite(word, "R8")
        elif rule := _in_code(sheet, word, bound):
            sheet.rewrite(word, rule)
        elif ask and word.kind in (DOTTED, OBJECT) and sheet.resolves(word):
            sheet.ask(word, "R3", "a module of the package, or the name of a file")
        elif ask and word.kind in (BARE, PATTERN) and not _plain(sheet, word):
            sheet.ask(word, "R4", "the package, or data that happens to be called the same")
        else:
            sheet.mention(word)
