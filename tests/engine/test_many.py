"""doit -n N, as a person types it: blocks of output, signals, other people's tasks, make -j."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from sealwright import setup
from tests.support.doit import BIN, doit, fingerprint

DODO = """
import threading
from sealwright import durable
from sealwright.engine import doorway
from sealwright.errors import Refused
from sealwright.paths import parse
from sealwright.step import Command, Contract, File, Step

IN = File(parse("in"))


def out(name):
    return File(parse(f"out/{name}"))


def sleeps(run):
    at_work = run.root / f"at-work-{run.step.name[2:]}"
    run.call("sh", "-c", 'sleep 300.125 & : >"$0"; sleep 300.125', str(at_work))


def computes(run):
    (run.root / "at-work-c").touch()
    while not (run.root / "enough").exists():
        threading.Event().wait(0.01)
    durable.create(run.path(out("lc")), b"late")


def complains(run):
    raise Refused("no 1\\nno 2\\nno 3")


def step(name, act, **more):
    made = out(name.replace(":", ""))
    return Step(name=name, doc="Act.", act=act, inputs=(IN,), outputs=(made,), **more)


STEPS = {
    "long": [step("l:a", sleeps), step("l:b", sleeps), step("l:c", computes)],
    "bad": [step(f"b:{n}", complains) for n in range(6)],
    "quick": [step(f"q:{n}", Command(("cp", IN, out(f"q{n}")))) for n in range(8)],
}


def contract(world):
    steps = [step for steps in STEPS.values() for step in steps]
    return Contract(steps=tuple(steps), groups={"q": "Copies."}, chain=("q",))


globals().update(doorway.tasks(__file__, contract))
"""
PLAIN = '''

def task_plain():
    """Made from what a step of ours made, and read by one of ours."""
    for n in range(3):
        yield {"name": str(n), "actions": [f"cp out/q{n} plain{n}"], "file_dep": [f"out/q{n}"],
               "targets": [f"plain{n}"]}
'''


@pytest.fixture
def repo(tmp_path):
    root = tmp_path / "repo"
    root.mkdir()
    (root / "dodo.py").write_text(DODO)
    (root / "doit.cfg").write_text(setup.plugin_lines())
    (root / "in").write_text("hello")
    return root


def test_n_runs_several_at_a_time_and_says_the_same(repo):
    said = doit(repo, "-n", "4")
    assert said.code == 0
    assert sorted(said.lines[:8]) == [f"run         q:{n}  never ran" for n in range(8)]
    assert doit(repo, "-n", "4").lines[8].startswith("8 steps: 8 up to date, nothing executed (")
    assert doit(repo, "-n", "0").code == 0


def test_a_negative_number_is_no_number(repo):
    said = doit(repo, "-n", "-2")
    assert said.code == 3
    assert "-n: expected a number from 1 on" in said.err


def test_what_is_said_of_a_step_stands_together(repo):
    said = doit(repo, "-n", "4", "--keep-going", "b")
    assert said.code == 1
    blocks = [said.lines[at : at + 4] for at in range(0, 24, 4)]
    assert sorted(block[0][12:15] for block in blocks) == [f"b:{n}" for n in range(6)]
    assert all(block[1:] == ["  no 1", "  no 2", "  no 3"] for block in blocks)


def test_without_keep_going_a_failure_lets_nothing_more_begin(repo):
    said = doit(repo, "-n", "2", "b")
    assert said.code == 1
    assert said.out.count("refused     b:") <= 2


def test_of_a_step_that_fails_the_end_of_its_output_is_shown(repo):
    dodo = (repo / "dodo.py").read_text()
    printing = """    'p': [step("p:a", Command(("sh", "-c", "seq 20; exit 3", IN)))],\n"""
    (repo / "dodo.py").write_text(dodo.replace("STEPS = {", "STEPS = {\n" + printing))
    said = doit(repo, "p")
    assert said.lines[2:12] == [f"  | {n}" for n in range(11, 21)]
    assert "its output: " in said.lines[1]


def test_verbosity_2_shows_what_every_step_printed(repo):
    dodo = (repo / "dodo.py").read_text()
    printing = (
        """    'p': [step("p:a", Command(("sh", "-c", "seq 3; cp $0 $1", IN, out("pa"))))],\n"""
    )
    (repo / "dodo.py").write_text(dodo.replace("STEPS = {", "STEPS = {\n" + printing))
    assert doit(repo, "-v", "2", "p").lines[1:4] == ["  | 1", "  | 2", "  | 3"]


def test_what_a_program_printed_cannot_steer_the_terminal(repo):
    dodo = (repo / "dodo.py").read_text()
    printing = """    'p': [step("p:a", Command(("printf", r"\\033[2Jred\\n\\n", IN)))],\n"""
    (repo / "dodo.py").write_text(dodo.replace("STEPS = {", "STEPS = {\n" + printing))
    said = doit(repo, "-v", "2", "p")
    assert "?[2Jred" in said.out and "\033" not in said.out


@pytest.mark.parametrize(
    "words", [("q",), ("b",), ("--keep-going", "b"), ("-a", "q"), ("-s", "q:3"), ("q:0", "q:3")]
)
def test_a_task_of_somebody_elses_in_the_dodo_changes_nothing_for_our_steps(repo, tmp_path, words):
    """With it doit's dispatcher says what comes next, without it the graph does."""
    mixed = tmp_path / "mixed"
    shutil.copytree(repo, mixed)
    with open(mixed / "dodo.py", "a") as dodo:
        dodo.write(PLAIN)
    for _ in range(2):
        alone, beside = doit(repo, *words), doit(mixed, *words)
        assert alone.code == beside.code
        assert alone.lines[:-1] == beside.lines[:-1]


def test_shuffle_begins_in_another_order_and_the_same_for_the_same_seed(repo):
    def order(seed: str) -> list[str]:
        return [line.split()[1] for line in doit(repo, "-a", "--shuffle", seed).lines[:8]]

    assert order("1") == order("1") != [f"q:{n}" for n in range(8)]
    assert order("2") != order("1")


def test_tasks_of_somebody_elses_run_beside_ours(repo):
    with open(repo / "dodo.py", "a") as dodo:
        dodo.write(PLAIN)
    said = doit(repo, "-n", "3", "--shuffle", "x", "plain")
    assert said.code == 0, said
    assert [(repo / f"plain{n}").read_text() for n in range(3)] == ["hello"] * 3
    again = doit(repo, "-n", "3", "plain")
    assert "run  " not in again.out and "-- plain:0" in again.out
    (repo / "in").write_text("other")
    assert doit(repo, "-n", "3", "plain").code == 0
    assert (repo / "plain2").read_text() == "other"


def test_events_are_whole_lines(repo):
    doit(repo, "-n", "4", "--events", "events.jsonl")
    events = [json.loads(line) for line in (repo / "events.jsonl").read_text().splitlines()]
    assert [e["event"] for e in events].count("started") == 8
    assert [e["event"] for e in events].count("ended") == 8


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["^C", "TERM"])
def test_a_signal_leaves_no_process_and_no_late_write(repo, number):
    environment = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"}
    running = subprocess.Popen(
        [str(BIN / "doit"), "-n", "3", "l"],
        cwd=repo,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    wait_for(repo / "at-work-a", repo / "at-work-b", repo / "at-work-c")
    running.send_signal(number)
    wait_until(lambda: not at_work("300.125"), "the programs are ended at once")
    (repo / "enough").touch()  # the act that runs in this process comes to its end
    out, _ = running.communicate(timeout=60)
    assert running.returncode == 128 + number, out
    assert "note: stopped by SIG" in out
    assert out.count("interrupted l:") == 3
    assert not (repo / "out").exists()
    assert list((repo / ".sealwright/staging").iterdir()) == []
    statuses = [
        json.loads(line)["status"]
        for line in (repo / ".sealwright/journal.jsonl").read_text().splitlines()
    ]
    assert sorted(statuses) == ["interrupted"] * 3 + ["started"] * 3
    before = fingerprint(repo)
    time.sleep(0.3)
    assert fingerprint(repo) == before


def at_work(word: str) -> list[str]:
    found = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = place.read_bytes().split(b"\0")
        except OSError:
            continue
        if word.encode() in words:
            found.append(place.parent.name)
    return found


def wait_until(holds, what: str) -> None:
    for _ in range(1500):
        if holds():
            return
        time.sleep(0.02)
    pytest.fail(f"not within half a minute: {what}")


def wait_for(*places: Path) -> None:
    wait_until(lambda: all(place.exists() for place in places), f"{places} exist")


COUNTED = """
import threading
NOW, LOCK = [0, 0], threading.Lock()


def counts(run):
    with LOCK:
        NOW[0] += 1
        NOW[1] = max(NOW)
    threading.Event().wait(0.1)
    with LOCK:
        NOW[0] -= 1
    (run.root / "most").write_text(str(NOW[1]))
    durable.create(run.path(out("m" + run.step.name[2:])), b"")


COUNTED = [step(f"m:{n}", counts) for n in range(6)]
STEPS = {"counted": COUNTED,"""


def made(repo: Path, jobs: int, recipe: str) -> tuple[int, str]:
    """Let make run doit; return how many steps were at work at most, and what was said."""
    shutil.rmtree(repo / "out", ignore_errors=True)
    (repo / "Makefile").write_text(f"all:\n\t{recipe} -o said m\n")
    environment = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["make", f"-j{jobs}", "-s"], cwd=repo, env=environment, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, ""), done
    return int((repo / "most").read_text()), (repo / "said").read_text()


def test_under_make_j_it_is_make_that_says_how_many(repo):
    dodo = (repo / "dodo.py").read_text()
    (repo / "dodo.py").write_text(dodo.replace("STEPS = {", COUNTED))
    assert made(repo, 1, "+doit")[0] == 1
    assert made(repo, 3, "+doit")[0] == 3
    assert made(repo, 4, "+doit -n 2")[0] == 2
    most, said = made(repo, 3, "doit")
    assert most == 1
    assert "note: MAKEFLAGS: expected make's job server" in said
    assert "begin the recipe's line with +" in said
