"""What libfaketime leaves in ``/dev/shm``: two files for each process that loaded it first.

They are called by the number of the process, which has ended by then, so that another one of that
number would find them.  In namespaces they are in a folder of the replay's own.  Elsewhere those
are taken away that are ours, were not there before, and whose process is gone.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from sealwright import durable, process

SHARED = Path("/dev/shm")
_NAME = re.compile(r"(?:faketime_shm|sem\.faketime_sem)_([0-9]+)")


@contextlib.contextmanager
def removed(folder: Path = SHARED) -> Iterator[None]:
    """Take away what the block leaves."""
    before = set(_names(folder))
    try:
        yield
    finally:
        for name, number in _names(folder).items():
            if name not in before and not _alive(int(number)):
                with contextlib.suppress(OSError):  # somebody else did so
                    if (folder / name).lstat().st_uid == os.geteuid():
                        durable.system.unlink(folder / name)


def _alive(number: int) -> bool:
    """Return whether a process is at work; one that waits to be reaped is not."""
    return process.kernel_fields(number)[:1] not in ((), ("Z",), ("X",))


def _names(folder: Path) -> dict[str, str]:
    try:
        found = os.listdir(folder)
    except OSError:
        return {}
    return {name: match[1] for name in found if (match := _NAME.fullmatch(name))}
