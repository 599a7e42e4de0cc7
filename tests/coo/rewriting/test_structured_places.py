"""Places in JSON, YAML and INI are where the parsers of these forms find the same strings."""

from __future__ import annotations

import json
from configparser import RawConfigParser

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from sealwright.contracts.coo.rewriting import structured_ini, structured_json, structured_yaml
from sealwright.contracts.coo.rewriting.structured_places import Unreadable

LETTERS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), max_size=8)
LINE = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Zl", "Zp")))
DOCUMENTS = st.recursive(
    LETTERS | st.integers() | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(LETTERS, inner, max_size=4),
    max_leaves=20,
)


def strings(value, keys=()):
    """Yield the keys and strings of a document, in the order they are written in."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (*keys, key), "key", key
            yield from strings(inner, (*keys, key))
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner, keys)
    elif isinstance(value, str):
        yield keys, "value", value


@given(DOCUMENTS, st.booleans(), st.sampled_from([None, 1]))
def test_the_strings_of_a_json_document_are_found(document, ascii_only, indent):
    text = json.dumps(document, ensure_ascii=ascii_only, indent=indent)
    found = structured_json.places(text)
    told = [(p.keys, p.role, json.loads(f'"{text[p.start : p.end]}"')) for p in found]
    assert told == list(strings(document))


@settings(deadline=None)
@given(st.lists(st.tuples(LINE, LINE), max_size=4))
def test_the_strings_of_a_yaml_document_are_found(pairs):
    document = {"list": [{key: value} for key, value in pairs]}
    text = yaml.safe_dump(document, allow_unicode=True, default_style="'", width=1 << 30)
    found = structured_yaml.places(text)
    told = [(p.keys, p.role, yaml.safe_load(text[p.start - 1 : p.end + 1])) for p in found]
    assert told == list(strings(document))


NAME = st.from_regex(r"[a-z][a-z_]{0,6}", fullmatch=True)
VALUE = st.from_regex(r"[a-z./*:]{1,6}(?: [a-z=]{1,4})?", fullmatch=True)


@settings(deadline=None, max_examples=40)
@given(st.dictionaries(NAME, st.dictionaries(NAME, st.lists(VALUE, max_size=3))))
def test_the_values_of_an_ini_file_are_found(document):
    lines = [
        line
        for section, options in document.items()
        for line in (
            f"[{section}]",
            "# a comment = none",
            *("\n    ".join([f"{key} =", *values]) for key, values in options.items()),
        )
    ]
    text = "\n".join(lines) + "\n"
    parser = RawConfigParser()
    parser.read_string(text)
    found = {}
    for place in structured_ini.places(text):
        if place.role == "value":
            found.setdefault(place.keys, []).append(text[place.start : place.end])
    expected = {
        (section, key): value.split("\n")[1:]
        for section in parser.sections()
        for key, value in parser.items(section)
        if value
    }
    assert found == expected


@pytest.mark.parametrize("text", ["a", "= b", "[a]\n=b"])
def test_what_is_no_ini_file_is_refused(text):
    with pytest.raises(Unreadable):
        structured_ini.places(text)


@pytest.mark.parametrize("text", ["{", "{'a': 1}", "[1,]", "// a\n{}", "[" * 100_000])
def test_what_is_no_json_is_refused(text):
    with pytest.raises(Unreadable):
        structured_json.places(text)


@pytest.mark.parametrize("text", ["a: [", "{{ x }}: y: z", "\t- a", "%", "[" * 5000])
def test_what_is_no_yaml_is_refused(text):
    with pytest.raises(Unreadable):
        structured_yaml.places(text)


def test_an_alias_is_read_where_its_anchor_is():
    text = "a: &x old\nb: *x\nc: &y [*x]\n"
    assert [text[p.start : p.end] for p in structured_yaml.places(text) if p.role == "value"] == [
        "&x old"
    ]
