"""Work that is ready, done by several threads at a time.

A `Supply` hands out what may begin, one `Work` after another; the crew begins as many as
there are hands, pools and tokens, and tells each, in the one thread that called `run`, when
it begins and what it ended in.  With one hand there are no threads at all.

A *pool* is something scarce that work needs while it is done, such as ``gpg``; it takes as
many at a time as the configuration says, or one.  *Tokens* are those of a GNU make above
us (see `jobserver`): each work holds one while it is done, the first of which is our own.

Whatever ends `run` early (a signal, a bug) first lets the work that was begun come to its
end, so that nothing is written after `run` returned.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:  # most runs have one hand, and need no threads
    from concurrent.futures import Future, ThreadPoolExecutor

    from sealwright.jobserver import Tokens

_LOOK = 0.05  # seconds between two looks for a token


class Work(Protocol):
    """One thing to do: `do` in any thread, the others in the crew's own."""

    @property
    def pools(self) -> tuple[str, ...]:
        """Return the names of what it needs while it is done."""

    def begins(self) -> None:
        """Take note that it begins."""

    def do(self) -> Any:
        """Do it; what it returns goes to `ended`."""

    def ended(self, result: Any) -> None:
        """Take note of how it ended."""


class Supply(Protocol):
    """Where work comes from."""

    @property
    def stopped(self) -> bool:
        """Return whether nothing more is to begin, not even what was handed out already."""

    def next(self, *, idle: bool) -> Work | None:
        """Return what may begin now; None while there is none, which is the end when ``idle``."""


class Crew:
    """At most ``jobs`` at a time, at most ``pools[name]`` (else 1) of those that need ``name``."""

    def __init__(
        self, jobs: int = 1, pools: Mapping[str, int] | None = None, tokens: Tokens | None = None
    ) -> None:
        self._jobs = max(jobs, 1)
        self._pools = pools or {}
        self._tokens = tokens
        self._waiting: list[Work] = []  # ready, but for a pool
        self._live: dict[Future[Any], Work] = {}

    def run(self, supply: Supply) -> None:
        """Do everything that ``supply`` hands out."""
        if self._jobs == 1:
            while work := supply.next(idle=True):
                _begin(work)
                work.ended(work.do())
            return
        with self._hands() as hands:
            while True:
                starved = self._fill(supply, hands)
                if self._live:
                    for future in self._done(_LOOK if starved else None):
                        self._end(future)
                elif not starved:
                    return
                elif self._tokens is not None:
                    self._tokens.wait(_LOOK)

    def _done(self, patience: float | None) -> list[Future[Any]]:
        """Return what is done, in the order in which it was begun, when something is."""
        from concurrent.futures import FIRST_COMPLETED, wait

        done = wait(self._live, patience, FIRST_COMPLETED).done
        return [future for future in self._live if future in done]

    @contextmanager
    def _hands(self) -> Iterator[ThreadPoolExecutor]:
        from concurrent.futures import ThreadPoolExecutor

        hands = ThreadPoolExecutor(self._jobs, thread_name_prefix="step")
        try:
            yield hands
        finally:
            hands.shutdown(wait=True)  # a signal came, or a bug: what is begun comes to its end
            while self._live:
                self._end(next(iter(self._live)))

    def _fill(self, supply: Supply, hands: ThreadPoolExecutor) -> bool:
        """Begin what can be begun; return whether only a token is missing for more."""
        while len(self._live) < self._jobs:
            work = self._next(supply)
            if work is None:
                return False
            if not self._allowed():
                self._waiting.insert(0, work)
                return True
            _begin(work)
            self._live[hands.submit(work.do)] = work
        return False

    def _next(self, supply: Supply) -> Work | None:
        if supply.stopped:
            self._waiting.clear()
        for work in self._waiting:
            if self._free(work):
                self._waiting.remove(work)
                return work
        while (more := supply.next(idle=not self._live)) is not None:
            if self._free(more):
                return more
            self._waiting.append(more)
        return None

    def _free(self, work: Work) -> bool:
        used = [name for other in self._live.values() for name in other.pools]
        return all(used.count(name) < self._pools.get(name, 1) for name in work.pools)

    def _allowed(self) -> bool:
        """Return whether one more may be done beside those at work."""
        return self._tokens is None or self._tokens.take()

    def _end(self, future: Future[Any]) -> None:
        work = self._live.pop(future)
        if self._tokens is not None:
            self._tokens.give()
        work.ended(future.result())


def _begin(work: Work) -> None:
    gc.enable()  # a run in which nothing is to be done goes without it: see `commands.run`
    work.begins()
