"""Configuration that is lines: recipes, scripts, lists of paths, requirements.

``MANIFEST.in`` and lists of paths that tools ignore or own hold paths; requirements hold
distributions, except after ``-r``, ``-c`` and ``-e``; what a shell or a make reads is commands,
in which a comment is prose.
"""

from __future__ import annotations

import re

from sealwright.contracts.coo.rewriting import structured_kinds as kinds
from sealwright.contracts.coo.rewriting.texts_commands import commands
from sealwright.contracts.coo.rewriting.texts_sheet import Sheet
from sealwright.contracts.coo.rewriting.texts_words import BARE

_LINE = re.compile(r"[^\n]+")
_INCLUDED = re.compile(r"\s*(?:-r|-c|-e|--requirement|--constraint|--editable)\b")
_COMMENT = re.compile(r"(?:^|(?<=\s))#.*")
IGNORING = frozenset(
    [
        *(".gitignore", ".dockerignore", ".gitattributes", "CODEOWNERS", ".hgignore"),
        *(
            ".prettierignore",
            ".eslintignore",
            ".npmignore",
            ".slugignore",
            ".git-blame-ignore-revs",
        ),
    ]
)


def manifest(sheet: Sheet) -> None:
    """Decide about a ``MANIFEST.in``."""
    for line in _LINE.finditer(sheet.text):
        comment = line[0].lstrip().startswith("#")
        (kinds.never if comment else kinds.path)(sheet, *line.span())


def ignored(sheet: Sheet) -> None:
    """Decide about a list of paths; a bare name there is a built program's."""
    sheet.rooted = True
    for word in sheet.within(0, len(sheet.text)):
        begin, end = sheet.line(word.start)
        if word.kind == BARE or sheet.text[begin:].lstrip().startswith("#"):
            sheet.mention(word)
        else:
            kinds.path(sheet, word.left, max(end, word.right))


def requirements(sheet: Sheet) -> None:
    """Decide about a list of distributions."""
    for line in _LINE.finditer(sheet.text):
        included = _INCLUDED.match(line[0])
        if comment := line[0].find("#") + 1:
            kinds.never(sheet, line.start() + comment, line.end())
        (kinds.path if included else kinds.never)(sheet, *line.span())


def recipes(sheet: Sheet) -> None:
    """Decide about a makefile or a script of a shell."""
    for line in _LINE.finditer(sheet.text):
        if comment := _COMMENT.search(line[0]):
            kinds.never(sheet, line.start() + comment.start(), line.end())
        commands(sheet, *line.span(), ask=True)
