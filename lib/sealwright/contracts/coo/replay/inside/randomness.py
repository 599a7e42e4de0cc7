"""Chance that is the same each time: whoever asks the system for a seed gets 0xDEADBEEF.

`random` is seeded with it, and so is each `random.Random` that is given no seed: the n-th one of a
process with n more, so that two are not one.  `uuid.uuid4` and its kin draw from a stream of their
own, `uuid.uuid1` has a fixed node, and numpy's old generator and those of ``default_rng()`` are
seeded alike.  ``secrets`` (and `random.SystemRandom`) and ``os.urandom`` are what they are, unless
the mission declares them seeded.  A fork goes on with seeds of its own, by its number.
"""

# ruff: noqa: TID251, TID252

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

from .after_import import after_import
from .constants import NODE, SEED
from .replacing import replace

_FORKS = 1 << 20  # so many seeds are a process's own
_asked = _forks = 0
_again: list[Callable[[], None]] = []  # what begins again in a fork


def install(seeded: Sequence[str]) -> None:
    """Seed what has a seed, and what the mission declares."""
    after_import("random", _seed_random)
    if seeded:
        import random

        stream = _stream(random)
        random._urandom = stream  # type: ignore[attr-defined]
        if "os.urandom" in seeded:
            replace(os, "urandom", lambda real: stream)
            replace(os, "getrandom", lambda real: lambda size, flags=0: stream(size))
    after_import("uuid", _seed_uuid)
    after_import("numpy.random", _seed_numpy)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(before=_fork, after_in_child=_begin_again)


def _seed() -> int:
    """Return the next seed."""
    global _asked
    _asked += 1
    return SEED + _forks * _FORKS + _asked - 1


def _fork() -> None:
    global _forks
    _forks += 1


def _begin_again() -> None:
    global _asked
    _asked = 0
    for begin in _again:
        begin()


def _seed_random(module: Any) -> None:
    real = module.Random.seed

    def seed(self: Any, a: Any = None, version: int = 2) -> None:
        """Seed the generator; with nothing, with what the system would give."""
        real(self, _seed() if a is None else a, version)

    module.Random.seed = seed
    module.seed = module._inst.seed
    module.seed()
    _again.append(module.seed)


def _stream(random: Any) -> Callable[[int], bytes]:
    generator = random.Random(SEED)
    _again.append(lambda: generator.seed(SEED + _forks * _FORKS))
    return lambda size: generator.randbytes(size)


class _Standing(ModuleType):
    """A module with one function of its own, and all others of the real one."""

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)


def _seed_uuid(module: Any) -> None:
    import random

    module.os = _Standing("os")
    module.os.urandom = _stream(random)
    module._generate_time_safe = module._UuidCreate = None
    module._node = NODE


def _seed_numpy(module: Any) -> None:
    module.seed(SEED)
    real = module.default_rng

    def default_rng(seed: Any = None) -> Any:
        """Return a generator; with no seed, with what the system would give."""
        return real(_seed() if seed is None else seed)

    module.default_rng = default_rng
    _again.append(lambda: module.seed((SEED + _forks * _FORKS) % 2**32))
