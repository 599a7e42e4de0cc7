"""Foreign programs that only tests use, and the processes that a test must not leave behind."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from tests.support.skips import skip


def needed(program: str) -> str:
    """Return where a program lies; without it the test is skipped, or fails where none may be."""
    return shutil.which(program) or skip(f"{program} is missing")


def processes_in(folder: Path) -> list[str]:
    """Return the processes that work in a folder or name it in their words."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and entry.name != str(os.getpid()):
            try:
                where, words = os.readlink(entry / "cwd"), (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if where.startswith(str(folder)) or os.fsencode(folder) in words:
                found.append(f"{entry.name} in {where}: {words!r}")
    return found
