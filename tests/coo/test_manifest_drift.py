"""Drift is named field by field, with both values, all of it at once."""

from __future__ import annotations

from typing import Any

import pytest

from sealwright.contracts.coo.manifests import drift
from sealwright.errors import Damaged
from sealwright.runtime import canonical


def told(old: Any, new: Any) -> list[str]:
    verdict = drift.compare(canonical.line(old), canonical.line(new))
    assert verdict.holds == (not verdict.findings) == (old == new)
    return str(verdict).splitlines()


@pytest.mark.parametrize(
    ("old", "new", "sentences"),
    [
        ({"a": 1}, {"a": 1}, ["holds"]),
        ({"a": 1}, {"a": 2}, ["$.a: expected 1, found 2"]),
        ({"a": 1}, {"b": 1}, ["$.a: expected 1, found nothing", "$.b: expected nothing, found 1"]),
        ({"a": {"b": ["x"]}}, {"a": {"b": []}}, ['$.a.b[0]: expected "x", found nothing']),
        ({"a": ["x", "y"]}, {"a": ["y"]}, None),
        ({"a": {}}, {"a": []}, ["$.a: expected {}, found []"]),
        ({"a": None}, {"a": "unavailable"}, ['$.a: expected null, found "unavailable"']),
    ],
)
def test_each_field_that_differs_is_named(old: Any, new: Any, sentences: list[str] | None) -> None:
    found = told(old, new)
    assert found == (sentences or found)
    assert len(found) == len(sentences or ["x", "y"])


def test_truth_is_not_one() -> None:
    verdict = drift.compare(b'{"a":true}\n', b'{"a":1}\n')
    assert str(verdict) == "$.a: expected true, found 1"


def test_rows_with_names_are_told_apart_by_them() -> None:
    old = [{"name": "git", "version": "2.39"}, {"name": "gpg", "version": "2.2"}]
    new = [{"name": "bash", "version": "5"}, {"name": "git", "version": "2.40"}, old[1]]
    assert told({"tools": old}, {"tools": new}) == [
        '$.tools[name=bash]: expected nothing, found {"name":"bash","version":"5"}',
        '$.tools[name=git].version: expected "2.39", found "2.40"',
    ]


def test_rows_that_share_a_name_are_told_apart_by_their_place() -> None:
    row = {"name": "git", "version": "1"}
    assert told([row, row], [row, row | {"version": "2"}]) == [
        '$[1].version: expected "1", found "2"'
    ]


def test_a_sandbox_is_compared_by_its_line() -> None:
    old, new = b"sha256:" + b"0" * 64 + b"\n", b"WAIVED none here\n"
    assert drift.compare(old, old).holds
    assert "WAIVED none here" in str(drift.compare(old, new))


def test_a_value_is_shown_in_one_line_of_a_terminal() -> None:
    (sentence,) = told({"a": "\x1b[2J"}, {"a": "x" * 500})
    assert "\x1b" not in sentence
    assert len(sentence) < 300


@pytest.mark.parametrize("data", [b"", b"{}", b"{ }\n", b"[1.5]\n", b'{"a":1,"a":1}\n', b"\xff\n"])
def test_what_is_no_manifest_is_damaged(data: bytes) -> None:
    with pytest.raises(Damaged, match="manifest: expected"):
        drift.compare(data, b"{}\n")
    with pytest.raises(Damaged, match="manifest: expected"):
        drift.compare(b"{}\n", data)
