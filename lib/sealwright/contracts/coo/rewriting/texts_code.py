"""Python in a text that is no module: prompts, import statements, and what follows from them.

No parser reads a fragment that was written for people, so each line is read by itself:

- ``import old.a as b, old.c``, ``from old.a import b`` and ``cimport``, where a statement
  begins (after a prompt, a quote, a semicolon or nothing), are rewritten (R6);
- in a block that imports the package, ``old`` and ``old.any.thing`` outside strings and
  comments are uses of it (R6); keyword arguments are not;
- a dotted name that resolves is one, in a string also (R3).
"""

from __future__ import annotations

import re

from sealwright.contracts.coo.rewriting.texts_sheet import Sheet
from sealwright.contracts.coo.rewriting.texts_words import BARE, DOTTED, OBJECT, PATH, Word

PROMPT = re.compile(r"[ \t]*(?:>>>|\.\.\.|In \[\d*\]:)(?:[ \t]|$)")
_NAME = r"[^\W\d]\w*(?:\.\w+)*"
_ALIAS = rf"{_NAME}(?:\s+as\s+\w+)?"
_BEGIN = r"(?:^|[;:\"'({])\s*(?:(?:>>>|\.\.\.|In \[\d*\]:|[-*+>|])\s+)*"
_IMPORT = re.compile(rf"{_BEGIN}c?import\s+(?:{_ALIAS}\s*,\s*)*$")
_FROM = re.compile(rf"{_BEGIN}from\s+$")
_MADE = r"(?:\.(?:\{\{.*?\}\}|\{\w*\}|\{%.*?%\}|%[\w()]+|[\w.])*)?"  # by a template
_IMPORTED = re.compile(_MADE + r"(?:\s+as\s+\w+)?\s*(?:$|[,;#\"'`)}\\])")
_FROM_END = re.compile(rf"{_MADE}\s+c?import\b")
_KEYWORD = re.compile(r"\s*=(?!=)|\s*:=")
_QUOTED = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|#.*")


def imports(sheet: Sheet, start: int, end: int) -> bool:
    """Rewrite the import statements; return whether there are any."""
    seen = False
    for word in sheet.within(start, end):
        if word.kind in (BARE, DOTTED) and imported(sheet, word):
            sheet.rewrite(word, "R6")
            seen = True
    return seen


def imported(sheet: Sheet, word: Word) -> bool:
    """Return whether a word is what an import statement names."""
    begin, end = sheet.line(word.start)
    before, after = sheet.text[begin : word.start], sheet.text[word.right : end]
    if _FROM.search(before):
        return bool(_FROM_END.match(after))
    return bool(_IMPORTED.match(after) and _IMPORT.search(before))


def uses(sheet: Sheet, start: int, end: int, *, bound: bool) -> None:
    """Rewrite what uses the package, which is ``bound`` if the block imports it."""
    for word in sheet.within(start, end):
        begin, stop = sheet.line(word.start)
        quoted = _hidden(sheet.text[begin:stop], word.start - begin)
        if word.kind in (DOTTED, OBJECT) and sheet.resolves(word):
            sheet.rewrite(word, "R3")
        elif word.kind == PATH and quoted and sheet.exists(word):
            sheet.rewrite(word, "R8")
        elif not quoted and (bound or word.kind == DOTTED) and _use(sheet, word, stop, bound):
            sheet.rewrite(word, "R6")


def _use(sheet: Sheet, word: Word, stop: int, bound: bool) -> bool:
    if word.kind in (DOTTED, OBJECT):
        return bound or sheet.begins_well(word)
    return word.kind == BARE and not _KEYWORD.match(sheet.text[word.end : stop])


def comments(sheet: Sheet, start: int, end: int) -> None:
    """Leave what comments tell."""
    for found in _QUOTED.finditer(sheet.text, start, end):
        if found[0].startswith("#"):
            for word in sheet.within(*found.span()):
                sheet.mention(word)


def _hidden(line: str, at: int) -> bool:
    """Return whether a place in a line is in a string or a comment."""
    return any(found.start() <= at < found.end() for found in _QUOTED.finditer(line))
