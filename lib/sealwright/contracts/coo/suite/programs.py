"""The programs of an environment: its Python, and scripts that run with it.

A script whose first line names the other environment's Python runs in that one, and finds its
packages; so each is written anew, with a first line that names ours.  Programs that are no such
scripts stay where they are, and are found behind ours on ``PATH``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from sealwright import durable
from sealwright.contracts.coo.suite.interpreter import Interpreter

_LONGEST = 127  # what every kernel reads of a first line
_CALL = re.compile(r"(?P<module>[\w.]+)\s*:\s*(?P<name>[\w.]+)")
_SHELL = re.compile(rb"#!/bin/sh\n'''exec' \"?([^\n\"]*?)\"? \"\$0\" \"\$@\"\n' '''\n")


def make(folder: Path, parent: Interpreter, declared: Mapping[str, str]) -> None:
    """Make a folder of programs: Python, those that are ``declared``, and the parent's scripts."""
    durable.create_folders(folder)
    python = folder / "python"
    for name in ("python", "python3", f"python{parent.short}"):
        durable.system.symlink(str(parent.base), folder / name)
    for name, value in sorted(declared.items()):
        if (match := _CALL.match(value)) and "/" not in name:
            durable.create(folder / name, _first(python) + _body(match), mode=0o755)
    for place in sorted(parent.scripts.iterdir()) if parent.scripts.is_dir() else ():
        if not (folder / place.name).is_symlink() and not (folder / place.name).exists():
            body = _script(place, parent)
            if body is not None:
                durable.create(folder / place.name, _first(python) + body, mode=0o755)


def _first(python: Path) -> bytes:
    """Return the first line of a script, or what does the same where that is too long."""
    line = f"#!{python}\n"
    if len(line) <= _LONGEST and " " not in line:
        return line.encode()
    return f"#!/bin/sh\n'''exec' \"{python}\" \"$0\" \"$@\"\n' '''\n".encode()


def _body(match: re.Match[str]) -> bytes:
    module, name = match["module"], match["name"]
    first = name.partition(".")[0]
    return (
        f"import sys\nfrom {module} import {first}\n"
        f"if __name__ == '__main__':\n    sys.exit({name}())\n"
    ).encode()


def _script(place: Path, parent: Interpreter) -> bytes | None:
    """Return what follows the first line of a script that the parent's Python runs."""
    if not (place.is_file() and os.access(place, os.R_OK)):
        return None
    with open(place, "rb") as file:
        if file.read(2) != b"#!":
            return None
        data = b"#!" + file.read()
    if match := _SHELL.match(data):
        program, body = match[1], data[match.end() :]
    else:
        line, _, body = data.partition(b"\n")
        program = line[2:].split()[0] if line[2:].split() else b""
    return body if parent.is_program(program.decode("utf-8", "replace")) else None
