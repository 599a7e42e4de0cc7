"""`sealwright`: exit codes, what is printed where, help."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sealwright import cli
from tests.support.example import FEED, PACKS, PROJECT

pytest_plugins = ("tests.support.repositories",)

HOLDER = """
import sys; from pathlib import Path; from sealwright import lock
owner = lock.current("holder", "2025-01-01T00:00:00Z")
with lock.exclusive(Path("a.lock"), owner=owner, remedy="none"):
    print("held", flush=True); sys.stdin.read()
"""


@pytest.fixture
def run(capsys, monkeypatch, tmp_path):
    """Run one command in a folder and return exit code, standard output and error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1735689600")

    def running(*words: str | Path) -> tuple[int, str, str]:
        try:
            code = cli.main(list(map(str, words)))
        except SystemExit as ended:
            code = ended.code
        return (code, *capsys.readouterr())

    return running


def test_the_help_names_every_command_and_every_exit_code(run):
    code, out, _ = run("--help")
    assert code == 0
    for word in ("init", "verify", "unlock", "recover", "1 refused", "2 damaged", "misconfigured"):
        assert word in out


@pytest.mark.parametrize("command", ["init", "verify", "unlock", "recover"])
def test_each_command_has_help(run, command):
    code, out, _ = run(command, "--help")
    assert code == 0 and out.startswith(f"usage: sealwright {command}")


def test_the_version_is_told(run):
    assert run("--version")[1].startswith("sealwright ")


WORDS = [(), ("frobnicate",), ("verify",), ("verify", "a", "b"), ("recover", FEED), ("init", "--x")]


@pytest.mark.parametrize("words", WORDS, ids=" ".join)
def test_wrong_words_are_misconfigured(run, words):
    code, out, err = run(*words)
    assert code == 3 and out == "" and err.startswith("usage: sealwright")
    assert len(err.splitlines()[-1]) > len("sealwright: ")


def test_the_installed_command_is_the_same(sealed):
    done = sealed.run("sealwright", "verify", FEED)
    assert done.code == 0 and done.out.endswith(f"{FEED}: is an activity feed, and holds\n")


def test_verify_says_what_it_is_and_what_it_found(run, sealed):
    code, out, err = run("verify", sealed.packs / "latest")
    assert (code, err) == (0, "") and f"git_head: {sealed.head}\n" in out
    assert out.endswith("latest: is a sot pack, and holds\n")


def test_verify_prints_one_object_of_json(run, sealed):
    code, out, _ = run("verify", "--json", sealed.pack)
    told = json.loads(out)
    assert (code, told["exit"], told["what"], told["findings"]) == (0, 0, "a sot pack", [])
    assert told["evidence"]["git_head"] == sealed.head
    (sealed.pack / "0luka.md").unlink()
    code, out, _ = run("verify", "--json", sealed.pack)
    told = json.loads(out)
    assert (code, told["exit"]) == (2, 2)
    assert [f.partition(":")[0] for f in told["findings"]] == [f"{sealed.pack.name}/0luka.md"]


def test_verify_of_nonsense_is_refused_in_one_line(run, tmp_path):
    code, out, err = run("verify", "nowhere")
    assert code == 1 and out == "" and err.count("\n") == 1
    assert err.startswith("sealwright: nowhere: expected a sot pack, ")
    assert err.endswith(", found nothing\n")


def test_a_folder_that_cannot_be_read_is_no_traceback(run, sealed):
    (sealed.pack / "manifest.json").unlink()
    (sealed.pack / "manifest.json").mkdir()
    code, out, _ = run("verify", sealed.pack)
    assert code == 2 and "manifest.json" in out


def test_recover_mends_a_torn_feed(run, sealed):
    sealed.feed.write_bytes(sealed.feed.read_bytes()[:-3])
    assert run("verify", sealed.feed)[0] == 2
    code, out, _ = run("recover", sealed.feed, "--reason", "a full disk")
    assert code == 0 and out.startswith(f"{sealed.feed}: kept 3 lines and cut the ")
    assert run("verify", sealed.feed)[0] == 0
    assert sealed.events[-1]["at"] == "2025-01-01T00:00:00Z"


def test_recover_mends_a_torn_run_journal(run, sealed):
    journal = sealed.root / ".sealwright/journal.jsonl"
    journal.write_bytes(journal.read_bytes()[:-3])
    assert run("recover", journal, "--reason", "a full disk")[0] == 0
    assert run("verify", sealed.root / ".sealwright")[0] == 0


@pytest.mark.parametrize("text", ["[project]\n", '{"a":1}\n', ""], ids=repr)
def test_recover_leaves_alone_what_is_no_ledger(run, tmp_path, text):
    Path("pyproject.toml").write_text(text)
    code, _, err = run("recover", "pyproject.toml", "--reason", "a slip of the hand")
    assert code == 1 and "expected a ledger or a run journal, found another file" in err
    assert Path("pyproject.toml").read_text() == text and os.listdir() == ["pyproject.toml"]


def test_recover_needs_a_reason_and_something_broken(run, sealed):
    assert run("recover", sealed.feed, "--reason", " ")[0] == 1
    code, _, err = run("recover", sealed.feed, "--reason", "none")
    assert code == 1 and "expected a broken ledger, found a whole one; leave it" in err


def test_unlock_removes_the_lock_of_the_dead_alone(run):
    environment = {**os.environ, "PYTHONPATH": str(PROJECT / "lib")}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", HOLDER], env=environment, **pipes) as holder:
        assert holder.stdout.readline() == b"held\n"
        code, _, err = run("unlock", "a.lock")
        assert code == 1 and f"a.lock: is held by pid {holder.pid} " in err
        holder.kill()
    code, out, _ = run("unlock", "a.lock")
    assert code == 0 and f"a.lock: removed, its owner is dead (pid {holder.pid} on " in out
    assert os.listdir() == []


def test_unlock_without_a_lock_is_refused(run):
    code, _, err = run("unlock", f"{PACKS}/.build_lock")
    assert code == 1 and "expected a lock, found none; there is nothing to reclaim" in err


def test_unlock_leaves_alone_what_is_no_lock(run):
    Path("notes.txt").write_text("mine\n")
    assert run("unlock", "notes.txt")[0] == 1
    assert Path("notes.txt").read_text() == "mine\n"
