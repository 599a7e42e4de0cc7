"""A name is a word, a dotted name or a path, and nothing in the middle of another word."""

from __future__ import annotations

import pytest

from sealwright.contracts.coo.suite import Names

NAMES = Names("project_builder", "coo")
DOTTED = Names("company.builder", "company.coo")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("project_builder", "coo"),
        ("project_builder/tests/test_a.py::test_b", "coo/tests/test_a.py::test_b"),
        ("src/project_builder/a.py::project_builder.a.f", "src/coo/a.py::coo.a.f"),
        ("t.py::test_x[project_builder-1]", "t.py::test_x[coo-1]"),
        ("--cov=project_builder", "--cov=coo"),
        ("my_project_builder", "my_project_builder"),
        ("project_builders.a", "project_builders.a"),
        ("t.py::TestProject_Builder", "t.py::TestProject_Builder"),
        ("test_project_builder.py", "test_project_builder.py"),
        ("überproject_builder", "überproject_builder"),
    ],
)
def test_a_word_gets_the_other_name(text: str, expected: str) -> None:
    assert NAMES.renamed(text) == expected


def test_a_dotted_name_has_two_spellings() -> None:
    assert DOTTED.renamed("company/builder/a.py::company.builder.a") == (
        "company/coo/a.py::company.coo.a"
    )
    assert DOTTED.renamed("company.builders company/shop") == "company.builders company/shop"


def test_a_program_keeps_its_name_and_its_arguments_do_not() -> None:
    command = ("project_builder/run", "-m", "project_builder", "project_builder/tests")
    assert NAMES.command(command) == ("project_builder/run", "-m", "coo", "coo/tests")
