"""What a configured string is, and what that says about the words in it.

===========  =============================================================================
``module``   import names, with attributes, commas, white space, patterns: rewritten (R9)
``path``     paths, globs and regular expressions of paths: of the package's folder (R9)
``loose``    paths, or anything: of the package's folder (R9), but the bare name is asked
``backend``  the module of a build back end, if the tree has it (``backend-path``) (R9)
``either``   both, as coverage takes them (R9)
``entries``  lines of ``name = old.module:attribute [extra]``: only what follows the sign (R9)
``marked``   ``attr: old.__version__`` and ``file: old/VERSION`` of setuptools (R9)
``warning``  a filter of warnings: category and module, not the message (R9)
``command``  a command line (see `texts_commands`)
``options``  what is added to the command line of pytest
``group``    the group of an entry point: it keeps its name, also where a module has the same
``never``    distributions, people, addresses, prose: no occurrence
``unknown``  nothing of all this: a dotted name (R3) or a path (R8) that resolves; the
             bare name is a question unless it stands among words
===========  =============================================================================
"""

from __future__ import annotations

import re
from collections.abc import Callable

from sealwright.contracts.coo.rewriting import texts_code
from sealwright.contracts.coo.rewriting.texts_commands import commands, run_as_module, valued
from sealwright.contracts.coo.rewriting.texts_prose import named, prose
from sealwright.contracts.coo.rewriting.texts_sheet import Sheet
from sealwright.contracts.coo.rewriting.texts_words import (
    BARE,
    DOTTED,
    MODULES,
    OBJECT,
    OTHER,
    PATH,
    PATTERN,
    Word,
)

_AMBIGUOUS = "the package, the distribution or just a word"


def module(sheet: Sheet, start: int, end: int) -> None:
    """Rewrite import names, and paths where they stand instead."""
    for word in sheet.within(start, end):
        if word.kind in MODULES:
            sheet.rewrite(word, "R9")
    path(sheet, start, end)


def path(sheet: Sheet, start: int, end: int) -> None:
    """Rewrite paths below the package's folder, whether they exist yet or not."""
    for word in sheet.within(start, end):
        if word.kind in (PATH, BARE, PATTERN) and sheet.exists(word, folder=True):
            sheet.rewrite(word, "R9")
        elif word.kind in (DOTTED, OBJECT) and sheet.surely(word):
            sheet.rewrite(word, "R3")
        elif word.kind == PATH and not word.text.startswith(("/", "~")):
            _ask_of_path(sheet, word)


def loose(sheet: Sheet, start: int, end: int) -> None:
    """Rewrite paths below the package's folder; ask about the bare name."""
    for word in sheet.within(start, end):
        if word.kind == PATH:
            path(sheet, word.start, word.end)
    unknown(sheet, start, end)


def backend(sheet: Sheet, start: int, end: int) -> None:
    """Rewrite the module of a back end in the tree; others are distributions."""
    in_tree = re.search(r"^\s*backend-path\s*=", sheet.text, re.MULTILINE)
    (module if in_tree else never)(sheet, start, end)


def _ask_of_path(sheet: Sheet, word: Word) -> None:
    """Ask about a path that leads to the package if what is before it does."""
    if sheet.index.on_disk(sheet.names.legacy) and not _elsewhere(sheet, word):
        sheet.ask(word, "R8", "the path is not there, but may lead to the package's folder")
    else:
        sheet.mention(word)


def _elsewhere(sheet: Sheet, word: Word) -> bool:
    """Return whether a path begins in a folder that is not the package's, such as ``tests``."""
    first = sheet.text[word.left : word.start].strip("./")
    return bool(first) and first.partition("/")[0].isidentifier()


def entries(sheet: Sheet, start: int, end: int) -> None:
    """Rewrite what follows the sign; the name before it is a command's or a plug-in's."""
    sign = sheet.text.find("=", start, end)
    extras = sheet.text.find("[", sign, end) if sign >= 0 else -1
    never(sheet, start, sign if sign >= 0 else start)
    module(sheet, sign if sign >= 0 else start, extras if extras >= 0 else end)
    never(sheet, extras if extras >= 0 else end, end)


def marked(sheet: Sheet, start: int, end: int) -> None:
    """Rewrite what ``attr:`` and ``file:`` name."""
    value = sheet.text[start:end].lstrip()
    (module if value.startswith("attr:") else path)(sheet, start, end)


def warning(sheet: Sheet, start: int, end: int) -> None:
    """Rewrite the category and the module of ``action:message:category:module:line``."""
    fields = re.split(r":(?=[^:]*)", sheet.text[start:end])
    at = start
    for number, field in enumerate(fields):
        if number != 1:
            module(sheet, at, at + len(field))
        else:
            never(sheet, at, at + len(field))
        at += len(field) + 1


def command(sheet: Sheet, start: int, end: int) -> None:
    """Rewrite a command line."""
    commands(sheet, start, end, ask=True)


def options(sheet: Sheet, start: int, end: int) -> None:
    """Rewrite options and arguments of pytest."""
    commands(sheet, start, end, ask=True, program="pytest")


def never(sheet: Sheet, start: int, end: int) -> None:
    """Leave all words."""
    for word in sheet.within(start, end):
        sheet.mention(word)


def group(sheet: Sheet, start: int, end: int) -> None:
    """Leave the name of a group, and remember that it is kept."""
    for word in sheet.within(start, end):
        sheet.keep(word)


def unknown(sheet: Sheet, start: int, end: int) -> None:
    """Rewrite what is sure, and ask about a name that stands alone."""
    run_as_module(sheet, start, end)
    valued(sheet, start, end)
    bound = texts_code.imports(sheet, start, end)
    for word in sheet.within(start, end):
        whole = (
            not sheet.text[start : word.left].strip() and not sheet.text[word.right : end].strip()
        )
        if word.kind in (DOTTED, OBJECT) and sheet.surely(word):
            sheet.rewrite(word, "R3")
        elif bound and word.kind == DOTTED:
            sheet.rewrite(word, "R6")
        elif word.kind == PATH and sheet.exists(word):
            sheet.rewrite(word, "R8")
        elif whole and _doubtful(sheet, word):
            sheet.ask(word, "R3" if word.kind in (DOTTED, OBJECT) else "R4", _AMBIGUOUS)
        elif word.kind == BARE and not prose(sheet, word) and not named(sheet, word):
            sheet.ask(word, "R4", _AMBIGUOUS)
        else:
            sheet.mention(word)


def _doubtful(sheet: Sheet, word: Word) -> bool:
    """Return whether a word that is a whole string may be the package."""
    if word.kind == PATH:
        return sheet.exists(word, folder=True)
    if word.kind in (DOTTED, OBJECT):
        return sheet.begins_well(word)
    return word.kind != OTHER


KINDS: dict[str, Callable[[Sheet, int, int], None]] = {
    "module": module,
    "path": path,
    "loose": loose,
    "backend": backend,
    "either": module,
    "entries": entries,
    "marked": marked,
    "warning": warning,
    "command": command,
    "options": options,
    "group": group,
    "never": never,
    "unknown": unknown,
}
