"""A fault at the n-th call that changes the file system, through `durable.system` alone.

`Faulty` stands in for `durable.System`.  Its n-th call does not act and the process is
dead (``lost``), acts first (``kept``), writes half (``torn``), is where a signal comes
(``stopped``), or fails as a full or broken disk does (``ENOSPC``, ``EIO``).  A `PowerCut` is
no Exception, so that nothing but a ``finally`` runs after it; to a dead process every
further call raises it again.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from typing import Any

from sealwright import durable

CALLS = [name for name in vars(durable.System) if not name.startswith("_")]


class PowerCut(BaseException):
    """The process is gone."""


class Faulty:
    """`durable.System` with one fault in it; ``count`` tells how many calls there were."""

    def __init__(self, at: int, mode: str) -> None:
        self.at, self.mode, self.count, self.dead = at, mode, 0, False

    def __getattr__(self, name: str) -> Any:
        real = getattr(durable.System, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            if self.dead:
                raise PowerCut
            if name == "open" and not _changes(args):
                return real(*args, **kwargs)
            self.count += 1
            if self.count != self.at:
                return real(*args, **kwargs)
            return self._fault(real, args, kwargs)

        return call

    def _fault(self, real: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if self.mode == "kept":
            result = real(*args, **kwargs)
            if isinstance(result, int) and real is os.open:
                os.close(result)
        if self.mode in ("lost", "kept"):
            self.dead = True
            raise PowerCut
        if self.mode == "stopped":
            raise PowerCut  # a signal: what is on the way out still runs
        if self.mode == "torn" and real is os.write:
            real(args[0], bytes(args[1])[: len(args[1]) // 2])
            self.dead = True
            raise PowerCut
        if self.mode == "torn":
            return real(*args, **kwargs)
        number = getattr(errno, self.mode)
        raise OSError(number, os.strerror(number))


def _changes(args: tuple[Any, ...]) -> bool:
    return bool(args[1] & (os.O_CREAT | os.O_TRUNC))


@contextlib.contextmanager
def fault(at: int, mode: str) -> Iterator[Faulty]:
    """Put a fault at the ``at``-th call while the block runs; a `PowerCut` ends the block."""
    faulty = Faulty(at, mode)
    durable.system = faulty  # type: ignore[assignment]
    try:
        with contextlib.suppress(PowerCut):
            yield faulty
    finally:
        durable.system = durable.System()
