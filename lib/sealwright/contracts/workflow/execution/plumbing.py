"""Git's plumbing, where nothing of the user's, the system's or a repository's own is run.

No hook, no filter, no monitor, no network, no replacement object, no prompt, no collection of
garbage; a commit's author and date are given, never found.  Output is bytes.

>>> Stamp("A", "a@example.org", Instant(1735689600)).variables()["GIT_AUTHOR_DATE"]
'1735689600 +0000'
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sealwright import git, process
from sealwright.clock import Instant
from sealwright.errors import Misconfigured, ProgramFailed

_SETTINGS = {
    **git.SETTINGS,
    "core.splitIndex": "false",
    "core.fsync": "all",
    "core.quotePath": "true",
    "gc.auto": "0",
    "maintenance.auto": "false",
}
_NOBODY = {
    f"GIT_{role}_{part}": value
    for role in ("AUTHOR", "COMMITTER")
    for part, value in (("NAME", "nobody"), ("EMAIL", "nobody@invalid"))
}
_LARGEST = 1 << 30  # bytes of an answer


@dataclass(frozen=True, slots=True)
class Stamp:
    """Who a commit is by, and when."""

    name: str
    email: str
    at: Instant

    def __post_init__(self) -> None:
        for text in (self.name, self.email):
            if not text.strip() or not text.isprintable() or set(text) & set("<>"):
                raise Misconfigured(f"author: expected a name and an address, found {text!r}")

    def variables(self) -> dict[str, str]:
        """Return what tells git."""
        date = f"{self.at.seconds} +0000"
        return {
            f"GIT_{role}_{part}": value
            for role in ("AUTHOR", "COMMITTER")
            for part, value in (("NAME", self.name), ("EMAIL", self.email), ("DATE", date))
        }


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository with its own ``.git`` folder, whose top is ``top``."""

    top: Path

    def ask(
        self,
        *words: str,
        stdin: bytes = b"",
        index: Path | None = None,
        stamp: Stamp | None = None,
        folder: Path | None = None,
        codes: tuple[int, ...] = (0,),
    ) -> bytes:
        """Return what git prints; `ProgramFailed` unless it ends with one of ``codes``."""
        return self.tried(
            *words, stdin=stdin, index=index, stamp=stamp, folder=folder, codes=codes
        )[1]

    def tried(
        self,
        *words: str,
        stdin: bytes = b"",
        index: Path | None = None,
        stamp: Stamp | None = None,
        folder: Path | None = None,
        codes: tuple[int, ...] = (),
    ) -> tuple[int, bytes]:
        """Return git's exit code, which may be any without ``codes``, and what it prints."""
        real = self.top.resolve()
        settings = {**_SETTINGS, "safe.directory": str(real)}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        where = [f"--git-dir={real / '.git'}", f"--work-tree={(folder or real).resolve()}"]
        done = process.run(
            ["git", *options, *where, *words],
            cwd=folder or real,
            env=process.allow_listed(extra=self._variables(index, stamp)),
            stdin=stdin,
            timeout=3600,
            check=False,
            limit=_LARGEST,
        )
        if codes and done.code not in codes:
            said = done.err.decode("utf-8", "backslashreplace").strip()
            raise ProgramFailed(
                f"git {words[0]} in {self.top}: expected exit 0, found {done.code}: {said}"
            )
        return done.code, done.out

    def _variables(self, index: Path | None, stamp: Stamp | None) -> Mapping[str, str]:
        special = {"GIT_INDEX_FILE": str(index.resolve())} if index else {}
        who = stamp.variables() if stamp else _NOBODY
        return {**git.ENVIRONMENT, **who, **special}

    def word(self, *words: str, **options: Path | Stamp | bytes | None) -> str:
        """Return the one line that git prints."""
        return self.ask(*words, **options).decode().strip()  # type: ignore[arg-type]

    def resolved(self, name: str) -> str:
        """Return the object that a name stands for; empty if there is none."""
        _, out = self.tried("rev-parse", "--verify", "--quiet", "--end-of-options", name)
        return out.decode().strip()


def commit_fields(repository: Repository, commit: str) -> tuple[str, ...]:
    """Return the tree of a commit, and its parents."""
    head = repository.ask("cat-file", "commit", commit).partition(b"\n\n")[0]
    pairs = (line.partition(" ") for line in head.decode("utf-8", "replace").split("\n"))
    return tuple(value for key, _, value in pairs if key in ("tree", "parent"))


@dataclass(frozen=True, slots=True)
class Difference:
    """A path that differs between two trees: modes as git writes them, ``000000`` for absent."""

    path: str
    old_mode: str
    new_mode: str
    old: str
    new: str


def differences(repository: Repository, one: str, other: str) -> tuple[Difference, ...]:
    """Return what differs between two trees or commits, in the order of the paths' bytes."""
    options = ("-r", "-z", "--raw", "--no-renames", "--no-abbrev", "--ignore-submodules=none")
    fields = iter(repository.ask("diff-tree", *options, one, other).split(b"\0")[:-1])
    return tuple(_paired(fields))


def _paired(fields: Iterator[bytes]) -> Iterator[Difference]:
    for told in fields:
        old_mode, new_mode, old, new, _ = told.decode().removeprefix(":").split(" ")
        yield Difference(os.fsdecode(next(fields)), old_mode, new_mode, old, new)
