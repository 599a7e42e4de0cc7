"""The commands, as a person types them, on a repository with steps of its own."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import time
from xml.etree import ElementTree

import pytest

from sealwright.engine.commands import TABLE
from tests.support.doit import BIN, GENERIC, doit, fingerprint, generic

ORDINARY = """
def task_a():
    return {"actions": ["echo hi > o"], "targets": ["o"], "uptodate": [True]}
"""


@pytest.fixture
def repo(tmp_path):
    return generic(tmp_path / "repo")


@pytest.fixture
def ran(repo):
    assert doit(repo).code == 0
    return repo


# running


def test_doit_runs_what_is_stale_and_says_why(repo):
    first = doit(repo)
    assert first.code == 0
    assert first.lines[:2] == [
        "run         text:upper     never ran",
        "run         text:copy      never ran",
    ]
    assert first.lines[2].startswith("2 steps: 2 run (")
    second = doit(repo)
    assert second.lines[0] == "up to date  text:upper"
    assert second.lines[2].startswith("2 steps: 2 up to date, nothing executed (")
    (repo / "a.txt").write_text("other")
    assert "text:upper     a.txt changed: blake3:" in doit(repo).lines[0]


def test_a_refused_step_stops_the_run_with_1_and_says_what_would_help(repo):
    (repo / "dirty").touch()
    said = doit(repo)
    assert said.code == 1
    assert said.lines[:2] == [
        "refused     text:upper     never ran",
        "  dirty: is there; rm dirty",
    ]
    assert len(said.lines) == 3


def test_a_waiting_step_lets_the_rest_run_and_ends_with_1(repo):
    said = doit(repo, "sign:off", "text")
    assert said.code == 1
    assert "  yes: is missing; touch yes" in said.lines
    assert [line.split()[0] for line in said.lines] == ["waiting", "yes:", "run", "run", "3"]
    (repo / "yes").touch()
    assert doit(repo, "sign:off").code == 0


def test_keep_going_runs_all_that_does_not_come_after_a_failure(repo):
    (repo / "dirty").touch()
    (repo / "yes").touch()
    said = doit(repo, "run", "--keep-going", "text", "sign:off")
    assert said.code == 1
    assert [line[:11].strip() for line in said.lines if not line.startswith("  ")][:3] == [
        "refused",
        "not run",
        "run",
    ]


def test_a_named_step_runs_again_with_a_and_passes_no_guard(ran):
    assert doit(ran, "-a", "text:copy").lines[1].startswith("run         text:copy      forced")
    (ran / "dirty").touch()
    assert doit(ran, "-a", "text:upper").code == 1


def test_single_runs_a_step_without_those_before_it(ran):
    (ran / "a.txt").write_text("other")
    assert doit(ran, "run", "--single", "text:copy").lines[0] == "up to date  text:copy"


def test_a_step_is_also_named_by_what_it_makes(repo):
    assert doit(repo, "out/b.txt").lines[0].startswith("run         text:upper")


def test_a_guard_is_asked_under_its_own_name(repo):
    assert doit(repo, "text:tidy").lines[0] == "holds       text:tidy"
    (repo / "dirty").touch()
    assert doit(repo, "text:tidy").code == 1


def test_json_events_and_junit_tell_the_same(repo, tmp_path):
    said = doit(
        repo, "run", "--json", "--events", str(tmp_path / "e"), "--junit", str(tmp_path / "j")
    )
    assert [(s["name"], s["status"]) for s in said.json["steps"]] == [
        ("text:upper", "run"),
        ("text:copy", "run"),
    ]
    events = [json.loads(line) for line in (tmp_path / "e").read_text().splitlines()]
    assert [event["event"] for event in events] == ["started", "ended"] * 2
    suite = ElementTree.parse(tmp_path / "j").getroot()
    assert (suite.get("tests"), suite.get("failures")) == ("2", "0")


def test_junit_tells_a_refusal_as_a_failure(repo, tmp_path):
    (repo / "dirty").touch()
    doit(repo, "run", "--junit", str(tmp_path / "j"))
    suite = ElementTree.parse(tmp_path / "j").getroot()
    assert suite.get("failures") == "1"
    assert suite[0][0].text == "dirty: is there; rm dirty"


def test_a_bug_in_an_act_keeps_its_traceback_and_ends_with_2(repo):
    text = (repo / "dodo.py").read_text()
    (repo / "dodo.py").write_text(text.replace("run.path(A).read_bytes()", "(1 / 0)"))
    said = doit(repo)
    assert said.code == 2
    assert "ZeroDivisionError" in said.out


def test_a_plain_task_keeps_doits_own_meaning(repo):
    assert doit(repo, "plain").out == ".  plain\n"
    assert doit(repo, "plain").out == "-- plain\n"
    assert (repo / "plain.txt").read_text() == "hello"
    assert not (repo / ".doit.db").exists()


def test_an_unknown_name_is_refused_with_3(repo):
    said = doit(repo, "nonsense")
    assert said.code == 3
    assert "nonsense" in said.err and "Traceback" not in said.err


# questions


QUESTIONS = [
    ("list",),
    ("list", "-s"),
    ("info", "text:copy"),
    ("plan",),
    ("plan", "--json"),
    ("why", "text:copy"),
    ("why", "text:copy", "--json"),
    ("verify",),
    ("verify", "--json"),
    ("graph",),
    ("graph", "--format", "dot"),
    ("graph", "--format", "json"),
    ("help",),
    ("help", "plan"),
]


@pytest.mark.parametrize("words", QUESTIONS, ids=" ".join)
@pytest.mark.parametrize("state", ["new", "stale", "clean", "killed"])
def test_a_question_changes_no_byte_of_state(repo, words, state):
    if state != "new":
        doit(repo)
        doit(repo)
    if state == "stale":
        (repo / "a.txt").write_text("other")
    if state == "killed":  # a log of the index that was not folded back
        shutil.copy(repo / ".sealwright/state.db", repo / ".sealwright/state.db-wal")
    shutil.rmtree(repo / "__pycache__", ignore_errors=True)
    before = fingerprint(repo)
    said = doit(repo, *words, env={"PYTHONDONTWRITEBYTECODE": "1"})
    assert "Traceback" not in said.err
    assert fingerprint(repo) == before
    assert said.code == 0


def test_list_reads_like_a_table_of_contents(ran):
    assert doit(ran, "list").lines == [
        "plain           A task of the repository's own.",
        "text            Text, upper-cased.",
        "text:tidy       Ask whether it is tidy.",
        "text:upper      Upper-case the text.",
        "text:copy       Copy it.",
        "sign            ",
        "sign:approval   Ask for it.",
        "sign:off        Needs an approval.",
        "ci              Chain: text.",
        "release         Chain: text.",
        "all             Chain: text.",
    ]


def test_list_tells_the_true_status(ran):
    (ran / "out/c.txt").write_text("edited")
    status = {line.split()[1]: line[0] for line in doit(ran, "list", "-s").lines}
    assert (status["text:upper"], status["text:copy"]) == ("U", "R")


def test_plan_then_run_executes_what_was_planned(ran):
    (ran / "a.txt").write_text("HELLO")  # upper-cased, it is what it was
    plan = doit(ran, "plan", "--json").json
    assert [step["name"] for step in plan["will_run"]] == ["text:upper"]
    assert [step["name"] for step in plan["may_run"]] == ["text:copy"]
    assert plan["waiting"] == plan["refused"] == []
    steps = {s["name"]: s["status"] for s in doit(ran, "run", "--json").json["steps"]}
    assert steps == {"text:upper": "run", "text:copy": "up to date"}


def test_plan_tells_what_waits_and_what_is_refused(repo):
    (repo / "dirty").touch()
    plan = doit(repo, "plan", "--json", "text", "sign").json
    assert [step["name"] for step in plan["waiting"]] == ["sign:off"]
    assert [step["name"] for step in plan["refused"]] == ["text:upper", "text:copy"]
    assert plan["refused"][0]["message"] == "dirty: is there; rm dirty"


def test_why_tells_the_old_and_the_new_digest_the_path_and_who_made_it(ran):
    (ran / "out/b.txt").write_text("other")
    lines = doit(ran, "why", "text:copy").lines
    assert lines[0] == "text:copy: would run"
    assert lines[1].startswith("  out/b.txt changed: blake3:")
    assert lines[2].startswith("    was file blake3:") and len(lines[2].split(":")[1]) == 64
    assert lines[3].startswith("    is  file blake3:")
    assert lines[4].startswith("    made by text:upper, at 20")
    assert lines[5].startswith("  last receipt sha256:")


def test_verify_names_what_broke_and_ends_with_2(ran):
    assert doit(ran, "verify").lines == ["2 steps, 2 receipts, 1 guards: everything holds"]
    (ran / "out/c.txt").write_text("forged")
    said = doit(ran, "verify")
    assert said.code == 2
    assert said.lines[0].startswith("text:copy: out/c.txt was changed since the step made it")


def test_verify_asks_the_guards_and_ends_with_1(ran):
    (ran / "dirty").touch()
    said = doit(ran, "verify")
    assert (said.code, said.lines[0]) == (1, "dirty: is there; rm dirty")


@pytest.mark.parametrize("form", ["mermaid", "dot", "json"])
def test_graph_draws_steps_and_files_and_marks_what_is_stale(ran, form):
    (ran / "a.txt").write_text("other")
    out = doit(ran, "graph", "--format", form).out
    assert all(word in out for word in ("text:upper", "text:copy", "a.txt", "out/c.txt"))
    assert ("will_run" in out) == (form == "json")
    assert out.startswith({"mermaid": "flowchart LR", "dot": "digraph", "json": "{"}[form])


@pytest.mark.parametrize("command", ["info", "why", "plan", "run"])
def test_an_unknown_name_is_one_sentence(ran, command):
    done = doit(ran, command, "nope")
    assert done.code == 3 and 'invalid parameter: "nope"' in done.err
    assert "Traceback" not in done.out + done.err


def test_info_tells_the_files_and_the_true_status(ran):
    out = doit(ran, "info", "text:copy").out
    assert "out/b.txt" in out and "text:copy: is up to date" in out


# ways out


def test_accept_adopts_a_hand_edited_output_as_a_recorded_event(ran):
    (ran / "out/c.txt").write_text("better by hand")
    assert doit(ran, "accept", "text:copy").code == 1
    said = doit(ran, "accept", "text:copy", "--reason", "it reads better")
    assert said.code == 0 and "accepted" in said.out
    assert doit(ran).lines[1] == "up to date  text:copy"
    assert (ran / "out/c.txt").read_text() == "better by hand"
    assert "it reads better" in (ran / ".sealwright/journal.jsonl").read_text()
    assert doit(ran, "verify").code == 0


def test_accept_refuses_what_is_stale_for_another_reason(ran):
    (ran / "a.txt").write_text("other")
    said = doit(ran, "accept", "text:upper", "--reason", "x")
    assert said.code == 1 and "only changed outputs" in said.err


@pytest.mark.parametrize("command", ["ignore", "reset-dep"])
def test_what_would_make_doit_believe_without_proof_is_refused(ran, command):
    said = doit(ran, command, "text:copy")
    assert said.code == 1
    assert "is believed by its proof only" in said.err
    assert doit(ran, command, "plain").code == 0


def test_forget_makes_a_derived_step_run_again(ran):
    assert doit(ran, "forget", "text:copy").out == "forgotten  text:copy\n"
    assert doit(ran).lines[1] == "run         text:copy      never ran"


def test_clean_removes_derived_outputs(ran):
    assert doit(ran, "clean", "-n", "text").code == 0
    assert (ran / "out/c.txt").exists()
    doit(ran, "clean", "text")
    assert not (ran / "out/b.txt").exists() and not (ran / "out/c.txt").exists()
    assert doit(ran).lines[0].startswith("restored    text:upper")


def test_trace_names_what_an_act_touches_undeclared(ran):
    if shutil.which("strace") is None:
        from tests.support.skips import skip

        skip("strace is not installed")
    assert doit(ran, "trace", "text:upper").lines == ["text:upper: touches only what it declares"]
    (ran / "secret.txt").write_text("x")
    text = (ran / "dodo.py").read_text()
    act = 'open("secret.txt").read(); open("log.txt", "w").close(); durable.create'
    (ran / "dodo.py").write_text(text.replace("durable.create", act, 1))
    said = doit(ran, "trace", "text:upper")
    assert said.code == 1
    assert said.lines == [
        "text:upper: reads secret.txt, which it does not declare",
        "text:upper: writes log.txt, which it does not declare",
    ]
    assert not list((ran / ".sealwright/staging").iterdir())


# ways in


@pytest.mark.parametrize(
    ("folder", "words", "env"),
    [
        ("sub/deep", ("-k",), {}),
        ("sub/deep", (), {"DOIT_SEEK_FILE": "1"}),
        ("..", ("-f", "repo/dodo.py"), {}),
        ("..", ("--file=repo/dodo.py",), {}),
        ("..", (), {"DOIT_FILE": "repo/dodo.py"}),
        ("..", ("-f", "repo/dodo.py", "--dir", "elsewhere"), {}),
        (".", ("--dir", "sub"), {}),
    ],
    ids=["-k", "seek", "-f", "--file", "DOIT_FILE", "-f and --dir", "--dir"],
)
def test_wherever_doit_is_typed_our_commands_run_in_the_root(ran, folder, words, env):
    (ran / "sub/deep").mkdir(parents=True)
    (ran / "../elsewhere").mkdir()
    place = ran / folder
    (ran / "a.txt").write_text("other")
    said = doit(place, "plan", *words, "--json", env=env) if not words else None
    said = doit(place, "run", *words, env=env)
    assert said.lines[:2] == [
        said.lines[0],
        said.lines[1],
    ]
    assert said.lines[0].startswith("run         text:upper     a.txt changed: "), said
    assert said.code == 0
    assert doit(place, *words, env=env).lines[0] == "up to date  text:upper"
    assert (ran / "out/c.txt").read_text() == "OTHER"
    assert not list(ran.parent.rglob(".doit.db*"))


def test_another_name_for_the_dodo_file_works(repo):
    (repo / "dodo.py").rename(repo / "steps.py")
    assert doit(repo, "-f", "steps.py").lines[0].startswith("run         text:upper")


def test_an_ordinary_dodo_in_the_same_environment_notices_nothing(tmp_path):
    (tmp_path / "dodo.py").write_text(ORDINARY)
    assert doit(tmp_path).out == ".  a\n"
    assert doit(tmp_path).out == "-- a\n"
    assert doit(tmp_path, "plan").code == 3
    assert not (tmp_path / ".sealwright").exists()


def test_our_commands_leave_an_ordinary_dodo_alone(tmp_path):
    generic(tmp_path)
    (tmp_path / "dodo.py").write_text(ORDINARY)
    assert doit(tmp_path, "-n", "2").out == ".  a\n"
    assert doit(tmp_path).out == "-- a\n"
    assert doit(tmp_path, "list").out.strip() == "a"
    assert doit(tmp_path, "forget", "a").code == 0
    assert doit(tmp_path, "ignore", "a").code == 0
    assert doit(tmp_path).out == "!! a\n"
    assert "no steps of Sealwright" in doit(tmp_path, "plan").err


def test_the_steps_do_not_run_under_another_program(repo):
    done = subprocess.run(
        [str(BIN / "python"), "-c", "import doit, dodo; doit.run(vars(dodo))"],
        cwd=repo,
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    assert "under doit's command line only" in done.stderr
    assert not (repo / "out").exists()


# signals


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["^C", "TERM"])
def test_a_signal_ends_the_children_first_and_leaves_nothing_half_done(repo, number):
    (repo / "dodo.py").write_text(
        GENERIC.replace(
            'Command(("cp", B, C))',
            """Command(("sh", "-c", 'echo $$ > pid; sleep 300; echo late > late', C))""",
        )
    )
    child = subprocess.Popen(
        [str(BIN / "doit")], cwd=repo, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    for _ in range(600):
        if (repo / "pid").exists() and (repo / "pid").read_text().strip():
            break
        time.sleep(0.05)
    child.send_signal(number)
    out, err = child.communicate(timeout=60)
    assert child.returncode == 128 + number, (out, err)
    assert "stopped by SIG" in out
    pid = (repo / "pid").read_text().strip()
    assert subprocess.run(["kill", "-0", pid], capture_output=True).returncode != 0
    assert not (repo / "late").exists() and not (repo / "out/c.txt").exists()
    assert not list((repo / ".sealwright/staging").iterdir())
    (repo / "dodo.py").write_text(GENERIC)
    assert doit(repo).code == 0


def test_a_killed_run_is_undone_by_the_next_one(repo):
    (repo / "dodo.py").write_text(
        GENERIC.replace(
            'Command(("cp", B, C))', 'Command(("sh", "-c", "touch began; exec sleep 300", C))'
        )
    )
    child = subprocess.Popen([str(BIN / "doit")], cwd=repo, stdout=subprocess.DEVNULL)
    while not (repo / "began").exists():
        time.sleep(0.05)
    child.kill()
    child.wait()
    (repo / "dodo.py").write_text(GENERIC)
    said = doit(repo)
    assert said.lines[0] == "note: text:copy: was interrupted, and what it had staged is undone"
    assert said.code == 0
    assert (repo / "out/c.txt").read_text() == "HELLO"


def test_a_second_run_at_once_is_refused_and_names_the_first(repo):
    (repo / "dodo.py").write_text(
        GENERIC.replace(
            'Command(("cp", B, C))', 'Command(("sh", "-c", "touch began; exec sleep 300", C))'
        )
    )
    first = subprocess.Popen([str(BIN / "doit")], cwd=repo, stdout=subprocess.DEVNULL)
    while not (repo / "began").exists():
        time.sleep(0.05)
    try:
        said = doit(repo)
        assert said.code == 1
        assert f"is held by pid {first.pid} " in said.out
        assert doit(repo, "plan").code == 0  # a question is no run
    finally:
        first.send_signal(signal.SIGTERM)
        assert first.wait(60) == 128 + signal.SIGTERM


def test_the_table_names_commands_that_exist(ran):
    for name in TABLE:
        said = doit(ran, "help", name)
        assert said.code == 0 and "PURPOSE" in said.out, name
