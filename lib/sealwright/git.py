"""The few questions that we ask git, in an environment where asking changes nothing.

Each question is about the repository whose top is ``root``; a folder inside another
repository is not mistaken for it (`toplevel` alone looks upwards).  Git runs through
`sealwright.process`, so without a network, and

* reads no configuration of the system or the user, no ignore or attribute file of theirs,
  asks no terminal, and believes no replacement object;
* takes no lock and writes nothing, not even a refreshed index;
* starts no hook and no file system monitor, fetches nothing, and trusts no cached answer
  about which files are untracked.

What counts as ignored is said by the repository's own rules alone: its ``.gitignore``
files and its ``.git/info/exclude``.  Filters that the repository's own configuration
names (such as git-lfs) do run, since without them no file is what git thinks it is.  As
ever, git takes a file for unchanged if its size, inode and times, in seconds, are those
of the index; who needs more than that hashes the files.

Paths are told as git has them, whatever their bytes: those that are not UTF-8 come as the
file system encoding of Python has them (``os.fsencode`` gives the bytes back).

>>> parse_commit("0123456789abcdef0123456789abcdef01234567")
'0123456789abcdef0123456789abcdef01234567'

By hand: ``git status --porcelain=v2 -z --untracked-files=all --ignore-submodules=none``
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NewType

from sealwright import process
from sealwright.clock import Instant
from sealwright.errors import Misconfigured, ProgramFailed, Refused
from sealwright.process import Finished
from sealwright.verdict import Finding, Verdict

Commit = NewType("Commit", str)
MOST = 20  # findings that a person reads; the rest is counted

ENVIRONMENT = {
    "LC_ALL": "C",  # messages are matched below
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_NO_LAZY_FETCH": "1",
}
SETTINGS = {
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "core.excludesFile": os.devnull,  # their defaults lie in the user's home,
    "core.attributesFile": os.devnull,  # whatever GIT_CONFIG_GLOBAL says
    "core.untrackedCache": "false",
    "core.checkStat": "default",
    "core.trustctime": "true",  # else a file changed within one size and mtime looks clean
    "protocol.allow": "never",
}
_STATUS = ("status", "--porcelain=v2", "-z", "--untracked-files=all", "--ignore-submodules=none")


def parse_commit(text: str) -> Commit:
    """Return ``text`` as the full name of a commit, or raise `Misconfigured`."""
    if not re.fullmatch("[0-9a-f]{40}([0-9a-f]{24})?", text):
        raise Misconfigured(f"expected a commit of 40 or 64 hexadecimal digits, found {text!r}")
    return Commit(text)


@dataclass(frozen=True, slots=True)
class Change:
    """A path that is not as HEAD has it.

    ``code`` is git's pair of letters (index, work tree; ``.`` for no change), ``?`` for what
    is not tracked, ``S`` or ``h`` for what the index is told not to look at.
    """

    path: str
    code: str
    submodule: bool = False

    def finding(self) -> Finding:
        """Return what is wrong with the path, and the commands that put it right."""
        name = _quoted(self.path)
        if self.code == "?":
            return Finding(name, "is not tracked", f"git add -- {name}, or name it in .gitignore")
        if self.code in ("h", "S"):
            flag = "assume-unchanged" if self.code == "h" else "skip-worktree"
            remedy = f"git update-index --no-{flag} -- {name}"
            return Finding(name, f"is marked {flag}, so that its changes are hidden", remedy)
        if self.submodule:
            remedy = f"commit or restore them in it, then git commit -- {name}"
            return Finding(name, "is a submodule with changes", remedy)
        if "U" in self.code or self.code in ("AA", "DD"):
            return Finding(name, "is in conflict", f"resolve it, then git add -- {name}")
        if self.code.startswith("."):
            remedy = f"git commit -- {name}, or git restore -- {name}"
            return Finding(name, "is changed and not committed", remedy)
        remedy = f"git commit, or git restore --staged --worktree -- {name}"
        return Finding(name, "is staged and not committed", remedy)


def head(root: Path) -> Commit:
    """Return the commit that is checked out; `Refused` without a repository or a commit."""
    asked = _ask(root, "rev-parse", "--verify", "--quiet", "HEAD^{commit}", codes=(0, 1))
    if asked.code:
        raise Refused(f"{root}: has no commit yet; git add and git commit")
    return parse_commit(asked.out.decode().strip())


def status(root: Path) -> tuple[Change, ...]:
    """Return every path that differs from HEAD, or is neither tracked nor ignored."""
    fields = iter(_ask(root, *_STATUS, "--no-renames").out.split(b"\0")[:-1])
    return tuple(_change(field) for field in fields if not field.startswith(b"# "))


def _change(field: bytes) -> Change:
    kind, _, rest = field.partition(b" ")
    if kind == b"?":
        return Change(os.fsdecode(rest), "?")
    before_path = {b"1": 7, b"u": 9}[kind]  # fields after the kind; the path may hold spaces
    parts = rest.split(b" ", before_path)
    return Change(os.fsdecode(parts[-1]), parts[0].decode(), parts[1].startswith(b"S"))


def clean(root: Path) -> Verdict:
    """Answer whether the tree is HEAD's and nothing else, but for what the repository ignores.

    Paths whose changes the index is told not to see are findings too.
    """
    findings = [change.finding() for change in (*status(root), *_hidden(root))]
    more = len(findings) - MOST
    if more > 0:
        findings[MOST:] = [Finding(str(root), f"and {more} more", "git status")]
    return Verdict(tuple(findings))


def _hidden(root: Path) -> Iterator[Change]:
    for field in _ask(root, "ls-files", "-v", "-z").out.split(b"\0")[:-1]:
        tag, path = field[:1], field[2:]
        if tag == b"S" or tag.islower():
            yield Change(os.fsdecode(path), "S" if tag == b"S" else "h")


def commit_time(root: Path, commit: Commit) -> Instant:
    """Return when ``commit`` was committed."""
    text = _ask(root, "cat-file", "commit", commit).out
    match = re.search(rb"^committer .*> (-?[0-9]+) [+-][0-9]{4}$", text.partition(b"\n\n")[0], re.M)
    if match is None:
        raise Refused(f"{root}: expected a commit {commit} with a committer's time, found none")
    return Instant(int(match[1]))


def tracked(root: Path) -> tuple[str, ...]:
    """Return the paths in the index, in the order of their bytes."""
    return tuple(map(os.fsdecode, _ask(root, "ls-files", "-z").out.split(b"\0")[:-1]))


def top_names(root: Path) -> tuple[str, ...]:
    """Return the names at the top of the last commit, or none before the first one."""
    asked = _ask(root, "ls-tree", "-z", "--name-only", "HEAD", codes=(0, 128))
    return tuple(map(os.fsdecode, asked.out.split(b"\0")[:-1])) if asked.code == 0 else ()


def is_ignored(root: Path, paths: Iterable[str]) -> dict[str, bool]:
    """Return, for each of ``paths``, whether it is ignored; what is tracked never is."""
    asked = {path: b"./" + os.fsencode(path) for path in paths}  # no path begins with a colon
    stdin = b"".join(name + b"\0" for name in asked.values())
    found = _ask(root, "check-ignore", "-z", "--stdin", stdin=stdin, codes=(0, 1)).out
    ignored = set(found.split(b"\0"))
    return {path: name in ignored for path, name in asked.items()}


def toplevel(root: Path) -> Path:
    """Return the top of the repository in which the folder ``root`` lies."""
    asked = _ask(root, "rev-parse", "--show-toplevel", upwards=True)
    return Path(os.fsdecode(asked.out.removesuffix(b"\n")))


def _ask(
    root: Path,
    *question: str,
    stdin: bytes = b"",
    codes: tuple[int, ...] = (0,),
    upwards: bool = False,
) -> Finished:
    real = root.resolve()
    settings = {**SETTINGS, "safe.directory": "*" if upwards else str(real)}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    here = () if upwards else ("--git-dir=.git", "--work-tree=.")  # this folder or none
    asked = process.run(
        ["git", *options, *here, *question],
        cwd=real,
        env=process.allow_listed(extra=ENVIRONMENT),
        stdin=stdin,
        check=False,
    )
    if asked.code not in codes:
        raise _failure(root, question, asked)
    return asked


def _failure(root: Path, question: tuple[str, ...], asked: Finished) -> Exception:
    said = asked.err.decode("utf-8", "backslashreplace").strip()
    if "not a git repository" in said:
        return Refused(f"{root}: is not a git repository; git init")
    return ProgramFailed(
        f"git {question[0]} in {root}: expected exit 0, found {asked.code}: {said}"
    )


def _quoted(path: str) -> str:
    """Return ``path`` on one printable line, as a POSIX shell or bash reads it."""
    if path.isprintable():
        return shlex.quote(path)
    plain = set(range(33, 127)) - set(b"\\'")
    told = "".join(chr(byte) if byte in plain else f"\\{byte:03o}" for byte in os.fsencode(path))
    return f"$'{told}'"
