"""Many files at once have the digests that each has alone, whoever reads them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from sealwright import digest, hashing, process
from sealwright.errors import ProgramFailed
from sealwright.hashing import worker
from tests.support.programs import processes_in

SIZES = [0, 1, 100, worker.SMALL - 1, worker.SMALL, worker.SMALL + 1, digest.PIECE + 1]
NAMES = ["a b", "-n", "n\nl", "ä", "\udcff", "*", "'\"\\", "x" * 255, " ", "\x7f\x01"]
WAYS = ["at once", "processes", "one processor"]

HANG = 30  # seconds


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Have the same files hashed at once, by workers, and where there is one processor."""
    if request.param != "at once":
        workers(monkeypatch)
    if request.param == "one processor":
        monkeypatch.setattr(hashing, "_processors", lambda: 1)
    return str(request.param)


def workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have workers asked for all but the first two files."""
    monkeypatch.setattr(hashing, "TRIAL", 2)
    monkeypatch.setattr(hashing, "WORTH", -1e9)
    monkeypatch.setattr(hashing, "_processors", lambda: 2)


def digits(sums: digest.Sums) -> bytes:
    return bytes.fromhex(digest.hexadecimal(sums.blake3))


def files(folder: Path, count: int = 9) -> list[Path]:
    paths = [folder / str(number) for number in range(count)]
    for number, path in enumerate(paths):
        path.write_bytes(b"%d" % number * 10)
    return paths


def test_files_of_every_size_have_the_digests_that_each_has_alone(tmp_path, way):
    paths = files(tmp_path, 3 * len(SIZES))
    for path, size in zip(paths, SIZES * 3, strict=True):
        path.write_bytes(os.urandom(size))
    assert list(hashing.of_files(paths)) == [digest.of_file(path) for path in paths]
    assert list(hashing.of_files(map(str, paths), both=False)) == [
        digest.of_file(path, both=False) for path in paths
    ]
    assert list(hashing.identities(paths)) == [digest.of_file(path).sha256 for path in paths]


def test_names_of_every_kind_are_read(tmp_path, way):
    paths = [os.fsdecode(os.fsencode(tmp_path) + b"/" + os.fsencode(name)) for name in NAMES]
    for number, path in enumerate(paths):
        Path(path).write_text(str(number))
    found = list(hashing.of_files(paths))
    assert found == [digest.of_bytes(str(number).encode()) for number in range(len(paths))]


def test_paths_may_be_relative_and_deep(tmp_path, way, monkeypatch):
    folder = tmp_path
    for _ in range(15):
        folder = folder / ("f" * 200)
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    paths = [path.relative_to(folder) for path in files(folder)]
    assert list(hashing.of_files(paths)) == [digest.of_file(path) for path in paths]


def test_the_order_is_that_of_the_paths_and_a_path_may_come_twice(tmp_path, way):
    paths = files(tmp_path)
    mixed = [paths[n] for n in (5, 3, 8, 3, 0, 1, 7, 7, 2)]
    alone = [digest.of_file(path) for path in mixed]
    assert list(hashing.of_files(mixed)) == alone
    assert list(hashing.of_files(reversed(mixed))) == alone[::-1]


def test_no_paths_have_no_digests(way):
    assert list(hashing.of_files([])) == []


def test_more_paths_than_one_wave_are_taken_a_wave_at_a_time(tmp_path, way, monkeypatch):
    monkeypatch.setattr(hashing, "MOST", 2)
    paths = files(tmp_path)
    taken: list[Path] = []
    found = hashing.of_files(taken.append(path) or path for path in paths)
    first = next(found)
    assert len(taken) < len(paths)
    assert [first, *found] == [digest.of_file(path) for path in paths]


STRANGE: dict[str, tuple[Callable[[Path], object], type[OSError]]] = {
    "nothing": (lambda path: None, FileNotFoundError),
    "a link": (lambda path: path.symlink_to("0"), OSError),
    "a folder": (lambda path: path.mkdir(), OSError),
    "a pipe": (lambda path: os.mkfifo(path), OSError),
    "a socket": (lambda path: os.mknod(path, 0o140600), OSError),
    "a device": (lambda path: os.mknod(path, 0o020600, os.makedev(1, 3)), OSError),
}


@pytest.mark.parametrize("kind", STRANGE)
def test_what_is_no_regular_file_is_an_error_that_names_the_first(tmp_path, way, kind):
    make, error = STRANGE[kind]
    paths = files(tmp_path)
    for number in (4, 7):
        paths[number].unlink()
        make(paths[number])
    with pytest.raises(error) as failure:
        list(hashing.of_files(paths))
    assert failure.value.filename == str(paths[4])


def test_a_pipe_that_somebody_writes_to_is_not_taken_for_a_file(tmp_path, way):
    paths = files(tmp_path)
    paths[4].unlink()
    os.mkfifo(paths[4])
    held = os.open(paths[4], os.O_RDWR)
    os.write(held, b"not a file")
    with pytest.raises(OSError, match="expected a regular file"):
        list(hashing.of_files(paths))
    os.close(held)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_file_that_may_not_be_read_is_an_error_that_names_it(tmp_path):
    paths = files(tmp_path)
    paths[4].chmod(0)
    tmp_path.chmod(0o755)
    os.seteuid(65534)
    try:
        with pytest.raises(PermissionError) as failure:
            list(hashing.of_files(paths))
    finally:
        os.seteuid(0)
    assert failure.value.filename.startswith(str(tmp_path))


def test_a_path_with_a_nul_is_no_path(tmp_path, way):
    with pytest.raises(ValueError, match="NUL"):
        list(hashing.of_files([*files(tmp_path), f"{tmp_path}/0\0{tmp_path}/1"]))


BROKEN = {
    "killed at once": "import os; os.kill(os.getpid(), 9)",
    "killed in the middle": "import os,sys; os.read(0, 5); os.write(1, b'x'); os.kill(0, 9)",
    "ends without a word": "pass",
    "ends well and says nothing useful": "import sys; sys.stdin.read(); print('done')",
    "cannot be imported": "import no_such_module",
    "out of memory": "raise MemoryError",
}


@pytest.mark.parametrize("start", BROKEN.values(), ids=BROKEN)
def test_a_broken_worker_is_an_error_and_no_hang(tmp_path, monkeypatch, start):
    workers(monkeypatch)
    process.confinement(network=True)  # probed before, since that takes its time
    monkeypatch.setattr(worker, "START", start)
    began = time.monotonic()
    with pytest.raises(ProgramFailed):
        list(hashing.of_files(files(tmp_path)))
    assert time.monotonic() - began < HANG


def test_a_worker_killed_from_outside_is_an_error_and_no_hang(tmp_path, monkeypatch):
    workers(monkeypatch)
    monkeypatch.setattr(worker, "START", "import time; time.sleep(600)")
    killed: list[float] = []

    def kill() -> None:
        while not (found := processes_in(Path("time.sleep(600)"))):
            time.sleep(0.01)
        killed.append(time.monotonic())
        os.kill(int(found[0].split()[0]), signal.SIGKILL)  # the others are ended with it

    killer = threading.Thread(target=kill)
    killer.start()
    with pytest.raises(ProgramFailed, match="SIGKILL"):
        list(hashing.of_files(files(tmp_path)))
    assert time.monotonic() - killed[0] < HANG
    killer.join()
    assert not processes_in(Path("time.sleep(600)"))


def test_every_flipped_byte_and_every_length_of_an_answer_is_refused(tmp_path, monkeypatch):
    workers(monkeypatch)
    paths, real, asked = files(tmp_path, 4), process.run, []
    monkeypatch.setattr(process, "run", lambda *a, **k: asked.append(done := real(*a, **k)) or done)
    good = list(hashing.of_files(paths))
    first, second = sorted(asked, key=lambda done: done.out[8:40] != digits(good[2]))
    told = first.out
    assert len(told) == 8 + 64 + 32
    forms = [told[:n] for n in range(len(told))] + [told + b"\0", told + told]
    for offset in range(len(told)):
        forms += [
            told[:offset] + bytes([told[offset] ^ bit]) + told[offset + 1 :] for bit in (1, 128)
        ]
    for form in forms:
        monkeypatch.setattr(process, "run", lambda *a, form=form, **k: replace(first, out=form))
        with pytest.raises(ProgramFailed, match="and their seal"):
            list(hashing.of_files(paths))
    monkeypatch.setattr(process, "run", lambda *a, **k: second)  # whole, and of another question
    with pytest.raises(ProgramFailed, match="and their seal"):
        list(hashing.of_files(paths))


def test_a_failure_stops_the_reading_of_what_is_large(tmp_path, monkeypatch):
    workers(monkeypatch)
    monkeypatch.setattr(worker, "START", "pass")
    paths = files(tmp_path)
    os.truncate(paths[0], 16 << 30)  # a hole, which takes many seconds to hash
    began = time.monotonic()
    with pytest.raises(ProgramFailed):
        list(hashing.of_files(paths))
    assert time.monotonic() - began < 5


def test_a_worker_imports_little_and_nothing_of_ours():
    home, site = Path(worker.__file__).parent, Path(hashing.blake3.__file__).parents[1]
    program = f"{worker.START}; print(*sorted(sys.modules), file=sys.stderr)"
    argv = [sys.executable, "-I", "-S", "-B", "-c", program, str(home), str(site), "sha256"]
    done = subprocess.run(argv, input=b"", capture_output=True, check=True)
    names = {name.partition(".")[0] for name in done.stderr.decode().split()}
    assert names.isdisjoint({"sealwright", "typing", "pathlib", "subprocess", "re"})
    assert {"blake3", "worker"} <= names
    assert done.stdout == worker.seal(b"", b"")


def test_few_files_start_no_program(tmp_path, monkeypatch):
    monkeypatch.setattr(process, "run", lambda *a, **k: pytest.fail("a program was started"))
    paths = files(tmp_path, 300)
    assert list(hashing.of_files(paths)) == [digest.of_file(path) for path in paths]
