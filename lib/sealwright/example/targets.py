"""The repositories that governed runs work on, made as a person makes them, with plain git.

``strings``  the one that is owned: it comes with the example, and is no part of its repository
``fixture``  an artificial one that has the same files
``copy``     a clone of it
``sandbox``  another clone, which is thrown away afterwards
"""

from __future__ import annotations

import shlex
from pathlib import Path

from sealwright.example import person, repository

FOLDER = "targets"
OWNED, FIXTURE, COPY, SANDBOX = "strings", "fixture", "copy", "sandbox"
_BEGIN = ("git", "init", "--quiet", "--initial-branch=main", "--object-format=sha1")


def make(example: Path) -> None:
    """Make those that are not there; the first two have the same commit everywhere."""
    top = example / FOLDER
    if not (top / FIXTURE / ".git").exists():
        _typed(top, "mkdir", "-p", FIXTURE)
        _typed(top, "cp", "-R", f"{OWNED}/.", FIXTURE)
    for name in (FIXTURE, OWNED):
        if not (top / name / ".git").exists():
            _begun(top / name)
    for name in (COPY, SANDBOX):
        if not (top / name).exists():
            _typed(top, "git", "clone", "--quiet", OWNED, name)
    print()


def throw_away(example: Path) -> None:
    """Remove the sandbox: what it was for is proved by the evidence."""
    _typed(example / FOLDER, "rm", "-rf", SANDBOX)


def _begun(folder: Path) -> None:
    print(f"operator: cd {person.shown(folder)} && {shlex.join(_BEGIN)}")
    repository.run_git(folder, *_BEGIN[1:])
    person.commit(folder, "Begin")


def _typed(folder: Path, *argv: str) -> None:
    print(f"operator: cd {person.shown(folder)} && {shlex.join(argv)}")
    person.call(folder, *argv)
