"""Configuration: each known key, with the exact bytes that come out."""

from __future__ import annotations

import pytest

from sealwright.contracts.coo.rewriting.structured import always, owns, scan
from tests.coo.rewriting.texts_corpus import NAMES, Module, Tree, cases, found_in


@pytest.mark.parametrize(("path", "marked"), cases("test_structured.corpus"))
def test_configuration_is_rewritten_by_key(path, marked):
    assert found_in(scan, path, marked) == marked
    assert owns(path)


@pytest.mark.parametrize(
    ("marked", "index"),
    [
        ('[project]\nname = "old"\n[build-system]\nbuild-backend = "flit_core.buildapi"\n', Tree()),
        ('[project]\nname = "old"\n[build-system]\nbuild-backend = "flit_core.buildapi"', Tree()),
    ],
)
def test_flit_is_told_the_module(marked, index):
    found = scan("pyproject.toml", marked.encode(), NAMES, index)
    assert [edit.rule for edit in found.edits] == ["R10"]
    assert found.edits[0].new.decode().lstrip("\n") == '[tool.flit.module]\nname = "coo"\n'


BACKENDS = [
    ("hatchling.build", "", Tree(), '[tool.hatch.build.targets.wheel]\npackages = ["coo"]\n'),
    (
        "hatchling.build",
        "",
        Tree("src/"),
        '[tool.hatch.build.targets.wheel]\npackages = ["src/coo"]\n',
    ),
    (
        "hatchling.build",
        "",
        Module(),
        '[tool.hatch.build.targets.wheel]\nonly-include = ["coo.py"]\n',
    ),
    (
        "hatchling.build",
        "[tool.hatch.build.targets.wheel]\nexclude = ['x']\n",
        Tree(),
        'packages = ["coo"]\n',
    ),
    ("uv_build", "", Tree("src/"), '[tool.uv.build-backend]\nmodule-name = "coo"\n'),
    (
        "poetry.core.masonry.api",
        "[tool.poetry]\nname = 'old'\n",
        Tree(),
        'packages = [{ include = "coo" }]\n',
    ),
    (
        "poetry.core.masonry.api",
        "",
        Tree("src/"),
        '[tool.poetry]\npackages = [{ include = "coo", from = "src" }]\n',
    ),
    (
        "scikit_build_core.build",
        "",
        Tree("src/"),
        '[tool.scikit-build]\nwheel.packages = ["src/coo"]\n',
    ),
    ("flit_core.buildapi", "", Module(), '[tool.flit.module]\nname = "coo"\n'),
    ("setuptools.build_meta", "", Tree(), ""),
    ("pdm.backend", "", Tree(), ""),
]


@pytest.mark.parametrize(("backend", "more", "index", "added"), BACKENDS)
def test_a_back_end_that_derives_the_package_is_told_it(backend, more, index, added):
    text = f'[build-system]\nbuild-backend = "{backend}"\n[project]\nname = "old"\n{more}'
    found = scan("pyproject.toml", text.encode(), NAMES, index)
    assert "".join(edit.new.decode() for edit in found.edits).lstrip("\n") == added
    assert {edit.rule for edit in found.edits} <= {"R10"}
    assert not found.questions


def test_a_distribution_of_another_name_needs_no_telling():
    text = '[build-system]\nbuild-backend = "flit_core.buildapi"\n[project]\nname = "Other"\n'
    assert not scan("pyproject.toml", text.encode(), NAMES, Tree()).edits


def test_an_unknown_back_end_is_asked_about():
    text = '[build-system]\nbuild-backend = "odd.build"\n[project]\nname = "old"\n'
    assert [q.rule for q in scan("pyproject.toml", text.encode(), NAMES, Tree()).questions] == [
        "R10"
    ]


def test_pbr_is_asked_about():
    text = "[metadata]\nname = old\n[options]\nsetup_requires = pbr\n"
    found = scan("setup.cfg", text.encode(), NAMES, Tree())
    assert [(q.rule, q.text) for q in found.questions] == [("R10", "pbr")]


def test_a_table_that_has_the_new_name_already_is_not_broken():
    text = '[tool.setuptools.package-data]\nold = ["a"]\ncoo = ["b"]\n'
    found = scan("pyproject.toml", text.encode(), NAMES, Tree())
    assert not found.edits
    assert [q.rule for q in found.questions] == ["H2"]


def test_bytes_around_an_edit_stay():
    marked = '\ufeff# é old\r\n[tool.flit.module]\r\n\tname\t=  "⟦old⟧"  # é\r\n\r\n'
    assert found_in(scan, "pyproject.toml", marked) == marked


def test_what_is_no_utf8_is_left_to_a_person():
    found = scan(
        "setup.cfg", "[metadata]\nauthor = é\nname = old\n".encode("latin-1"), NAMES, Tree()
    )
    assert [(q.line, q.rule) for q in found.questions] == [(2, "H4")]


def test_a_file_that_may_need_an_edit_without_the_name_is_told():
    assert always("pyproject.toml")
    assert not always("tox.ini")
