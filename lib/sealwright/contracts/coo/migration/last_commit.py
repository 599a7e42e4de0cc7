"""What stands at the top of the last commit, read without a program where that is simple.

Every command asks for it, and to start git takes longer than to read two small files.  So HEAD is
followed to a branch, loose or packed, and from there the commit and its tree are read where git
has them as loose objects (what was committed here lately).  Whatever is not so simple (packs,
other work trees, replaced objects, other stores of names) is git's to answer; both say the same::

    .git/HEAD                ref: refs/heads/main, or a commit
    .git/refs/heads/main     a commit; else a line of .git/packed-refs
    .git/objects/ab/cdef…    zlib of ``commit SIZE NUL tree ID…``, of ``tree SIZE NUL entries``
    an entry                 ``MODE NAME NUL``, and the 20 or 32 bytes of its id
"""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

from sealwright import git

_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_HEADER = re.compile(rb"(commit|tree) ([0-9]+)\0")
_TREE = re.compile(rb"tree ([0-9a-f]{40}(?:[0-9a-f]{24})?)\n")
_MOST = 1 << 22  # bytes of an object that is read here


class _NotSimple(Exception):
    """Git has to be asked."""


def top_names(root: Path) -> tuple[str, ...]:
    """Return the names at the top of the last commit, or none before the first one."""
    try:
        return tuple(_names(root / ".git"))
    except (OSError, ValueError, zlib.error, _NotSimple):
        return git.top_names(root)


def _names(store: Path) -> Iterator[str]:
    if any(map(os.path.lexists, (store / "commondir", store / "refs/replace"))):
        raise _NotSimple
    commit = _head(store)
    found = _TREE.match(_object(store, commit, b"commit"))
    if found is None:
        raise _NotSimple
    entries, size = _object(store, found[1].decode(), b"tree"), len(commit) // 2
    at = 0
    while at < len(entries):
        end = entries.index(b"\0", at)
        yield os.fsdecode(entries[at:end].partition(b" ")[2])
        at = end + 1 + size


def _head(store: Path) -> str:
    """Return the commit that HEAD names."""
    told = (store / "HEAD").read_text("utf-8").removesuffix("\n")
    name = told.removeprefix("ref: ")
    if name != told:
        told = _branch(store, name)
    if not _ID.fullmatch(told):
        raise _NotSimple
    return told


def _branch(store: Path, name: str) -> str:
    packed = store / "packed-refs"
    lines = packed.read_text("utf-8").splitlines() if packed.exists() else []
    if (
        not name.startswith("refs/heads/")
        or ".." in name
        or any(" refs/replace/" in line for line in lines)
    ):
        raise _NotSimple
    if (store / name).is_file():
        return (store / name).read_text("utf-8").removesuffix("\n")
    return next((line.partition(" ")[0] for line in lines if line.endswith(f" {name}")), "")


def _object(store: Path, name: str, kind: bytes) -> bytes:
    """Return the content of a loose object."""
    packed = (store / "objects" / name[:2] / name[2:]).read_bytes()
    data = zlib.decompressobj().decompress(packed, _MOST)
    header = _HEADER.match(data)
    if header is None or header[1] != kind or int(header[2]) != len(data) - header.end():
        raise _NotSimple
    return data[header.end() :]
