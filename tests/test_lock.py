"""A lock is reclaimed on proof of death, and on nothing less."""

from __future__ import annotations

import errno
import fcntl
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from sealwright import lock
from sealwright.errors import Refused
from sealwright.lock import Life, Owner
from sealwright.runtime import canonical

LIB = Path(lock.__file__).parents[1]
AT = "2025-01-01T00:00:00Z"
REMEDY = "run sealwright unlock .build_lock"
HOLDER = """
import sys; from pathlib import Path; from sealwright import lock
owner = lock.current("holder", "2025-01-01T00:00:00Z"); path = Path(sys.argv[2])
held = lock.running(path, owner) if sys.argv[1] == "running" else (
    lock.exclusive(path, owner=owner, remedy="none"))
with held:
    print("held", flush=True); sys.stdin.read()
"""


@contextmanager
def holder(kind: str, path: Path):
    """Another process that holds the lock until it is killed or told to go on."""
    command = [sys.executable, "-c", HOLDER, kind, str(path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(LIB)}, **pipes) as process:
        try:
            assert process.stdout.readline() == b"held\n"
            yield process
        finally:
            process.kill()


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / ".build_lock"


@pytest.fixture
def owner() -> Owner:
    return lock.current("sealwright", AT)


def held(path: Path, owner: Owner):
    return lock.exclusive(path, owner=owner, remedy=REMEDY)


def refusal(action) -> str:
    with pytest.raises(Refused) as refused:
        action()
    return str(refused.value)


def enter(manager) -> None:
    with manager:
        pass


def record(owner: Owner) -> bytes:
    return canonical.line(asdict(owner))


@pytest.fixture
def corpse(path) -> Owner:
    """The owner of a lock whose holder was killed; the lock is at ``path``."""
    with holder("exclusive", path) as process:
        left = lock.state(path)
        process.kill()
    assert left is not None
    assert left.owner is not None
    return left.owner


class TestRecord:
    def test_is_one_canonical_line_that_names_this_process(self, path, owner):
        with held(path, owner):
            written = path.read_bytes()
        assert written == record(owner)
        assert lock.parse(written) == owner
        assert (owner.pid, owner.host) == (os.getpid(), os.uname().nodename)
        assert owner.boot_id == Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        assert f"pid:[{owner.pidns}]" == os.readlink("/proc/self/ns/pid")
        assert owner.start > 0

    def test_describes_itself(self, owner):
        told = replace(owner, pid=12, host="forge").describe()
        assert told == "pid 12 on forge since 2025-01-01T00:00:00Z"

    @pytest.mark.parametrize(
        "change",
        [
            {"pid": "12"},
            {"pid": True},
            {"pid": 0},
            {"pid": -1},
            {"pid": 1 << 31},
            {"start": None},
            {"host": 7},
            {"host": "\x1b[2J"},
            {"at": "a\nb"},
            {"more": 1},
        ],
        ids=str,
    )
    def test_of_other_fields_or_kinds_is_none(self, owner, change):
        assert lock.parse(canonical.line({**asdict(owner), **change})) is None

    def test_with_a_field_missing_is_none(self, owner):
        for name in asdict(owner):
            rest = {key: value for key, value in asdict(owner).items() if key != name}
            assert lock.parse(canonical.line(rest)) is None

    def test_cut_off_anywhere_is_none(self, owner):
        whole = record(owner)
        assert all(lock.parse(whole[:length]) is None for length in range(len(whole)))

    @pytest.mark.parametrize("data", [b"4711\n", b"[]\n", b"null\n", b"\xff\n", b"{}\n"])
    def test_of_another_hand_is_none(self, data):
        assert lock.parse(data) is None


class TestExclusive:
    def test_the_file_is_there_while_it_is_held_and_gone_afterwards(self, path, owner):
        with held(path, owner):
            assert path.stat().st_mode & 0o777 == 0o644 & ~current_umask()
        assert not path.exists()

    def test_it_goes_away_with_an_exception_too(self, path, owner):
        with pytest.raises(ZeroDivisionError), held(path, owner):
            raise ZeroDivisionError
        assert not path.exists()

    def test_another_process_that_holds_it_is_named(self, path, owner):
        with holder("exclusive", path) as process:
            told = refusal(lambda: enter(held(path, owner)))
            who = f"pid {process.pid} on {owner.host} since {AT}"
            assert told == f"{path}: is held by {who}; wait for it to end"
            assert path.exists()

    def test_our_own_is_held_and_never_reclaimed(self, path, owner):
        with held(path, owner):
            assert lock.state(path).life is Life.HELD
            assert f"is held by {owner.describe()}" in refusal(lambda: enter(held(path, owner)))
            assert f"is held by {owner.describe()}" in refusal(lambda: lock.reclaim(path))
            assert path.read_bytes() == record(owner)

    def test_our_own_record_without_an_flock_is_held(self, path, owner):
        path.write_bytes(record(owner))
        assert lock.state(path).life is Life.HELD
        assert "is held by" in refusal(lambda: lock.reclaim(path))

    def test_a_dead_one_is_refused_with_the_remedy_and_stays(self, path, owner, corpse):
        told = refusal(lambda: enter(held(path, owner)))
        assert told == f"{path}: was left by {corpse.describe()}, which is dead; {REMEDY}"
        assert path.read_bytes() == record(corpse)

    def test_a_file_that_took_its_place_is_not_removed(self, path, owner):
        with held(path, owner):
            path.unlink()
            path.write_text("somebody else's")
        assert path.read_text() == "somebody else's"

    def test_one_that_was_removed_meanwhile_ends_quietly(self, path, owner):
        with held(path, owner):
            path.unlink()
        assert not path.exists()

    def test_one_of_many_gets_it(self, path, owner):
        inside: list[int] = []

        def attempt(number: int) -> bool:
            try:
                with held(path, owner):
                    inside.append(number)
                    assert inside == [number]
                    inside.remove(number)
            except Refused:
                return False
            return True

        with ThreadPoolExecutor(8) as pool:
            outcomes = list(pool.map(attempt, range(400)))
        assert any(outcomes)
        assert not path.exists()

    @pytest.mark.parametrize("where", ["no/such/folder", "file/below"])
    def test_a_place_that_cannot_hold_it_is_refused(self, where, tmp_path, owner):
        (tmp_path / "file").write_text("")
        told = refusal(lambda: enter(held(tmp_path / where, owner)))
        assert told.startswith(f"{tmp_path / where}: cannot be opened as a lock: ")

    def test_without_flock_the_record_alone_is_the_lock(self, path, owner, monkeypatch):
        def unsupported(descriptor, operation):
            raise OSError(errno.EOPNOTSUPP, "not here")

        monkeypatch.setattr(fcntl, "flock", unsupported)
        with held(path, owner):
            assert "its file system has no flock" in refusal(lambda: enter(held(path, owner)))
        assert not path.exists()
        path.write_bytes(record(replace(owner, pid=owner.pid, boot_id="another")))
        assert "has no flock" in refusal(lambda: lock.reclaim(path))
        assert "expected a file system with flock" in refusal(
            lambda: enter(lock.running(path, owner))
        )

    def test_a_record_that_cannot_be_written_leaves_no_lock(self, path, owner, monkeypatch):
        def full(descriptor, data):
            raise OSError(errno.ENOSPC, "full")

        monkeypatch.setattr(lock.durable.system, "write", full)
        with pytest.raises(OSError, match="full"):
            enter(held(path, owner))
        assert not path.exists()


def current_umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


class TestProof:
    """What is proven of a record whose flock is free, and so whether it can be reclaimed."""

    @pytest.mark.parametrize(
        ("change", "life", "reason"),
        [
            pytest.param({}, Life.DEAD, "no such process is alive", id="killed"),
            pytest.param({"boot_id": "b"}, Life.DEAD, "the host was started again", id="rebooted"),
            pytest.param(
                {"boot_id": "b", "pidns": 1}, Life.DEAD, "started again", id="rebooted container"
            ),
            pytest.param(
                {"pid": os.getpid()}, Life.DEAD, "is another process's now", id="number reused"
            ),
            pytest.param({"host": "far"}, Life.UNKNOWN, "of another host", id="another host"),
            pytest.param(
                {"host": "far", "boot_id": "b"}, Life.UNKNOWN, "another host", id="far and booted"
            ),
            pytest.param({"pidns": 1}, Life.UNKNOWN, "process namespace", id="another namespace"),
            pytest.param({"pidns": 0}, Life.UNKNOWN, "process namespace", id="no namespace"),
            pytest.param({"start": 0}, Life.UNKNOWN, "process namespace", id="no start"),
            pytest.param({"boot_id": ""}, Life.UNKNOWN, "which boot", id="no boot"),
        ],
    )
    def test_of_a_record(self, path, corpse, change, life, reason):
        edited = replace(corpse, **change)
        path.write_bytes(record(edited))
        found = lock.state(path)
        assert (found.life, found.owner) == (life, edited)
        assert reason in found.reason
        if life is Life.DEAD:
            assert lock.reclaim(path) == edited
            assert not path.exists()
        else:
            told = refusal(lambda: lock.reclaim(path))
            assert told.startswith(f"{path}: is held by {edited.describe()}, and it ")
            assert path.read_bytes() == record(edited)

    def test_a_living_process_of_equal_start_holds_it(self, path, owner):
        with holder("exclusive", path):
            alive = lock.state(path).owner
            path.unlink()
            path.write_bytes(record(alive))
            assert lock.state(path).life is Life.HELD
            path.write_bytes(record(replace(alive, start=alive.start + 1)))
            assert lock.state(path).life is Life.DEAD

    def test_a_zombie_is_dead(self, path):
        command = [sys.executable, "-c", HOLDER, "exclusive", str(path)]
        zombie = subprocess.Popen(
            command, env={**os.environ, "PYTHONPATH": str(LIB)}, stdout=-1, stdin=-1
        )
        with zombie:
            assert zombie.stdout.readline() == b"held\n"
            zombie.kill()
            os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)
            assert lock.reclaim(path).pid == zombie.pid

    def test_an_flock_outweighs_every_record(self, path, corpse):
        with open(path) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            assert lock.state(path).life is Life.HELD
            assert "is held by" in refusal(lambda: lock.reclaim(path))
        assert lock.state(path).life is Life.DEAD

    def test_a_torn_record_is_dead_at_every_length(self, path, owner):
        whole = record(owner)
        for length in range(len(whole)):
            path.write_bytes(whole[:length])
            assert lock.state(path).life is Life.DEAD
            assert lock.reclaim(path) is None
            assert not path.exists()

    def test_a_torn_record_is_held_while_somebody_has_the_flock(self, path, owner):
        path.write_bytes(record(owner)[:20])
        with open(path) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            told = refusal(lambda: lock.reclaim(path))
        assert told == f"{path}: is held by a process that it does not name; wait for it to end"

    @pytest.mark.parametrize("data", [b"4711", b"4711\n", b"{}", b"\n", b'{"argv0":"x"}\n'])
    def test_a_file_of_another_hand_is_unknown(self, path, data):
        path.write_bytes(data)
        assert lock.state(path).life is Life.UNKNOWN
        assert "its record is of another hand" in refusal(lambda: lock.reclaim(path))
        assert path.read_bytes() == data

    @pytest.mark.parametrize("make", [os.mkdir, os.mkfifo, lambda path: os.symlink("x", path)])
    def test_what_is_no_file_is_unknown(self, make, path, owner):
        make(path)
        assert lock.state(path).life is Life.UNKNOWN
        assert "remove the file if you know" in refusal(lambda: enter(held(path, owner)))
        assert "is held by" in refusal(lambda: lock.reclaim(path))

    def test_nothing_is_no_lock(self, path):
        assert lock.state(path) is None
        told = refusal(lambda: lock.reclaim(path))
        assert told == f"{path}: expected a lock, found none; there is nothing to reclaim"

    def test_a_lock_that_is_just_being_made_is_not_lost_to_one_who_reclaims(
        self, path, owner, monkeypatch
    ):
        """Between create and flock the file is empty, and looks as if its maker had died."""
        flock, interferences = fcntl.flock, []

        def interfere(descriptor, operation):
            if operation == fcntl.LOCK_EX and not interferences:
                interferences.append(lock.reclaim(path))
            flock(descriptor, operation)

        monkeypatch.setattr(fcntl, "flock", interfere)
        with held(path, owner):
            assert path.read_bytes() == record(owner)
            assert lock.state(path).life is Life.HELD
        assert interferences == [None]


class TestRunning:
    def test_the_file_stays_and_names_its_holder_only_while_it_is_held(self, path, owner):
        with lock.running(path, owner):
            assert path.read_bytes() == record(owner)
        assert path.read_bytes() == b""
        with lock.running(path, owner):
            assert path.read_bytes() == record(owner)

    def test_another_process_that_holds_it_is_named(self, path, owner):
        with holder("running", path) as process:
            told = refusal(lambda: enter(lock.running(path, owner)))
        who = f"pid {process.pid} on {owner.host} since {AT}"
        assert told == f"{path}: is held by {who}; wait for it to end"

    def test_a_killed_holder_leaves_nothing_to_reclaim(self, path, owner):
        with holder("running", path) as process:
            process.kill()
        assert lock.parse(path.read_bytes()).pid == process.pid
        with lock.running(path, owner):
            assert path.read_bytes() == record(owner)

    def test_it_is_refused_within_its_own_process_too(self, path, owner):
        with lock.running(path, owner):
            assert owner.describe() in refusal(lambda: enter(lock.running(path, owner)))

    def test_a_longer_record_that_was_left_does_not_shine_through(self, path, owner):
        path.write_bytes(b"x" * 2000)
        with lock.running(path, owner):
            assert path.read_bytes() == record(owner)

    def test_a_file_removed_before_the_flock_is_made_again(self, path, owner, monkeypatch):
        flock, removals = fcntl.flock, []

        def interfere(descriptor, operation):
            if not removals:
                removals.append(path.unlink())
            flock(descriptor, operation)

        monkeypatch.setattr(fcntl, "flock", interfere)
        with lock.running(path, owner):
            assert path.read_bytes() == record(owner)
        assert removals == [None]

    def test_a_symbolic_link_is_not_followed(self, path, tmp_path, owner):
        (tmp_path / "precious").write_text("bytes")
        path.symlink_to("precious")
        assert "cannot be opened as a lock" in refusal(lambda: enter(lock.running(path, owner)))
        assert (tmp_path / "precious").read_text() == "bytes"

    def test_a_program_that_the_holder_started_does_not_inherit_it(self, path, owner):
        with lock.running(path, owner):
            child = subprocess.Popen(["sleep", "600"], close_fds=False)
        try:
            with lock.running(path, owner):
                assert child.poll() is None
        finally:
            child.kill()
            child.wait()
