"""`inv`: the same tasks for people; doit decides, and its exit codes are kept."""

from __future__ import annotations

import os
import pty
import subprocess

import pytest

from tests.support.example import Repository

pytest_plugins = ("tests.support.repositories",)

REPORT = ".sealwright/reports/activity_feed_lint.json"


def tasks(repo: Repository) -> dict[str, str]:
    """The tasks that `inv` lists, with their sentences."""
    done = repo.run("inv", "--list", "--list-format", "json")
    assert done.code == 0, done.said
    top = done.json()
    found = {task["name"]: task["help"] for task in top["tasks"]}
    for group in top["collections"]:
        found |= {f"{group['name']}.{task['name']}": task["help"] for task in group["tasks"]}
    return found


def test_every_task_of_doit_is_a_task_of_inv_with_its_sentence(bare):
    listed = [line.split(None, 1) for line in bare.doit("list").out.splitlines()]
    found = tasks(bare)
    for name, sentence in listed:
        if ":" in name:
            said = found[name.replace(":", ".").replace("_", "-")]
            assert sentence.startswith(said.partition("\n")[0][:60])
    assert {"all", "ci", "release", "list", "plan", "verify", "graph", "why"} <= found.keys()
    assert {"accept", "set-aside"} <= found.keys()


def test_a_group_runs_by_its_own_name(bare):
    done = bare.run("inv", "sot-pack")
    assert done.code == 0 and "5 steps: 5 run" in done.out
    assert bare.latest == bare.names[0]


def test_a_chain_is_a_task_and_a_second_run_executes_nothing(sealed):
    before = sealed.evidence
    done = sealed.run("inv", "all")
    assert done.code == 0 and "nothing executed" in done.out
    assert sealed.evidence == before


QUESTIONS = {
    "list": "sot_pack:seal",
    "plan": "everything is up to date",
    "verify": "everything holds",
    "graph": "flowchart",
    "why sot_pack:pack": "sot_pack:pack: is up to date",
    "sot-pack.preconditions": "holds",
}


@pytest.mark.parametrize("words", QUESTIONS)
def test_a_question_is_answered(sealed, words):
    done = sealed.run("inv", *words.split())
    assert done.code == 0, done.said
    assert QUESTIONS[words] in done.out


def test_a_task_works_from_a_folder_below(sealed):
    done = sealed.run("inv", "plan", cwd=sealed.root / "docs")
    assert done.code == 0 and "everything is up to date" in done.out


@pytest.mark.parametrize("chain", ["list", "why", "sot-pack"])
def test_a_chain_of_a_name_that_inv_has_already_does_no_harm(bare, chain):
    bare.write(
        "config/sealwright.yaml",
        f"contracts: [sot_pack]\nchains:\n  {chain}: [sot_pack:verify_head]\n",
    )
    assert {"sot-pack.run", "list", "why"} <= tasks(bare).keys()


def test_a_chain_named_as_a_group_is_refused_in_one_line(bare):
    chain = "contracts: [sot_pack]\nchains:\n  sot_pack: [sot_pack:verify_head]\n"
    bare.write("config/sealwright.yaml", chain)
    done = bare.run("inv", "--list")
    assert done.code == 3
    assert done.err.startswith("config/sealwright.yaml:3:13: ") and done.err.count("\n") == 1


def test_exit_codes_are_kept(sealed):
    sealed.write("notes.md", "mine\n")
    sealed.write("docs/plan.md", "# Another\n")
    refused = sealed.run("inv", "sot-pack.preconditions")
    assert refused.code == 1 and "notes.md: is not tracked" in refused.said
    (sealed.pack / "0luka.md").unlink()
    damaged = sealed.run("inv", "verify")
    assert damaged.code == 2 and "Traceback" not in damaged.said


@pytest.mark.parametrize("command", ["accept", "set-aside"])
def test_without_a_terminal_nothing_is_asked(sealed, command):
    sealed.write(REPORT, "mine\n")
    before = sealed.evidence
    done = sealed.run("inv", command, "sot_pack:lint_feed")
    assert done.code == 1 and "Traceback" not in done.said
    assert f'inv {command} sot_pack:lint_feed: expected a reason; add --reason "…"' in done.err
    assert sealed.evidence == before


def test_a_reason_may_be_given_in_the_command(sealed):
    sealed.write(REPORT, "mine\n")
    words = ("accept", "sot_pack:lint_feed", "--reason", "I know better")
    done = sealed.run("inv", *words)
    assert done.code == 0 and "sot_pack:lint_feed: accepted as it is" in done.out
    assert "I know better" in (sealed.root / ".sealwright/journal.jsonl").read_text()


def test_damaged_evidence_can_be_set_aside(sealed):
    (sealed.pack / "0luka.md").write_text("mine\n")
    done = sealed.run("inv", "set-aside", "sot_pack:pack", "--reason", "a slip of the hand")
    assert done.code == 0 and "sot_pack:pack: set aside, kept in " in done.out


def on_terminal(repo: Repository, typed: str, *argv: str) -> tuple[int, str]:
    """Run a program on a terminal, type something, and return its exit code and the screen."""
    ours, theirs = pty.openpty()
    environment = {**repo.environment, "TERM": "xterm", "SOURCE_DATE_EPOCH": str(repo.now)}
    process = subprocess.Popen(
        argv,
        cwd=repo.root,
        env=environment,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    os.write(ours, typed.encode())
    screen = b""
    while True:
        try:
            screen += os.read(ours, 4096) or b""
        except OSError:  # the other side is closed
            break
    os.close(ours)
    return process.wait(timeout=60), screen.decode(errors="replace")


def test_on_a_terminal_a_missing_reason_is_asked_for(sealed):
    sealed.write(REPORT, "mine\n")
    code, screen = on_terminal(sealed, "I know better\n", "inv", "accept", "sot_pack:lint_feed")
    assert code == 0 and "Why accept sot_pack:lint_feed? " in screen
    assert "I know better" in (sealed.root / ".sealwright/journal.jsonl").read_text()


@pytest.mark.parametrize("typed", ["\n", "\x04"], ids=["nothing", "the end of input"])
def test_on_a_terminal_no_reason_is_refused(sealed, typed):
    sealed.write(REPORT, "mine\n")
    before = sealed.evidence
    code, screen = on_terminal(sealed, typed, "inv", "accept", "sot_pack:lint_feed")
    assert code == 1 and "expected a reason" in screen and "Traceback" not in screen
    assert sealed.evidence == before


def test_on_a_terminal_the_exit_code_is_kept_and_progress_shown(sealed):
    assert on_terminal(sealed, "", "inv", "all")[0] == 0
    sealed.write("notes.md", "mine\n")
    code, screen = on_terminal(sealed, "", "inv", "sot-pack.clean-tree")
    assert code == 1 and "notes.md: is not tracked" in screen
