"""`sealwright init`, and what a wrong configuration is told as."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from sealwright import setup
from sealwright.contracts import KNOWN
from sealwright.engine.commands import TABLE
from sealwright.errors import Misconfigured, Refused
from tests.support.example import SNAPSHOTS, Repository

pytest_plugins = ("tests.support.repositories",)

WRITTEN = [
    ".gitignore",
    "config/bundle.yaml",
    "config/sealwright.yaml",
    "config/sot_pack.yaml",
    "config/work_orders.yaml",
    "dodo.py",
    "doit.cfg",
    "tasks.py",
]


@pytest.fixture
def fresh(tmp_path) -> Repository:
    """An empty git repository."""
    (tmp_path / "fresh").mkdir()
    repo = Repository(tmp_path / "fresh")
    repo.git("init", "--quiet", "--initial-branch=main")
    return repo


def files(folder: Path) -> list[str]:
    paths = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(str(path) for path in paths if path.parts[0] != ".git")


def test_init_writes_doorways_and_configuration(fresh):
    said = setup.init(fresh.root)
    assert files(fresh.root) == WRITTEN
    assert sorted(said[:-1]) == [f"{name}: written" for name in WRITTEN]
    assert said[-1].startswith("next: look at config/, then: git add, git commit, doit list")


def test_every_key_of_the_configuration_is_commented(fresh):
    setup.init(fresh.root, list(KNOWN))
    for name in ("sealwright", *KNOWN):
        lines = (fresh.root / f"config/{name}.yaml").read_text().splitlines()
        keys = [n for n, line in enumerate(lines) if re.match("(# )?[a-z_]+:($| )", line)]
        assert len(keys) >= 3
        assert [lines[n] for n in keys if not lines[n - 1].startswith("# ")] == []


def test_in_a_fresh_repository_everything_answers_and_the_tree_stays_clean(fresh):
    assert fresh.sealwright("init").code == 0
    fresh.write("0luka.md", "# What is true\n")
    fresh.write("tools/catalog_lookup.zsh", "#!/usr/bin/env zsh\n")
    fresh.write("tests/test_it.py", "def test_it():\n    pass\n")
    fresh.write(f"{SNAPSHOTS}/250101_090000_snapshot.md", "# Snapshot\n")
    listed = fresh.doit("list")
    assert listed.code == 0 and "sot_pack:seal " in listed.out
    assert fresh.run("inv", "--list").code == 0
    fresh.commit()
    done = fresh.doit()
    assert done.code == 0, done.said
    assert fresh.latest and fresh.status == ""


def test_before_the_first_commit_the_refusal_says_what_to_do(fresh):
    setup.init(fresh.root)
    done = fresh.doit()
    assert done.code == 1 and "has no commit yet; git add and git commit" in done.said


def test_init_touches_nothing_that_exists(fresh):
    there = {name: f"# {name} of somebody\n" for name in WRITTEN}
    for name, text in there.items():
        fresh.write(name, text)
    said = "\n".join(setup.init(fresh.root))
    assert {name: (fresh.root / name).read_text() for name in WRITTEN} == there
    assert files(fresh.root) == WRITTEN
    for name in WRITTEN:
        assert f"{name}: is there, left as it is" in said
    for line in (
        "globals().update(doorway.tasks(__file__))",
        "namespace = menu.namespace(__file__)",
        "run = sealwright.engine.commands.run:Run",
        "contracts: [bundle, work_orders, sot_pack]",
        "__pycache__/",
    ):
        assert f"\n    {line}" in said
    assert '"""' not in said  # a file has one docstring, and it has its own


def test_a_second_init_has_nothing_to_say(fresh):
    setup.init(fresh.root)
    said = setup.init(fresh.root)
    assert sorted(said[:-1]) == [f"{name}: is there, left as it is" for name in WRITTEN]


def test_where_pyproject_configures_doit_its_lines_are_printed(fresh):
    text = "[tool.doit]\nverbosity = 2\n"
    fresh.write("pyproject.toml", text)
    said = "\n".join(setup.init(fresh.root))
    assert not (fresh.root / "doit.cfg").exists()
    assert (fresh.root / "pyproject.toml").read_text() == text
    assert "pyproject.toml: has doit's configuration already; add to it:" in said
    assert '    [tool.doit.plugins.command]\n    run = "sealwright.engine.commands.run' in said


@pytest.mark.parametrize("text", ["[project]\nname = 'x'\n", "no TOML at all ["])
def test_another_pyproject_gets_a_doit_cfg_beside_it(fresh, text):
    fresh.write("pyproject.toml", text)
    setup.init(fresh.root)
    assert (fresh.root / "doit.cfg").read_text() == setup.plugin_lines()
    assert (fresh.root / "pyproject.toml").read_text() == text


def test_the_plugin_lines_name_every_command():
    lines = setup.plugin_lines().splitlines()
    assert lines[0] == "[COMMAND]"
    assert dict(line.split(" = ") for line in lines[1:]) == TABLE


def test_a_chosen_contract_is_the_one_in_force(fresh):
    setup.init(fresh.root, ["sot_pack", "sot_pack"])
    config = yaml.safe_load((fresh.root / "config/sealwright.yaml").read_text())
    assert config["contracts"] == ["sot_pack"] and set(config["contracts"]) <= set(KNOWN)


def test_an_unknown_contract_is_misconfigured_and_nothing_is_written(fresh):
    with pytest.raises(Misconfigured, match="--contract sotpack: expected one of coo, bundle"):
        setup.init(fresh.root, ["sotpack"])
    assert files(fresh.root) == []
    assert fresh.sealwright("init", ".", "--contract", "sotpack").code == 3


@pytest.mark.parametrize("name", ["nowhere", ".git/config"])
def test_a_folder_that_is_none_is_refused(fresh, name):
    with pytest.raises(Refused, match="expected a folder, found none"):
        setup.init(fresh.root / name)


# A wrong configuration is one line

HOUSE, PACK = "config/sealwright.yaml", "config/sot_pack.yaml"
FORCE = "contracts: [sot_pack]\n"
VERIFY = "verification: [python, -c, pass]\n"
WRONG = {
    "unknown key": (HOUSE, FORCE + "stat: x\n", ":2:1: sealwright.stat: unknown key; did you mean"),
    "wrong type": (HOUSE, "contracts: sot_pack\n", ":1:12: sealwright.contracts: expected a list"),
    "path out": (HOUSE, FORCE + "state: ../out\n", ":2:8: sealwright.state: expected a path ins"),
    "no YAML": (HOUSE, "contracts: [sot_pack\n", ":2:1: is not YAML: "),
    "unknown contract": (HOUSE, "contracts: [sotpack]\n", ":1:12: sealwright.contracts: expected"),
    "a chain that is no list": (
        HOUSE,
        FORCE + "chains:\n  ci: sot_pack\n",
        ":3:7: sealwright.chains.ci: expected a list of strings",
    ),
    "an unknown step in a chain": (
        HOUSE,
        FORCE + "chains:\n  ci: [sot_pack:pak]\n",
        "chains.ci: sot_pack:pak is neither a step nor a chain",
    ),
    "a repository that is none": (
        HOUSE,
        FORCE + "repository: nowhere\n",
        "repository: expected a folder, found nothing",
    ),
    "no file": (HOUSE, None, ": does not exist; create it, as `sealwright init` does"),
    "unknown key of the contract": (
        PACK,
        VERIFY + "document: [a]\n",
        ":2:1: sot_pack.document: unknown key; did you mean 'documents'?",
    ),
    "a command that is no list": (
        PACK,
        "verification: make check\n",
        ":1:15: sot_pack.verification: expected a list of strings, found str",
    ),
    "no command": (PACK, "verification: []\n", ":1:15: sot_pack.verification: expected a command"),
    "no verification": (PACK, "documents: [a]\n", ":1:1: sot_pack.verification: is missing"),
    "a document out": (
        PACK,
        VERIFY + "documents: [a, ../b]\n",
        ":2:16: sot_pack.documents[1]: expected a path inside the repository",
    ),
    "an absolute feed": (
        PACK,
        VERIFY + "feed: /var/feed\n",
        ":2:7: sot_pack.feed: expected a path inside the repository",
    ),
    "no documents": (
        PACK,
        VERIFY + "documents: []\n",
        ":2:12: sot_pack.documents: expected at least one path, found an empty list",
    ),
    "a document in the place of the pack's own": (
        PACK,
        VERIFY + "documents: [a, manifest.json]\n",
        ":2:12: sot_pack.documents: expected names other than manifest.json, sha256sums.txt, "
        "walkthrough.md, found 'manifest.json'",
    ),
    "a document below the pack's own": (
        PACK,
        VERIFY + "documents: [sha256sums.txt/a]\n",
        "found 'sha256sums.txt/a'",
    ),
    "a word instead of its digest": (
        PACK,
        VERIFY + "forbidden_words: [word]\n",
        ":2:18: sot_pack.forbidden_words: expected SHA-256 digests of 64 digits, found 'word'",
    ),
    "no file of the contract": (PACK, None, ": does not exist; create it"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_configuration_is_one_line_and_exit_3(bare, case):
    file, text, said = WRONG[case]
    (bare.root / file).unlink()
    if text is not None:
        bare.write(file, text)
    for command in (("doit",), ("doit", "list"), ("inv", "--list")):
        done = bare.run(*command)
        assert done.code == 3, command
        assert done.out == "" and done.err.count("\n") <= 1 and "Traceback" not in done.err
        assert file in done.err and said in done.err


def test_a_graph_that_makes_no_sense_is_one_line_everywhere(bare):
    feed = "observability/stl/ledger/activity_feed.jsonl"
    bare.write(PACK, VERIFY + f"documents: [{feed}]\n")
    for command in (("doit",), ("inv", "--list")):
        done = bare.run(*command)
        assert done.code == 3 and "Traceback" not in done.err
        assert f"{feed}: is a ledger that grows" in done.err
