"""The example that comes with Sealwright, and the walk through it that `make run` is."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from sealwright.contracts.sot_pack import verification
from sealwright.contracts.workflow.evidence import verify
from sealwright.example import packets, repository, tour
from sealwright.ledger import Ledger
from tests.support.example import PROJECT, Repository
from tests.test_build_sot_pack import FORBIDDEN, hexdigest

pytest_plugins = ("tests.support.repositories",)

COMMIT = """import sys; from pathlib import Path
from sealwright.example import repository
print(repository.build(Path(sys.argv[1])))"""
PLACES = {
    "another folder": {},
    "another umask": {"umask": "077"},
    "another time zone": {"TZ": "Asia/Kathmandu"},
    "another locale": {"LC_ALL": "C", "LANG": "tr_TR.UTF-8"},
    "another hash seed": {"PYTHONHASHSEED": "4711"},
    "another person": {
        "GIT_AUTHOR_NAME": "Somebody",
        "GIT_COMMITTER_EMAIL": "somebody@example.com",
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "core.autocrlf",
        "GIT_CONFIG_VALUE_0": "true",
    },
}


@pytest.mark.parametrize("place", PLACES)
def test_the_commit_of_the_example_is_the_same_in(_example, tmp_path, place):
    environment = {"PYTHONPATH": str(PROJECT / "lib"), **PLACES[place]}
    umask = environment.pop("umask", "022")
    command = f'umask {umask}; exec "$@"'
    target = tmp_path / "some folder"
    argv = ("bash", "-c", command, "-", sys.executable, "-c", COMMIT, target)
    done = Repository(tmp_path).run(*argv, **environment)
    assert done.code == 0, done.said
    assert done.out.strip() == _example.git("rev-parse", "HEAD~1")  # before it names a key
    assert Repository(target).git("status", "--porcelain") == ""


def test_a_build_that_was_interrupted_is_begun_again(tmp_path):
    left = tmp_path / ".example.unfinished"
    left.mkdir()
    (left / "half.txt").write_text("half")
    repository.build(tmp_path / "example")
    assert sorted(os.listdir(tmp_path)) == ["example"]
    assert not (tmp_path / "example/half.txt").exists()


def test_a_clone_of_the_example_has_everything_that_a_run_needs(example, tmp_path):
    example.git("clone", "--quiet", str(example.root), str(tmp_path / "clone"))
    clone = Repository(tmp_path / "clone", example.now)
    done = clone.doit()
    assert done.code == 0, done.said


def test_the_tests_of_the_example_pass(example):
    done = example.run(sys.executable, "-B", "-m", "pytest", "-p", "no:cacheprovider")
    assert done.code == 0 and re.search(r"\b1[0-9] passed", done.out), done.said
    assert example.status == ""


def test_the_readme_of_the_example_says_what_it_does(example):
    done = example.run(sys.executable, "-B", "-m", "doctest", "README.md", PYTHONPATH=".")
    assert (done.code, done.out) == (0, "")
    text = (example.root / "README.md").read_text()
    command = re.search("(?m)^    python (-m project_builder .*)$", text)[1]
    done = example.run(sys.executable, "-B", *command.split())
    assert done.code == 0 and done.out.splitlines()[-1].split()[-2:] == ["8", "days"]


def test_the_catalog_of_the_example_is_looked_up(example):
    script = "tools/catalog_lookup.zsh"
    done = example.run("sh", script, "project_builder")
    assert (done.code, done.out) == (0, f"{example.root}/project_builder/__main__.py\n")
    unknown = example.run("sh", script, "hammer")
    assert (unknown.code, unknown.err) == (1, "catalog_lookup: hammer is not in the catalog\n")
    assert example.run("sh", script).code != 0


def test_the_example_holds_no_word_that_it_forbids():
    texts = [name + "\n" + data.decode() for name, data in repository.content()]
    digests = {hexdigest(word) for text in texts for word in verification.words(text)}
    assert len(texts) > 15 and FORBIDDEN not in digests
    config = dict(repository.content())["config/sot_pack.yaml"].decode()
    assert f"  - {FORBIDDEN}\n" in config


def test_only_scripts_of_the_example_are_executable(_example):
    listed = [line.split() for line in _example.git("ls-files", "--stage").splitlines()]
    assert [name for mode, _, _, name in listed if mode != "100644"] == ["tools/catalog_lookup.zsh"]


def test_the_example_names_nothing_of_the_machine():
    for name, data in repository.content():
        assert b"/home/" not in data and b"/root" not in data and b"/tmp" not in data, name


# The walk through it


@pytest.fixture
def walk(capfd, monkeypatch, tmp_path):
    """Walk through the example in a folder; return exit code, output and error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1735722060")

    def walking(*words: str) -> tuple[int, str, str]:
        return (tour.main(words), *capfd.readouterr())

    return walking


@pytest.fixture(scope="session")
def _walked(tmp_path_factory):
    """A folder with the example after a walk, and what the walk said."""
    top = tmp_path_factory.mktemp("walked")
    argv = (sys.executable, "-m", "sealwright.example.tour", "build/my example")
    environment = {"PYTHONPATH": str(PROJECT / "lib"), "SOURCE_DATE_EPOCH": "1735722060"}
    return top, Repository(top).run(*argv, **environment)


@pytest.fixture
def walked(_walked, tmp_path):
    """The example after a walk, and its key beside it, in a folder of the test's own."""
    shutil.copytree(_walked[0], tmp_path, symlinks=True, dirs_exist_ok=True)
    return Repository(tmp_path / "build/my example")


def test_the_first_walk_makes_runs_and_shows_everything(_walked, tmp_path):
    top, done = _walked
    assert (done.code, done.err) == (0, "")
    out = done.out
    commit = repository.build(tmp_path / "again", tour.CONTRACTS)
    assert f"its commit is {commit}, as everywhere" in out
    assert "operator: gpg --batch" in out
    assert "operator: git add --all && git commit --message 'Name who can read snapshots'\n" in out
    assert "operator: cd 'build/my example' && doit run --json manifests" in out
    for name in ("freeze", "final"):
        assert f"operator: gpg --armor --detach-sign config/approvals/{name}.json" in out
    assert re.search(r"coo +28 +28 +0 +0\n", out)
    assert re.search(r"bundle +4 +4 +0 +0\n", out)
    assert re.search(r"workflow +35 +35 +0 +0\n", out)
    assert re.search(r"work_orders +14 +14 +0 +0\n", out)
    assert re.search(r"sot_pack +5 +5 +0 +0\n", out)
    assert "Nothing executed" not in out
    assert (top / "build/my example/.sealwright/report.html").is_file()


def test_everything_that_a_walk_shows_can_be_typed(_walked, walked, tmp_path):
    told = _walked[1].out.partition("and how to see it")[2].replace(str(_walked[0]), str(tmp_path))
    commands = re.findall(r"(?m)^  (.*)$", told)
    assert len(commands) == 14
    for command in commands:
        done = Repository(tmp_path).run("bash", "-c", command, cwd=tmp_path)
        assert done.code == 0, (command, done.said)


def test_the_second_walk_executes_nothing_and_says_so(walk, walked):
    before = walked.evidence
    code, out, _ = walk("build/my example")
    assert code == 0 and "\nNothing executed: every step is up to date" in out
    assert re.search(r"coo +28 +0 +28 +0\n", out) and re.search(r"sot_pack +5 +0 +5 +0\n", out)
    assert re.search(r"workflow +35 +0 +35 +0\n", out)
    assert walked.evidence == before


# The governed runs in it


class Governed:
    """What the governed runs of a walk left."""

    def __init__(self, walked: Repository) -> None:
        self.walked = walked
        self.evidence = walked.root / "evidence"
        self.target = Repository(walked.root / "targets/strings")
        self.book = Ledger(self.evidence / "approvals.jsonl")

    def folder(self, work: str, ending: str = "") -> Path:
        """The one folder of evidence of a packet, of the run or of its outcome."""
        name = re.compile(rf"\w+-{work}-[0-9a-f]{{8}}{re.escape(ending)}")
        (found,) = (place for place in self.evidence.iterdir() if name.fullmatch(place.name))
        return found

    def report(self, work: str, ending: str = "") -> dict[str, Any]:
        """The report in that folder."""
        return dict(json.loads((self.folder(work, ending) / "report.json").read_bytes()))

    def lines(self, event: str, name: str) -> list[Any]:
        """What the ledger of approvals tells in the lines of an event."""
        return [e.record[name] for e in self.book.entries() if e.record["event"] == event]


@pytest.fixture
def governed(walked):
    return Governed(walked)


@pytest.fixture
def fingerprint(walked):
    """Who agrees to everything in the example."""
    text = (walked.root / "config/workflow.yaml").read_text()
    (found,) = set(re.findall(r"keys: \[([0-9A-F]{40})\]", text))
    return found


def test_a_run_is_approved_carried_out_and_accepted(governed, fingerprint):
    run, said = governed.report("CTO-WORK-049"), governed.report("CTO-WORK-049", ".accept")
    assert (run["status"], run["stage"], run["blockers"]) == ("pass", 5, [])
    assert run["approval"]["by"] == said["operator_outcome"]["by"] == fingerprint
    assert said["operator_outcome"]["outcome"] == "accept"
    assert run["validation"] == {"command": "python3 -m pytest -q", "exit": 0}
    assert run["changed_files"] == ["src/strings.py", "test_strings.py"]
    assert governed.target.git("rev-parse", "HEAD~2") == run["commit"]
    assert "3 passed" in (governed.folder("CTO-WORK-049") / "test.log").read_text()
    done = governed.target.run(
        sys.executable, "-c", "from src.strings import *; print(slugify(' A  b '))"
    )
    assert done.out == "a-b\n", done.said


def test_a_run_that_passed_is_rejected_and_its_commit_reverted(governed, fingerprint):
    run, said = governed.report("CTO-WORK-050"), governed.report("CTO-WORK-050", ".reject")
    assert run["status"] == "pass" and run["backend"]["kind"] == "command"
    assert (said["status"], said["operator_outcome"]["by"]) == ("fail", fingerprint)
    assert [each["reason"] for each in said["blockers"]] == ["reviewer_reject"]
    target = governed.target
    assert target.git("rev-parse", "HEAD~1") == run["commit"]
    assert f"Reverts: {run['commit']}" in target.git("log", "-1", "--format=%B")
    assert target.git("rev-parse", "HEAD^{tree}") == target.git("rev-parse", "HEAD~2^{tree}")
    assert "casefold" in target.git("show", "HEAD~1:src/strings.py")
    assert target.git("rev-list", "--count", "HEAD") == "4" and target.status == ""


def test_stage_five_is_earned_from_a_gate_that_stayed_shut_on(governed):
    entries = [entry.record for entry in Ledger(governed.evidence / "stages.jsonl").entries()]
    assert [entry["stage"] for entry in entries] == [1, 2, 3, 4, 5]
    shut, *accepted = (entry["evidence"] for entry in entries)
    assert accepted == governed.lines("outcome.recorded", "evidence")[:4]
    assert shut == governed.lines("run.finished", "evidence")[0]
    report = json.loads(
        (governed.evidence / governed.lines("run.finished", "run")[0] / "report.json").read_bytes()
    )
    assert report["status"] == "blocked" and report["approval"] is None
    assert {each["reason"] for each in report["blockers"]} == {"gate_closed", "stage_out_of_order"}


def test_an_approval_that_was_used_runs_nothing_again(_walked, governed):
    run = governed.report("CTO-WORK-049")["run"]
    asked, answer = _walked[1].out.partition("doit run --json -a ")[::2]
    assert answer.startswith("workflow:execute:CTO-WORK-049\n") and "--json -a" not in asked
    assert "waiting     workflow:execute:CTO-WORK-049   forced\n" in answer
    assert f"expected an approval that no run has used, found that of the run {run}" in answer
    works = [f"CTO-WORK-0{number}" for number in range(46, 51)]
    assert governed.lines("approval.consumed", "packet") == works
    assert governed.lines("outcome.recorded", "outcome") == ["accept"] * 4 + ["reject"]


def test_the_gate_is_open_for_the_governed_runs_alone(_walked):
    commands = re.findall(r"CTO_HARNESS_\w+=\S+ \\\n +(doit .*)\n", _walked[1].out)
    assert len(commands) == 12
    assert all(word.split(":")[0] == "workflow" for c in commands for word in c.split()[3:][-1:])
    _, _, last = _walked[1].out.rpartition("doit run --json\n")
    assert "CTO_HARNESS" not in last.partition("\ncontract ")[0]


def test_the_evidence_of_every_run_holds_and_is_sealed(governed):
    folders = sorted(place for place in governed.evidence.iterdir() if place.is_dir())
    assert len(folders) == 11
    for folder in folders:
        assert verify(folder, used=governed.book).holds, folder
        sums = ("sha256sum", "-c", "--strict", "--quiet", "artifact_digests.sha256")
        assert governed.walked.run(*sums, cwd=folder).code == 0
    walked = governed.walked
    assert walked.git("log", "-1", "--format=%s") == "Keep the evidence of the governed runs"
    assert walked.latest == walked.names[-1] and walked.latest.endswith(walked.head[:7])
    assert walked.git("ls-files", "targets") == "" and walked.status == ""
    assert sorted(os.listdir(walked.root / "targets")) == ["copy", "fixture", "strings"]


def test_the_page_of_the_example_tells_of_its_governed_runs(walked, fingerprint):
    done = walked.run(sys.executable, "-m", "invoke", "report", "--json")
    assert done.code == 0, done.said
    runs = done.json()["workflows"]
    assert len(runs) == 11 and [run["problems"] for run in runs] == [[]] * 11
    told = {
        run["run"].rpartition("-")[0][-12:]: dict(run["told"])
        for run in runs
        if "." not in run["run"]
    }
    assert told["CTO-WORK-049"]["outcome"] == f"accept, by {fingerprint}"
    assert told["CTO-WORK-049"]["target"] == "targets/strings, owned by jp"
    assert told["CTO-WORK-050"]["status"] == "pass"
    assert told["CTO-WORK-050"]["outcome"].startswith(f"reject, by {fingerprint}; taken back by ")
    back = [way["command"] for way in done.json()["ways_back"] if "revert" in way["command"]]
    assert len(back) == 4 and all(told["CTO-WORK-050"]["commit"] not in each for each in back)


@pytest.mark.parametrize("work", packets.EARLIER, ids=lambda work: work.id)
def test_the_packet_of_an_earlier_stage_differs_in_stage_and_target_alone(governed, work):
    text, owned = ((governed.walked.root / w.packet).read_text() for w in (work, packets.OWNED))
    edits = {work.id: packets.OWNED.id, f"STAGE={work.stage}": "STAGE=5"}
    for found, wanted in {**edits, f"targets/{work.target}": "targets/strings"}.items():
        assert found in text
        text = text.replace(found, wanted)
    assert text.replace(work.admission, packets.OWNED.admission) == owned


def test_a_walk_through_a_dirty_example_shows_the_refusal(walk, walked):
    walked.write("0luka.md", "# Something else\n")
    code, out, _ = walk("build/my example")
    assert code == 1 and "  0luka.md: is changed and not committed; git commit -- 0luka.md" in out
    assert "What is proved now" not in out


def test_a_folder_of_somebody_elses_is_left_alone(walk, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/notes.md").write_text("mine\n")
    code, _, err = walk("mine")
    assert code == 1 and "expected the example or nothing, found something else" in err
    assert os.listdir(tmp_path / "mine") == ["notes.md"]


@pytest.mark.parametrize("words", [(), ("one", "two")], ids=["none", "two"])
def test_wrong_words_are_misconfigured(walk, words):
    code, _, err = walk(*words)
    assert code == 3 and err.startswith("usage: ")
