"""Work done beside our own, in order and never far behind: hashing, which needs no interpreter.

What the other thread raises is raised at the next `put`, or at the latest by `settle`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

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
