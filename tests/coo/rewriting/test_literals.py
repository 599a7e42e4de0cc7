"""What literals say is what Python reads, and each letter has its place."""

from __future__ import annotations

import ast
import pathlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sealwright
from sealwright.contracts.coo.rewriting.literals import HOLE, Literal, Unclear
from sealwright.contracts.coo.rewriting.source import Source
from sealwright.contracts.coo.rewriting.top_level import parsed

PLAIN = [
    "'a'",
    '"a\\n\\t\\\\b"',
    "'''a\nb'''",
    "r'a\\nb\\''",
    "b'a\\x00\\377'",
    "rb'\\x00'",
    "'a' 'b' \"c\"",
    "('a' # 'comment'\n  'b')",
    "'a' \\\n 'b'",
    "'\\N{BULLET}\\u2022\\U0001F600\\x41\\101\\0'",
    "'a\\\nb'",
    "'é漢😀'",
    "'\\d\\ '",
    "'''a\r\nb\rc'''",
    "''",
    "u'x'",
    "'''a\"\"\"b'c'''",
]


@pytest.mark.parametrize("text", PLAIN)
def test_a_literal_says_what_python_reads(text):
    assert_same(Source.of_text("x = " + text))


def assert_same(source):
    nodes = list(ast.walk(source.tree))
    parts = {part for each in nodes if isinstance(each, ast.JoinedStr) for part in each.values}
    for node in nodes:
        read = isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes))
        if read and node not in parts:
            start = source.offset(node.lineno, node.col_offset)
            end = source.offset(node.end_lineno, node.end_col_offset)
            value = node.value if isinstance(node.value, str) else node.value.decode("latin-1")
            literal = Literal.of(source.text, start, end)
            assert literal.value == value
            assert len(literal.places) == len(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("f'a{b}c'", "a?c"),
        ("f'{{a}}{b!r:>{w}}'", "{a}?"),
        ("f'{d[\"k\"]}x' 'y{z}'", "?xy{z}"),
        ("f'''{\na\n}\n'''", "?\n"),
        ("rf'\\d{x}\\{y}'", "\\d?\\?"),
        ("f'\\N{BULLET}{x}'", "\u2022?"),
        ("f'{x:%Y-%m-%d}' f'{(lambda: {1: 2})()}'", "??"),
        ("f'\\n{x}\\t'", "\n?\t"),
        ("f'{x!r}{y=}'", "??"),
        ("F'{a}' R'\\n'", "?\\n"),
    ],
)
def test_what_fields_fill_in_is_a_hole(text, value):
    assert Literal.of(text, 0, len(text)).value.replace(HOLE, "?") == value


@pytest.mark.parametrize("text", ["'a", "f'{a", "f'{a:{b}", "a", "'a' b", "f'a"])
def test_what_is_no_literal_is_unclear(text):
    with pytest.raises(Unclear):
        Literal.of(text, 0, len(text))


def test_every_literal_of_this_package_is_read():
    for path in pathlib.Path(sealwright.__file__).parent.rglob("*.py"):
        assert_same(Source.of(path.read_bytes()))


@given(st.text(), st.sampled_from(["'", '"', "'''", '"""']), st.sampled_from(["", "r", "f", "rf"]))
def test_any_text_between_quotes_is_read_as_python_reads_it(text, quote, prefix):
    source = f"{prefix}{quote}{text.replace('{', '').replace('}', '')}{quote}"
    try:
        tree = parsed(source).body
    except (SyntaxError, ValueError):
        return
    if len(tree) == 1 and isinstance(value := tree[0].value, (ast.Constant, ast.JoinedStr)):
        parts = value.values if isinstance(value, ast.JoinedStr) else [value]
        read = "".join(part.value for part in parts)
        assert Literal.of(source, 0, len(source)).value == read
