"""Pickles of every protocol: which modules they name, and the same pickles under another name."""

from __future__ import annotations

import pickle
import sys
from collections import OrderedDict
from types import ModuleType

import pytest

from sealwright.contracts.coo.package_names import Names
from sealwright.contracts.coo.rewriting.references import splice
from sealwright.contracts.coo.rewriting.texts import scan
from sealwright.contracts.coo.rewriting.texts_pickles import read
from tests.coo.rewriting.texts_corpus import NAMES, Tree

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


class Point:
    def __init__(self, x):
        self.x = x

    def __eq__(self, other):
        return vars(self) == vars(other)

    __hash__ = None


def function():
    return 1


@pytest.fixture(params=["old", "old.mod.deep"])
def module(request, monkeypatch):
    """Let the class and function above be those of a module of either package."""
    name = request.param
    for spelled in (name, name.replace("old", "coo"), name.replace("old", "a" * 40)):
        made = ModuleType(spelled)
        made.Point, made.function = Point, function
        monkeypatch.setitem(sys.modules, spelled, made)
        parent = spelled.rpartition(".")[0]
        while parent:
            monkeypatch.setitem(sys.modules, parent, ModuleType(parent))
            parent = parent.rpartition(".")[0]
    monkeypatch.setattr(Point, "__module__", name)
    monkeypatch.setattr(function, "__module__", name)
    return name


def values():
    point = Point([1, "one"])
    yield Point
    yield function
    yield [point, point, Point("x" * 300), function, OrderedDict(a=point)]
    yield {"long": ["y" * 70000, point], "other": (point, Point(None))}


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("canonical", ["coo", "a" * 40])
def test_a_pickle_is_the_one_that_the_other_name_would_have_made(
    module, monkeypatch, protocol, canonical
):
    names = Names("old", canonical)
    for value in values():
        data = pickle.dumps(value, protocol)
        after = splice(data, read(data, names).edits)
        with monkeypatch.context() as patch:
            patch.setattr(Point, "__module__", module.replace("old", canonical))
            patch.setattr(function, "__module__", module.replace("old", canonical))
            assert pickle.loads(after) == value
            assert b"old" not in after
            if len(pickle.dumps(value, protocol)) == len(after):
                assert after == pickle.dumps(value, protocol)
        assert not read(after, names).edits


def test_several_pickles_in_one_file_are_all_rewritten(module):
    data = b"".join(pickle.dumps(Point, protocol) for protocol in PROTOCOLS)
    found = read(data, NAMES)
    assert len(found.named) == len(PROTOCOLS)
    assert splice(data, found.edits).count(b"coo") == len(PROTOCOLS)


@pytest.mark.parametrize("protocol", [4, 5])
def test_a_string_that_is_also_data_is_not_rewritten(module, protocol):
    data = pickle.dumps([Point, Point.__module__], protocol)
    found = read(data, NAMES)
    assert found.edits == ()
    assert "used as something else" in found.reason


def test_a_string_that_is_only_data_stays_and_is_asked_about(module):
    data = pickle.dumps(["old.mod", Point(1)], 2)
    after = splice(data, read(data, NAMES).edits)
    assert b"old.mod" in after
    [question] = scan("x.pkl", pickle.dumps("old", 4), NAMES, Tree()).questions
    assert "not as a module" in question.why


def test_a_length_that_does_not_fit_is_told(module):
    data = pickle.dumps(Point, 4)
    found = read(data, Names("old", "a" * 260))
    assert found.edits == ()
    assert "does not fit" in found.reason


def test_the_question_names_the_opcodes_and_has_the_edits(module):
    for protocol, opcode in ((0, "GLOBAL"), (2, "GLOBAL"), (4, "STACK_GLOBAL")):
        data = pickle.dumps(Point, protocol)
        [question] = scan("tests/x.pickle", data, NAMES, Tree()).questions
        assert question.rule == "H3"
        assert f"{opcode} {module}" in question.why
        assert b"coo" in splice(data, question.edits)


@pytest.mark.parametrize(
    "data",
    [
        b"\x80\x04\x8c\x03old\x94\x93.",  # too little on the stack
        b"\x80\x04\x8c\x03old\x8c\x01A\x93",  # no end
        b"\x80\x04\x95\xff\x00\x00\x00\x00\x00\x00\x00\x8c\x03old\x8c\x01A\x93.",  # too long
        b"\x80\x04h\x05\x8c\x03old\x8c\x01A\x93.",  # nothing remembered
        b"cold\nA\n.trailing old",
    ],
)
def test_a_broken_pickle_is_never_rewritten(data):
    found = scan("x.pkl", data, NAMES, Tree())
    assert not found.edits
    assert not any(question.edits for question in found.questions)
