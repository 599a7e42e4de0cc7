"""Which files are read as Python, and what becomes of the others."""

from __future__ import annotations

import pytest

from sealwright.contracts.coo.rewriting import dispatch
from tests.coo.rewriting.corpus import NAMES, tree


@pytest.mark.parametrize("path", ["a.py", "b/c.pyi", "d.pyw", "UPPER.PY"])
def test_python_goes_by_its_suffix(path):
    assert dispatch.is_python(path, b"")


@pytest.mark.parametrize(
    "first", [b"#!/usr/bin/python", b"#!/usr/bin/env python3", b"#! /opt/python3.11 -I"]
)
def test_a_script_goes_by_its_first_line(first):
    assert dispatch.is_python("bin/run", first + b"\n")


@pytest.mark.parametrize("first", [b"#!/bin/sh", b"#!/bin/sh\npython x", b"# python", b""])
def test_other_programs_are_no_python(first):
    assert not dispatch.is_python("bin/run", first)


def test_a_stub_is_rewritten_like_a_module(tmp_path):
    data = b"import project_builder.core\ndef f(x: project_builder.core.Builder) -> None: ...\n"
    found = dispatch.scan("x.pyi", data, NAMES, tree(tmp_path))
    assert [edit.rule for edit in found.edits] == ["R1", "R2"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_what_mentions_the_package_concerns_it(encoding):
    assert dispatch.concerns("x.txt", "the project_builder".encode(encoding), NAMES)
    assert not dispatch.concerns("x.txt", "the builder".encode(encoding), NAMES)
