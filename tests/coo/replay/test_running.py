"""One run: what is copied, what is put out, and how each thing that goes wrong is told."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sealwright.contracts.coo import replay
from sealwright.contracts.coo.replay import leftovers
from sealwright.errors import Misconfigured, ProgramFailed, Refused
from tests.coo.replay.missions import GROUNDS, PATH, STRONG, ground, made, once, said, tree

each_ground = pytest.mark.parametrize("ground", GROUNDS)
both_isolations = pytest.mark.parametrize("ground", GROUNDS[::2])


def everything(top):
    """Return all that lies in a tree, with its modes and times."""
    found = {}
    for place in [top, *sorted(top.rglob("*"))]:
        info = place.lstat()
        data = place.read_bytes() if stat.S_ISREG(info.st_mode) else b""
        found[str(place.relative_to(top))] = (info.st_mode, info.st_mtime_ns, data)
    return found


def at_work(mark):
    """Return the processes that have a word of their own in their command."""
    found = []
    for place in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if place.name.isdigit() and mark in (place / "cmdline").read_text().split("\0"):
                found.append(int(place.name))
    return found


def wait(holds):
    """Return when something holds, or fail."""
    for _ in range(600):
        if holds():
            return
        time.sleep(0.05)
    pytest.fail("it did not come to that")


def failing(top, work, name=STRONG, **more):
    with pytest.raises(ProgramFailed) as caught:
        once(top, work, name, **more)
    return str(caught.value)


@each_ground
def test_the_output_holds_what_the_mission_names(tmp_path, ground):
    top = tree(
        tmp_path / "tree",
        """
        import sys
        from pathlib import Path
        print(sys.stdin.read().upper())
        print("warned", file=sys.stderr)
        Path("build/deep").mkdir()
        Path("build/deep/x.bin").write_bytes(bytes(range(256)))
        Path("build/x.json").write_text('{"b": 1.5, "a": null}')
        sys.exit(3)
        """,
    )
    steps = [
        {"name": "up", "argv": ["python", "main.py"], "stdin": "ü", "exit": 3},
        {"name": "list", "argv": ["ls", "-1", "deep"], "cwd": "build"},
    ]
    outputs = [
        {"name": "out", "stdout": "up"},
        {"name": "err", "stderr": "up"},
        {"name": "bin", "file": "build/deep/x.bin", "as": "sha256"},
        {"name": "json", "file": "build/x.json", "as": "json"},
        {"name": "list", "stdout": "list"},
    ]
    mission = {"steps": steps, "outputs": outputs, "writes": ["build"]}
    found = once(top, tmp_path / "work", ground, **mission).output
    assert found["outputs"] == {
        "out": "Ü\n",
        "err": "warned\n",
        "bin": "sha256:40aff2e9d2d8922e47afd4648e6967497158785fbd1da870e7110266bf944880",
        "json": {"b": 1.5, "a": None},
        "list": "x.bin\n",
    }
    assert found["steps"] == [{"name": "up", "exit": 3}, {"name": "list", "exit": 0}]
    assert found["mission_sha256"] == made(ground, **mission).sha256
    assert not (top / "build").exists() and not list((tmp_path / "work").iterdir())


@each_ground
def test_a_mission_sees_its_inputs_and_nothing_else_of_the_tree(tmp_path, ground):
    top = tree(tmp_path / "tree", "import os, json; print(json.dumps(sorted(os.listdir('.'))))")
    for path in ("a/in.txt", "a/out.txt", "b/c/d.txt", "b/__pycache__/d.pyc", "secret.txt"):
        (top / path).parent.mkdir(parents=True, exist_ok=True)
        (top / path).write_text(path)
    assert said(top, tmp_path / "work", ground, inputs=["main.py", "a/in.txt", "b"]) == [
        *("a", "b", "main.py")
    ]
    walk = "import os, json; print(json.dumps([f for _, _, fs in os.walk('.') for f in fs]))"
    (top / "main.py").write_text(walk)
    inputs = ["main.py", "a/in.txt", "b"]
    assert said(top, tmp_path / "work", ground, inputs=inputs) == ["main.py", "in.txt", "d.txt"]


WRITER = """
    import json, os, sys
    told = []
    for name in ("main.py", "new.txt", "data/old.txt", "data/new.txt", "build/x", "build/deep/y"):
        try:
            os.makedirs(os.path.dirname(name) or ".", exist_ok=True)
            with open(name, "a") as file:
                file.write("x")
            told.append(name)
        except OSError as error:
            assert error.errno in (13, 30), error
    print(json.dumps(told))
"""


def test_the_tree_is_read_only_but_for_what_the_mission_may_write(tmp_path):
    top = tree(tmp_path / "tree", WRITER)
    (top / "data").mkdir()
    (top / "data/old.txt").write_text("old")
    before = everything(top)
    inputs = ["main.py", "data"]

    def written(*writes):
        return said(top, tmp_path / "work", inputs=inputs, writes=list(writes))

    assert written() == []
    assert written("build") == ["build/x", "build/deep/y"]
    assert written("data", "build/deep") == ["data/old.txt", "data/new.txt", "build/deep/y"]
    assert len(written(".")) == 6
    assert everything(top) == before


def test_a_copy_that_was_written_to_is_refused_and_the_tree_is_as_it_was(tmp_path):
    top = tree(tmp_path / "tree", "import os; os.chmod('a.txt', 0o600)\nopen('a.txt', 'w')", a="")
    (top / "a.txt").write_text("kept")
    before = everything(top)
    weak = "programs copy"
    with pytest.raises(Refused, match=r"expected the tree as it was, found another a.txt; name"):
        once(top, tmp_path / "work", weak, inputs=["main.py", "a.txt"])
    (top / "main.py").write_text("import os; os.chmod('.', 0o700); open('new', 'w'); print(1)")
    with pytest.raises(Refused, match=r"found another new"):
        once(top, tmp_path / "work", weak)
    assert everything(top)["a.txt"] == before["a.txt"] and not (top / "new").exists()
    assert not list((tmp_path / "work").iterdir())


def test_in_namespaces_nobody_undoes_what_makes_the_tree_read_only(tmp_path):
    main = """
        import json, subprocess
        tries = ["umount /mnt/tree", "mount -o remount,rw /mnt/tree", "chmod u+w main.py",
                 "hostname x", "touch /mnt/layer/x",
                 "unshare -rm mount -o remount,bind,rw /mnt/tree"]
        print(json.dumps([t for t in tries if not subprocess.run(t.split()).returncode]))
    """
    assert said(tree(tmp_path / "tree", main), tmp_path / "work") == []


@both_isolations
def test_links_inside_the_tree_are_links_and_others_are_refused(tmp_path, ground):
    top = tree(tmp_path / "tree", "import os, json; print(json.dumps(os.readlink('in')))")
    (top / "in").symlink_to("main.py")
    assert said(top, tmp_path / "work", ground, inputs=["main.py", "in"]) == "main.py"
    (top / "sub").mkdir()
    for text in ("../outside", "/etc/passwd", "sub/../../x", str(top / "main.py")):
        (top / "out").unlink(missing_ok=True)
        (top / "out").symlink_to(text)
        with pytest.raises(Refused):
            once(top, tmp_path / "work", ground, inputs=["main.py", "out"])


def test_what_has_no_place_in_a_tree_is_refused_by_name(tmp_path):
    top = tree(tmp_path / "tree", "")
    os.mkfifo(top / "pipe")
    with pytest.raises(Refused, match="pipe: expected a file, folder or link, found a named pipe"):
        once(top, tmp_path / "work", inputs=["main.py", "pipe"])
    with pytest.raises(Refused, match="gone: expected an input of the mission, found nothing"):
        once(top, tmp_path / "work", inputs=["main.py", "gone"])


@each_ground
def test_another_exit_code_is_told_with_the_last_words(tmp_path, ground):
    top = tree(tmp_path / "tree", "import sys; sys.exit('it \\x1b[2J broke')")
    found = failing(top, tmp_path / "work", ground)
    assert "step main: expected exit code 0, found 1; its last words: it ?[2J broke" in found


@both_isolations
@pytest.mark.parametrize("code", [1, 2])
def test_a_step_that_was_not_started_has_no_exit_code(tmp_path, ground, code):
    step = {"name": "main", "argv": ["false"], "cwd": "missing", "exit": code}
    found = failing(tree(tmp_path / "tree", ""), tmp_path / "work", ground, steps=[step])
    assert "step main: expected to be started, found that its enclosure failed" in found


@each_ground
def test_a_signal_is_an_exit_code(tmp_path, ground):
    top = tree(tmp_path / "tree", "import os; print(1, flush=True); os.kill(os.getpid(), 9)")
    step = {"name": "main", "argv": ["python", "main.py"], "exit": 137}
    assert said(top, tmp_path / "work", ground, steps=[step]) == 1


@each_ground
def test_what_takes_too_long_is_ended_with_all_that_it_started(tmp_path, ground):
    main = """
        import os, subprocess, sys, time
        mark = "%s"
        subprocess.Popen(["sleep", mark], start_new_session=True)
        if os.fork() == 0:
            os.setsid()
            os.execvp("sleep", ["sleep", mark])
        while True:
            time.sleep(1)
    """ % (mark := f"1000.{os.getpid()}")
    top = tree(tmp_path / "tree", main)
    with leftovers.removed():
        found = failing(top, tmp_path / "work", ground, time_limit=3)
        assert "expected an end in" in found
        if "namespaces" in ground:  # else what has left the group is out of reach
            assert at_work(mark) == []
        for number in at_work(mark):
            os.kill(number, signal.SIGKILL)
        wait(lambda: not at_work(mark))


def test_when_sealwright_is_killed_so_is_the_mission(tmp_path):
    mark = f"2000.{os.getpid()}"
    main = f"import subprocess; subprocess.run(['sleep', '{mark}'], start_new_session=True)"
    top = tree(tmp_path / "tree", main)
    code = (
        "import sys; from pathlib import Path; from tests.coo.replay.missions import once\n"
        "once(Path(sys.argv[1]), Path(sys.argv[2]))"
    )
    lib = Path(replay.__file__).parents[4]
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{lib}:{lib.parent}"}
    ground(STRONG)
    with subprocess.Popen([sys.executable, "-c", code, top, tmp_path / "w"], env=env) as process:
        wait(lambda: at_work(mark))
        process.kill()
    wait(lambda: not at_work(mark))


def test_the_time_limit_is_that_of_all_steps_together(tmp_path):
    steps = [{"name": str(n), "argv": ["sleep", "2"]} for n in range(3)]
    found = failing(
        tree(tmp_path / "tree", ""), tmp_path / "w", steps=steps, time_limit=4, outputs=[]
    )
    assert "expected an end in" in found


@pytest.mark.parametrize(
    ("main", "more", "found"),
    [
        ("print('no json')", {}, "output main: expected json, found main: expected JSON"),
        ('print(\'{"a": 1, "a": 2}\')', {}, "twice"),
        ("import os; os.write(1, b'\\xff')", {"as": "text"}, "output main: expected text, found"),
    ],
)
def test_an_output_that_is_not_what_it_should_be_is_told(tmp_path, main, more, found):
    output = {"name": "main", "stdout": "main", "as": "json", **more}
    told = failing(tree(tmp_path / "tree", main), tmp_path / "work", outputs=[output])
    assert found.replace("main: expected JSON", "output main: expected JSON") in told


@pytest.mark.parametrize("text", ["", "import os; os.symlink('/etc/passwd', 'build/x')"])
def test_a_file_that_is_missing_or_a_link_is_no_output(tmp_path, text):
    output = {"name": "x", "file": "build/x"}
    top = tree(tmp_path / "tree", text)
    with pytest.raises((ProgramFailed, Refused), match=r"expected a (file build/x|path inside)"):
        once(top, tmp_path / "work", outputs=[output], writes=["build"])


def test_a_program_that_is_not_on_the_pinned_path_is_told(tmp_path):
    step = {"name": "main", "argv": ["no-such-program"]}
    with pytest.raises(Misconfigured, match="pinned PATH, found no no-such-program; add"):
        once(tree(tmp_path / "tree", ""), tmp_path / "work", steps=[step])


def test_what_a_mission_imports_may_lie_in_folders_of_the_tree(tmp_path):
    top = tree(
        tmp_path / "tree", "import other, json, os; print(json.dumps([other.x, os.environ['A']]))"
    )
    (top / "src").mkdir()
    (top / "src/other.py").write_text("x = 5")
    more = {"inputs": ["main.py", "src"], "python_path": ["src"], "environment": {"A": "b c'\"$"}}
    assert said(top, tmp_path / "work", **more) == [5, "b c'\"$"]


def test_standard_error_goes_to_the_log(tmp_path):
    log = io.BytesIO()
    top = tree(tmp_path / "tree", "import sys; print(1); print('aside', file=sys.stderr)")
    arguments = (top, made(), Path(sys.executable), PATH, tmp_path / "work", log)
    replay.run(*arguments, found=ground(STRONG))
    assert b"mission probe: step main\naside\n" in log.getvalue()


@each_ground
def test_a_run_from_a_folder_with_any_name_is_the_same(tmp_path, ground):
    top = tree(tmp_path / "tree", "import json, os, sys; print(json.dumps(sys.path[:1]))")
    strange = tmp_path / "a b'c\"d$e\\f ü"
    strange.mkdir()
    found = said(top, strange, ground)
    assert found == (["/mnt/tree"] if "namespaces" in ground else [f"{strange}/room/tree"])
    assert json.dumps(found)
