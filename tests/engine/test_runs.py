"""What a run believes: definition, inputs and outputs, all by content (promises 1 to 6)."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from pathlib import Path

import pytest

from sealwright import durable
from sealwright.engine.reporter import as_dict, junit
from sealwright.errors import ProgramFailed, Refused
from sealwright.runtime import canonical
from sealwright.step import Command, Fact, Run, Step
from tests.support.workbench import Workbench, acts, copies, file, tree

ALL = ["upper", "split", "pack", "say", "move"]


def test_a_second_run_executes_nothing(full):
    assert sorted(full.executed()) == sorted(ALL)
    assert full.executed() == []


def test_a_changed_input_reruns_what_reads_it(full):
    full.executed()
    full.write("in.txt", "other words")
    assert sorted(full.executed()) == sorted(ALL)
    assert full.read("out/upper.txt") == "OTHER WORDS"
    assert full.executed() == []


def test_equal_bytes_rerun_no_consumer(full):
    full.executed()
    full.write("in.txt", "HELLO WORLD AGAIN")  # upper-cased it is what it was
    assert full.executed() == ["upper"]


def test_touching_an_input_reruns_nothing(full):
    full.executed()
    os.utime(full.root / "in.txt", (1, 1))
    assert full.executed() == []


def test_a_copied_and_a_moved_repository_are_up_to_date(full, tmp_path):
    full.executed()
    shutil.copytree(full.root, tmp_path / "copy", symlinks=True)
    moved = tmp_path / "deep" / "moved"
    moved.parent.mkdir()
    full.root.rename(moved)
    for place in (tmp_path / "copy", moved):
        assert Workbench(place, full.steps).executed() == []


# inputs


def test_an_input_edited_with_its_times_put_back_is_seen(full):
    full.executed()
    place = full.root / "in.txt"
    times = os.stat(place)
    place.write_text("hello WORLD again")
    os.utime(place, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert "upper" in full.executed()


def test_an_input_replaced_by_one_of_equal_size_and_times_is_seen(full, tmp_path):
    full.executed()
    place = full.root / "in.txt"
    other = tmp_path / "other"
    other.write_text("jello world again")
    shutil.copystat(place, other)
    os.replace(other, place)
    assert "upper" in full.executed()


def test_an_x_bit_is_seen(bench):
    bench.steps = [copies(file("a"), file("b"))]
    bench.write("a", "1")
    bench.executed()
    (bench.root / "a").chmod(0o755)
    assert bench.reasons("copy")[0].startswith("a changed: blake3:")


@pytest.mark.parametrize("inside", [True, False], ids=["inside", "outside"])
def test_a_swapped_symbolic_link_is_seen(bench, inside, tmp_path):
    home = bench.root if inside else tmp_path
    for name in ("one", "two"):
        (home / name).write_text("same bytes")
    link = bench.root / "link"
    link.symlink_to(home / "one")
    bench.steps = [
        acts(
            "look",
            lambda run: durable.create(run.path(file("o")), b"1"),
            file("o"),
            inputs=(file("link"),),
        )
    ]
    bench.executed()
    link.unlink()
    link.symlink_to(home / "two")
    assert bench.reasons("look")[0].startswith("link changed: ")


def test_the_content_behind_a_link_is_seen(bench):
    bench.write("real.txt", "1")
    (bench.root / "link").symlink_to("real.txt")
    out = file("o")
    bench.steps = [
        acts("look", lambda run: durable.create(run.path(out), b"1"), out, inputs=(file("link"),))
    ]
    bench.executed()
    bench.write("real.txt", "2")
    assert bench.reasons("look")[0].startswith("link changed: ")


def test_an_input_through_a_folder_that_leads_out_is_refused(bench, tmp_path):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "a").write_text("secret")
    (bench.root / "inner").symlink_to(tmp_path / "outside")
    bench.steps = [copies(file("inner/a"), file("b"))]
    outcome = bench.run()["copy"]
    assert outcome.status == "refused" and "inner" in outcome.message
    assert not (bench.root / "b").exists()


def test_a_missing_input_is_refused_by_name(bench):
    bench.steps = [copies(file("a"), file("b"))]
    outcome = bench.run()["copy"]
    assert outcome.status == "refused"
    assert "a is missing" in outcome.message


CHANGES = [
    ("a file more", lambda top: (top / "new").write_text("x"), "new added"),
    ("a file less", lambda top: (top / "a").unlink(), "a removed"),
    ("other bytes", lambda top: (top / "a").write_text("2"), "a changed"),
    ("renamed", lambda top: (top / "a").rename(top / "b"), "a removed, b added"),
    ("an x bit", lambda top: (top / "a").chmod(0o755), "a changed"),
    ("an empty folder", lambda top: (top / "empty").mkdir(), "empty added"),
    ("a link", lambda top: (top / "l").symlink_to("a"), "l added"),
    ("deep", lambda top: (top / "sub/x").write_text("2"), "sub/x changed"),
    (
        "no UTF-8",
        lambda top: Path(os.fsdecode(os.fsencode(top) + b"/\xff")).touch(),
        "\udcff added",
    ),
    ("a newline", lambda top: (top / "n\nl").touch(), "n\nl added"),
]


@pytest.mark.parametrize(("change", "said"), [c[1:] for c in CHANGES], ids=[c[0] for c in CHANGES])
def test_a_changed_tree_is_seen_and_told_by_name(bench, change, said):
    bench.write("src/a", "1")
    bench.write("src/sub/x", "1")
    out = file("o")
    bench.steps = [
        acts(
            "look",
            lambda run: durable.create(run.path(out), b"1"),
            out,
            inputs=(tree("src", ("*.pyc",)),),
        )
    ]
    assert bench.executed() == ["look"]
    bench.write("src/sub/skip.pyc", "not looked at")
    assert bench.executed() == []
    change(bench.root / "src")
    assert bench.reasons("look") == [f"src/ changed: {said}"]
    assert bench.executed() == ["look"]


def test_an_input_edited_while_its_step_runs_fails_the_step_and_nothing_is_recorded(bench):
    source, out = file("a"), file("b")

    def act(run: Run) -> None:
        data = run.path(source).read_bytes()
        (run.root / "a").write_text("edited meanwhile")
        durable.create(run.path(out), data)

    bench.steps = [acts("copy", act, out, inputs=(source,))]
    bench.write("a", "before")
    outcome = bench.run()["copy"]
    assert outcome.status == "refused"
    assert "its input a changed" in outcome.message and "nothing is recorded" in outcome.message
    assert not (bench.root / "b").exists()
    assert bench.reasons("copy") == ["never ran"]


def test_a_fact_that_changes_reruns_its_step_and_is_told(bench):
    value = ["one"]
    fact, out = Fact("weather", lambda world: value[0]), file("o")
    bench.steps = [
        acts(
            "look",
            lambda run: durable.create(run.path(out), run.fact(fact).encode()),
            out,
            inputs=(fact,),
        )
    ]
    assert bench.executed() == ["look"]
    assert bench.executed() == []
    value[0] = "two"
    assert bench.reasons("look") == ["fact weather changed: one -> two"]
    assert bench.executed() == ["look"]
    assert bench.read("o") == "two"


# definition


def test_a_raised_version_reruns_the_step(bench):
    bench.write("a", "1")
    bench.steps = [copies(file("a"), file("b"))]
    bench.executed()
    bench.steps = [copies(file("a"), file("b"), version="2")]
    assert bench.reasons("copy") == ["version changed: 1 -> 2"]
    assert bench.executed() == ["copy"]


def test_changed_arguments_environment_and_tools_are_told_one_by_one(bench):
    bench.write("a", "1")
    first = {"arguments": {"n": 1}, "environment": ("COLOUR",), "tools": ("tr",)}
    bench.steps = [copies(file("a"), file("b"), **first)]
    bench.executed()
    bench.environment["COLOUR"] = "red"
    bench.steps = [copies(file("a"), file("b"), **{**first, "arguments": {"n": 2}})]
    told = bench.reasons("copy")
    assert [reason.split()[0] for reason in told] == ["arguments", "env"]
    assert "env COLOUR changed: unset -> sha256:" in told[1]


def test_another_program_of_the_same_name_reruns_the_step(bench, tmp_path):
    bench.write("a", "1")
    tool = tmp_path / "bin" / "tool"
    tool.parent.mkdir()
    tool.write_text('#!/bin/sh\ncp "$1" "$2"\n')
    tool.chmod(0o755)
    bench.environment["PATH"] = f"{tool.parent}:{bench.environment['PATH']}"
    step = Step(
        name="copy",
        doc="Copy.",
        act=Command(("tool", file("a"), file("b"))),
        inputs=(file("a"),),
        outputs=(file("b"),),
    )
    bench.steps = [step]
    assert bench.executed() == ["copy"]
    tool.write_text('#!/bin/sh\ncat "$1" > "$2"\n')
    assert bench.reasons("copy")[0].startswith("tool tool changed: ")


def test_a_step_whose_code_changed_is_rerun(bench, tmp_path, monkeypatch):
    module = tmp_path / "rules.py"
    text = "def act(run):\n    run.path({!r})\n"
    monkeypatch.syspath_prepend(str(tmp_path))
    source = (
        "from sealwright import durable\n"
        "def act(run):\n"
        "    durable.create(next(iter(run.staged.values())), b'1')\n"
    )
    module.write_text(source)
    import rules  # type: ignore[import-not-found]

    bench.steps = [acts("make", rules.act, file("o"))]
    assert bench.executed() == ["make"]
    assert bench.executed() == []
    module.write_text(source.replace("b'1'", "b'2'"))
    assert bench.reasons("make")[0].startswith("code changed: ")
    assert text


def test_a_step_whose_declared_module_changed_is_rerun_and_to_ask_imports_nothing(
    bench, tmp_path, monkeypatch
):
    folder = tmp_path / "laws"
    folder.mkdir()
    (folder / "__init__.py").write_text("raise ImportError('imported')\n")
    module = folder / "first.py"
    module.write_text("LAW = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    bench.write("a", "1")
    bench.steps = [copies(file("a"), file("b"), code=("laws.first",))]
    assert bench.executed() == ["copy"]
    assert bench.executed() == []
    module.write_text("LAW = 2\n")
    (told,) = bench.reasons("copy")
    assert told.startswith("code laws.first changed: ")
    assert "laws" not in sys.modules
    bench.steps = [copies(file("a"), file("b"), code=("laws.second",))]
    assert "code laws.second was added" in bench.reasons("copy")


# outputs


def test_an_output_edited_with_its_times_put_back_is_made_again_and_the_bytes_are_kept(full):
    full.executed()
    place = full.root / "out/upper.txt"
    times = os.stat(place)
    place.write_text("HELLO wORLD AGAIN")
    os.utime(place, ns=(times.st_atime_ns, times.st_mtime_ns))
    outcomes = full.run()
    assert outcomes["upper"].status == "restored"
    assert str(outcomes["upper"].reasons[0]).startswith("out/upper.txt was changed since the step")
    assert outcomes["split"].status == "up to date"
    assert full.read("out/upper.txt") == "HELLO WORLD AGAIN"
    assert [kept.read_text() for kept in outcomes["upper"].kept] == ["HELLO wORLD AGAIN"]


def test_a_removed_output_is_restored(full):
    full.executed()
    shutil.rmtree(full.root / "out/parts")
    assert full.run()["split"].status == "restored"
    assert full.executed() == []


def test_a_tree_that_gained_a_file_is_restored_and_told(full):
    full.executed()
    full.write("out/parts/extra.txt", "x")
    assert full.reasons("split") == [
        "out/parts/ was changed since the step made it: extra.txt added"
    ]
    assert full.run()["split"].status == "restored"
    assert not (full.root / "out/parts/extra.txt").exists()


def test_a_file_that_stood_in_the_place_of_an_output_is_kept(bench):
    bench.write("a", "1")
    bench.write("b", "precious, and written by hand")
    bench.steps = [copies(file("a"), file("b"))]
    outcome = bench.run()["copy"]
    assert outcome.status == "run"
    assert [kept.read_text() for kept in outcome.kept] == ["precious, and written by hand"]


def test_what_a_receipt_knows_is_replaced_without_being_kept(full):
    full.executed()
    full.write("in.txt", "other words")
    assert all(outcome.kept == () for outcome in full.run().values())
    assert not (full.root / ".sealwright/quarantine").exists()


def test_a_target_that_was_never_produced_fails_the_step(bench):
    bench.steps = [acts("lazy", lambda run: None, file("o"))]
    outcome = bench.run()["lazy"]
    assert outcome.status == "refused"
    assert outcome.message == "lazy: declares o, but did not produce it"


def test_an_undeclared_product_fails_the_step(bench):
    def act(run: Run) -> None:
        durable.create(run.path(file("o")), b"1")
        durable.create(run.path(file("o")).parent / "extra", b"2")

    bench.steps = [acts("generous", act, file("o"))]
    outcome = bench.run()["generous"]
    assert outcome.message == "generous: produced extra, but does not declare it"
    assert not (bench.root / "o").exists()


def test_a_failed_step_leaves_its_outputs_as_they_were(bench):
    bench.write("a", "1")
    bench.steps = [copies(file("a"), file("b"))]
    bench.executed()
    bench.write("a", "2")
    command = Command(("sh", "-c", 'echo half > "$0"; exit 3', file("b")))
    bench.steps = [
        Step(name="copy", doc="Copy.", act=command, inputs=(file("a"),), outputs=(file("b"),))
    ]
    outcome = bench.run()["copy"]
    assert (outcome.status, outcome.code) == ("failed", 1)
    assert "sh" in outcome.message and "3" in outcome.message
    assert bench.read("b") == "1"
    assert not list((bench.root / ".sealwright/staging").iterdir())


def test_what_a_failed_program_printed_is_kept_and_named(bench):
    command = Command(("sh", "-c", "echo the cause >&2; exit 1"))
    bench.steps = [Step(name="loud:one", doc="Fail.", act=command, outputs=(file("o"),))]
    message = bench.run()["loud:one"].message
    log = bench.root / ".sealwright/logs/loud.one.log"
    assert str(log) in message
    assert "the cause" in log.read_text()


def test_a_repetition_that_fails_is_not_believed_any_more(bench):
    ends = [0]
    bench.steps = [acts("gate", lambda run: _gate(run, ends), file("o"))]
    bench.executed()
    ends[0] = 1
    assert bench.run("gate", forced=True)["gate"].status == "failed"
    assert bench.reasons("gate") == ["never ran"]


@pytest.mark.parametrize("kind", [Refused, ProgramFailed, OSError, ValueError])
def test_what_names_a_file_that_is_no_utf8_is_a_failure_like_any_other(bench, kind):
    name = os.fsdecode(b"caf\xe9")
    ends = [False]

    def act(run: Run) -> None:
        if ends[0]:
            raise kind(f"{name}: expected another")
        durable.create(run.path(file("o")), b"pass")

    bench.steps = [acts("gate", act, file("o"))]
    bench.executed()
    ends[0] = True
    outcome = bench.run("gate", forced=True)["gate"]
    assert r"caf\udce9: expected another" in outcome.message
    assert canonical.encode(as_dict(outcome)) and junit([outcome])
    assert bench.reasons("gate") == ["never ran"]
    *_, last = bench.engine().journal.entries()
    assert last.record["status"] == "failed"
    assert last.record["outputs"]["problem"] == r"caf\udce9: expected another"


def test_a_reason_that_names_a_file_that_is_no_utf8_can_be_told(bench):
    bench.write("in/a", "1")
    bench.steps = [
        Step(
            name="copy",
            doc="Copy.",
            act=Command(("touch", file("o"))),
            inputs=(tree("in"),),
            outputs=(file("o"),),
        )
    ]
    bench.executed()
    (bench.root / "in" / os.fsdecode(b"caf\xe9")).touch()
    outcome = bench.run()["copy"]
    assert outcome.status == "run"
    (reason,) = canonical.decode(canonical.encode(as_dict(outcome)))["reasons"]
    assert reason["detail"] == r"caf\udce9 added"


def _gate(run: Run, ends: list[int]) -> None:
    run.call("sh", "-c", f"exit {ends[0]}")
    durable.create(run.path(file("o")), b"pass")


def test_modes_do_not_depend_on_the_umask(bench):
    command = Command(
        ("sh", "-c", 'mkdir "$0"; echo 1 > "$0/a"; echo 2 > "$0/b"; chmod u+x "$0/b"', tree("t"))
    )
    bench.steps = [Step(name="make", doc="Make.", act=command, outputs=(tree("t"),))]
    before = os.umask(0o077)
    try:
        bench.executed()
    finally:
        os.umask(before)
    modes = {
        p.name: oct(p.stat().st_mode & 0o777) for p in [bench.root / "t", *bench.root.glob("t/*")]
    }
    assert modes == {"t": "0o755", "a": "0o644", "b": "0o755"}


def test_an_output_on_another_file_system_becomes_real_too(bench):
    shm = Path("/dev/shm")
    if os.stat(shm).st_dev == os.stat(bench.root).st_dev:
        pytest.skip("there is only one file system here")
    # a bind mount needs privileges; a repository whose state is elsewhere does not
    state = shm / f"sealwright-test-{os.getpid()}-{threading.get_ident()}"
    (bench.root / ".sealwright").symlink_to(state)
    state.mkdir()
    try:
        bench.write("a", "1")
        bench.steps = [copies(file("a"), file("deep/b"))]
        assert bench.executed() == ["copy"]
        assert bench.executed() == []
        assert sorted(p.name for p in bench.root.rglob("*")) == sorted(
            [".sealwright", "a", "deep", "b"]
        )
    finally:
        shutil.rmtree(state)


def test_a_step_of_many_files_sees_each_of_them(bench):
    files = [file(f"in/{n:03}") for n in range(300)]
    for n in range(300):
        bench.write(f"in/{n:03}", f"{n}")
    target = file("out")

    def joined(run: Run) -> None:
        durable.create(run.path(target), b" ".join(run.path(f).read_bytes() for f in files))

    step = Step(name="join", doc="Join.", act=joined, inputs=tuple(files), outputs=(target,))
    bench.steps = [step]
    assert bench.executed() == ["join"]
    assert bench.executed() == []
    bench.write("in/123", "other")
    (bench.root / "in/007").chmod(0o755)
    assert [reason.partition(" ")[0] for reason in bench.reasons("join")] == ["in/007", "in/123"]
    assert bench.executed() == ["join"]
    (bench.root / "in/200").unlink()
    (bench.root / "in/201").unlink()
    (bench.root / "in/201").symlink_to("202")
    assert bench.reasons("join")[0] == "in/200 is missing"
    assert bench.reasons("join")[1].startswith("in/201 changed: ")
    receipt = next((bench.root / ".sealwright/receipts").glob("*/*.json")).read_text()
    assert receipt.count('"sha256":"sha256:') == 301


def test_a_file_among_many_that_changes_while_it_is_read_is_read_again(bench, monkeypatch):
    from sealwright import hashing

    real = hashing.of_files

    def meanwhile(paths, **options):
        found = list(real(paths, **options))
        bench.write("in/005", "changed after it was read")
        return iter(found)

    for n in range(100):
        bench.write(f"in/{n:03}", f"{n}")
    inputs = tuple(file(f"in/{n:03}") for n in range(100))
    bench.steps = [
        Step(
            name="copy",
            doc="Copy.",
            act=lambda run: durable.create(
                run.path(file("out")), run.path(file("in/005")).read_bytes()
            ),
            inputs=inputs,
            outputs=(file("out"),),
        )
    ]
    monkeypatch.setattr(hashing, "of_files", meanwhile)
    assert bench.executed() == ["copy"]
    monkeypatch.undo()
    assert bench.read("out") == "changed after it was read"
    assert bench.executed() == []
