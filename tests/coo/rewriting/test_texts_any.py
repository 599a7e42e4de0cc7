"""Whatever a file holds: every occurrence is accounted for, and nothing else is touched."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealwright.contracts.coo.rewriting.references import splice
from sealwright.contracts.coo.rewriting.texts import scan_with
from tests.coo.rewriting.texts_corpus import NAMES, Tree

PATHS = [
    *("pyproject.toml", "setup.cfg", "tox.ini", "a.json", "a.yml", "Makefile", "MANIFEST.in"),
    *("requirements.txt", ".gitignore", "run.sh", "a.rst", "a.md", "tests/a.txt", "tests/a.html"),
    *("a.pyx", "a.c", "a.ipynb", "a.pkl", "LICENSE"),
]
PIECES = [
    *("old", "old", "old.mod", "old.mod:func", "old/data/x.txt", "src/old", "old*", "é", "🙂"),
    *("import ", "from ", " import x", "python -m ", "--cov=", "pytest ", "pip install ", "\n"),
    *(
        "\n",
        "\r\n",
        "    ",
        " ",
        "\t",
        ">>> ",
        "```python\n",
        "```\n",
        "::\n\n",
        ".. automodule:: ",
    ),
    *("[", "]", "{", "}", '"', "'", "=", ":", ",", "#", "`", "<", ">", "(", ")", "\\", "-", "."),
    *("[tool.flit.module]\n", "name", "[options]\n", "packages = ", "a: ", "- ", "//", "/*", "*/"),
    *("/", "https://", "@", "$", "{{ ", " }}", "|", "&&", ";", "\0", "\ufeff", "~", "%", "!"),
]


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(PATHS), st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_every_occurrence_is_accounted_for(path, text):
    data = text.encode()
    found = scan_with(None, path, data, NAMES, Tree())
    words = len(re.findall(r"(?<!\w)old(?!\w)", text))
    told = len(found.edits) + sum(q.rule not in ("R10",) for q in found.questions) + found.mentions
    if not any(q.rule in ("H2", "H3", "H4") for q in found.questions):
        assert told >= words
    assert all(data[e.start : e.end] == b"old" for e in found.edits if e.rule != "R10")
    assert all(e.new == b"coo" for e in found.edits if e.rule != "R10")
    after = splice(data, found.edits)
    assert not scan_with(None, path, after, NAMES, Tree()).edits
    lines = text.split("\n")
    for question in found.questions:
        if question.rule.startswith("R") and question.rule != "R10":
            assert lines[question.line - 1][question.column :].startswith("old")


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(PATHS), st.binary(max_size=40), st.binary(max_size=40))
def test_any_bytes_are_read_or_asked_about(path, before, after):
    found = scan_with(None, path, before + b" old " + after, NAMES, Tree())
    assert found.edits or found.questions or found.mentions


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "piece",
    [
        "old ",
        "old.",
        "a.",
        "python -m ",
        "- -m ",
        "import a, ",
        "<a ",
        "<a b ",
        '"',
        "'",
        "{",
        "(",
        "`",
    ],
)
def test_a_long_line_of_the_same_is_read_to_its_end(path, piece):
    scan_with(None, path, (piece * 3000 + "old").encode(), NAMES, Tree())
