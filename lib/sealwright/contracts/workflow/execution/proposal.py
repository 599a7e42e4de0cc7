"""The proposal: what changed, as a tree, a patch and one commit, all made by us in the clone.

Files are read as bytes, and no attribute of theirs is asked.  The patch comes from the two
trees; before it is believed, git applies it to the one and gets the other, and the other way
round.  The commit has the approved commit as its only parent, a fixed author, the date of the
run, and in its message these lines, by which it can be told from any other:

    Packet-SHA256: 9f…
    Approval-SHA256: 4c…
    Run: 20250101T000000Z-…
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sealwright import durable
from sealwright.contracts.workflow.execution.clone import Clone
from sealwright.contracts.workflow.execution.examination import Change
from sealwright.contracts.workflow.execution.plumbing import Repository, Stamp
from sealwright.errors import Damaged, Misconfigured

_DIFF = (
    *("diff-tree", "-r", "-p", "--binary", "--full-index", "--no-renames", "--no-color"),
    *("--no-ext-diff", "--no-textconv", "--src-prefix=a/", "--dst-prefix=b/"),
)
_KEY = re.compile(r"[A-Z][A-Za-z0-9]*(-[A-Z0-9][A-Za-z0-9]*)*")


@dataclass(frozen=True, slots=True)
class Proposal:
    """One commit, with its tree and its parent, in the clone."""

    commit: str
    parent: str
    tree: str


def tree(clone: Clone, after: Path, changes: Iterable[Change], work: Path) -> str:
    """Return the tree of the clone's commit with ``changes`` as they are in ``after``."""
    repository, index = clone.repository, work / "proposed.index"
    durable.remove(index)
    repository.ask("read-tree", clone.tree, index=index)
    lines = b"".join(_line(repository, after, change) for change in changes)
    repository.ask("update-index", "-z", "--index-info", stdin=lines, index=index)
    made = repository.word("write-tree", index=index)
    durable.remove(index)
    return made


def _line(repository: Repository, after: Path, change: Change) -> bytes:
    name = os.fsencode(change.path)
    if change.after is None:
        return b"0 " + b"0" * len(repository.resolved("HEAD")) + b"\t" + name + b"\0"
    data = (after / change.path).read_bytes()
    blob = repository.word("hash-object", "-w", "--no-filters", "--stdin", stdin=data)
    mode = b"100755" if change.after.executable else b"100644"
    return mode + b" " + blob.encode() + b"\t" + name + b"\0"


def patch(clone: Clone, made: str, work: Path) -> bytes:
    """Return the patch from the clone's tree to another; `Damaged` if git disagrees with it."""
    repository = clone.repository
    found = repository.ask(*_DIFF, clone.tree, made)
    if found:
        for options, one, other in (((), clone.tree, made), (("-R",), made, clone.tree)):
            if _applied(repository, found, options, one, work) != other:
                raise Damaged(f"{clone.place}: expected a patch from {one} to {other}, found none")
    return found


def _applied(
    repository: Repository, data: bytes, options: tuple[str, ...], one: str, work: Path
) -> str:
    index = work / "applied.index"
    durable.remove(index)
    repository.ask("read-tree", one, index=index)
    words = ("apply", "--cached", "--whitespace=nowarn", *options, "-")
    repository.ask(*words, stdin=data, index=index)
    made = repository.word("write-tree", index=index)
    durable.remove(index)
    return made


def commit(
    clone: Clone, made: str, *, subject: str, trailers: Mapping[str, str], stamp: Stamp
) -> Proposal:
    """Return the one commit of a tree."""
    text = message(subject, trailers).encode()
    words = ("commit-tree", made, "-p", clone.head)
    return Proposal(clone.repository.word(*words, stdin=text, stamp=stamp), clone.head, made)


def message(subject: str, trailers: Mapping[str, str]) -> str:
    """Return a commit's message; `Misconfigured` if anything in it is more than a line."""
    for key, value in trailers.items():
        if not _KEY.fullmatch(key) or not value.strip() or not value.isprintable():
            raise Misconfigured(f"commit: expected a key and a line, found {key!r}: {value!r}")
    if not subject.strip() or not subject.isprintable() or len(subject) > 200:
        raise Misconfigured(f"commit: expected a subject of one line, found {subject!r}")
    lines = "".join(f"{key}: {value}\n" for key, value in trailers.items())
    return f"{subject}\n\n{lines}"
