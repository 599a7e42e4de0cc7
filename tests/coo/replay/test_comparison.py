"""A difference is named by its place, with both values; a masked one is counted."""

from __future__ import annotations

import json

from hypothesis import given, settings

from sealwright.contracts.coo.replay.comparison import LONGEST, MOST, NOTHING, compare, compared
from sealwright.contracts.coo.replay.normalisation import artefacts_equal, written
from tests.coo.replay.test_normalisation import ARTEFACTS


def pairs(one, two):
    found = compared("gate_results", json.dumps(one).encode(), json.dumps(two).encode())
    return [(each.pointer, each.first, each.second) for each in found.differences]


def test_equal_artefacts_have_no_difference():
    assert pairs({"a": [1, {"b": None}]}, {"a": [1, {"b": None}]}) == []


def test_each_difference_is_told_in_the_order_of_the_keys():
    one = {"b": 1, "a": {"x": [1, 2, 3]}, "same": 0}
    two = {"b": 2, "a": {"x": [1, 5, 3]}, "same": 0}
    assert pairs(one, two) == [("/a/x/1", "2", "5"), ("/b", "1", "2")]


def test_a_key_that_only_one_of_them_has_is_a_difference():
    assert pairs({"a": 1}, {}) == [("/a", "1", NOTHING)]
    assert pairs([1], [1, 2]) == [("/1", NOTHING, "2")]


def test_values_of_other_kinds_are_told_whole():
    assert pairs({"a": [1]}, {"a": {"b": 1}}) == [("/a", "[1]", '{"b":1}')]
    assert pairs({"a": 1}, {"a": True}) == [("/a", "1", "true")]
    assert pairs({"a": 1}, {"a": 1.0}) == [("/a", "1", "1.0")]
    assert pairs({"a": None}, {"a": "null"}) == [("/a", "null", '"null"')]


def test_pointers_and_values_are_escaped_and_printable():
    one, two = {"a/b~c\n": "\x1b[2J\x7f"}, {"a/b~c\n": "ü"}
    found = pairs(one, two)
    assert found == [("/a~1b~0c\\n", '"\\u001b[2J\\u007f"', '"\\u00fc"')]
    assert all(text.isascii() and text.isprintable() for text in found[0])


def test_a_long_value_and_many_differences_are_bounded():
    assert len(pairs({"a": "x" * 1000}, {"a": "y"})[0][1]) == LONGEST
    found = compared("x", written(list(range(100))), written([-1] * 100))
    assert len(found.differences) == MOST and found.count == 100


def test_a_masked_field_that_differs_is_counted_and_not_a_difference():
    one = {"pid": 1, "list": [{"timestamp": {"deep": 1}}], "hostname": "a"}
    two = {"pid": 2, "list": [{"timestamp": {"deep": 2}}], "hostname": "a"}
    found = compared("gate_results", written(one), written(two))
    assert found.equal and found.masked_count == 2
    assert found.masked == ("/list/0/timestamp/deep", "/pid")


def test_a_masked_field_that_one_of_them_lacks_is_a_difference():
    assert pairs({"pid": 1}, {}) == [("/pid", "1", NOTHING)]


def test_all_four_artefacts_are_compared_and_others_that_are_there():
    one = {"mission_output": b"{}", "gate_results": b"{}", "amendment_log": b"[1]", "zz": b"1"}
    two = {"mission_output": b"{}", "scanner_report": b"{}", "amendment_log": b"[2]", "zz": b"1"}
    found = {each.name: each for each in compare(one, two)}
    assert [name for name, each in found.items() if not each.equal] == [
        *("gate_results", "amendment_log", "scanner_report")
    ]
    assert str(found["scanner_report"].differences[0]) == f"the whole: {NOTHING} and 2 bytes"
    assert found["zz"].equal


@settings(deadline=None)
@given(ARTEFACTS, ARTEFACTS)
def test_there_is_a_difference_exactly_when_the_texts_differ(one, two):
    one, two = (json.loads(json.dumps(each).replace("Infinity", "0")) for each in (one, two))
    found = compared("x", written(one), written(two))
    assert found.equal == artefacts_equal(one, two)
    assert bool(found.differences) != found.equal
