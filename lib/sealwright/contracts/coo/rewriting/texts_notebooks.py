"""Notebooks: the code of their cells, edited where it stands in the JSON.

The code of all cells is one text, in which what a shell or a magic gets is a comment; it is
read as a module by ``python``, if there is that and it can be parsed, else line by line
(`texts_code`).  ``!python -m old`` and ``%load_ext old.ext`` are rewritten.  Prose and outputs
are mentions.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

from sealwright.contracts.coo.package_names import Names
from sealwright.contracts.coo.rewriting import structured_json, texts_code
from sealwright.contracts.coo.rewriting.references import Edit, Found, Index, Question
from sealwright.contracts.coo.rewriting.structured_places import Place, Unreadable
from sealwright.contracts.coo.rewriting.texts_commands import commands
from sealwright.contracts.coo.rewriting.texts_sheet import Sheet
from sealwright.contracts.coo.rewriting.texts_words import BARE, DOTTED, words
from sealwright.paths import RelPath

Scan = Callable[[RelPath, bytes, Names, Index], Found]
_ESCAPE = re.compile(r"\\u[0-9a-fA-F]{4}|\\.|[^\\]", re.S)
_MAGIC = re.compile(r"^([ \t]*)[%!](?=.)", re.MULTILINE)
_EXTENSION = re.compile(r"^[ \t]*%(?:load_ext|reload_ext|aimport)[ \t]+\Z")


def notebook(sheet: Sheet, python: Scan | None = None) -> Found:
    """Return what is found in a notebook."""
    try:
        text, at = _code(sheet.text)
    except (Unreadable, ValueError, KeyError, TypeError, AttributeError):
        why = "the file is called a notebook, but is none"
        return Found((), (Question(1, 0, "H4", sheet.names.legacy, why),), 0)
    edits, questions = _decided(sheet, text, at, python)
    whole = len(list(words(sheet.text, sheet.names.legacy)))
    return Found(edits, questions, whole - len(edits) - len(questions))


def _code(text: str) -> tuple[str, list[int]]:
    """Return the code of all cells as one text, and where each character stands."""
    found = [place for place in structured_json.places(text) if place.role == "value"]
    strings = iter([place for place in found if place.keys == ("cells", "source")])
    letters: list[str] = []
    at: list[int] = []
    for cell in json.loads(text.removeprefix("\ufeff"))["cells"]:
        source = cell["source"]
        for _ in [source] if isinstance(source, str) else source:
            place = next(strings)
            if cell["cell_type"] == "code":
                for letter, where in _letters(text, place):
                    letters.append(letter)
                    at.append(where)
        if cell["cell_type"] == "code":
            letters.append("\n")
            at.append(at[-1] if at else 0)
    return "".join(letters), at


def _letters(text: str, place: Place) -> Iterator[tuple[str, int]]:
    """Yield the characters of a string and where they stand; surrogates stay apart."""
    for found in _ESCAPE.finditer(text, place.start, place.end):
        letter = found[0]
        if len(letter) > 1:
            letter = json.loads(f'"{letter}"')
            letter = letter if letter < "\ud800" or letter > "\udfff" else "?"
        yield letter, found.start()


def _decided(
    sheet: Sheet, text: str, at: list[int], python: Scan | None
) -> tuple[tuple[Edit, ...], tuple[Question, ...]]:
    inner = Sheet(sheet.path, text, sheet.names, sheet.index)
    _magics(inner)
    first = inner.found()
    plain = _MAGIC.sub(r"\1#", text)
    read = python and python(RelPath(f"{sheet.path}.py"), plain.encode(), sheet.names, sheet.index)
    if not read or any(question.rule == "H4" for question in read.questions):
        fallback = Sheet(sheet.path, plain, sheet.names, sheet.index)
        bound = texts_code.imports(fallback, 0, len(plain))
        texts_code.uses(fallback, 0, len(plain), bound=bound)
        read = fallback.found()
    edits = {edit.start: edit for edit in (*first.edits, *read.edits)}
    moved = [_moved(sheet, text, at, edit) for _, edit in sorted(edits.items())]
    questions = (*first.questions, *read.questions)
    return tuple(moved), tuple(_asked(sheet, text, at, question) for question in questions)


def _magics(inner: Sheet) -> None:
    for word in inner.within(0, len(inner.text)):
        begin, end = inner.line(word.start)
        line = inner.text[begin:end].lstrip()
        if _EXTENSION.match(inner.text[begin : word.start]) and word.kind in (BARE, DOTTED):
            inner.rewrite(word, "R4")
        elif line.startswith(("!", "%run", "%%bash", "%%sh", "%sx", "%%writefile")):
            commands(inner, begin + 1, end, ask=False)


def _moved(sheet: Sheet, text: str, at: list[int], edit: Edit) -> Edit:
    data = text.encode()
    start = len(data[: edit.start].decode())
    last = len(data[: edit.end].decode()) - 1

    def byte(place: int) -> int:
        return len(sheet.text[:place].encode())

    end = at[last] + 1 if sheet.text[at[last]] != "\\" else at[last] + 2
    return Edit(byte(at[start]), byte(end), edit.new, edit.rule)


def _asked(sheet: Sheet, text: str, at: list[int], question: Question) -> Question:
    begin = sum(len(line) + 1 for line in text.split("\n")[: question.line - 1])
    place = at[min(begin + question.column, len(at) - 1)] if at else 0
    line = sheet.text.rfind("\n", 0, place) + 1
    number = sheet.text.count("\n", 0, place) + 1
    edits = tuple(_moved(sheet, text, at, edit) for edit in question.edits)
    said = (question.rule, question.text, question.why)
    return Question(number, place - line, *said, edits)
