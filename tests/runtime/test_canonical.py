"""One value has one spelling: canonical bytes and their reader."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
from enum import IntEnum, StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealwright.runtime import canonical
from sealwright.runtime.canonical import INTEGER, NotCanonical, decode, decode_line, encode, line


class _Word(StrEnum):
    A = "a"


class _Number(IntEnum):
    ONE = 1


def _nested(levels: int, leaf: object = 0) -> object:
    for _ in range(levels):
        leaf = [leaf]
    return leaf


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-INTEGER, INTEGER)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.text(st.characters(max_codepoint=127)), inner, max_size=5)
    ),
)

SPELLINGS = [
    pytest.param(None, b"null", id="null"),
    pytest.param(True, b"true", id="true"),
    pytest.param(0, b"0", id="zero"),
    pytest.param(-INTEGER, b"-9007199254740991", id="least integer"),
    pytest.param("", b'""', id="empty string"),
    pytest.param("é\U0001f600", '"é\U0001f600"'.encode(), id="beyond ascii as itself"),
    pytest.param('"\\/', rb'"\"\\/"', id="only quote and backslash escaped"),
    pytest.param("\b\t\n\f\r", rb'"\b\t\n\f\r"', id="short escapes"),
    pytest.param("\0\x1f\x7f", b'"\\u0000\\u001f\x7f"', id="control characters"),
    pytest.param("\u2028", '"\u2028"'.encode(), id="line separator as itself"),
    pytest.param([], b"[]", id="empty list"),
    pytest.param((1, (2,)), b"[1,[2]]", id="tuples are lists"),
    pytest.param({"b": 1, "a": {}, "B": 2}, b'{"B":2,"a":{},"b":1}', id="keys sorted by byte"),
]


@pytest.mark.parametrize(("value", "data"), SPELLINGS)
def test_a_value_has_exactly_these_bytes(value, data):
    assert encode(value) == data
    assert line(value) == data + b"\n"


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(1.0, id="float"),
        pytest.param(float("nan"), id="nan"),
        pytest.param({"a": [0.5]}, id="float inside"),
        pytest.param(INTEGER + 1, id="integer too large"),
        pytest.param(-INTEGER - 1, id="integer too small"),
        pytest.param(10**5000, id="integer of 5000 digits"),
        pytest.param({1: "a"}, id="integer key"),
        pytest.param({10**5000: "a"}, id="integer key of 5000 digits"),
        pytest.param({None: "a"}, id="null key"),
        pytest.param({"é": 1}, id="key beyond ascii"),
        pytest.param("\ud800", id="lone surrogate"),
        pytest.param({"\udfff": 1}, id="lone surrogate in a key"),
        pytest.param(b"a", id="bytes"),
        pytest.param({1, 2}, id="set"),
        pytest.param(_Word.A, id="subclass of str"),
        pytest.param([_Number.ONE], id="subclass of int"),
        pytest.param({_Word.A: 1}, id="subclass of str as a key"),
        pytest.param(_nested(canonical.DEPTH + 1), id="one too deep"),
        pytest.param(_nested(100_000), id="far too deep"),
    ],
)
def test_a_value_without_canonical_bytes_is_refused_in_one_sentence(value):
    with pytest.raises(NotCanonical) as refused:
        encode(value)
    message = str(refused.value)
    assert message.startswith("expected ")
    assert ", found " in message
    assert not message.endswith(".")
    assert "\n" not in message


def test_a_circle_is_refused():
    circle: list[object] = []
    circle.append(circle)
    with pytest.raises(NotCanonical, match="nested"):
        encode(circle)


def test_the_deepest_allowed_value_is_written_and_read():
    assert canonical.DEPTH == 64
    assert decode(encode(_nested(64))) == _nested(64)
    assert decode(b"[" * 64 + b"]" * 64) == _nested(63, [])
    with pytest.raises(NotCanonical, match="at most 64 nested"):
        decode(b"[" * 65 + b"]" * 65)


@given(VALUES)
def test_what_was_written_is_read_back(value):
    found = decode(encode(value))
    assert found == value
    assert encode(found) == encode(value)
    assert decode_line(line(value)) == value


@given(VALUES, st.sampled_from([None, 1]), st.booleans(), st.booleans(), st.booleans())
def test_every_other_json_spelling_is_refused(value, indent, ascii_only, spaced, unsorted):
    if unsorted and isinstance(value, dict):
        value = dict(sorted(value.items(), reverse=True))
    other = json.dumps(
        value,
        indent=indent,
        ensure_ascii=ascii_only,
        sort_keys=not unsorted,
        separators=(", ", ": ") if spaced else (",", ":"),
    ).encode()
    if other == encode(value):
        assert encode(decode(other)) == other
    else:
        with pytest.raises(NotCanonical):
            decode(other)


@given(st.binary(max_size=40))
def test_bytes_are_refused_or_read_back_as_they_are(data):
    try:
        value = decode(data)
    except NotCanonical:
        return
    assert encode(value) == data


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b" 1", id="space before"),
        pytest.param(b"1\n", id="newline after"),
        pytest.param(b'{"a":1}\n{"a":1}', id="two values"),
        pytest.param(b'{"a":1,"a":1}', id="repeated key"),
        pytest.param(b'{"a":1,"\\u0061":1}', id="repeated key in another spelling"),
        pytest.param(b'{"b":1,"a":2}', id="keys out of order"),
        pytest.param(b'{"a": 1}', id="space after a colon"),
        pytest.param(b"[1 ,2]", id="space before a comma"),
        pytest.param(b"1.0", id="float"),
        pytest.param(b"1e3", id="exponent"),
        pytest.param(b"-0", id="minus zero"),
        pytest.param(b"01", id="leading zero"),
        pytest.param(b"9007199254740992", id="integer too large"),
        pytest.param(b"1" * 5000, id="integer of 5000 digits"),
        pytest.param(b"NaN", id="nan"),
        pytest.param(b"-Infinity", id="infinity"),
        pytest.param(b'"\\/"', id="needless escape"),
        pytest.param(b'"\\u00e9"', id="escape of what needs none"),
        pytest.param(b'"\\u001F"', id="upper-case escape"),
        pytest.param(b'"\\u0009"', id="long escape"),
        pytest.param(b'"\\ud800"', id="lone surrogate"),
        pytest.param(b'"\t"', id="raw control character"),
        pytest.param(b'"\xff"', id="not utf-8"),
        pytest.param(b'"\xc0\xaf"', id="overlong utf-8"),
        pytest.param(b'"\xed\xa0\x80"', id="surrogate as utf-8"),
        pytest.param(b"\xef\xbb\xbf1", id="byte order mark"),
        pytest.param('"a"'.encode("utf-16"), id="utf-16"),
        pytest.param('{"é":1}'.encode(), id="key beyond ascii"),
        pytest.param(b"[1,]", id="comma at the end"),
        pytest.param(b"{'a':1}", id="single quotes"),
        pytest.param(b"1//x", id="comment"),
        pytest.param(b'"abc', id="unterminated string"),
    ],
)
def test_damaged_bytes_are_refused(data):
    with pytest.raises(NotCanonical):
        decode(data)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"[" * 10**6, id="open brackets"),
        pytest.param(b"[" * 10**5 + b"]" * 10**5, id="brackets"),
        pytest.param(b'{"a":' * 10**5, id="objects"),
        pytest.param(b'[{"]":' * 10**5, id="closing bracket in a string"),
        pytest.param(b'["\\"]",' * 10**5, id="closing bracket after an escaped quote"),
    ],
)
def test_nesting_is_refused_before_it_reaches_the_parser(data):
    with pytest.raises(NotCanonical, match="nested"):
        decode(data)


def test_brackets_in_strings_do_not_nest():
    value = ["[" * 1000, '{"' * 1000, "\\" * 999, [["]"]]]
    assert decode(encode(value)) == value


def test_many_small_containers_do_not_nest():
    value = [[{}] for _ in range(1000)]
    assert decode(encode(value)) == value


def test_a_flood_of_quotes_is_refused():
    with pytest.raises(NotCanonical):
        decode(b'"' + b'\\"' * 10**6 + b"[" * (canonical.DEPTH + 1))


def test_bytes_beyond_the_cap_are_refused_and_those_at_it_are_read():
    text = "a" * (canonical.SIZE - 2)
    assert decode(b'"%b"' % text.encode()) == text
    with pytest.raises(NotCanonical, match="at most 67108864 bytes, found 67108865"):
        decode(b'"%ba"' % text.encode())


def test_every_flipped_bit_of_a_record_is_refused_or_another_value():
    record = {"at": "2025", "deep": [{"é": 1}["é"], None, True], "n": -12, "text": '\\"ü\n'}
    data = encode(record)
    for index in range(len(data)):
        for bit in range(8):
            flipped = bytearray(data)
            flipped[index] ^= 1 << bit
            with contextlib.suppress(NotCanonical):
                assert decode(bytes(flipped)) != record


def test_the_refusal_says_from_where_on_the_spelling_is_another():
    with pytest.raises(NotCanonical, match="from byte 5 on"):
        decode(b'{"a": 1}')


@pytest.mark.parametrize("data", [b"1", b"12", b"1 ", b"1\n\n", b"1\r\n", b"", b"\n"])
def test_a_line_ends_in_exactly_one_newline(data):
    with pytest.raises(NotCanonical):
        decode_line(data)


def test_a_digest_carries_its_algorithm():
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert canonical.digest(b"") == f"sha256:{empty}"


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="sha256sum is not installed")
def test_others_compute_the_same_digest():
    data = line({"a": "é"})
    found = subprocess.run(["sha256sum"], input=data, capture_output=True, check=True).stdout
    assert canonical.digest(data) == f"sha256:{found.split()[0].decode()}"


def test_the_line_by_hand_in_the_docstring_gives_these_bytes(tmp_path):
    data = line({"b": [1, "é\x7f\n"], "a": None})
    (tmp_path / "record").write_bytes(data)
    words = next(words for words in canonical.__doc__.splitlines() if "json.tool" in words)
    options = words.split("|")[0].split()[1:-1]
    done = subprocess.run(
        [sys.executable, "-X", "utf8", *options, tmp_path / "record"],
        capture_output=True,
        check=True,
    )
    assert done.stdout.replace(b"\r\n", b"\n") == data
