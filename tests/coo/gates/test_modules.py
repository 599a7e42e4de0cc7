"""Gate B runs modules in processes of their own, and names the first thing that differs."""

from __future__ import annotations

import functools
import os
from pathlib import Path

import pytest

from sealwright import document, process
from sealwright.contracts.coo.gates import (
    chain_functions,
    module_settings,
    modules,
    private_copies,
)
from sealwright.contracts.coo.gates.module_settings import Module
from sealwright.contracts.coo.gates.modules import Wish
from sealwright.digest import sha256
from sealwright.errors import Misconfigured, Refused
from sealwright.paths import RelPath
from tests.coo import scans
from tests.coo.scans import put

FILES = {"coo/__init__.py": "", "data/a.txt": "a\n", "data/b.txt": "b\n", "data/c.txt": "c\n"}
GOOD = """
import json, os, sys
files = sorted(os.listdir("data"))
os.makedirs("build", exist_ok=True)
with open("build/plan.json", "w") as out:
    json.dump(files, out)
print(len(files), "files")
"""


def judged(tmp_path: Path, source: str, outputs=(), **wish):
    """Return the answer about one module ``coo.plan``."""
    tree = put(tmp_path / "tree", {**FILES, "coo/plan.py": source})
    module = Module("plan", ("python", "-m", "coo.plan"), tuple(map(RelPath, outputs)))
    return ask(tree, tmp_path / "work", modules=(module,), **wish)


def ask(tree: Path, work: Path, **wish):
    work.mkdir()
    if not process.isolated():
        wish["weaker"] = True
    return modules.judge(tree, Wish(**{"python": Path(os.sys.executable), **wish}), work)


def told(verdict) -> list[str]:
    return [each.what for each in verdict.findings]


def test_a_module_that_is_deterministic_passes_with_the_digests_of_what_it_made(tmp_path):
    verdict = judged(tmp_path, GOOD, ["build/plan.json"])
    assert verdict.holds, str(verdict)
    (row,) = verdict.evidence["modules"]
    assert row == {
        "name": "plan",
        "run_in": "process",
        "outputs": [
            {"output": "standard output", "sha256": sha256(b"3 files\n")},
            {"output": "build/plan.json", "sha256": sha256(b'["a.txt", "b.txt", "c.txt"]')},
        ],
    }
    assert verdict.evidence["runs"] == 3


def test_the_answer_is_the_same_in_another_folder_made_in_another_order(tmp_path, monkeypatch):
    first = judged(tmp_path / "here", GOOD, ["build/plan.json"])
    other = tmp_path / "an other place"
    for name in reversed(list(FILES)):
        put(other / "tree", {name: FILES[name]})
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    monkeypatch.setenv("LC_ALL", "tr_TR.UTF-8")
    monkeypatch.setenv("PYTHONHASHSEED", "77")
    before = os.umask(0o077)
    try:
        assert judged(other, GOOD, ["build/plan.json"]) == first
    finally:
        os.umask(before)


@pytest.mark.parametrize(
    "source",
    {
        "the order of a set": "print({'a', 'b', 'c', 'd', 'e', 'f', 'g'})",
        "the folder": "import os; print(os.getcwd())",
        "home": "import os; print(os.path.expanduser('~'))",
        "the folder for temporary files": "import tempfile; print(tempfile.gettempdir())",
        "the umask": "import os; print(os.umask(0))",
        "the order of a listing": "import os; print(os.listdir('data'))",
        "the order of a scan": "import os; print([e.name for e in os.scandir('data')])",
        "the order of a glob": "import glob; print(glob.glob('data/*'))",
        "the order of a walk": "import os; print(list(os.walk('data')))",
        "the order in pathlib": "import pathlib; print(list(pathlib.Path('data').iterdir()))",
        "its process": "import os; print(os.getpid(), os.urandom(8))",
        "a clock": "import time; print(time.time_ns())",
        "a child's order": (
            "import subprocess, sys; print(subprocess.check_output("
            "[sys.executable, '-c', \"import os; print(os.listdir('data'))\"]))"
        ),
    }.values(),
)
def test_what_depends_on_anything_else_is_caught(tmp_path, source):
    verdict = judged(tmp_path, source + "\n")
    assert len(verdict.findings) == 1
    assert verdict.findings[0].where == "module plan"
    assert told(verdict)[0].startswith("standard output: byte ")


def test_the_first_difference_is_named_by_output_byte_line_and_both_excerpts(tmp_path):
    source = """
import os
with open("out.txt", "w") as out:
    out.write("same\\nsame\\nseed: " + os.environ["PYTHONHASHSEED"] + "\\x1b end\\n")
with open("z.txt", "w") as out:
    out.write(os.getcwd())
"""
    verdict = judged(tmp_path, source, ["out.txt", "z.txt"])
    assert told(verdict) == [
        r"out.txt: byte 16, line 3: run 1 (hash seed 0, umask 022) has "
        r"'same\x0asame\x0aseed: 0\x1b end\x0a', run 2 (hash seed 1, umask 077) has "
        r"'same\x0asame\x0aseed: 1\x1b end\x0a'"
    ]
    assert verdict.findings[0].remedy


def test_a_difference_far_in_a_large_output_is_found_with_short_excerpts(tmp_path):
    source = """
import os, sys
sys.stdout.write("x\\n" * 800_000 + os.environ["PYTHONHASHSEED"] * 5000)
"""
    (what,) = told(judged(tmp_path, source))
    assert what.startswith("standard output: byte 1600000, line 800001: run 1")
    assert len(what) < 700


def test_one_output_that_is_the_beginning_of_the_other_differs_where_it_ends(tmp_path):
    source = "import os\nprint('x', end='y' * (os.environ['PYTHONHASHSEED'] == '1'))\n"
    (what,) = told(judged(tmp_path, source))
    assert "byte 1, line 1" in what and "'x(the end)'" in what and "'xy'" in what


def test_a_difference_that_only_the_last_run_has_is_found(tmp_path):
    source = "import os\nprint(os.environ['PYTHONHASHSEED'] == '3735928559')\n"
    (what,) = told(judged(tmp_path, source))
    assert "run 1 (hash seed 0, umask 022) has 'False" in what
    assert "run 3 (hash seed 3735928559, umask 002) has 'True" in what


def test_undeclared_writes_are_named(tmp_path):
    source = """
import os, pathlib
pathlib.Path("coo/cache.bin").write_text("x")
pathlib.Path("data/a.txt").write_text("changed")
os.remove("data/b.txt")
os.chmod("data/c.txt", 0o755)
pathlib.Path.home().joinpath(".plan").write_text("x")
os.symlink("a.txt", "data/link")
"""
    assert told(judged(tmp_path, source)) == [
        "coo/cache.bin: was made, and is no declared output",
        "data/a.txt: was changed, and is no declared output",
        "data/b.txt: was removed, and is no declared output",
        "data/c.txt: was changed, and is no declared output",
        "data/link: was made, and is no declared output",
        "~/.plan: was made, and is no declared output",
    ]


def test_an_output_that_was_there_before_does_not_count_as_made(tmp_path):
    (tmp_path / "tree/build").mkdir(parents=True)
    (tmp_path / "tree/build/plan.json").write_text("old")
    verdict = judged(tmp_path, "print('nothing made')\n", ["build/plan.json"])
    assert told(verdict) == [
        "build/plan.json: expected a file or folder that it makes, found none",
    ]


def test_a_folder_of_outputs_is_compared_file_by_file(tmp_path):
    source = """
import os
os.makedirs("out/deep")
for name in ("deep/b", os.environ["PYTHONHASHSEED"]):
    open(f"out/{name}", "w").close()
"""
    verdict = judged(tmp_path, source, ["out"])
    assert told(verdict)[0].startswith("out/0: run 1 (hash seed 0, umask 022) made it, run 2")


def test_a_link_in_a_folder_of_outputs_is_named(tmp_path):
    source = "import os\nos.mkdir('out')\nos.symlink('/etc', 'out/x')\n"
    (what,) = told(judged(tmp_path, source, ["out"]))
    assert what == "out/x: expected a file, found something else"


def test_a_link_that_leads_a_copy_back_to_the_tree_is_refused(tmp_path):
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/link").symlink_to(tmp_path / "tree/data")
    with pytest.raises(Refused, match="make it relative"):
        judged(tmp_path, "open('link/a.txt', 'w').close()\n")


def test_the_order_of_files_leaves_the_rest_of_the_os_module_as_it_is(tmp_path):
    source = """
import os, shutil, tempfile
with os.scandir("data") as found:
    assert next(found).is_file()
assert all(map(os.path.exists, (entry.path for entry in os.scandir(b"data"))))
assert len(os.listdir(os.open("data", os.O_RDONLY))) == 3
assert shutil.rmtree.avoids_symlink_attacks
with tempfile.TemporaryDirectory() as folder:
    shutil.copytree("data", f"{folder}/data")
assert len(list(os.fwalk("."))) > 2
try:
    os.listdir("nothing")
except FileNotFoundError as error:
    assert error.filename == "nothing"
"""
    verdict = judged(tmp_path, source)
    assert verdict.holds, str(verdict)


def test_an_exit_code_is_a_finding_with_what_was_said_last(tmp_path):
    (what,) = told(judged(tmp_path, "import sys\nsys.exit('no \\x1b data in ' + __file__)\n"))
    assert what == ("expected exit code 0, found 1; it said last: no ? data in {repo}/coo/plan.py")


def test_a_program_that_takes_too_long_or_is_not_there_is_a_finding(tmp_path):
    (what,) = told(judged(tmp_path / "a", "import time\ntime.sleep(60)\n", seconds=0.2))
    assert "expected" in what
    tree = put(tmp_path / "b", FILES)
    none = Module("none", ("no-such-program",))
    verdict = ask(tree, tmp_path / "work", modules=(none,))
    assert "127" in told(verdict)[0]


def test_the_tree_itself_is_neither_written_nor_are_its_files_shared(tmp_path):
    source = "open('data/a.txt', 'r+').write('X')\n"
    judged(tmp_path, source, ["data/a.txt.new"])
    assert (tmp_path / "tree/data/a.txt").read_text() == "a\n"


def test_later_modules_see_what_earlier_ones_made_and_only_in_their_own_copy(tmp_path):
    tree = put(tmp_path / "tree", FILES)
    one = Module("one", ("sh", "-c", "echo 1 > made"), (RelPath("made"),))
    two = Module("two", ("cat", "made"))
    verdict = ask(tree, tmp_path / "work", modules=(one, two))
    assert verdict.holds, str(verdict)
    assert not (tree / "made").exists()


def test_an_output_beyond_a_link_that_leads_out_is_refused(tmp_path):
    (tmp_path / "tree").mkdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/keep").write_text("x")
    (tmp_path / "tree/build").symlink_to(tmp_path / "outside")
    with pytest.raises(Refused, match="expected a path inside"):
        judged(tmp_path, "", ["build/keep"])
    assert (tmp_path / "outside/keep").exists()


def test_the_source_root_is_where_modules_are_imported_from(tmp_path):
    tree = put(tmp_path / "tree", {"src/coo/plan.py": "print('ok')\n"})
    module = Module("plan", ("python", "-m", "coo.plan"))
    work = tmp_path / "work"
    assert ask(tree, work, modules=(module,), source_root=RelPath("src")).holds


def test_fewer_than_three_runs_are_none(tmp_path):
    with pytest.raises(ValueError, match="at least 3"):
        private_copies.make(tmp_path, tmp_path, 2)
    assert judged(tmp_path, GOOD, ["build/plan.json"], runs=5).evidence["runs"] == 5


def test_no_modules_at_all_hold_nothing(tmp_path):
    verdict = ask(put(tmp_path / "tree", FILES), tmp_path / "work")
    assert told(verdict) == ["expected at least one module, found none"]


def names(tree: Path) -> bytes:
    """A function that another process can import."""
    return "".join(sorted(path.name for path in tree.rglob("*.txt"))).encode()


def unsorted_names(tree: Path, suffix: str) -> bytes:
    return repr([name for name in os.listdir(tree / "data") if name.endswith(suffix)]).encode()


def test_functions_are_run_in_processes_of_their_own_where_they_can_be_found(tmp_path):
    tree = put(tmp_path / "tree", FILES)
    builtin = {
        "local": lambda tree: b"same",
        "names": names,
        "partial": functools.partial(_sized, extra="x"),
    }
    verdict = ask(tree, tmp_path / "work", builtin=builtin)
    assert verdict.holds, str(verdict)
    rows = {row["name"]: row["run_in"] for row in verdict.evidence["modules"]}
    assert rows == {"local": "this process", "names": "process", "partial": "process"}


def _sized(tree: Path, extra: str) -> bytes:
    return extra.encode() * len(list(tree.rglob("*.txt")))


def test_a_function_that_depends_on_the_order_of_files_is_caught(tmp_path):
    tree = put(tmp_path / "tree", FILES)
    builtin = {"names": functools.partial(unsorted_names, suffix=".txt")}
    (what,) = told(ask(tree, tmp_path / "work", builtin=builtin))
    assert what.startswith("standard output: byte 2, line 1: run 1")


def test_a_function_that_refuses_or_differs_here_is_a_finding(tmp_path):
    tree = put(tmp_path / "tree", FILES)

    def refusing(tree: Path) -> bytes:
        raise Refused("no scan")

    runs = iter(range(9))
    builtin = {"counting": lambda tree: b"%d" % next(runs), "no": refusing}
    what = told(ask(tree, tmp_path / "work", builtin=builtin))
    assert len(what) == 2 and "has '0'" in what[0] and what[1] == "no scan"


def test_declared_modules_take_the_place_of_functions(tmp_path):
    verdict = judged(tmp_path, GOOD, ["build/plan.json"], builtin={"names": names})
    assert [row["name"] for row in verdict.evidence["modules"]] == ["plan"]


def read(text: str):
    with document.parse(text.encode(), "config/coo.yaml") as table:
        return module_settings.read(table)


def test_modules_are_read_from_the_configuration():
    text = "modules: [{name: plan, command: [python, -m, coo.plan], outputs: [./build/plan.json]}]"
    command = ("python", "-m", "coo.plan")
    assert read(text) == (Module("plan", command, (RelPath("build/plan.json"),)),)
    assert read("{}") == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("modules: [{name: plan, command: []}]", "a program and its arguments"),
        ("modules: [{name: a/b, command: [x]}]", "letters, digits"),
        ("modules: [{name: a, command: [x]}, {name: a, command: [y]}]", "each name once"),
        ("modules: [{name: a, command: [x], outputs: [../x]}]", "expected a path inside"),
        ("modules: [{name: a, command: [x], output: [x]}]", "did you mean 'outputs'"),
    ],
)
def test_a_wrong_module_is_refused_by_its_place(text, said):
    with pytest.raises(Misconfigured, match=said) as refused:
        read(text)
    assert str(refused.value).startswith("config/coo.yaml:1:")


def test_the_chains_own_scan_and_lint_are_deterministic_in_processes_of_their_own(tmp_path):
    found = {f"coo/runtime/{name}.py": f"from os import *\n# {name} approves\n" for name in "cab"}
    found |= {"rules/leaks.json": scans.LEAK_BYTES, "rules/lint.json": scans.LINT_BYTES}
    tree = put(tmp_path / "tree", found)
    pinned = sha256(scans.LEAK_BYTES).removeprefix("sha256:")
    builtin = {
        "scan": functools.partial(
            chain_functions.scanned, ruleset="rules/leaks.json", sha256=pinned
        ),
        "lint": functools.partial(chain_functions.linted, ruleset="rules/lint.json"),
    }
    verdict = ask(tree, tmp_path / "work", builtin=builtin)
    assert verdict.holds, str(verdict)
    assert {row["run_in"] for row in verdict.evidence["modules"]} == {"process"}
    sums = {row["name"]: row["outputs"][0]["sha256"] for row in verdict.evidence["modules"]}
    assert sums == {name: sha256(function(tree)) for name, function in builtin.items()}


def test_a_function_that_refuses_in_its_process_is_a_finding(tmp_path):
    builtin = {"lint": functools.partial(chain_functions.linted, ruleset="nothing.json")}
    (what,) = told(ask(put(tmp_path / "tree", FILES), tmp_path / "work", builtin=builtin))
    assert "expected exit code 0, found" in what and str(tmp_path) not in what
