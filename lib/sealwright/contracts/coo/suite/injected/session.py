"""What one session of tests leaves behind: ``session-N.json``, N = 1, 2, … as they begin.

The file exists from the beginning, and says how it ended only once it did.  The outermost session
takes away, from the environment that its children inherit, what would make them write one too.
"""

from __future__ import annotations

import json
import os
from typing import Any

VARIABLE, PLUGINS, OWN = "SEALWRIGHT_SUITE", "PYTEST_PLUGINS", "_sealwright.on_pytest"
current = ""  # the test that is running, where no variable says so


def claim() -> str:
    """Return the folder for results, to the first who asks in this and all child processes."""
    variables = os.environ  # noqa: TID251 - there is no Sealwright here
    folder = variables.pop(VARIABLE, "")
    rest = [name for name in variables.get(PLUGINS, "").split(",") if name not in ("", OWN)]
    if rest:
        variables[PLUGINS] = ",".join(rest)
    else:
        variables.pop(PLUGINS, None)
    return folder


class Session:
    """A session that began, and whose end will be written."""

    def __init__(self, folder: str, runner: str) -> None:
        self._process = os.getpid()
        self._about = {"runner": runner}
        number = 1
        while True:
            self._place = os.path.join(folder, f"session-{number}.json")
            try:
                file = os.open(self._place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
                break
            except FileExistsError:
                number += 1
        _write(file, self._about)

    def end(self, **found: Any) -> None:
        """Write what was found; a fork of the session has nothing to say."""
        if os.getpid() != self._process:
            return
        part = self._place + ".part"
        _write(
            os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644), {**self._about, **found}
        )
        os.rename(part, self._place)


def _write(file: int, value: Any) -> None:
    data = memoryview(json.dumps(value).encode("ascii"))
    try:
        while data:
            data = data[os.write(file, data) :]
        os.fsync(file)
    finally:
        os.close(file)


def legible(text: object, limit: int = 0) -> str:
    """Return a text that UTF-8 can write, cut to ``limit`` characters where there is one."""
    said = str(text).encode("utf-8", "backslashreplace").decode("utf-8")
    return said[:limit] if limit else said
