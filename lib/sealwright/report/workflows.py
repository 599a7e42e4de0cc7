"""What governed runs left: a folder ``evidence/RUN`` each, which holds a ``report.json``.

Of its ``report.json`` and ``control_surface.json`` everything is told that is a word, a number or a
list of them; what else is in them is for who opens the file.  The folder is not believed: a link
is no folder of evidence, and a file that is too large or not canonical is a problem.
"""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sealwright.report import evidence
from sealwright.runtime import canonical
from sealwright.step import World

FOLDER = "evidence"
REPORT, SURFACE = "report.json", "control_surface.json"
REPLAYS = ("events.normalized.jsonl", "patch.diff", "trace.jsonl")
MOST = 60  # facts of a file, and words of a list, that are told
_SIZE = 4 << 20  # bytes of a file that is read

Run = dict[str, Any]


def runs(world: World) -> list[Run]:
    """Return what each folder of evidence says, by name."""
    top = world.root / FOLDER
    if top.is_symlink() or not top.is_dir():
        return []
    with os.scandir(top) as entries:
        names = sorted(e.name for e in entries if e.is_dir(follow_symlinks=False))
    return [_run(name, top / name) for name in names if (top / name / REPORT).exists()]


def _run(name: str, folder: Path) -> Run:
    path, problems = f"{FOLDER}/{name}", list[str]()
    facts = {file: _facts(folder / file, problems) for file in (REPORT, SURFACE)}
    return {
        "run": name,
        "path": path,
        "report": facts[REPORT],
        "surface": facts[SURFACE],
        "problems": problems,
        "files": sorted(place.name for place in folder.iterdir()),
        "command": evidence.sums_command(path, folder) or f"sealwright verify {shlex.quote(path)}",
    }


def _facts(path: Path, problems: list[str]) -> list[list[str]]:
    """Return names and values of a file, as words; say what is wrong with it."""
    if path.name != REPORT and not path.exists():
        return []
    try:
        found = canonical.decode_line(_bytes(path))
        if not isinstance(found, dict):
            raise ValueError(f"a {type(found).__name__}")
    except (OSError, ValueError, RecursionError) as problem:
        problems.append(f"{path}: expected an object in canonical JSON, found {problem}")
        return []
    return [[name, words] for name, value in found.items() for words in _words(value)][:MOST]


def _words(value: Any) -> Iterator[str]:
    if isinstance(value, list) and all(isinstance(each, str | int) for each in value):
        yield ", ".join(map(_word, value[:MOST]))
    elif not isinstance(value, list | dict):
        yield _word(value)


def _word(value: str | int | None) -> str:
    return value if isinstance(value, str) else str(canonical.encode(value), "ascii")


def _bytes(path: Path) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        info = os.fstat(descriptor)
        if not stat.S_ISREG(info.st_mode) or info.st_size > _SIZE:
            raise ValueError(f"no regular file of at most {_SIZE} bytes")
        return file.read()
