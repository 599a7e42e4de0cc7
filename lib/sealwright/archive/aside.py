"""Work done beside our own, in order: behind it, as hashing, or ahead of it, as reading.

`Aside` is never far behind; what its thread raises is raised at the next `put`, or at the latest by
`settle`.  `Ahead` reads one piece more than it was asked for; what its thread raises is raised
in the place of that piece.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from sealwright.digest import PIECE

if TYPE_CHECKING:  # little is archived where threads are not worth their import
    from concurrent.futures import Future, ThreadPoolExecutor

BEHIND = 2  # pieces that may wait


class Aside:
    """One thread, which starts when something is put, and ends with `settle` or `close`."""

    def __init__(self) -> None:
        self._pool: ThreadPoolExecutor | None = None
        self._waiting: deque[Future[object]] = deque()

    def put(self, work: Callable[..., object], *arguments: object) -> None:
        """Have ``work`` done next; wait only if the thread is far behind."""
        if self._pool is None:
            from concurrent.futures import ThreadPoolExecutor

            self._pool = ThreadPoolExecutor(1)
        self._waiting.append(self._pool.submit(work, *arguments))
        if len(self._waiting) > BEHIND:
            self._waiting.popleft().result()

    def settle(self) -> None:
        """Wait until everything is done."""
        while self._waiting:
            self._waiting.popleft().result()
        self.close()

    def close(self) -> None:
        """End the thread; what it has not begun is not done."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None
        self._waiting.clear()


class Readable(Protocol):
    """What is read once, from its beginning to its end."""

    def read(self, count: int, /) -> bytes:
        """Return the next bytes, at most ``count`` of them; none at the end only."""


class Ahead:
    """What `source` gives, while a thread of its own fetches the next piece of it."""

    def __init__(self, source: Readable) -> None:
        from concurrent.futures import ThreadPoolExecutor

        self._source = source
        self._pool = ThreadPoolExecutor(1)
        self._next = self._pool.submit(source.read, PIECE)

    def read(self, count: int = PIECE) -> bytes:
        """Return the next piece; ``count`` has to be that of all pieces."""
        if count != PIECE:
            raise ValueError(f"expected a count of {PIECE} bytes, found {count}")
        piece = self._next.result()
        if piece:
            self._next = self._pool.submit(self._source.read, PIECE)
        return piece

    def close(self) -> None:
        """End the thread; what it has begun to read is awaited, and nobody gets it."""
        self._pool.shutdown()
