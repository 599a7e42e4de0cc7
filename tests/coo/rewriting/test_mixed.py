"""One text is not kept in one place and rewritten in another without a question."""

from __future__ import annotations

import pytest

from sealwright.contracts.coo.rewriting import planning
from sealwright.contracts.coo.rewriting.module_tree import ModuleTree
from sealwright.contracts.coo.rewriting.rulings import Rulings
from tests.coo.rewriting.corpus import NAMES, lay, tree
from tests.coo.rewriting.test_plan import planned

KEEP = "{text: project_builder.core, below: ., ruling: keep, why: a key of requests}"
KEYED = "def served(environ):\n    return environ['project_builder.core']\n"
SAID = "def test():\n    assert served({'project_builder.core': 1}) == 1\n"
PATCHED = "mock.patch('project_builder.core', 1)\n"
GROUP = '[project.entry-points."project_builder.core"]\nx = "project_builder.sub:y"\n'
SETUP = "setup(entry_points={'project_builder.core': ['x = project_builder.sub:y']})\n"
FOUND = "GROUP = 'project_builder.core'\nfound = entry_points(group=GROUP)\n"


def places(made):
    return [(each.path, each.question.line, each.question.why) for each in made.unanswered]


def test_a_key_of_a_request_that_is_called_like_a_module_is_asked_about_everywhere(tmp_path):
    made = planned(tmp_path, files={"tests/a.py": KEYED, "tests/b.py": SAID}, where=["tests"])
    (first, here, kept), (second, there, said) = places(made)
    assert (first, here, second, there) == ("tests/a.py", 2, "tests/b.py", 2)
    assert "rewritten at tests/b.py:2" in kept and "kept at tests/a.py:2" in said
    assert not made.files
    pasted = str(made.verdict).partition("`rulings:`\n")[2].split("  #")[0]
    assert pasted.strip(" -") == KEEP.replace(
        "keep, why: a key of requests", 'rewrite | keep, why: ""'
    )


@pytest.mark.parametrize("ruling", ["keep", "rewrite"])
def test_one_ruling_answers_for_all_of_them(tmp_path, ruling):
    files = {"tests/a.py": KEYED, "tests/b.py": SAID}
    made = planned(tmp_path, KEEP.replace("keep", ruling), files=files, where=["tests"])
    assert made.verdict.holds
    assert len(made.files) == (0 if ruling == "keep" else 2)


@pytest.mark.parametrize("other", [PATCHED, "", "import project_builder.core\n"])
def test_what_is_kept_alone_or_is_surely_a_module_elsewhere_is_no_question(tmp_path, other):
    made = planned(tmp_path, files={"tests/a.py": KEYED, "tests/b.py": other}, where=["tests"])
    assert made.verdict.holds


@pytest.mark.parametrize(
    ("path", "declared"),
    [
        ("pyproject.toml", GROUP),
        ("setup.py", SETUP),
        (
            "setup.cfg",
            "[options.entry_points]\nproject_builder.core =\n  x = project_builder.sub\n",
        ),
        ("x.egg-info/entry_points.txt", "[project_builder.core]\nx = project_builder.sub:y\n"),
    ],
)
def test_a_group_of_entry_points_that_is_called_like_a_module_is_asked_about(
    tmp_path, path, declared
):
    lay(tmp_path, {path: declared})
    tree(tmp_path)
    made = planned(tmp_path, files={"tests/b.py": FOUND}, where=[path, "tests"])
    assert {each[0] for each in places(made)} == {path, "tests/b.py"}


def test_a_text_that_is_mixed_is_found_again_in_what_was_rewritten(tmp_path):
    files = {"tests/a.py": KEYED, "tests/b.py": f"import project_builder\n{SAID}"}
    made = planned(tmp_path, KEEP, files=files, where=["tests"])
    assert [file.path for file in made.files] == ["tests/b.py"]


def test_a_group_that_the_package_declares_is_no_question_where_it_is_looked_for(tmp_path):
    lay(tmp_path, {"pyproject.toml": GROUP.replace(".core", ".plugins")})
    tree(tmp_path)
    (tmp_path / "project_builder/__init__.py").write_text("def __getattr__(name): ...\n")
    found = "found = loaded('project_builder.plugins')\n"
    where = ["pyproject.toml", "tests"]
    assert planned_beside(tmp_path, found, ["tests"]).unanswered
    assert planned_beside(tmp_path, found, where).verdict.holds


def planned_beside(root, text, where):
    """Plan over a package whose names are made as it runs."""
    lay(root, {"tests/b.py": text})
    index = ModuleTree.of(root, ".", NAMES)
    return planning.plan(root, where, NAMES, index, Rulings())


@pytest.mark.parametrize(
    "other", ["version('project_builder.core')", "project = 'project_builder.core'"]
)
def test_a_distribution_that_is_called_like_a_module_is_no_key(tmp_path, other):
    files = {"tests/a.py": f"{other}\n", "tests/b.py": SAID}
    made = planned(tmp_path, files=files, where=["tests"])
    assert made.verdict.holds
    assert [file.path for file in made.files] == ["tests/b.py"]


def test_a_group_that_is_looked_up_by_its_text_is_a_module_elsewhere(tmp_path):
    lay(tmp_path, {"pyproject.toml": GROUP})
    files = {"tests/a.py": "entry_points(group='project_builder.core')\n", "tests/b.py": SAID}
    made = planned(tmp_path, files=files, where=["pyproject.toml", "tests"])
    assert made.verdict.holds
    assert [file.path for file in made.files] == ["pyproject.toml", "tests/b.py"]
