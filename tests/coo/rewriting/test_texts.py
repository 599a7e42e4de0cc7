"""Documents, templates, sources of extensions, notebooks: the exact bytes that come out."""

from __future__ import annotations

import json

import pytest

from sealwright.contracts.coo.rewriting.references import Edit, Found, splice
from sealwright.contracts.coo.rewriting.texts import scan, scan_with
from tests.coo.rewriting.texts_corpus import NAMES, Tree, cases, found_in


@pytest.mark.parametrize(("path", "marked"), cases("test_texts.corpus"))
def test_a_text_is_rewritten_by_what_it_is(path, marked):
    assert found_in(scan, path, marked) == marked


@pytest.mark.parametrize(("path", "marked"), cases("test_texts.corpus"))
def test_line_ends_and_other_letters_are_no_hindrance(path, marked):
    marked = ("\ufeffé 🙂\n" + marked).replace("\n", "\r\n")
    assert found_in(scan, path, marked) == marked


@pytest.mark.parametrize(("path", "marked"), cases("test_texts.corpus"))
def test_every_occurrence_is_an_edit_a_question_or_a_mention(path, marked):
    text = marked.translate({ord(mark): None for mark in "⟦⟧⟪⟫"})
    found = scan(path, text.encode(), NAMES, Tree())
    count = len(list(__import__("re").finditer(r"(?<!\w)old(?!\w)", text)))
    assert len(found.edits) + len(found.questions) + found.mentions == count


def notebook(*cells, **more):
    made = [
        {"cell_type": kind, "metadata": {}, "outputs": ["old.mod"], "source": source}
        for kind, source in cells
    ]
    return json.dumps({"cells": made, "metadata": {"old": "old.mod"}, **more}, indent=1)


def code_of(data):
    cells = json.loads(data)["cells"]
    return [source if isinstance(source := c["source"], str) else "".join(source) for c in cells]


CELLS = [
    ("markdown", ["# old\n", "import old\n"]),
    ("code", ["%matplotlib inline\n", "import old\n", "x = '\\\"é🙂' + old.f(old=1)\n", "old.any"]),
    ("code", "!python -m old.cli\n%load_ext old.ext\nold.mod.func('old', \"old.mod.func\")"),
    ("code", []),
]
CODE = [
    "# old\nimport old\n",
    "%matplotlib inline\nimport coo\nx = '\\\"é🙂' + coo.f(old=1)\ncoo.any",
    "!python -m coo.cli\n%load_ext coo.ext\ncoo.mod.func('old', \"coo.mod.func\")",
    "",
]


@pytest.mark.parametrize("ascii_only", [True, False])
def test_the_code_of_a_notebook_is_rewritten_and_nothing_else(ascii_only):
    before = json.loads(notebook(*CELLS))
    data = json.dumps(before, indent=1, ensure_ascii=ascii_only).encode()
    found = scan_with(None, "a.ipynb", data, NAMES, Tree())
    after = splice(data, found.edits)
    assert code_of(after) == CODE
    assert len(after) == len(data)
    assert json.loads(after)["metadata"] == before["metadata"]
    assert not scan_with(None, "a.ipynb", after, NAMES, Tree()).edits


def test_a_scanner_of_python_reads_the_cells_as_one_module():
    seen = []

    def python(path, data, names, index):
        seen.append((path, data.decode()))
        at = data.index(b"old")
        return Found((Edit(at, at + 3, b"coo", "R1"),))

    data = notebook(("code", ["%time\n", "a = '\\u00e9'\n"]), ("code", "import old")).encode()
    found = scan_with(python, "a.ipynb", data, NAMES, Tree())
    assert seen == [("a.ipynb.py", "#time\na = '\\u00e9'\n\nimport old\n")]
    assert code_of(splice(data, found.edits))[1] == "import coo"


def test_a_notebook_that_is_none_is_asked_about():
    found = scan_with(None, "a.ipynb", b'{"old": 1}', NAMES, Tree())
    assert [q.rule for q in found.questions] == ["H4"]


@pytest.mark.parametrize(
    ("path", "data", "rule"),
    [
        ("x.png", b"\x89PNG\0old", "H3"),
        ("x.so", b"\x7fELF\0\0old.mod\0", "H3"),
        ("x.txt", "é old".encode("latin-1"), "H4"),
        ("x.txt", "old".encode("utf-16"), "H4"),
    ],
)
def test_what_is_no_text_is_asked_about(path, data, rule):
    found = scan(path, data, NAMES, Tree())
    assert [q.rule for q in found.questions] == [rule]
    assert not found.edits


@pytest.mark.parametrize(
    "data", [b"\x89PNG\0new", "é threshold".encode("latin-1"), b"", b"\x80", b"\0bold"]
)
def test_what_does_not_have_the_name_is_not(data):
    assert scan("x", data, NAMES, Tree()) == Found()


@pytest.mark.parametrize("name", ["de/old.po", "old.pot", "old.mo"])
def test_what_translations_say_is_for_people(name):
    text = b'"Project-Id-Version: old\\n"\nmsgid "(old)"\n'
    found = scan(f"old/locale/{name}", text, NAMES, Tree())
    assert (found.edits, found.questions, found.mentions) == ((), (), 2)
