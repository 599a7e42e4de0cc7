"""A program in a cage writes to its copy, uses what it may use, and leaves nobody behind."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

import sealwright
from sealwright.errors import Misconfigured
from sealwright.sandbox.cage import LEVELS, Place, offered, stronger
from tests.sandbox.hostile import INTERPRETER, SMALL, Ground, alive, below, gone, ground
from tests.support.skips import skip

LIB = Path(sealwright.__file__).parent.parent
SURVIVOR = """
import subprocess, sys
code = "import sys, time; time.sleep(1000)"
words = [sys.executable, "-I", "-S", "-c", code, sys.argv[1]]
subprocess.Popen(words, start_new_session=True)
if not __import__("os").fork():
    __import__("os").setsid()
    if not __import__("os").fork():
        __import__("os").execv(words[0], words)
"""


def test_a_program_writes_to_its_copy_which_comes_back(every: Ground) -> None:
    came = every.run("sh", "-c", "cat here.txt; echo more > here.txt; mkdir a; echo new > a/b")
    assert (came.ended, came.code, came.output) == ("exited", 0, b"here\n")
    assert (every.given / "here.txt").read_text() == "here\n"
    assert (every.back / "here.txt").read_text() == "more\n"
    assert (every.back / "a/b").read_text() == "new\n"


def test_what_is_not_to_be_written_is_not_written(every: Ground) -> None:
    if every.level == "none":
        return
    other = every.top / "other"
    other.mkdir()
    place = Place(other, "/task/other")
    came = every.run("touch", f"{every.cage.seen(place)}/file", others=[place])
    assert came.code and not list(other.iterdir())
    outside = every.top / "outside"
    came = every.run("touch", str(outside))
    assert came.code and not outside.exists()


def test_it_has_little_of_an_environment(every: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none of its business")
    names = every.says("import os; print(*sorted(os.environ))").split()
    assert set(names) <= {"HOME", "LC_CTYPE", "PATH", "PWD", "SHLVL", "TMPDIR", "_"}


def test_home_and_temporary_folder_are_its_own_and_empty(every: Ground) -> None:
    code = "import os; print(*(os.listdir(os.environ[n]) for n in ('HOME', 'TMPDIR')))"
    seen = below("/tmp") if every.level.startswith("namespaces") else []
    assert every.says(code) == f"[] {seen}"
    code = (
        "import os; p = os.environ['HOME'] + '/f'; open(p, 'w').close(); print(os.path.exists(p))"
    )
    assert every.says(code) == "True"


def test_how_it_ended_is_told(every: Ground) -> None:
    failed, killed = every.run("sh", "-c", "exit 7"), every.run("sh", "-c", "kill -9 $$")
    missing, no_program = every.run("no-such-program"), every.run("./here.txt")
    assert (failed.ended, failed.code) == ("exited", 7)
    assert (killed.ended, killed.code) == ("killed", 9)
    assert missing.ended == no_program.ended == "missing"
    assert "No such file" in missing.reason


def test_one_that_sleeps_for_ever_is_ended_in_time(every: Ground) -> None:
    (every.given / "said").write_text("")
    came = every.run(
        "sh", "-c", "echo begun; echo x > half; sleep 1000", limits=replace(SMALL, seconds=1)
    )
    assert (came.ended, came.output) == ("timeout", b"begun\n")
    assert (every.back / "half").exists()


def test_one_that_ignores_signals_is_ended_too(every: Ground) -> None:
    code = "import signal; [signal.signal(n, signal.SIG_IGN) for n in (1, 2, 15)]; signal.pause()"
    assert every.python(code, limits=replace(SMALL, seconds=1)).ended == "timeout"


def test_nobody_survives(every: Ground) -> None:
    marker = f"survivor-{every.level}-{os.getpid()}"
    came = every.python(SURVIVOR, marker)
    assert came.ended == "exited"
    assert not alive(marker)


def test_what_it_prints_is_kept_up_to_a_limit(every: Ground) -> None:
    came = every.run("sh", "-c", "head -c 3000000 /dev/zero; echo end >&2")
    assert came.well and len(came.output) == SMALL.output
    assert came.lost == 3_000_004 - SMALL.output


def test_no_file_is_larger_than_allowed(every: Ground) -> None:
    came = every.run("dd", "if=/dev/zero", "of=big", "bs=1M", "count=100")
    assert not came.well
    assert (every.back / "big").stat().st_size <= SMALL.file


def test_no_process_has_more_memory_than_allowed(every: Ground) -> None:
    assert "MemoryError" in every.says("bytearray(2 << 30)")


def test_all_processes_together_have_no_more_memory_than_one_may(every: Ground) -> None:
    code = """
import os, time
for _ in range(8):
    if not os.fork():
        held = bytearray(b"x") * (100 << 20)
        time.sleep(100)
time.sleep(100)
"""
    came = every.python(code, limits=replace(SMALL, memory=400 << 20))
    assert came.ended == "memory"


def test_memory_that_is_shared_counts_once(every: Ground) -> None:
    code = """
import mmap, os, sys, time
held = mmap.mmap(-1, int(sys.argv[1]) << 20)
for place in range(0, len(held), 4096):
    held[place] = 1
for _ in range(7):
    if not os.fork():
        for place in range(0, len(held), 4096):
            held[place]
        time.sleep(1)
        os._exit(0)
time.sleep(2)
"""
    limits = replace(SMALL, memory=300 << 20)
    assert every.python(code, "100", limits=limits).ended == "exited"
    assert every.python(code, "400", limits=limits).ended == "memory"


def test_a_tree_comes_back_as_it_is(every: Ground) -> None:
    code = r"""
import os
os.mkdir(b"\xff dir"); open(b"\xff dir/new\nline", "w").write("x")
os.symlink("/etc/passwd", "link"); os.mkfifo("pipe"); os.link("here.txt", "hard")
open("x.sh", "w").close(); os.chmod("x.sh", 0o4711)
with open("holes", "wb") as f: f.seek(3 << 20); f.write(b"end"); f.truncate(6 << 20)
os.mkdir("locked"); open("locked/in", "w").close(); os.chmod("locked", 0)
"""
    assert every.python(code).well
    names = {os.fsencode(path.relative_to(every.back)) for path in every.back.rglob("*")}
    expected = {b"\xff dir", b"\xff dir/new\nline", b"link", b"pipe", b"hard", b"x.sh", b"holes"}
    assert names == expected | {b"here.txt", b"locked", b"locked/in"}
    assert os.readlink(every.back / "link") == "/etc/passwd"
    holes = (every.back / "holes").read_bytes()
    assert (len(holes), holes[3 << 20 :][:3], holes.count(0)) == (6 << 20, b"end", (6 << 20) - 3)
    if every.level in LEVELS[:2]:
        assert (every.back / "x.sh").stat().st_mode & 0o7777 == 0o755


def test_a_tree_that_is_too_deep_is_told(closed: Ground) -> None:
    code = "import os\nfor _ in range(1000): os.mkdir('d'); os.chdir('d')"
    came = closed.python(code)
    assert came.ended == "unreadable" and "at most 200 folders" in came.reason


def test_a_program_that_fills_the_disk_fills_its_own(closed: Ground) -> None:
    code = """
import os
try:
    for number in range(10000):
        with open(f"f{number}", "wb") as file: file.write(b"x" * (1 << 20))
except OSError as error:
    print(error.strerror)
"""
    assert closed.says(code) == "No space left on device"
    assert sum(path.stat().st_size for path in closed.back.iterdir()) <= SMALL.disk
    assert "No space" in closed.says(code.replace("f{number}", "/tmp/{number}"))
    assert "No space" in closed.says(code.replace("f{number}", "/dev/shm/{number}"))


def test_a_disk_without_a_limit_of_its_own_is_watched(tmp_path: Path) -> None:
    code = """
import time
for number in range(10000):
    with open(f"f{number}", "wb") as file: file.write(b"x" * (1 << 20))
    time.sleep(0.01)
"""
    assert ground(tmp_path, "landlock").python(code).ended == "disk"


def test_a_fork_bomb_runs_out_of_processes(closed: Ground) -> None:
    code = """
import os, time
count = 0
try:
    while True:
        if not os.fork(): time.sleep(100)
        count += 1
except OSError as error:
    print(error.strerror, count < 60)
"""
    limits = replace(SMALL, processes=50)
    assert closed.says(code, limits=limits) == "Resource temporarily unavailable True"
    assert closed.came is not None and closed.came.survivors > 30


def test_when_we_are_killed_it_dies_with_us(tmp_path: Path) -> None:
    ground(tmp_path / "x", "namespaces")
    marker = f"orphan-{os.getpid()}"
    for name in ("given", "back", "work"):
        (tmp_path / name).mkdir()
    code = f"""
from pathlib import Path
from sealwright.sandbox.cage import *
top = Path({str(tmp_path)!r})
place = Place(top / "given", "/given", top / "back")
words = ["sh", "-c", "sh -c 'sleep 1000; true' {marker} & sh -c 'sleep 1000; true' {marker}"]
offered("namespaces").run(words, cwd=place, work=top / "work")
"""
    env = {**os.environ, "PYTHONPATH": str(LIB)}
    with subprocess.Popen([sys.executable, "-c", code], env=env, start_new_session=True) as us:
        while len(alive(marker)) < 2:
            assert us.poll() is None
        us.kill()
    assert gone(marker)


def test_a_level_is_one_of_four_and_the_strongest_is_offered() -> None:
    with pytest.raises(Misconfigured, match="'wall'"):
        offered("wall")
    assert offered("none").level == offered("landlock").level
    assert stronger("none", than="none") and not stronger("none", than="landlock")


def refused_namespaces(code: str) -> str:
    """Run code where no namespace of users can be made."""
    ban = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"'
    unshare = shutil.which("unshare") or skip("unshare is missing")
    words = [unshare, "--user", "--map-root-user", "sh", "-c", ban, "sh"]
    env = {**os.environ, "PYTHONPATH": str(LIB)}
    done = subprocess.run([*words, sys.executable, "-c", code], env=env, capture_output=True)
    return (done.stdout + done.stderr).decode()


def test_a_weaker_level_than_demanded_is_refused_and_says_why() -> None:
    ask = "from sealwright.sandbox.cage import offered; print(offered({!r}))"
    said = refused_namespaces(ask.format("namespaces"))
    assert "isolation: expected namespaces or stronger, found none that holds here" in said
    assert "namespaces: No space left" in said or "namespaces: [Errno" in said
    said = refused_namespaces(ask.format("landlock"))
    assert "Cage(level='landlock'" in said
    assert "user namespace" not in said


def test_it_holds_for_anybody() -> None:
    if os.geteuid() != 0:
        skip("to become somebody else takes root")
    top = Path(tempfile.mkdtemp())
    try:
        top.chmod(0o755)
        shutil.copytree(LIB / "sealwright", top / "lib/sealwright")
        work = top / "work"
        for name in ("given", "back", "scratch"):
            (work / name).mkdir(parents=True)
        subprocess.run(["chown", "-R", "4321:4321", str(work)], check=True)
        code = f"""
import sys
from pathlib import Path
from sealwright.sandbox.cage import *
top = Path({str(work)!r})
place = Place(top / "given", "/given", top / "back")
came = offered("namespaces").run(
    ["sh", "-c", "id -u; touch made /usr/made; kill -0 -1; (sleep 1000 &)"],
    cwd=place, work=top / "scratch")
print(came.level, came.ended, came.survivors, came.output.decode(), *(top / "back").iterdir())
"""
        words = ["setpriv", "--reuid=4321", "--regid=4321", "--clear-groups", "/usr/bin/python3"]
        env = {"PATH": os.defpath, "PYTHONPATH": str(top / "lib"), "LC_ALL": "C.UTF-8"}
        done = subprocess.run(
            [*words, "-B", "-c", code], env=env, capture_output=True, text=True, cwd="/"
        )
        assert "exited 1 1000" in done.stdout, done.stderr
        assert "Read-only file system" in done.stdout
        assert done.stdout.strip().endswith(str(work / "back/made"))
    finally:
        shutil.rmtree(top)


def test_a_visible_folder_is_seen_where_it_is(closed: Ground) -> None:
    assert closed.says("import sys; print(sys.prefix)") == sys.base_prefix
    assert all(path.exists() for path in INTERPRETER)
