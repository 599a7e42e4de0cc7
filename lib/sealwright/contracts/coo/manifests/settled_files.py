"""What was found out about files, remembered as long as this process lasts.

While FREEZE is TRUE each step asks, before it acts and again before it is committed, whether the
world still is what the manifests say.  Most of that is the same interpreter, the same library and
the same lists of packages, read again.  An answer is believed as long as `stat` says the same of
each file that it is about: device, inode, size, mode, modification and change time.

A file that changed within the last `RECENT` seconds could change again without a sign; what is
found out about it is told, and not remembered.  Neither is anything of a file that is missing.

>>> place = Path("/no/such/file")
>>> answer("size", [place], lambda: 1), answer("size", [place], lambda: 2)
(1, 2)
"""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Iterable
from pathlib import Path
from typing import TypeVar

from sealwright import clock

RECENT = 2  # seconds: file systems that tell no less than whole ones are among those of a machine
Answer = TypeVar("Answer")
_Looks = tuple[tuple[int, ...], ...]
_known: dict[Hashable, tuple[_Looks, object]] = {}


def answer(question: Hashable, files: Iterable[Path], ask: Callable[[], Answer]) -> Answer:
    """Return what ``ask`` says, or what it said when ``files`` were as they are now."""
    looks = _looks(files)
    if looks is None:
        return ask()
    before, said = _known.get(question, (None, None))
    if before != looks:
        said = ask()
        _known[question] = looks, said
    return said  # type: ignore[return-value]


def _looks(files: Iterable[Path]) -> _Looks | None:
    """Return what `stat` says of files and of links, or None if one is missing or recent."""
    latest = (clock.now({}).seconds - RECENT) * 1_000_000_000
    found = []
    for file in files:
        try:
            info = os.lstat(file)
        except OSError:
            return None
        if max(info.st_mtime_ns, info.st_ctime_ns) >= latest:
            return None
        times = info.st_mtime_ns, info.st_ctime_ns
        found.append((info.st_dev, info.st_ino, info.st_size, info.st_mode, *times))
    return tuple(found)
