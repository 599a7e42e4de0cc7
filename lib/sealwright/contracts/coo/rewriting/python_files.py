"""A Python file, from its bytes to edits and questions in them.

Files that do not have the package's name in them are not even decoded.  One that has it, and
that Python cannot decode, is one question (H4), which can only be answered with ``keep``.  So is
one that this Python cannot parse, which may be older or newer than the one it is written for; but
``rewrite`` has it rewritten by its lines, where nothing is in doubt, and what is only a comment
is not asked about.

>>> from pathlib import Path
>>> names = Names("old", "coo")
>>> tree = ModuleTree.of(Path("/nowhere"), RelPath("."), names)
>>> found = scan(RelPath("t.py"), b"import old.x\\nold.x.f('old')\\n", names, tree)
>>> [(edit.start, edit.rule) for edit in found.edits]
[(7, 'R1'), (13, 'R2')]
>>> [(q.line, q.column, q.rule, q.why) for q in found.questions]
[(2, 9, 'R4', 'is the name alone, at a place that no rule knows')]
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sealwright.contracts.coo.package_names import Names
from sealwright.contracts.coo.rewriting import texts_sources, words
from sealwright.contracts.coo.rewriting.marks import Mark
from sealwright.contracts.coo.rewriting.module_tree import ModuleTree
from sealwright.contracts.coo.rewriting.python_text import PythonText
from sealwright.contracts.coo.rewriting.references import Edit, Found, Question
from sealwright.contracts.coo.rewriting.source import Source, Unreadable
from sealwright.contracts.coo.rewriting.texts_reading import open_sheet
from sealwright.paths import RelPath

_REFUSED = frozenset({"H1", "H2", "H3"})
_SHIFTED = "is written in an encoding in which its bytes cannot be replaced"


def scan(path: RelPath, data: bytes, names: Names, index: ModuleTree) -> Found:
    """Return the references in one Python file."""
    if names.legacy.encode() not in data:
        return Found()
    try:
        source = Source.of(data)
    except Unreadable as problem:
        return _by_lines(path, data, index, unreadable(data, names, str(problem)), names)
    marks = PythonText(source, names, index, path=path).marks()
    return _found(source, data, names, marks)


def _by_lines(
    path: RelPath, data: bytes, index: ModuleTree, question: Question, names: Names
) -> Found:
    """Return the question about a file that cannot be parsed, with the edits of its lines."""
    if b"\0" in data or "cannot be parsed" not in question.why:
        return Found((), (question,))
    sheet = open_sheet(path, data, names, index)
    if isinstance(sheet, Found):
        return Found((), (question,))
    texts_sources.python(sheet)
    found = sheet.found()
    if not found.edits and not found.questions:
        return found
    exact = () if found.questions else found.edits
    told = f"{question.why}; by its lines, {len(found.edits)} references" if exact else question.why
    return Found((), (replace(question, why=told, edits=exact),))


def unreadable(data: bytes, names: Names, why: str) -> Question:
    """Return the question about a file that mentions the package and cannot be read."""
    before = data[: data.find(names.legacy.encode())].decode("latin-1")
    line = before.count("\n") + 1
    return Question(line, len(before) - before.rfind("\n") - 1, "H4", names.legacy, why)


def _found(source: Source, data: bytes, names: Names, marks: Sequence[Mark]) -> Found:
    edits: list[Edit] = []
    questions: list[Question] = []
    said: list[Question] = []
    kept: list[Question] = []
    starts = source.bytes_at(mark.start for mark in marks)
    for mark, start in zip(marks, starts, strict=True):
        question = _question(source, data, names, mark, start)
        if mark.kept:
            kept.append(question)
        elif question.why:
            questions.append(question)
        else:
            edits += question.edits
            said += [question] if mark.said else []
    mentioned = sum(1 for _ in words.occurrences(names.legacy).finditer(source.text))
    mentions = max(0, mentioned - len(edits) - len(questions))
    return Found(tuple(edits), tuple(questions), mentions, tuple(said), tuple(kept))


def _question(source: Source, data: bytes, names: Names, mark: Mark, start: int) -> Question:
    """Return a mark as a question; one that has no reason is none yet."""
    end = start + len(names.legacy)
    exact = data[start:end] == names.legacy.encode()
    why = mark.why or ("" if exact else _SHIFTED)
    offered = tuple(_part(source, part) for part in mark.parts)
    if exact and mark.rule not in _REFUSED:
        offered = (Edit(start, end, names.canonical.encode(), mark.rule),)
    line, column = source.place(mark.start)
    return Question(line, column, mark.rule, mark.text or names.legacy, why, offered)


def _part(source: Source, part: tuple[int, int, str]) -> Edit:
    start, end = source.bytes_at(part[:2])
    return Edit(start, end, part[2].encode(), "H3")
