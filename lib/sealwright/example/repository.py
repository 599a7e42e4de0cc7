"""Makes the example's git repository: fixed author, dates and content, so one commit id.

Nothing of the machine is in it: modes are 0644, or 0755 for a script with a ``#!``; git
sees no configuration but the repository's own; names, times and messages are written here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from sealwright import durable, git, process, setup
from sealwright.clock import Instant

AUTHOR = "EXAMPLE ONLY, NOT A PERSON"
FIRST = Instant(1735722000)  # 2025-01-01T09:00:00Z
_NAMES = {"gitignore": ".gitignore"}  # dot files do not travel well as package data


def build(folder: Path, contracts: Sequence[str] = ()) -> str:
    """Make the repository in ``folder``, which must not exist, and return its commit.

    It is made beside its place and then renamed, so that it is there wholly or not at all.
    """
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    durable.remove(unfinished)
    durable.mkdir(unfinished)
    for name, data in sorted(content()):
        path = unfinished / name
        durable.mkdir(path.parent)
        durable.create(path, data, mode=0o755 if data.startswith(b"#!") else 0o644)
    setup.init(unfinished, contracts)
    run_git(unfinished, "init", "--quiet", "--initial-branch=main", "--object-format=sha1")
    commit(unfinished, "Plan the building of a project", FIRST)
    durable.rename(unfinished, folder)
    return git.head(folder)


def content() -> Iterator[tuple[str, bytes]]:
    """Yield the path and the bytes of every file of the example."""
    yield from _under(files("sealwright.example").joinpath("files"), "")


def _under(folder: Traversable, prefix: str) -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        name = prefix + _NAMES.get(entry.name, entry.name)
        if entry.is_dir() and entry.name != "__pycache__":
            yield from _under(entry, f"{name}/")
        elif entry.is_file():
            yield name, entry.read_bytes()


def commit(folder: Path, message: str, at: Instant) -> None:
    """Commit everything in ``folder``, as the example's author, at a given time."""
    run_git(folder, "add", "--all", at=at)
    run_git(folder, "commit", "--quiet", f"--message={message}", at=at)


def run_git(folder: Path, *argv: str, at: Instant = FIRST) -> str:
    """Run git as the example's author and return what it prints."""
    stamp = f"{at.seconds} +0000"
    person = {"NAME": AUTHOR, "EMAIL": "example@example.invalid", "DATE": stamp}
    extra = {f"GIT_{who}_{key}": v for who in ("AUTHOR", "COMMITTER") for key, v in person.items()}
    extra |= {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
    safe = ("-c", f"safe.directory={folder.absolute()}", "-c", "commit.gpgSign=false")
    options = ("-c", "core.autocrlf=false", "-c", "core.hooksPath=/dev/null", *safe)
    environment = process.allow_listed(extra=extra)
    done = process.run(("git", *options, *argv), cwd=folder, env=environment)
    return done.out.decode().strip()
