"""The digests of many files: small ones by processes, large ones by threads, few ones at once.

Which of the three is a matter of time only; what comes out is what `digest.of_file` says of
each file, in the order of the paths.

=========  ==============================================================================
at once    the first `TRIAL` files, and the rest if they would take less than `WORTH` seconds
processes  small files: one `worker` for each processor that we may use, `MOST` files each
threads    what a worker hands back: large files, and those that cannot be read
=========  ==============================================================================

A worker is a program like any other (see `sealwright.process`): it ends with us.  One that is
killed, or whose answer is not whole, is `ProgramFailed`, and no digest of that answer is used.
The first file that cannot be read is an `OSError` that names it.

>>> list(of_files(["/dev/null"]))
Traceback (most recent call last):
OSError: [Errno 22] expected a regular file: '/dev/null'
"""

from __future__ import annotations

import contextlib
import os
import sys
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, repeat
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, cast

import blake3

from sealwright import digest, process
from sealwright.clock import Stopwatch
from sealwright.digest import Digest, Sums
from sealwright.errors import ProgramFailed
from sealwright.hashing import worker

if TYPE_CHECKING:  # few runs hash so much that they need threads
    from concurrent.futures import Future, ThreadPoolExecutor

TRIAL = 256  # files, whose time tells how long the others will take
WORTH = 0.06  # seconds of work, from which on starting processes pays
MOST = 1 << 15  # files for one worker: a few megabytes of question and answer
_SLOW = 3600  # seconds for one worker: its disk may be slow
_BOTH = ("blake3", "sha256")


def of_files(paths: Iterable[Path | str], *, both: bool = True) -> Iterator[Sums]:
    """Yield the digests of many files in their order: both, or BLAKE3 alone."""
    return _waves(paths, _BOTH if both else _BOTH[:1])


def identities(paths: Iterable[Path | str]) -> Iterator[Digest]:
    """Yield the SHA-256 of many files in their order, and spare the other."""
    return (sums.sha256 for sums in _waves(paths, _BOTH[1:]))


def _waves(paths: Iterable[Path | str], algorithms: Sequence[str]) -> Iterator[Sums]:
    rest, most = iter(paths), MOST * _processors()
    while wave := [os.fsencode(path) for path in islice(rest, most)]:
        yield from _Wave(wave, algorithms).sums()


def _processors() -> int:
    return len(os.sched_getaffinity(0))


class _Wave:
    """Files that are hashed together, and what came of each."""

    def __init__(self, paths: list[bytes], algorithms: Sequence[str]) -> None:
        self._paths = paths
        self._algorithms = algorithms
        self._sums: list[Sums] = [Sums(0, Digest(""))] * len(paths)
        self._failed: dict[int, OSError] = {}
        self._stopped = Event()

    def sums(self) -> list[Sums]:
        """Return the digests of all files, or raise what the first said that failed."""
        watch = Stopwatch()
        whole = self._here(slice(TRIAL))
        parts = self._parts(watch.seconds() / TRIAL * (len(self._paths) - TRIAL))
        if not parts:
            whole += self._here(slice(TRIAL, None))
        if parts or whole:
            self._at_work(parts, whole)
        if self._failed:
            raise self._failed[min(self._failed)]
        return self._sums

    def _parts(self, seconds: float) -> list[slice]:
        """Return which files each worker gets; none if the work is not worth it."""
        count = min(_processors() if sys.executable else 1, len(self._paths) - TRIAL)
        if seconds < WORTH or count < 2:
            return []
        return [slice(TRIAL + first, None, count) for first in range(count)]

    def _here(self, part: slice) -> list[int]:
        return self._take(part, worker.answer(self._question(part), self._algorithms))

    def _at_work(self, parts: list[slice], whole: list[int]) -> None:
        """Ask a worker for each part; read what is ``whole``, and what a worker hands back."""
        from concurrent.futures import as_completed

        with self._pool() as pool:
            read = {index: pool.submit(self._whole, index) for index in whole}
            asked = {pool.submit(self._ask, part): part for part in parts}
            for future in as_completed(asked):
                for index in self._take(asked[future], future.result()):
                    read[index] = pool.submit(self._whole, index)
            for index, digests in read.items():
                self._keep(index, digests)

    @contextlib.contextmanager
    def _pool(self) -> Iterator[ThreadPoolExecutor]:
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(_processors()) as pool:
            try:
                yield pool
            except BaseException:
                self._stopped.set()
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _ask(self, part: slice) -> bytes:
        """Return the answer of a worker, if it is one."""
        question = self._question(part)
        home, site = Path(worker.__file__).parent, Path(blake3.__file__).parents[1]
        options = ("-I", "-S", "-B", "-c", worker.START, str(home), str(site))
        told = process.run(
            [sys.executable, *options, *self._algorithms],
            cwd=Path.cwd(),
            env=process.allow_listed(["LD_LIBRARY_PATH"]),
            stdin=question,
            timeout=_SLOW,
            network=True,  # it asks for none, and a new one costs more than it
            unwanted=self._stopped,
        ).out
        body, seal = told[: -worker.SEAL], told[-worker.SEAL :]
        expected = question.count(b"\0") * (8 + 32 * len(self._algorithms))
        if len(body) != expected or seal != worker.seal(question, body):
            wrong = f"expected {expected} bytes and their seal, found {len(told)} bytes"
            raise ProgramFailed(f"{sys.executable}: hashing files: {wrong}")
        return body

    def _question(self, part: slice) -> bytes:
        paths = self._paths[part]
        question = b"".join(path + b"\0" for path in paths)
        if question.count(b"\0") != len(paths):
            raise ValueError("expected paths, found a NUL in one")
        return question

    def _take(self, part: slice, body: bytes) -> list[int]:
        """Keep what an answer says; return the files that must be read as a whole."""
        indices = range(len(self._paths))[part]
        count = len(indices)
        sizes = array("q", body[: 8 * count])
        columns = {
            name: _texts(name, body[8 * count + 32 * count * n :][: 32 * count])
            for n, name in enumerate(self._algorithms)
        }
        fast, slow = (columns.get(name) or repeat(Digest("")) for name in _BOTH)
        rows = zip(sizes, fast, slow, strict=False)  # one is endless where it was not asked for
        self._sums[part] = list(map(tuple.__new__, repeat(Sums), rows))
        if not sizes or min(sizes) >= 0:
            return []
        return [index for index, size in zip(indices, sizes, strict=True) if size == worker.BACK]

    def _whole(self, index: int) -> Sums:
        path = os.fsdecode(self._paths[index])
        return digest.of_file(path, both="sha256" in self._algorithms, stopped=self._stopped.is_set)

    def _keep(self, index: int, digests: Future[Sums]) -> None:
        try:
            self._sums[index] = digests.result()
        except OSError as error:
            self._failed[index] = error


def _texts(algorithm: str, column: bytes) -> list[Digest]:
    """Return a column's digests as text, all of them in a few steps."""
    lines = column.hex("\n", 32).replace("\n", f"\n{algorithm}:")
    return cast(list[Digest], f"{algorithm}:{lines}".split("\n"))
