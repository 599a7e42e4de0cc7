"""The plan of the whole pass, rulings on it, and its application to the very same bytes."""

from __future__ import annotations

import os
import pathlib
import stat
import subprocess
import sys
from dataclasses import replace

import pytest

from sealwright.contracts.coo.package_names import Names
from sealwright.contracts.coo.rewriting import plan as plans
from sealwright.contracts.coo.rewriting import planning, postconditions
from sealwright.contracts.coo.rewriting.module_tree import ModuleTree
from sealwright.contracts.coo.rewriting.references import Edit
from sealwright.contracts.coo.rewriting.rulings import Rulings
from sealwright.digest import hexadecimal, sha256
from sealwright.errors import Damaged, Misconfigured, Refused
from sealwright.paths import TOP, RelPath
from tests.coo.rewriting.corpus import NAMES, lay, tree

FILES = {
    "tests/test_a.py": "import project_builder\n\n\ndef test(): project_builder.core.build()\n",
    "tests/test_b.py": "def test():\n    assert name == 'project_builder'\n",
    "tests/plain.py": "x = 1\n",
    "scripts/run": "#!/usr/bin/env python3\nfrom project_builder import core\n",
}
LINE = hexadecimal(sha256(b"    assert name == 'project_builder'"))
ONE = f"{{file: tests/test_b.py, line: 2, column: 20, sha256: '{LINE}', ruling: RULING, why: w}}"


def planned(root, rulings="", where=("tests", "scripts"), files=FILES):
    lay(root, files)
    read = Rulings.parse(f"rulings: [{rulings}]".encode(), "rulings.yaml")
    return planning.plan(root, where, NAMES, tree(root), read)


def test_files_stand_in_the_order_of_their_bytes(tmp_path):
    made = planned(tmp_path, ONE.replace("RULING", "keep"))
    assert [file.path for file in made.files] == ["scripts/run", "tests/test_a.py"]
    assert made.rules == {"R1": 2, "R2": 1, "kept": 1}
    assert made.scanned == 4
    assert made.verdict.holds


def test_a_text_that_is_asked_about_in_many_files_has_one_line_to_paste(tmp_path):
    files = {f"tests/data/{n}.py": "assert name == 'project_builder'\n" for n in range(5)}
    pasted = str(planned(tmp_path, "", ["tests"], files).verdict).partition("`rulings:`\n")[2]
    (line,) = [line for line in pasted.splitlines() if not line.lstrip().startswith("#")]
    assert line.startswith("  - {text: project_builder, below: tests/data, ruling")
    assert line.endswith("# in 5 files, from 0.py to 4.py") and pasted.count("# - {file") == 5
    entry = line.strip(" -").replace("rewrite | keep", "keep").replace('""', "w").partition("#")[0]
    assert planned(tmp_path, entry, ["tests"], files).verdict.holds


def test_applied_it_changes_the_references_and_keeps_the_modes(tmp_path):
    made = planned(tmp_path, ONE.replace("RULING", "rewrite"))
    (tmp_path / "scripts/run").chmod(0o755)
    plans.apply(made, tmp_path)
    assert (tmp_path / "tests/test_a.py").read_text() == FILES["tests/test_a.py"].replace(
        "project_builder", "coo"
    )
    assert "'coo'" in (tmp_path / "tests/test_b.py").read_text()
    assert stat.S_IMODE(os.stat(tmp_path / "scripts/run").st_mode) == 0o755


def test_what_is_unanswered_is_refused_with_lines_to_paste(tmp_path):
    made = planned(tmp_path)
    with pytest.raises(Refused) as refused:
        plans.apply(made, tmp_path)
    said = str(refused.value)
    assert "tests/test_b.py:2:21" in said
    assert f'sha256: "{LINE}", ruling: rewrite | keep, why: ""' in said
    pasted = "rulings:\n" + said.partition("add below `rulings:`\n")[2]
    with pytest.raises(Misconfigured, match="a reason, in one line"):
        Rulings.parse(pasted.encode(), "r.yaml")
    answered = pasted.replace('why: ""', 'why: "a name"')
    with pytest.raises(Misconfigured, match="one of rewrite, keep"):
        Rulings.parse(answered.encode(), "r.yaml")
    ruled = Rulings.parse(answered.replace("rewrite | keep", "keep").encode(), "r.yaml")
    assert planning.plan(tmp_path, ["tests"], NAMES, tree(tmp_path), ruled).verdict.holds


@pytest.mark.parametrize(
    "rulings",
    [
        "{text: project_builder, below: tests, ruling: keep, why: w}",
        "{text: project_builder, below: ., ruling: keep, why: w}",
        "{text: project_builder, file: tests/test_b.py, ruling: keep, why: w}",
    ],
)
def test_one_entry_may_rule_on_all_of_one_text(tmp_path, rulings):
    assert planned(tmp_path, rulings).verdict.holds


@pytest.mark.parametrize(
    ("rulings", "what"),
    [
        (ONE.replace("RULING", "keep").replace(LINE, "0" * 64), "expected the line"),
        (ONE.replace("RULING", "keep").replace("line: 2", "line: 1"), "expected a question at"),
        ("{text: other, below: ., ruling: keep, why: w}", "expected a question about 'other'"),
        ("{text: project_builder, below: docs, ruling: keep, why: w}", "is stale"),
        (
            ONE.replace("RULING", "keep")
            + ", {text: project_builder, below: ., ruling: rewrite, why: w}",
            "contradict",
        ),
    ],
)
def test_rulings_that_do_not_fit_are_findings(tmp_path, rulings, what):
    assert what in str(planned(tmp_path, rulings).verdict)


@pytest.mark.parametrize(
    ("entry", "what"),
    [
        ("{text: x, below: ., ruling: keep}", "why: is missing"),
        ("{text: x, below: ., ruling: maybe, why: w}", "one of rewrite, keep"),
        ("{text: x, ruling: keep, why: w}", "exactly one of the keys"),
        ("{text: x, below: ., ruling: keep, why: w, extra: 1}", "unknown key"),
        ("{file: ../x, line: 1, column: 0, sha256: a, ruling: keep, why: w}", "path inside"),
    ],
)
def test_a_wrong_rulings_file_is_told_by_place(entry, what):
    with pytest.raises(Misconfigured, match=what) as wrong:
        Rulings.parse(f"rulings:\n- {entry}\n".encode(), "r.yaml")
    assert str(wrong.value).startswith("r.yaml:2:")


def test_accepted_contracts_are_read():
    (outside,) = Rulings.parse(b"rulings: [{outside: plugin, why: w}]", "r.yaml").outside
    assert (outside.name, outside.why) == ("plugin", "w")


def test_the_diff_is_one_that_git_applies(tmp_path):
    made = planned(tmp_path, ONE.replace("RULING", "rewrite"))
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    subprocess.run(["git", "apply", "-"], cwd=tmp_path, input=made.diff, check=True)
    for file in made.files:
        assert sha256((tmp_path / file.path).read_bytes()) == file.after


def test_the_diff_passes_any_bytes(tmp_path):
    text = "# coding: latin-1\r\nimport project_builder\rx = 'é'; project_builder.core"
    lay(tmp_path, {"t.py": text.encode("latin-1")})
    made = planned(tmp_path, where=["t.py"], files={})
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    subprocess.run(["git", "apply", "-"], cwd=tmp_path, input=made.diff, check=True)
    assert sha256((tmp_path / "t.py").read_bytes()) == made.files[0].after


def test_a_changed_file_stops_all_of_it(tmp_path):
    made = planned(tmp_path, ONE.replace("RULING", "rewrite"))
    (tmp_path / "tests/test_b.py").write_text("x = 'project_builder'\n")
    with pytest.raises(Refused, match="expected the file of the plan"):
        plans.apply(made, tmp_path)
    assert (tmp_path / "tests/test_a.py").read_text() == FILES["tests/test_a.py"]


def test_a_plan_comes_back_from_its_bytes(tmp_path):
    made = planned(tmp_path, ONE.replace("RULING", "rewrite"))
    again = plans.Plan.decode(made.encode())
    assert (again.digest, again.files) == (made.digest, made.files)
    plans.apply(again, tmp_path)


def test_a_plan_with_questions_does_not_come_back(tmp_path):
    with pytest.raises(Refused, match="without findings"):
        plans.Plan.decode(planned(tmp_path).encode())
    with pytest.raises(Damaged, match="expected one of version 1"):
        plans.Plan.decode(b'{"v":2}\n')


def test_the_plan_is_the_same_in_any_folder(tmp_path):
    ruled = ONE.replace("RULING", "keep")
    one, other = planned(tmp_path / "a", ruled), planned(tmp_path / "b" / "c", ruled)
    assert one.encode() == other.encode()


def test_a_second_pass_finds_nothing(tmp_path):
    made = planned(tmp_path, ONE.replace("RULING", "rewrite"))
    plans.apply(made, tmp_path)
    again = planning.plan(tmp_path, ["tests", "scripts"], NAMES, tree(tmp_path), Rulings())
    assert (again.files, again.unanswered, again.diff) == ((), (), b"")


@pytest.mark.parametrize(
    "rule",
    [
        "import project_builder\ncoo = 1\n",
        "import project_builder as coo\ndef f():\n    import project_builder\n    coo\n",
    ],
)
def test_a_capture_cannot_be_ruled_away(tmp_path, rule):
    made = planned(tmp_path, where=["x.py"], files={"x.py": rule})
    ruled = "{text: coo, below: ., ruling: keep, why: w}"
    again = planned(tmp_path, ruled, where=["x.py"], files={"x.py": rule})
    assert "H2" in str(made.verdict)
    assert "H2" in str(again.verdict)


def test_what_cannot_be_parsed_and_is_in_doubt_can_only_be_kept(tmp_path):
    files = {"x.py": "import project_builder\nprint 'project_builder'\n"}
    for ruling, holds in (("rewrite", False), ("keep", True)):
        entry = f"{{text: project_builder, below: ., ruling: {ruling}, why: w}}"
        assert planned(tmp_path, entry, ["x.py"], files).verdict.holds == holds


NEWER = b"""from project_builder.core import Builder  # project_builder
type Build[T] = project_builder.core.Builder | \xc3\xa9[T]
patch("project_builder.core.build"); f(project_builder=1); !
"""


def test_what_cannot_be_parsed_is_rewritten_by_its_lines_where_a_person_says_so(tmp_path):
    (asked,) = planned(tmp_path, "", ["x.py"], {"x.py": NEWER}).unanswered
    assert asked.question.rule == "H4" and "by its lines, 3 references" in asked.question.why
    entry = "{text: project_builder, file: x.py, ruling: rewrite, why: w}"
    plans.apply(planned(tmp_path, entry, ["x.py"], {"x.py": NEWER}), tmp_path)
    first, second, third = (tmp_path / "x.py").read_bytes().splitlines()
    assert first == b"from coo.core import Builder  # project_builder"
    assert second == b"type Build[T] = coo.core.Builder | \xc3\xa9[T]"
    assert third == b'patch("coo.core.build"); f(project_builder=1); !'


def test_a_line_to_paste_offers_only_what_there_is(tmp_path):
    files = {"x.bin": b"\x00 project_builder", "y.py": "x = 'project_builder'\n"}
    said = str(planned(tmp_path, "", ["x.bin", "y.py"], files).verdict)
    binary, plain = said.partition("`rulings:`\n")[2].splitlines()
    assert "ruling: keep, why" in binary and "# a binary file that has the name 1 times" in binary
    assert "ruling: rewrite | keep, why" in plain


def test_what_cannot_be_parsed_and_only_tells_of_the_package_is_no_question(tmp_path):
    files = {"x.py": "# an issue of project_builder: project_builder.core\nprint 'x'\n"}
    assert planned(tmp_path, "", ["x.py"], files).verdict.holds


def test_a_text_that_is_often_asked_about_in_a_file_has_one_line_to_paste(tmp_path):
    text = "".join(f"    assert name == 'project_builder', {n}\n" for n in range(3))
    files = {"tests/test_b.py": f"def test():\n{text}"}
    said = str(planned(tmp_path, "", ["tests"], files).verdict)
    pasted = said.partition("add below `rulings:`\n")[2]
    (line,) = [line for line in pasted.splitlines() if not line.lstrip().startswith("#")]
    assert line.startswith("  - {text: project_builder, file: tests/test_b.py, ruling")
    assert line.endswith("# lines 2, 3, 4") and pasted.count("\n  # - {file") == 3
    for choice in ("keep", "rewrite"):
        entry = line.strip(" -").replace("rewrite | keep", choice).replace('""', "w")
        assert planned(tmp_path, entry.partition("#")[0], ["tests"], files).verdict.holds


def test_a_link_into_the_package_leads_to_the_same_place_afterwards(tmp_path):
    lay(tmp_path, FILES)
    (tmp_path / "tests/link").symlink_to("../project_builder/core.py")
    made = planned(tmp_path, ONE.replace("RULING", "keep"))
    plans.apply(made, tmp_path)
    assert os.readlink(tmp_path / "tests/link") == "../coo/core.py"
    assert made.rules["R8"] == 1 and b"+../coo/core.py" in made.diff


@pytest.mark.parametrize(
    "text",
    [
        *("../project_builder/missing.py", "/project_builder/core.py", "project_builder"),
        *("../../project_builder/core.py", "round/project_builder/core.py"),
    ],
)
def test_another_link_that_names_the_package_can_only_be_kept(tmp_path, text):
    lay(tmp_path, FILES)
    (tmp_path / "tests/round").symlink_to("..")
    (tmp_path / "tests/link").symlink_to(text)
    one, entry = ONE.replace("RULING", "keep"), "{text: project_builder, file: tests/link"
    assert f"a link to {text!r}" in str(planned(tmp_path, one).verdict)
    for ruling, holds in (("rewrite", False), ("keep", True)):
        rulings = f"{one}, {entry}, ruling: {ruling}, why: w}}"
        made = planned(tmp_path, rulings)
        assert made.verdict.holds == holds, str(made.verdict)


def test_the_copy_of_the_package_is_scanned_where_it_stands(tmp_path):
    index = tree(tmp_path, "coo")
    lay(
        tmp_path,
        {"coo/extra.py": "from project_builder.core import build\nx = 'project_builder.sub'\n"},
    )
    made = planning.plan(tmp_path, ["coo"], NAMES, index, Rulings())
    plans.apply(made, tmp_path)
    assert (tmp_path / "coo/extra.py").read_text() == "from coo.core import build\nx = 'coo.sub'\n"


def test_bytecode_and_git_are_left_out(tmp_path):
    lay(
        tmp_path,
        {"tests/__pycache__/x.pyc": "project_builder", ".git/x.py": "import project_builder"},
    )
    assert not planned(tmp_path, where=["."], files={}).unanswered


def test_a_place_that_is_not_there_is_told(tmp_path):
    with pytest.raises(Misconfigured, match="nothing: expected a file or a folder"):
        planned(tmp_path, where=["nothing"])


@pytest.mark.parametrize("names", [Names("a.b", "coo"), Names("a", "class"), Names("a", "a")])
def test_names_are_two_top_level_packages(tmp_path, names):
    with pytest.raises(Misconfigured, match="package: expected"):
        planning.plan(tmp_path, [], names, tree(tmp_path), Rulings())


BEFORE = b"import project_builder\nx = 'project_builder'\n"


@pytest.mark.parametrize(
    ("after", "what"),
    [
        (b"import coo\nx = 'coo\n", "cannot be parsed"),
        (b"import coo\nx = 'other'\n", "another syntax tree"),
        (b"import coo, sys\nx = 'coo'\n", "another syntax tree"),
        (b"import coo\nx = 'coo'\ny = 1\n", "another number of statements"),
        (b"import coo\n\nx = 'coo'\n", "another syntax tree"),
        (b'import coo\nx = "coo"\n', "other tokens"),
        (b"import coo\nx  = ('coo')\n", "other tokens"),
    ],
)
def test_another_program_is_damage(after, what):
    edits = [Edit(7, 22, b"coo", "R1"), Edit(28, 43, b"coo", "R4")]
    with pytest.raises(Damaged, match=what):
        postconditions.check_python("x.py", BEFORE, after, edits, NAMES)
    postconditions.check_python("x.py", BEFORE, b"import coo\nx = 'coo'\n", edits, NAMES)


def test_an_edit_too_many_is_damage(tmp_path):
    made = planned(tmp_path, ONE.replace("RULING", "rewrite"))
    first = made.files[1]
    twice = replace(first, edits=(*first.edits, Edit(0, 1, b"", "R1")))
    with pytest.raises(Damaged, match="rewritten: expected"):
        plans.apply(replace(made, files=(twice,)), tmp_path)


def test_a_name_that_is_no_utf8_is_refused(tmp_path):
    lay(tmp_path, FILES)
    (tmp_path / "tests" / os.fsdecode(b"\xff.py")).write_text("import project_builder")
    with pytest.raises(Misconfigured, match="lone surrogate"):
        planned(tmp_path)


def test_a_package_of_one_file_is_renamed(tmp_path):
    lay(
        tmp_path,
        {
            "coo.py": "def go(): ...\nclass E(Exception): ...\n",
            "test_it.py": "import project_builder\nx = 'project_builder.go', 'project_builder.py'\n"
            "y = 'project_builder:go'\nproject_builder.go()\n",
        },
    )
    index = ModuleTree.of(tmp_path, TOP, NAMES)
    made = planning.plan(tmp_path, [RelPath("test_it.py")], NAMES, index, Rulings())
    plans.apply(made, tmp_path)
    assert made.rules == {"R1": 1, "R2": 1, "R3": 2, "R8": 1}
    assert "project_builder" not in (tmp_path / "test_it.py").read_text()


def test_while_both_packages_stand_the_copy_alone_is_changed(tmp_path):
    index = tree(tmp_path)
    lay(tmp_path, {"coo/core.py": "import project_builder.sub\n"})
    made = planning.plan(tmp_path, [RelPath("coo")], NAMES, index, Rulings())
    plans.apply(made, tmp_path)
    assert [file.path for file in made.files] == ["coo/core.py"]


def test_a_ruling_in_a_file_of_other_line_ends_and_encoding(tmp_path):
    text = "# coding: latin-1\r\nx = 1\ry = 'é', 'project_builder'\r\n"
    lay(tmp_path, {"t.py": text.encode("latin-1")})
    entry = "{text: project_builder, file: t.py, ruling: rewrite, why: w}"
    made = planned(tmp_path, entry, ["t.py"], {})
    plans.apply(made, tmp_path)
    assert (tmp_path / "t.py").read_bytes() == text.replace("project_builder", "coo").encode(
        "latin-1"
    )


def test_nothing_of_it_depends_on_the_hash_seed(tmp_path):
    lay(tmp_path, FILES | {f"tests/more{n}.py": FILES["tests/test_a.py"] for n in range(9)})
    tree(tmp_path)
    program = (
        "import sys, pathlib; from tests.coo.rewriting.corpus import NAMES;"
        "from sealwright.contracts.coo.rewriting import planning, module_tree, rulings;"
        "root = pathlib.Path(sys.argv[1]);"
        "index = module_tree.ModuleTree.of(root, '.', NAMES);"
        "made = planning.plan(root, ['tests', 'scripts'], NAMES, index, rulings.Rulings());"
        "print(made.digest)"
    )
    here = pathlib.Path(__file__).parents[3]
    said = set()
    for seed in ("0", "1", "2"):
        env = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": f"{here}/lib:{here}"}
        words = [sys.executable, "-c", program, str(tmp_path)]
        said.add(subprocess.run(words, env=env, cwd=here, capture_output=True, check=True).stdout)
    assert len(said) == 1
