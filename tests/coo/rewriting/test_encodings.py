"""Bytes that are no ASCII: what is no reference comes out as it went in."""

from __future__ import annotations

import pytest

from tests.coo.rewriting.corpus import asked, found, rewritten

SOURCE = "import project_builder\nx = 'é', project_builder.core, 'é'\n"


def new(data):
    return data.replace(b"project_builder", b"coo")


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "iso8859-15", "koi8-r", "utf-8"])
def test_a_declared_encoding_stays(tmp_path, encoding):
    text = SOURCE if encoding != "koi8-r" else SOURCE.replace("é", "ж")
    data = f"# -*- coding: {encoding} -*-\n{text}".encode(encoding)
    assert rewritten(tmp_path, data) == new(data)


@pytest.mark.parametrize("encoding", ["shift_jis", "euc-jp", "gbk"])
def test_encodings_of_several_bytes_stay(tmp_path, encoding):
    data = f"# coding: {encoding}\n{SOURCE.replace('é', '漢字')}".encode(encoding)
    assert rewritten(tmp_path, data) == new(data)


def test_a_byte_order_mark_stays(tmp_path):
    data = b"\xef\xbb\xbf" + SOURCE.encode()
    assert rewritten(tmp_path, data) == new(data)


def test_a_column_is_counted_in_characters(tmp_path):
    data = "x = 'é漢', 'project_builder'\n".encode()
    (question,) = found(tmp_path, data).questions
    assert (question.line, question.column) == (1, 11)


@pytest.mark.parametrize(
    "data",
    [
        b"import project_builder\nx = '\x93'\n",
        b"# coding: ascii\nimport project_builder\nx = '\xe9'\n",
        b"# coding: nonsense\nimport project_builder\n",
        b"import project_builder\nx = '\x00'\n",
    ],
)
def test_what_cannot_be_read_is_one_question(tmp_path, data):
    assert asked(tmp_path, data) == [("H4", "project_builder")]
    assert rewritten(tmp_path, data) == data
    assert found(tmp_path, data).questions[0].edits == ()


@pytest.mark.parametrize("data", [b"", b"\x00\x01\xff", b"print 'no mention of it'"])
def test_what_does_not_mention_the_package_is_not_read(tmp_path, data):
    assert found(tmp_path, data) == found(tmp_path, b"")


def test_a_long_sum_of_strings_does_not_exhaust_the_stack(tmp_path):
    data = (
        b"import project_builder\nx = (" + b" +\n".join([b"'project_builder.core'"] * 900) + b")\n"
    )
    assert rewritten(tmp_path, data) == new(data)


@pytest.mark.parametrize(
    "data",
    [
        b"import project_builder\nprint 'x'\n",
        b"import project_builder\nx = " + b"(" * 2000 + b")" * 2000,
        b"import project_builder\n" + b"x = 1 +\\" * 3,
    ],
)
def test_what_cannot_be_parsed_is_one_question_with_what_its_lines_say(tmp_path, data):
    assert asked(tmp_path, data) == [("H4", "project_builder")]
    assert rewritten(tmp_path, data) == data
    (edit,) = found(tmp_path, data).questions[0].edits
    assert (edit.start, edit.end, edit.rule) == (7, 22, "R6")
