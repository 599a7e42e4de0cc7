"""Programs that do something and then wait, until their block ends."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

READY = "print('ready', flush=True)\nimport sys\nsys.stdin.read()"


@contextmanager
def doing(what: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run Python source in a folder, to the point from which on it waits."""
    argv = [sys.executable, "-I", "-S", "-c", f"{what}\n{READY}"]
    with subprocess.Popen(
        argv, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout and process.stdin
        assert process.stdout.readline() == b"ready\n"
        yield process
        process.stdin.close()
