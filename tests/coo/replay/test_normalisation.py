"""An artefact is normalised as the document says, and read more strictly than JSON readers do."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealwright.contracts.coo.replay import normalisation
from sealwright.contracts.coo.replay.normalisation import (
    MASKED_FIELDS,
    artefacts_equal,
    clean,
    normalize_artefact,
    read,
    write,
)
from sealwright.errors import Damaged, Refused

DOCUMENT = """
import json
from datetime import datetime

MASKED_FIELDS = ["timestamp", "created_at", "updated_at", "pid", "ppid", "hostname"]
STABLE_REPLACEMENT = "<MASKED>"

def normalize_artefact(data: dict) -> str:
    def mask_fields(obj):
        if isinstance(obj, dict):
            return {k: (STABLE_REPLACEMENT if k in MASKED_FIELDS else mask_fields(v))
                    for k, v in obj.items()}
        elif isinstance(obj, list):
            return [mask_fields(item) for item in obj]
        else:
            return obj

    masked = mask_fields(data)
    return json.dumps(masked, sort_keys=True, separators=(',', ':'))

def artefacts_equal(a1: dict, a2: dict) -> bool:
    return normalize_artefact(a1) == normalize_artefact(a2)
"""
KEYS = st.sampled_from([*MASKED_FIELDS, "a", "b", "ü", "Timestamp"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
ARTEFACTS = st.dictionaries(KEYS, VALUES, max_size=4)


@pytest.fixture(scope="module")
def document():
    names = {}
    exec(DOCUMENT, names)
    return names


@settings(deadline=None)
@given(ARTEFACTS)
def test_the_text_is_that_of_the_documents_own_code(document, artefact):
    assert normalize_artefact(artefact) == document["normalize_artefact"](artefact)


@settings(deadline=None)
@given(ARTEFACTS, ARTEFACTS)
def test_two_artefacts_are_equal_when_the_documents_own_code_says_so(document, one, two):
    assert artefacts_equal(one, two) == document["artefacts_equal"](one, two)


def test_the_constants_are_those_of_the_document(document):
    assert document["MASKED_FIELDS"] == MASKED_FIELDS
    assert document["STABLE_REPLACEMENT"] == normalisation.STABLE_REPLACEMENT


@settings(deadline=None)
@given(VALUES.filter(lambda value: "inf" not in repr(value)))
def test_what_is_written_is_read_again(value):
    assert read(normalisation.written(value), "x") == value


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b'{"a": NaN}', "NaN"),
        (b'{"a": -Infinity}', "-Infinity"),
        (b'{"a": 1e999}', "too large"),
        (b'{"a": 1, "a": 1}', "the key 'a' twice"),
        (b'{"b": {"\\u0061": 1, "a": 2}}', "the key 'a' twice"),
        (b'{"a": "\\ud800"}', "surrogates"),
        (b'{"\\udfff": 1}', "surrogates"),
        (b"\xef\xbb\xbf{}", "Expecting value"),
        (b'{"a": "\xff"}', "decode"),
        (b'{"a": 1} x', "Extra data"),
        (b"", "Expecting value"),
        (b"[" * 102 + b"]" * 102, "nested"),
        (b"[" * 200_000, "recursion"),
        (b'{"a": ' + b"1" * 5000 + b"}", "digits"),
    ],
)
def test_what_readers_disagree_on_is_damage(data, found):
    with pytest.raises(Damaged, match=found) as caught:
        read(data, "gate_results")
    assert str(caught.value).startswith("gate_results: expected JSON that reads one way only")


def test_normalised_artefacts_are_left_where_git_does_not_look_and_then_taken_away(tmp_path):
    folder = tmp_path / "normalized"
    write(folder, {"replay-0": {"gate_results": {"pid": 4, "b": 1}}})
    assert (folder / ".gitignore").read_bytes() == b"*\n"
    text = (folder / "replay-0/gate_results.json").read_text()
    assert text == '{"b":1,"pid":"<MASKED>"}\n' and json.loads(text)
    clean(folder)
    assert not folder.exists()
    clean(folder)


@pytest.mark.parametrize("strange", ["notes.txt", "replay-0/notes.txt", "replay-0/deep/x.json"])
def test_what_others_put_there_is_not_taken_away(tmp_path, strange):
    folder = tmp_path / "normalized"
    write(folder, {"replay-0": {"a": {}}})
    (folder / strange).parent.mkdir(exist_ok=True)
    (folder / strange).write_text("mine")
    with pytest.raises(Refused, match="expected artefacts alone, found"):
        clean(folder)
    assert (folder / strange).read_text() == "mine"


def test_a_link_is_not_followed_to_what_it_leads_to(tmp_path):
    write(tmp_path / "real", {"replay-0": {"a": {}}})
    (tmp_path / "normalized").symlink_to("real")
    with pytest.raises(Refused, match="found another thing"):
        clean(tmp_path / "normalized")
    assert (tmp_path / "real/replay-0/a.json").exists()
