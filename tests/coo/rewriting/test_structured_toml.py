"""Keys and strings of TOML, where they stand."""

from __future__ import annotations

import pytest

from sealwright.contracts.coo.rewriting.structured_places import Unreadable
from sealwright.contracts.coo.rewriting.structured_toml import places

FORMS = r'''
title = "a"          # "no string"
"quoted key" = 'b\'
multi = """
one "two" \
  three"""
literal = """""x"""
empty = ""
[table."dotted.key"]
list = ["a", 'b', # "c"
  """d""", {e = "f", g.h = "i"}, 5, 1979-05-27T07:32:00Z, true,
]
[[array]]
name = "first"
[[array]]
name = "second"
[array.inner]
deep.est = "x"
'''


def test_each_string_is_found_under_its_keys():
    found = [(p.keys, FORMS[p.start : p.end]) for p in places(FORMS) if p.role == "value"]
    assert found == [
        (("title",), "a"),
        (("quoted key",), "b\\"),
        (("multi",), '\none "two" \\\n  three'),
        (("literal",), '""x'),
        (("empty",), ""),
        (("table", "dotted.key", "list"), "a"),
        (("table", "dotted.key", "list"), "b"),
        (("table", "dotted.key", "list"), "d"),
        (("table", "dotted.key", "list", "e"), "f"),
        (("table", "dotted.key", "list", "g", "h"), "i"),
        (("array", "name"), "first"),
        (("array", "name"), "second"),
        (("array", "inner", "deep", "est"), "x"),
    ]


def test_line_ends_and_marks_are_no_hindrance():
    text = "\ufeff" + 'a = "b"\r\nc = """d\r\ne"""\r\n'
    assert [text[p.start : p.end] for p in places(text) if p.role == "value"] == ["b", "d\r\ne"]


@pytest.mark.parametrize("text", ["a = ", "a = 'b", "[a\n", "a = 1\na = 2\n", "a", "=", "[a]]"])
def test_what_is_no_toml_is_refused(text):
    with pytest.raises(Unreadable):
        places(text)
