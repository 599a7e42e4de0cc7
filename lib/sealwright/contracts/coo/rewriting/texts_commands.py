"""Command lines: what a shell, a make or a workflow runs, or a reader types.

By its position, a word is the package:

- after ``-m`` of a Python (R4);
- as value of ``--cov``, ``--source``, ``--pyargs``; of ``-p`` and ``-m`` of pytest or mypy (R9);
- where ``import old`` and its uses stand in quotes, for ``-c`` (R6);
- as a path of the package that exists (R8), or ``old.mod:attr`` that resolves (R3);
- as an argument of a program that takes paths or modules, if ``old`` is a folder (R8).

It is the distribution, or a program's name, as an argument of an installer and as the first
word of a command (no occurrence); what is left is a question, or in a text for readers a
mention.
"""

from __future__ import annotations

import posixpath
import re

from sealwright.contracts.coo.rewriting import texts_code
from sealwright.contracts.coo.rewriting.texts_programs import (
    CHECKERS,
    INSTALLERS,
    PATHS,
    alone,
    first_word,
)
from sealwright.contracts.coo.rewriting.texts_prose import prose
from sealwright.contracts.coo.rewriting.texts_sheet import Sheet
from sealwright.contracts.coo.rewriting.texts_words import (
    BARE,
    DOTTED,
    MODULES,
    OBJECT,
    OTHER,
    PATH,
    Word,
)

_GAP = r"[\s\"',\[\]-]+"
_PYTHON = (
    r"(?:\b(?:python|pypy)[\w.]*|\bpy|\bsys\.executable|[\w}]*PYTHON\w*[)}]|\{env_?python\}"
    r"|\bcoverage\"?[\s\"',]+run|\bpdb|\btrace|\brunpy|\bcProfile|\bprofile)"
)
_OPTION = rf"(?:{_GAP}(?:-[WX]{_GAP}[\w.:=]+|-{{1,2}}[\w.:=/-]+))*"
_MODULE = re.compile(
    rf"{_PYTHON}[\"']?{_OPTION}?[\s\"',\[\]]+(?:-\s+)?[\"']?-[BEIOPbdqsuvx]*m{_GAP}?\Z", re.I
)
_MODULE_CHAIN = re.compile(
    rf"{_PYTHON}[\"']?{_OPTION}?{_GAP}-m{_GAP}(?:coverage{_GAP}run|pdb|trace|cProfile|profile|"
    rf"kernprof|mprof{_GAP}run)\b.*{_GAP}-m{_GAP}?\Z",
    re.I | re.S,
)
_VALUE = re.compile(
    r"(?<![\w-])(?:--cov|--verifytypes|--source|--source-pkgs?|--pyargs|--cover-package|--include|--omit"
    r"|--package-name-for-coverage)(?:=|\s+|[\"'],?\s*[\"']?|\s*\n\s*-\s+)[\"']?(?:[\w./*]+,)*\Z"
)
_GOES_ON = re.compile(r"[ \t]*-{1,2}\w")
_MANUAL = re.compile(r"\s*SPHINXPROJ\s*[:?]?=\s*\Z")  # how the project is called in it
_MARKER = re.compile(r"\s-[mk][\s=\"']*\Z")
_WARNING = re.compile(r"(?:PYTHONWARNINGS[\s=:\"']+|\s-W\s*)[^\s\"']*:\Z")
_PLUGIN = re.compile(r"(?<![\w-])-[pm](?:\s+|[\"'],?\s*[\"']?|\s*\n\s*-\s+)\Z")


def commands(sheet: Sheet, start: int, end: int, *, ask: bool, program: str = "") -> None:
    """Decide about the words from ``start`` to ``end``; ``ask`` about those that no rule knows.

    What is there may be only the arguments of a ``program``.
    """
    bound = texts_code.imports(sheet, start, end)
    for word in sheet.within(start, end):
        before = _command(sheet, start, word)
        run = program or first_word(before)
        if not _by_position(sheet, word, run) and not _by_form(sheet, word, bound, ask):
            _rest(sheet, word, run, ask, alone=alone(before))


def _command(sheet: Sheet, start: int, word: Word) -> str:
    """Return what is before a word in its command: its line, and those that it goes on from."""
    begin = max(start, sheet.line(word.start)[0])
    while begin > start and _GOES_ON.match(sheet.text, begin):
        begin = max(start, sheet.line(begin - 1)[0])
    return re.sub(r"\s+", " ", sheet.text[begin : word.start])


def run_as_module(sheet: Sheet, start: int, end: int) -> None:
    """Rewrite ``python -m old`` wherever it stands."""
    for word in sheet.within(start, end):
        if word.kind in (BARE, DOTTED) and _after_m(_context(sheet, word)):
            sheet.rewrite(word, "R4")


def valued(sheet: Sheet, start: int, end: int) -> None:
    """Rewrite the values of options that take modules, wherever they stand."""
    for word in sheet.within(start, end):
        if word.kind in MODULES and _valued(_context(sheet, word)):
            sheet.rewrite(word, "R9")


def _context(sheet: Sheet, word: Word) -> str:
    """Return what is written before a word: its line, and the few before it in a list."""
    begin = max(0, word.start - 160)
    lines = sheet.text[begin : word.start].split("\n")
    kept = [lines.pop()]
    while lines and (re.match(r"\s*(?:-\s+|[\"'\[])", kept[0]) or lines[-1].endswith("\\")):
        kept.insert(0, lines.pop())
    return "\n".join(kept)


def _after_m(before: str) -> bool:
    return bool(_MODULE.search(before) or _MODULE_CHAIN.search(before))


def _by_position(sheet: Sheet, word: Word, program: str) -> bool:
    if word.kind not in (*MODULES, PATH):
        return False
    before = _context(sheet, word)
    module = word.kind in (BARE, DOTTED)
    if module and _after_m(before):
        sheet.rewrite(word, "R4")
    elif (word.kind in MODULES and _valued(before)) or (module and _plugin(before, program)):
        sheet.rewrite(word, "R9")
    else:
        return False
    return True


def _valued(before: str) -> bool:
    return bool(_VALUE.search(before) or _WARNING.search(before))


def _plugin(before: str, program: str) -> bool:
    """Return whether ``-p`` or ``-m`` is given the name of a module; ``-m`` of pytest is not."""
    if not _PLUGIN.search(before):
        return False
    marker = re.search(r"-m[\s\"',-]*\Z", before)
    return program in CHECKERS or (not marker and program in ("pytest", "py.test"))


def _by_form(sheet: Sheet, word: Word, bound: bool, ask: bool) -> bool:
    if word.kind in (DOTTED, OBJECT) and sheet.surely(word):
        sheet.rewrite(word, "R3")
    elif word.kind == PATH and sheet.exists(word, folder=ask):
        sheet.rewrite(word, "R8")
    elif bound and word.kind == DOTTED:
        sheet.rewrite(word, "R6")
    elif word.kind == OTHER:
        sheet.mention(word)
    else:
        return False
    return True


def _rest(sheet: Sheet, word: Word, program: str, ask: bool, *, alone: bool) -> None:
    marker = program in ("pytest", "py.test") and _MARKER.search(_context(sheet, word))
    bare = word.kind == BARE
    manual = _MANUAL.match(sheet.text, sheet.line(word.start)[0], word.start)
    told = bare and (not program or manual or (not alone and prose(sheet, word)))
    if marker or told or program in INSTALLERS:
        sheet.mention(word)
    elif program in PATHS and bare and alone and sheet.exists(word):
        sheet.rewrite(word, "R8")
    elif ask and _doubtful(sheet, word):
        sheet.ask(word, "R4", "the package, a distribution, a program or just a word")
    else:
        sheet.mention(word)


def _doubtful(sheet: Sheet, word: Word) -> bool:
    """Return whether a word may be the package: also where an image has its folder."""
    if word.kind == PATH:
        image = posixpath.basename(sheet.path).startswith("Dockerfile")
        return image and word.text.startswith("/") and word.right == word.end
    return sheet.begins_well(word) if "." in word.text else True
