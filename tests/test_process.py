"""Programs run alone, in time, without network, and leave nobody behind."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from sealwright import process
from sealwright.errors import ProgramFailed
from sealwright.process import cell

LIB = Path(process.__file__).parents[2]
ENV = process.allow_listed()
FOREVER = 'echo $$ > "$1"; exec sleep 600'
STUBBORN = f"trap '' TERM; {FOREVER}"  # what is ignored stays ignored across exec
# in a session of its own, and without the environment and the descriptors it was given
ORPHAN = """
env -i setsid sh -c 'echo $$ > "$1"; exec sleep 600' sh "$1" <&- >&- 2>&- &
until [ -s "$1" ]; do sleep 0.01; done
"""
LASTING = f"{ORPHAN} exec sleep 600"
# a shell without job control starts what runs in the background with SIGINT ignored
CALLER = """
import signal; signal.signal(signal.SIGINT, signal.default_int_handler)
import sys; from pathlib import Path; from sealwright import process
process.run(sys.argv[1:], cwd=Path("/"), env=process.allow_listed())
"""

CLAIM = "Path(sys.argv[-1] + '.isolated').write_text(str(process.isolated()))"


def shell(program: str, *arguments: object, **options: Any) -> process.Finished:
    argv = ["sh", "-c", program, "sh", *map(str, arguments)]
    return process.run(argv, cwd=Path("/"), env=ENV, **options)


def python(
    program: str, *arguments: str, cwd: Path = Path("/"), **options: Any
) -> process.Finished:
    return process.run([sys.executable, "-c", program, *arguments], cwd=cwd, env=ENV, **options)


def refuse(*_: object) -> None:
    raise PermissionError


def alive(pid: int) -> bool:
    return process.kernel_fields(pid)[:1] not in ((), ("Z",), ("X",))


def eventually(condition: Callable[[], bool]) -> bool:
    """Return whether the condition comes true within a time that only a failure needs."""
    deadline = time.monotonic() + 20
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


def number_in(file: Path) -> int:
    assert eventually(lambda: file.exists() and file.read_text().endswith("\n")), file
    return int(file.read_text())


def start_caller(program: str, argument: Path, caller: str = CALLER) -> subprocess.Popen[bytes]:
    """Start a second Sealwright, one that can be interrupted and killed."""
    command = [sys.executable, "-c", caller, "sh", "-c", program, "sh", str(argument)]
    environment = {**os.environ, "PYTHONPATH": str(LIB)}
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE)


SOURCE = {
    "PATH": "/usr/bin:.:bin::/bin",
    "HOME": "/home/ada",
    "LANG": "tr_TR.UTF-8",
    "TZ": "Asia/Tokyo",
    "SOURCE_DATE_EPOCH": "1",
    "GIT_DIR": "/elsewhere",
    "PYTHONPATH": "/elsewhere",
    "AWS_SECRET_ACCESS_KEY": "hunter2",
}


class TestEnvironment:
    def test_holds_the_list_and_nothing_else(self):
        assert process.allow_listed(source=SOURCE) == {
            "PATH": "/usr/bin:/bin",
            "HOME": "/home/ada",
            "LANG": "C.UTF-8",
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
            "SOURCE_DATE_EPOCH": "1",
        }

    def test_names_are_taken_from_the_source_where_they_are_set(self):
        built = process.allow_listed(["GIT_DIR", "ABSENT"], source=SOURCE)
        assert built["GIT_DIR"] == "/elsewhere"
        assert "ABSENT" not in built

    def test_asking_for_the_path_does_not_bring_relative_entries_back(self):
        assert process.allow_listed(["PATH"], source=SOURCE)["PATH"] == "/usr/bin:/bin"

    def test_extra_comes_last(self):
        built = process.allow_listed(["GIT_DIR"], {"TZ": "CET", "GIT_DIR": "/mine"}, SOURCE)
        assert (built["TZ"], built["GIT_DIR"]) == ("CET", "/mine")

    @pytest.mark.parametrize("path", ["", ".", "bin:lib"])
    def test_a_path_without_absolute_entries_is_never_left_empty(self, path):
        assert process.allow_listed(source={"PATH": path})["PATH"] == os.defpath

    def test_reaches_the_program_and_nothing_else_does(self, monkeypatch):
        monkeypatch.setenv("GIT_DIR", "/elsewhere")
        shown = process.run(["env"], cwd=Path("/"), env={"PATH": ENV["PATH"], "ONE": "1"}).out
        assert sorted(shown.split()) == [b"ONE=1", b"PATH=" + ENV["PATH"].encode()]

    def test_the_caller_sees_a_copy(self, monkeypatch):
        monkeypatch.setenv("ONE", "1")
        copy = process.environment()
        monkeypatch.setenv("ONE", "2")
        assert copy["ONE"] == "1"


class TestFinding:
    def test_finds_the_absolute_path(self, tmp_path):
        tool = tmp_path / "tool"
        tool.write_text("#!/bin/sh\n")
        tool.chmod(0o755)
        assert process.find("tool", {"PATH": f".:{tmp_path}"}) == tool

    def test_never_looks_in_the_current_folder(self, tmp_path, monkeypatch):
        (tmp_path / "tool").write_text("#!/bin/sh\n")
        (tmp_path / "tool").chmod(0o755)
        monkeypatch.chdir(tmp_path)
        assert [process.find("tool", {"PATH": path}) for path in ("", ".", ":/bin")] == [None] * 3
        assert process.find("tool", {}) is None

    @pytest.mark.parametrize(
        ("argv", "sentence"),
        [
            pytest.param(["no-such"], "no-such: not found on PATH; install it", id="bare name"),
            pytest.param(["./no"], "./no: expected a program in /, found none", id="with a slash"),
            pytest.param(["/etc"], "/etc: expected a program in /, found none", id="a folder"),
        ],
    )
    def test_a_missing_program_is_one_sentence(self, argv, sentence):
        with pytest.raises(ProgramFailed) as failure:
            process.run(argv, cwd=Path("/"), env=ENV)
        assert str(failure.value) == sentence

    @pytest.mark.parametrize(
        ("argument", "cwd"),
        [("a", Path("/no/such")), ("a\0b", Path("/")), ("a" * (1 << 20), Path("/"))],
        ids=["no folder", "a NUL in an argument", "too long an argument"],
    )
    def test_what_cannot_be_started_is_a_failed_program(self, argument, cwd):
        with pytest.raises(ProgramFailed, match=r"\Aecho: could not be started in /"):
            process.run(["echo", argument], cwd=cwd, env=ENV)

    def test_a_relative_program_lies_in_the_programs_folder(self, tmp_path):
        tool = tmp_path / "tool"
        tool.write_text("#!/bin/sh\npwd\n")
        tool.chmod(0o755)
        assert process.run(["./tool"], cwd=tmp_path, env=ENV).out == f"{tmp_path}\n".encode()


class TestTalking:
    def test_output_error_and_code_are_told_apart(self):
        finished = python(
            "import sys; print('o'); print('e', file=sys.stderr); sys.exit(3)", check=False
        )
        assert (finished.out, finished.err, finished.code) == (b"o\n", b"e\n", 3)
        assert finished.argv[0] == sys.executable
        assert finished.seconds > 0

    def test_floods_in_all_three_directions_do_not_deadlock(self):
        flood = """
import sys, threading
data = b"x" * (3 << 20)
def pour(stream): stream.write(data)
both = [threading.Thread(target=pour, args=(s,)) for s in (sys.stdout.buffer, sys.stderr.buffer)]
for t in both: t.start()
taken = sys.stdin.buffer.read()
for t in both: t.join()
sys.exit(taken != data)
"""
        finished = python(flood, stdin=b"x" * (3 << 20))
        assert (len(finished.out), len(finished.err)) == (3 << 20, 3 << 20)

    def test_standard_input_is_empty_unless_given(self):
        assert python("import sys; print(len(sys.stdin.read()))").out == b"0\n"

    def test_a_program_may_ignore_what_it_is_given(self):
        assert python("print('done')", stdin=b"x" * (1 << 20)).out == b"done\n"

    def test_there_is_no_terminal_and_a_session_of_its_own(self):
        seen = python(
            "import os\n"
            "try: os.open('/dev/tty', os.O_RDWR); print('terminal')\n"
            "except OSError: print(os.getsid(0) == os.getpgrp() == os.getpid())"
        )
        assert seen.out == b"True\n"

    def test_more_output_than_the_limit_fails_and_ends_the_program(self, tmp_path):
        endless = "import os, sys\nopen(sys.argv[1], 'w').write(f'{os.getpid()}\\n')\n" + (
            "while True: os.write(1 + os.getpid() % 2, b'x' * 65536)"
        )
        with pytest.raises(ProgramFailed, match="expected at most 100000 bytes, found more"):
            python(endless, str(tmp_path / "pid"), limit=100_000)
        assert not alive(number_in(tmp_path / "pid"))

    def test_exactly_the_limit_is_allowed(self):
        assert len(python("print('x' * 999)", limit=1000).out) == 1000

    def test_a_log_takes_both_streams_after_what_the_caller_wrote(self, tmp_path):
        with open(tmp_path / "log", "wb") as log:
            log.write(b"header\n")
            finished = python("import os; os.write(1, b'o\\n'); os.write(2, b'e\\n')", log=log)
        assert (tmp_path / "log").read_bytes() == b"header\no\ne\n"
        assert (finished.out, finished.err) == (b"", b"")

    def test_no_descriptor_is_left_open(self):
        python("print()", stdin=b"x")
        before = sorted(os.listdir("/proc/self/fd"))
        python("print()", stdin=b"x")
        with pytest.raises(ProgramFailed):
            python("while True: print('x' * 9999)", limit=10, stdin=b"x" * (1 << 20))
        assert sorted(os.listdir("/proc/self/fd")) == before


class TestFailure:
    def test_says_program_code_and_last_words(self):
        program = "import sys; print('one\\ntwo\\x1b[2J', file=sys.stderr); sys.exit(7)"
        with pytest.raises(ProgramFailed) as failure:
            python(program)
        expected = f"{sys.executable}: expected exit code 0, found 7; its last words: one / two?[2J"
        assert str(failure.value) == expected

    def test_names_the_signal(self):
        with pytest.raises(ProgramFailed, match="expected exit code 0, found SIGSEGV"):
            python("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")

    def test_without_check_the_code_is_the_answer(self):
        assert python("import os; os.kill(os.getpid(), 9)", check=False).code == -9

    def test_a_lost_exit_code_is_no_success(self):
        program = (
            "import signal, sys; from pathlib import Path; from sealwright import process\n"
            "signal.signal(signal.SIGCHLD, signal.SIG_IGN)\n"
            "process.run(['false'], cwd=Path('/'), env=process.allow_listed())\n"
        )
        command = [sys.executable, "-c", program]
        environment = {**os.environ, "PYTHONPATH": str(LIB)}
        done = subprocess.run(command, env=environment, capture_output=True)
        assert b"false: expected an exit code, found none" in done.stderr


class TestEnding:
    @pytest.fixture(autouse=True)
    def reopened(self) -> Iterator[None]:
        yield
        process.reopen()

    @pytest.mark.parametrize("program", [FOREVER, STUBBORN], ids=["obedient", "ignores TERM"])
    def test_the_time_limit_ends_the_program(self, program, tmp_path):
        with pytest.raises(ProgramFailed, match=r"expected an end in 1 s, found it still at work"):
            shell(program, tmp_path / "pid", timeout=1, grace=0.1)
        assert not alive(number_in(tmp_path / "pid"))

    @pytest.mark.parametrize("watched", [True, False], ids=["watched", "looked at"])
    def test_a_program_that_somebody_kills_is_an_error_at_once(
        self, watched, tmp_path, monkeypatch
    ):
        """In the main thread and in others, and whatever else is at work."""
        if not watched:
            monkeypatch.setattr(os, "pidfd_open", refuse)
        with ThreadPoolExecutor() as pool:
            runs = [pool.submit(shell, FOREVER, tmp_path / name) for name in "abc"]
            for name, run in zip("ab", runs, strict=False):
                os.kill(number_in(tmp_path / name), signal.SIGKILL)
                with pytest.raises(ProgramFailed, match="expected exit code 0, found SIGKILL"):
                    run.result(timeout=20)
            killer = pool.submit(lambda: os.kill(number_in(tmp_path / "d"), signal.SIGKILL))
            with pytest.raises(ProgramFailed, match="expected exit code 0, found SIGKILL"):
                shell(FOREVER, tmp_path / "d", timeout=20)
            killer.result()
            assert not runs[2].done()
            process.stop_all()

    @pytest.mark.parametrize("ending", ["exit 0", "sleep 600"], ids=["ends", "is late"])
    def test_nobody_in_the_group_outlives_the_run(self, ending, tmp_path):
        program = f"""
sh -c "$1" sh "$2/a" & sh -c "$1" sh "$2/b" &
until [ -s "$2/a" ] && [ -s "$2/b" ]; do sleep 0.01; done
echo ready; {ending}
"""
        late = "sleep" in ending
        try:
            finished = shell(program, STUBBORN, tmp_path, timeout=2, grace=0.1)
        except ProgramFailed:
            assert late
        else:
            assert not late
            assert finished.out == b"ready\n"
        assert [alive(number_in(tmp_path / name)) for name in "ab"] == [False, False]

    def test_a_fugitive_that_keeps_the_pipe_open_does_not_hold_the_run(self, tmp_path):
        program = 'setsid sh -c "$1" sh "$2" & until [ -s "$2" ]; do sleep 0.01; done; echo gone'
        try:
            assert shell(program, FOREVER, tmp_path / "pid").out == b"gone\n"
        finally:
            os.kill(number_in(tmp_path / "pid"), signal.SIGKILL)

    def test_a_flood_that_is_left_behind_ends_with_the_program(self):
        """Its pipe has no end as long as it lives, so the end of the pipe is not waited for."""
        assert shell("yes & exit 0").code == 0

    def test_an_interrupt_ends_the_program_and_passes_through(self, tmp_path):
        caller = start_caller(FOREVER, tmp_path / "pid")
        pid = number_in(tmp_path / "pid")
        caller.send_signal(signal.SIGINT)
        assert b"KeyboardInterrupt" in caller.communicate()[1]
        assert not alive(pid)

    @pytest.mark.skipif(not process.find("setpriv", ENV), reason="needs setpriv of util-linux")
    @pytest.mark.parametrize("program", [FOREVER, STUBBORN], ids=["obedient", "ignores TERM"])
    def test_a_killed_sealwright_takes_its_program_along(self, program, tmp_path):
        caller = start_caller(program, tmp_path / "pid")
        pid = number_in(tmp_path / "pid")
        caller.kill()
        caller.communicate()
        assert eventually(lambda: not alive(pid))

    def test_stop_all_ends_every_group(self, tmp_path):
        programs = {"a": FOREVER, "b": STUBBORN, "c": FOREVER}
        with ThreadPoolExecutor() as pool:
            runs = [pool.submit(shell, text, tmp_path / n) for n, text in programs.items()]
            pids = [number_in(tmp_path / name) for name in programs]
            process.stop_all(grace=0.2)
            told = [str(run.exception()).rpartition(" ")[2] for run in runs]
        assert told == ["SIGTERM", "SIGKILL", "SIGTERM"]
        assert not any(map(alive, pids))

    def test_stop_all_from_a_signal_handler_ends_the_run_it_interrupts(self, tmp_path):
        handler = "import signal; signal.signal(15, lambda *_: process.stop_all(1))"
        program = CALLER.replace("\nprocess.run", f"\n{handler}\nprocess.run")
        caller = start_caller(FOREVER, tmp_path / "pid", program)
        pid = number_in(tmp_path / "pid")
        caller.terminate()
        assert b"expected exit code 0, found SIGTERM" in caller.communicate()[1]
        assert not alive(pid)

    @pytest.mark.parametrize(
        ("number", "told"),
        [("SIGTERM", b"expected exit code 0, found SIGTERM"), ("SIGINT", b"KeyboardInterrupt")],
        ids=["stop_all", "an interrupt"],
    )
    def test_a_signal_while_a_program_begins_ends_it_too(self, number, told, tmp_path):
        """The signal comes when the program is at work, and before anybody knows its number."""
        program = CALLER.replace(
            "\nprocess.run",
            "\nimport os, signal, subprocess; start = subprocess.Popen\n"
            "signal.signal(signal.SIGTERM, lambda *_: process.stop_all(1))\n"
            "def interrupted(command, **options):\n"
            "    begun = start(command, **options)\n"
            "    if 'sh' in command:\n"
            "        while not (os.path.exists(command[-1]) and open(command[-1]).read()): pass\n"
            f"        os.kill(os.getpid(), signal.{number})\n"
            "    return begun\n"
            "subprocess.Popen = interrupted\nprocess.run",
        )
        caller = start_caller(FOREVER, tmp_path / "pid", program)
        assert told in caller.communicate()[1]
        assert not alive(number_in(tmp_path / "pid"))

    def test_stop_all_waits_for_a_program_that_another_thread_is_starting(
        self, tmp_path, monkeypatch
    ):
        begun, start = threading.Event(), subprocess.Popen

        def slowly(*arguments, **options):
            program = start(*arguments, **options)
            begun.set()
            number_in(tmp_path / "pid")
            return program

        process.confinement()  # probed before, since a probe is started as well
        monkeypatch.setattr(subprocess, "Popen", slowly)
        with ThreadPoolExecutor() as pool:
            slow = pool.submit(shell, FOREVER, tmp_path / "pid")
            begun.wait()
            process.stop_all(grace=2)
        assert str(slow.exception()).endswith("found SIGTERM")

    def test_runs_in_many_threads_do_not_disturb_each_other(self):
        with ThreadPoolExecutor(16) as pool:
            runs = pool.map(lambda n: python(f"print({n})").out, range(64))
        assert [int(out) for out in runs] == list(range(64))


@pytest.mark.skipif(not process.isolated(), reason="needs network namespaces")
class TestKeeper:
    """A killed Sealwright leaves nobody behind."""

    def test_the_orphans_of_a_killed_sealwright_are_killed(self, tmp_path):
        caller = start_caller(LASTING, tmp_path / "pid")
        pid = number_in(tmp_path / "pid")
        caller.kill()
        assert eventually(lambda: not alive(pid))

    def test_a_fork_that_outlives_a_killed_sealwright_saves_no_orphan(self, tmp_path):
        forks = (
            "import os; process.confinement()\n"
            "if not os.fork():\n"
            "    Path(sys.argv[-1] + '.fork').write_text(f'{os.getpid()}\\n'); signal.pause()\n"
        )
        program = CALLER.replace("\nprocess.run", f"\n{forks}process.run")
        caller = start_caller(LASTING, tmp_path / "pid", program)
        pid, fork = number_in(tmp_path / "pid"), number_in(tmp_path / "pid.fork")
        caller.kill()
        try:
            assert eventually(lambda: not alive(pid))
            assert alive(fork)
        finally:
            os.kill(fork, signal.SIGKILL)

    def test_the_daemons_of_a_sealwright_that_ends_by_itself_stay(self, tmp_path):
        caller = start_caller(ORPHAN, tmp_path / "pid")
        caller.communicate()
        pid = number_in(tmp_path / "pid")
        try:
            assert alive(pid)
        finally:
            os.kill(pid, signal.SIGKILL)

    @pytest.mark.parametrize("how", ["sys.exit()", "os.kill(os.getpid(), 9)", "os._exit(0)"])
    def test_the_keeper_ends_with_sealwright_however_that_ends(self, how):
        program = (
            "import os, sys; from sealwright.process import cell; cell.confinement()\n"
            f"print(cell._keeper.shell.pid, flush=True); {how}"
        )
        environment = {**os.environ, "PYTHONPATH": str(LIB)}
        done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True)
        assert eventually(lambda: not alive(int(done.stdout)))

    def test_a_keeper_that_would_keep_sealwrights_own_namespace_does_not_begin(self, tmp_path):
        skipping = '#!/bin/sh\nwhile [ $1 != -- ]; do shift; done\nshift; exec "$@"'
        (tmp_path / "unshare").write_text(skipping)
        (tmp_path / "unshare").chmod(0o755)
        program = "from sealwright.process import cell; print(cell._begun())"
        path = f"{tmp_path}:{os.environ['PATH']}"
        environment = {**os.environ, "PYTHONPATH": str(LIB), "PATH": path}
        done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True)
        assert done.stdout == b"_Keeper(shell=None, prefix=())\n"

    def test_a_keeper_that_somebody_killed_is_replaced(self):
        keeper = cell._keeper
        keeper.shell.kill()
        assert eventually(lambda: not alive(keeper.shell.pid))
        assert python("print(1)").out == b"1\n"
        assert cell._keeper.shell.pid != keeper.shell.pid


CUT_OFF = re.compile(rb"Network is unreachable|Connection refused")
CONNECT = "import socket, sys; socket.create_connection(('127.0.0.1', int(sys.argv[1])), 5)"


class TestConfinement:
    @pytest.fixture
    def port(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            yield str(server.getsockname()[1])

    def test_a_program_that_may_use_the_network_does(self, port):
        assert python(CONNECT, port, network=True).code == 0

    @pytest.mark.skipif(not process.isolated(), reason="needs network namespaces")
    def test_a_program_has_no_network(self, port):
        assert CUT_OFF.search(python(CONNECT, port, check=False).err)
        outside = CONNECT.replace("127.0.0.1", "192.0.2.1")
        assert b"Network is unreachable" in python(outside, port, check=False).err

    @pytest.mark.skipif(not process.isolated(), reason="needs network namespaces")
    @pytest.mark.skipif(shutil.which("ip") is None, reason="ip is missing")
    def test_a_program_can_talk_to_itself(self):
        program = (
            "import socket; server = socket.create_server(('127.0.0.1', 0));"
            "client = socket.create_connection(server.getsockname(), 5); print('connected')"
        )
        assert python(program).out == b"connected\n"

    @pytest.mark.skipif(not process.isolated(), reason="needs network namespaces")
    def test_the_cut_is_inherited(self, port):
        program = "import subprocess, sys; subprocess.run([sys.executable, '-c', *sys.argv[1:]])"
        assert CUT_OFF.search(python(program, CONNECT, port).err)

    def test_what_is_claimed_is_what_is(self):
        ours = os.readlink("/proc/self/ns/net")
        theirs = python("import os; print(os.readlink('/proc/self/ns/net'))").out.decode().strip()
        assert (ours != theirs) == process.isolated()

    def test_the_user_stays_the_user(self):
        assert python("import os; print(os.getuid())").out == f"{os.getuid()}\n".encode()

    @pytest.mark.skipif(os.getuid() != 0, reason="needs root, to be somebody else")
    def test_without_privileges_the_claim_is_as_true(self):
        """Anybody else needs a user namespace to get a network namespace, and may not get one."""
        program = (
            "import os; from pathlib import Path; from sealwright import process\n"
            "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
            "own = os.readlink('/proc/self/ns/net').encode() + b'\\n'\n"
            "argv = ['sh', '-c', 'readlink /proc/self/ns/net; id -u']\n"
            "seen = process.run(argv, cwd=Path('/'), env=process.allow_listed()).out\n"
            "print(process.isolated() != seen.startswith(own), seen.endswith(b'\\n65534\\n'))\n"
            "joins = [word for word in process.confinement() if word.startswith('--user=')]\n"
            "print(bool(joins) == process.isolated())"
        )
        environment = {**os.environ, "PYTHONPATH": str(LIB)}
        command = [sys.executable, "-c", program]
        done = subprocess.run(command, env=environment, capture_output=True)
        assert (done.stdout, done.stderr) == (b"True True\nTrue\n", b"")

    @pytest.mark.skipif(os.getuid() != 0, reason="needs root, to be somebody else")
    @pytest.mark.parametrize("program", [STUBBORN, LASTING], ids=["program", "orphan"])
    def test_without_privileges_a_killed_sealwright_takes_everybody_along(self, program):
        drop = "import os; os.setgroups([]); os.setgid(65534); os.setuid(65534)"
        caller = CALLER.replace("\nprocess.run", f"\n{drop}\n{CLAIM}\nprocess.run")
        with TemporaryDirectory() as folder:  # one that anybody may reach
            Path(folder).chmod(0o777)
            begun = start_caller(program, Path(folder, "pid"), caller)
            pid = number_in(Path(folder, "pid"))
            isolated = Path(folder, "pid.isolated").read_text() == "True"
        begun.kill()
        begun.communicate()
        assert program == STUBBORN or isolated
        assert eventually(lambda: not alive(pid))

    def test_without_the_tools_there_is_no_claim_and_the_program_runs(self, tmp_path):
        """A machine whose PATH knows neither unshare nor setpriv."""
        (tmp_path / "echo").symlink_to("/bin/echo")
        program = (
            "from pathlib import Path; from sealwright import process\n"
            "echo = process.run(['echo', 'ran'], cwd=Path('/'), env=process.allow_listed())\n"
            "print(process.confinement(), process.isolated(), echo.out)"
        )
        environment = {"PATH": str(tmp_path), "PYTHONPATH": str(LIB)}
        done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True)
        assert done.stdout == b"() False b'ran\\n'\n"
        assert done.stderr == b""


class TestStopping:
    @pytest.fixture(autouse=True)
    def ended(self) -> Iterator[None]:
        yield
        process.reopen()

    def test_no_program_begins_until_the_end_of_the_stop_is_told(self):
        process.stop_all()
        assert process.stopping()
        with pytest.raises(process.Stopping, match="being stopped, so that no program begins"):
            python("")
        process.reopen()
        assert not process.stopping()
        assert python("print(1)").out == b"1\n"

    def test_what_ends_something_that_would_stay_may_still_begin(self):
        process.stop_all()
        assert python("print(1)", ending=True).out == b"1\n"

    def test_threads_that_go_on_starting_programs_leave_none_at_work(self, tmp_path):
        """A program is either known when all are stopped, or it is not started."""
        told: list[str] = []

        def again_and_again(number: int) -> None:
            for count in range(100_000):
                try:
                    shell(FOREVER, tmp_path / f"{number}.{count}")
                except process.Stopping as problem:
                    return told.append(str(problem))
                except ProgramFailed:
                    pass
            raise AssertionError("was never refused")

        with ThreadPoolExecutor(4) as pool:
            rounds = [pool.submit(again_and_again, number) for number in range(4)]
            for number in range(4):
                number_in(tmp_path / f"{number}.0")
            process.stop_all(grace=5)
            for each in rounds:
                each.result()
        assert len(told) == 4
        begun = [text for file in tmp_path.iterdir() if (text := file.read_text()).endswith("\n")]
        assert not any(alive(int(pid)) for pid in begun)

    def test_a_signal_in_the_main_thread_stops_the_programs_of_all_threads(self, tmp_path):
        program = """
import os, signal, sys; from concurrent.futures import ThreadPoolExecutor; from pathlib import Path
from sealwright import process
signal.signal(signal.SIGTERM, lambda *_: process.stop_all(5))
def again(number):
    while True:
        try: process.run(sys.argv[1:-1] + [f"{sys.argv[-1]}/{number}"], cwd=Path("/"),
                         env=process.allow_listed())
        except process.Stopping: return "refused"
        except process.ProgramFailed: pass
with ThreadPoolExecutor(3) as pool: print(*pool.map(again, range(3)), file=sys.stderr)
"""
        caller = start_caller(FOREVER, tmp_path, program)
        pids = [number_in(tmp_path / str(number)) for number in range(3)]
        caller.terminate()
        assert caller.communicate()[1] == b"refused refused refused\n"
        assert not any(map(alive, pids))


@pytest.mark.parametrize("name", ["plain", "a) b", ") R 1 1 ("])
def test_kernel_fields_are_found_behind_any_name(name, tmp_path):
    program = tmp_path / name
    program.symlink_to("/bin/sleep")
    sleeper = subprocess.Popen([program, "600"])
    try:
        fields = process.kernel_fields(sleeper.pid)
        assert fields[1:3] == (str(os.getpid()), str(os.getpgrp()))
    finally:
        sleeper.kill()
        sleeper.wait()
    assert process.kernel_fields(sleeper.pid) == ()
