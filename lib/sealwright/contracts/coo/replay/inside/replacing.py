"""A function in the place of a built-in one, which does not become a method in a class either."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

_SETS = ("supports_dir_fd", "supports_effective_ids", "supports_fd", "supports_follow_symlinks")


class Plain:
    """Calls a function, and is no descriptor, as a built-in function is none."""

    def __init__(self, function: Callable[..., Any], real: Any) -> None:
        self.__wrapped__ = real
        self.__name__ = self.__qualname__ = getattr(real, "__name__", "replaced")
        self.__doc__ = getattr(real, "__doc__", None)
        self._function = function

    def __call__(self, *words: Any, **named: Any) -> Any:
        """Call it."""
        return self._function(*words, **named)


def replace(module: Any, name: str, make: Callable[[Any], Callable[..., Any]]) -> None:
    """Put what ``make`` makes of a module's function in its place, where there is such a one."""
    real = getattr(module, name, None)
    if real is None:
        return
    plain = Plain(make(real), real)
    setattr(module, name, plain)
    for capable in (getattr(os, each) for each in _SETS):
        if real in capable:
            capable.add(plain)
