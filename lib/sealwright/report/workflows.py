"""What governed runs left: a folder ``evidence/RUN`` each, which holds a ``report.json``.

First comes what a person asks (see `accounts`); then everything of ``report.json`` and
``control_surface.json`` that is a word, a number or a list of them; what else is in them is for who
opens the file.  What was said of a run lies in a folder of its own, ``RUN.accept`` or
``RUN.reject``.  No folder is believed: a link is no folder of evidence, and a file that is too
large or not canonical is a problem.
"""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from sealwright import document
from sealwright.contracts.workflow import settings
from sealwright.errors import SealwrightError
from sealwright.report import accounts, evidence
from sealwright.runtime import canonical
from sealwright.step import World

FOLDER = "evidence"  # where the configuration names no other
SAID = ("accept", "reject", "unsaid")  # how the folder of an outcome ends
REPORT, SURFACE = "report.json", "control_surface.json"
REPLAYS = ("events.normalized.jsonl", "patch.diff", "trace.jsonl")
MOST = 60  # facts of a file, and words of a list, that are told
_SIZE = 4 << 20  # bytes of a file that is read

Run = dict[str, Any]


class Read(NamedTuple):
    """What the two files of a folder say, and what is wrong with them."""

    report: Mapping[str, Any]
    surface: Mapping[str, Any]
    problems: list[str]


def runs(world: World) -> list[Run]:
    """Return what each folder of evidence says, by name."""
    folder = _folder(world)
    top = world.root / folder
    if top.is_symlink() or not top.is_dir():
        return []
    with os.scandir(top) as entries:
        names = sorted(e.name for e in entries if e.is_dir(follow_symlinks=False))
    read = {name: _read(top / name) for name in names if (top / name / REPORT).exists()}
    return [_run(name, top / name, f"{folder}/{name}", read) for name in read]


def ways_back(found: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield path and command for each run whose commit nobody has taken back."""
    names = {run["run"] for run in found}
    for run in found:
        command = dict(map(tuple, run["surface"])).get("rollback_command")
        if command and not _base(run["run"], names) and f"{run['run']}.reject" not in names:
            yield run["path"], command


def _folder(world: World) -> str:
    """Return the folder of evidence."""
    place = world.root / settings.FILE
    try:
        with document.load(place, name=settings.FILE) as table:
            return str(settings.Settings.read(table).evidence)
    except (SealwrightError, OSError):
        return FOLDER


def _base(name: str, names: Collection[str]) -> str:
    """Return the run that a folder tells the outcome of, or nothing."""
    run, _, said = name.rpartition(".")
    return run if said in SAID and run in names else ""


def _run(name: str, folder: Path, path: str, read: Mapping[str, Read]) -> Run:
    report, surface, problems = read[name]
    outcomes = (read[f"{name}.{said}"] for said in SAID[:2] if f"{name}.{said}" in read)
    outcome = next((each.report for each in outcomes), None)
    told = accounts.of_outcome(report) if _base(name, read) else accounts.told(report, outcome)
    return {
        "run": name,
        "path": path,
        "told": told,
        "report": _facts(report),
        "surface": _facts(surface),
        "problems": problems,
        "files": sorted(place.name for place in folder.iterdir()),
        "command": evidence.sums_command(path, folder) or f"sealwright verify {shlex.quote(path)}",
    }


def _read(folder: Path) -> Read:
    problems: list[str] = []
    report = _object(folder / REPORT, problems)
    there = os.path.lexists(folder / SURFACE)
    return Read(report, _object(folder / SURFACE, problems) if there else {}, problems)


def _object(path: Path, problems: list[str]) -> Mapping[str, Any]:
    """Return what a file says; say what is wrong with it."""
    try:
        found = canonical.decode_line(_bytes(path))
        if not isinstance(found, dict):
            raise ValueError(f"a {type(found).__name__}")
    except (OSError, ValueError, RecursionError) as problem:
        problems.append(f"{path}: expected an object in canonical JSON, found {problem}")
        return {}
    return found


def _facts(found: Mapping[str, Any]) -> list[list[str]]:
    """Return names and values, as words."""
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
