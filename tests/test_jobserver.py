"""Make's count of jobs holds for ours too, and every byte goes back to where it was taken."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from sealwright import jobserver, process
from sealwright.jobserver import Tokens
from tests.support.programs import needed

LIB = Path(jobserver.__file__).parents[1]
BEGINNING = """
import os, signal, sys, time
from concurrent.futures import ThreadPoolExecutor
from sealwright import jobserver, process
def take(tokens):
    while not tokens.take(): tokens.wait(0.5)
"""
JOBS = f"""{BEGINNING}
def job(tokens):
    try:
        with open("jobs", "a", buffering=1) as jobs:
            jobs.write("+\\n"); time.sleep(0.03); jobs.write("-\\n")
    finally:
        tokens.give()
with ThreadPoolExecutor(9) as pool, jobserver.client(process.environment()) as tokens:
    for number in range(6):
        take(tokens)
        pool.submit(job, tokens)
    pool.shutdown()
"""
HOLDS_TWO = f"""{BEGINNING}
with jobserver.client(process.environment()) as tokens:
    take(tokens); take(tokens); take(tokens)
    HOW
"""
TELLS = f"""{BEGINNING}
with jobserver.client(process.environment(), print) as tokens:
    print(tokens)
"""


def make(folder: Path, makefile: str, *arguments: str, **scripts: str) -> tuple[str, str]:
    """Run make on ``makefile``, where a script's name in capitals stands for running it."""
    for name, text in scripts.items():
        (folder / f"{name}.py").write_text(text)
        makefile = makefile.replace(name.upper(), f"{sys.executable} {name}.py")
    (folder / "Makefile").write_text(makefile)
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(LIB), "LC_ALL": "C"}
    argv = [needed("make"), "--no-print-directory", *arguments]
    done = subprocess.run(
        argv, cwd=folder, env=environment, capture_output=True, text=True, timeout=60
    )
    return done.stdout, done.stderr


class Pipe:
    """A pipe as make has one, with ``content`` in it."""

    def __init__(self, content: bytes, stack: ExitStack) -> None:
        self.reader, self.writer = os.pipe()
        for end in (self.reader, self.writer):
            os.set_inheritable(end, True)
            stack.callback(os.close, end)
        os.write(self.writer, content)

    @property
    def environment(self) -> dict[str, str]:
        return {"MAKEFLAGS": f" -j4 --jobserver-auth={self.reader},{self.writer}"}

    def content(self) -> bytes:
        """Return what is in the pipe, and put it back."""
        os.set_blocking(self.reader, False)
        try:
            found = os.read(self.reader, 100)
        except BlockingIOError:
            return b""
        finally:
            os.set_blocking(self.reader, True)
        os.write(self.writer, found)
        return found


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    with ExitStack() as stack:
        yield Pipe(b"abc", stack)


def refused(flags: str) -> str:
    """Return the sentence that says why there are no tokens."""
    told: list[str] = []
    with jobserver.client({"MAKEFLAGS": flags}, told.append) as tokens:
        assert tokens is None
    (sentence,) = told
    return sentence


class TestMake:
    def test_never_more_jobs_than_make_allows_are_at_work(self, tmp_path):
        own = "\t@for n in 1 2 3; do echo + >> jobs; sleep 0.05; echo - >> jobs; done\n"
        ours = "\t+@JOBS\n"
        rules = "".join(f"{n}:\n{ours if n in 'ab' else own}" for n in "abcd")
        said = make(tmp_path, f"all: a b c d\n{rules}", "-j3", jobs=JOBS)
        assert said == ("", "")  # make says so if a token is missing, or is one too many
        now, most = 0, 0
        for line in (tmp_path / "jobs").read_text().split():
            now += 1 if line == "+" else -1
            most = max(most, now)
        assert (now, most <= 3) == (0, True)
        assert (tmp_path / "jobs").read_text().count("+") == 6 + 6 + 3 + 3

    def test_what_is_made_by_a_make_below_counts_too(self, tmp_path):
        said = make(tmp_path, "all:\n\t@$(MAKE) a\na:\n\t+@JOBS\n", "-j2", jobs=JOBS)
        assert said == ("", "")

    @pytest.mark.parametrize(
        ("how", "lost"),
        [
            ("raise ValueError", False),
            ("signal.signal(15, lambda *_: sys.exit(1)); os.kill(os.getpid(), 15)", False),
            ("os.kill(os.getpid(), 2)", False),
            ("process.run(['sleep', '0'], cwd='/', env={'PATH': '/'})", False),
            ("os.fork() and os.wait()", False),
            ("os.kill(os.getpid(), 9)", True),
        ],
        ids=["an exception", "SIGTERM", "SIGINT", "a failed program", "a fork", "SIGKILL"],
    )
    def test_every_way_out_but_a_kill_gives_all_back(self, how, lost, tmp_path):
        holds = HOLDS_TWO.replace("HOW", how)
        _, said = make(tmp_path, "all:\n\t+@-HOLDS\n", "-j3", holds=holds)
        assert ("jobserver tokens" in said) == lost, said

    def test_without_a_plus_there_is_none_and_a_sentence(self, tmp_path):
        said, _ = make(tmp_path, "all:\n\t@TELLS\n", "-j3", tells=TELLS)
        found = "found no pipe of make's there; begin the recipe's line with +"
        assert said == f"MAKEFLAGS: expected make's job server at 3,4, {found}\nNone\n"

    @pytest.mark.parametrize("arguments", [(), ("-j",), ("-j1",), ("X=a --jobserver-auth=3,4",)])
    def test_a_make_without_a_job_server_is_nothing_to_tell(self, arguments, tmp_path):
        assert make(tmp_path, "all:\n\t+@TELLS\n", *arguments, tells=TELLS) == ("None\n", "")


class TestTokens:
    def test_the_first_job_is_free_and_each_further_one_costs_a_byte(self, pipe):
        with jobserver.client(pipe.environment) as tokens:
            assert tokens.take()
            assert pipe.content() == b"abc"
            assert [tokens.take() for _ in "abcd"] == [True, True, True, False]
            assert pipe.content() == b""

    def test_the_bytes_that_were_taken_are_those_that_are_given(self, pipe):
        with jobserver.client(pipe.environment) as tokens:
            for _ in range(3):
                tokens.take()
            tokens.give()
            assert sorted(pipe.content()) in ([97, 99], [98, 99])
        assert sorted(pipe.content()) == sorted(b"abc")

    def test_the_free_one_is_given_last_and_may_be_taken_again(self, pipe):
        with jobserver.client(pipe.environment) as tokens:
            assert tokens.take() and tokens.take()
            tokens.give()
            assert sorted(pipe.content()) == sorted(b"abc")
            tokens.give()
            assert tokens.take()
            assert sorted(pipe.content()) == sorted(b"abc")

    def test_more_given_than_taken_is_a_bug(self, pipe):
        with jobserver.client(pipe.environment) as tokens, pytest.raises(RuntimeError):
            tokens.give()

    def test_waiting_ends_when_a_byte_comes_and_when_the_time_is_up(self, pipe):
        with jobserver.client(pipe.environment) as tokens:
            tokens.wait(60)
            while tokens.take():
                pass
            tokens.wait(0.01)
            os.write(pipe.writer, b"d")
            tokens.wait(60)
            assert tokens.take()

    def test_the_pipe_itself_stays_in_blocking_mode(self, pipe):
        with jobserver.client(pipe.environment) as tokens:
            while tokens.take():
                pass
            assert os.get_blocking(pipe.reader) and os.get_blocking(pipe.writer)

    def test_no_program_inherits_the_pipe_and_nothing_stays_open(self, pipe):
        process.confinement()  # its keeper is begun once, and stays
        before = sorted(os.listdir("/proc/self/fd"))
        with jobserver.client(pipe.environment) as tokens:
            assert tokens.take() and tokens.take()
            argv = ["ls", "-l", "/proc/self/fd"]
            seen = process.run(argv, cwd=Path("/"), env=process.allow_listed()).out
            bare = subprocess.run(argv, capture_output=True, close_fds=False).stdout
            name = os.readlink(f"/proc/self/fd/{pipe.reader}").encode()
            assert name not in seen and name not in bare
        assert sorted(os.listdir("/proc/self/fd")) == before
        with jobserver.client(pipe.environment) as tokens:
            assert isinstance(tokens, Tokens)

    def test_a_signal_at_any_moment_loses_no_byte(self):
        program = """
import os, signal
from sealwright import jobserver
class Now(Exception): pass
def stop(*_): raise Now
signal.signal(signal.SIGALRM, stop)
reader, writer = os.pipe()
os.set_inheritable(reader, True), os.set_inheritable(writer, True)
os.write(writer, b"0123456789")
flags = {"MAKEFLAGS": f"--jobserver-auth={reader},{writer}"}
with jobserver.client(flags) as tokens:
    for number in range(4000):
        try:
            signal.setitimer(signal.ITIMER_REAL, 1e-5 + number % 50 * 1e-6)
            while True:
                while tokens.take(): pass
                while tokens._held: tokens.give()
        except Now: pass
os.write(writer, b"\\n")  # so that the next line has something to read whatever was lost
print(''.join(sorted(os.read(reader, 100).decode())))
"""
        argv = [sys.executable, "-c", program]
        environment = {**os.environ, "PYTHONPATH": str(LIB)}
        done = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=60)
        assert (done.stdout, done.stderr) == ("\n0123456789\n", "")


class TestNaming:
    def test_the_last_option_counts(self, pipe):
        last = pipe.environment["MAKEFLAGS"].replace("auth", "fds")
        flags = {"MAKEFLAGS": f"kn -j2 --jobserver-auth=77,78 {last} -- X=1 --jobserver-auth=1,2"}
        with jobserver.client(flags) as tokens:
            assert tokens.take() and tokens.take()

    def test_a_named_pipe_is_opened_by_its_path(self, tmp_path):
        path = tmp_path / "GM fifo"
        os.mkfifo(path)
        keeper = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        try:
            os.write(keeper, b"xy")
            name = str(path).replace(" ", "\\ ")
            flags = {"MAKEFLAGS": f" -j3 --jobserver-auth=fifo:{name}"}
            with jobserver.client(flags) as tokens:
                assert [tokens.take() for _ in range(4)] == [True, True, True, False]
            assert sorted(os.read(keeper, 9)) == sorted(b"xy")
        finally:
            os.close(keeper)

    @pytest.mark.parametrize(
        ("named", "found"),
        [
            ("-2,-2", "it switched off; begin the recipe's line with +"),
            ("977,978", "no pipe of make's there; begin the recipe's line with +"),
            ("1,0", "no pipe of make's there; begin the recipe's line with +"),
            ("sem:7", "neither two descriptors nor a path; this make is not known"),
            ("fifo:/dev/null", "no pipe there; run it under its own make"),
            ("fifo:/no/such", "[Errno 2] No such file or directory: '/no/such'"),
        ],
    )
    def test_what_is_no_job_server_is_told(self, named, found):
        sentence = f"MAKEFLAGS: expected make's job server at {named}, found {found}"
        assert refused(f"--jobserver-auth={named}") == sentence

    def test_two_pipes_and_a_pipe_of_this_process_are_no_job_server(self, pipe):
        with ExitStack() as stack:
            other = Pipe(b"x", stack)
            assert "no pipe" in refused(f"--jobserver-auth={pipe.reader},{other.writer}")
            os.set_inheritable(other.reader, False)
            assert "no pipe" in refused(other.environment["MAKEFLAGS"])
            assert "no pipe" in refused(f"--jobserver-auth={pipe.writer},{pipe.reader}")
