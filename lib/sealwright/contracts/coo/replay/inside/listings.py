"""The order of a folder: that of the bytes of its names, for `os.listdir`, `os.scandir` and theirs.

`os.walk`, `glob`, `pathlib` and `shutil` ask one of the two.
"""

# ruff: noqa: TID252

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

from .replacing import replace


def install() -> None:
    """Sort what is listed."""
    replace(os, "listdir", _listing)
    replace(os, "scandir", lambda real: lambda path=".": _Scanned(real(path)))


def _listing(real: Callable[..., list[Any]]) -> Callable[..., list[Any]]:
    def listdir(path: Any = ".") -> list[Any]:
        return sorted(real(path), key=os.fsencode)

    return listdir


class _Scanned:
    """The entries of a folder in their order, as `os.scandir` returns them."""

    def __init__(self, found: Any) -> None:
        with found:
            entries = sorted(found, key=lambda entry: os.fsencode(entry.name))
        self._entries = iter(entries)

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        return next(self._entries)

    def __enter__(self) -> _Scanned:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Forget the entries that were not asked for."""
        self._entries = iter(())
