r"""What a folder holds, as a listing and as one digest.

A listing is a sequence of entries, each ended by NUL, in the byte order of their names::

    <type><digest> <name relative to the folder>

``type`` is ``f`` for a file, ``x`` for one whose owner may execute it, ``l`` for a
symbolic link, ``d`` for a folder; ``digest`` is 64 hexadecimal digits of BLAKE3, of a
file's bytes or a link's text, and absent for a folder.  The tree's digest is the BLAKE3
of its listing.  Anything else (a pipe, a socket, a device) is refused by name.  Version
control's own folder ``.git`` is never part of a tree.

>>> difference(b"f" + b"0" * 64 + b" a\0", b"")
{'a': 'removed'}
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Collection, Iterator
from functools import lru_cache

from sealwright import durable
from sealwright.errors import Refused

NEVER = (".git",)
HashFile = Callable[[str, os.stat_result], str]


@lru_cache
def pattern(glob: str) -> re.Pattern[str]:
    """Return a glob as a regular expression: ``*`` and ``?`` stay in a part, ``**`` does not.

    A glob without ``/`` matches a name at any depth, and what matches a folder takes all in it.
    """
    parts = []
    for piece in re.split(r"(\*\*/|\*\*|\*|\?)", glob.strip("/")):
        parts.append(
            {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}.get(piece, re.escape(piece))
        )
    anywhere = "" if "/" in glob.strip("/") else "(?:.*/)?"
    return re.compile(f"{anywhere}{''.join(parts)}(?:/.*)?\\Z", re.DOTALL)


def walk(top: str, exclude: Collection[str] = ()) -> Iterator[tuple[str, os.stat_result]]:
    """Yield every entry under ``top`` as its relative name and what lstat says of it."""
    patterns = [pattern(glob) for glob in exclude]
    folders = [""]
    while folders:
        prefix = folders.pop()
        with os.scandir(os.path.join(top, prefix) if prefix else top) as found:
            for entry in found:
                name = prefix + entry.name
                if entry.name in NEVER or any(p.match(name) for p in patterns):
                    continue
                info = entry.stat(follow_symlinks=False)
                yield name, info
                if stat.S_ISDIR(info.st_mode):
                    folders.append(name + "/")


def listing(top: str, hash_file: HashFile, exclude: Collection[str] = ()) -> bytes:
    """Return the listing of the folder ``top``; ``hash_file`` gives a file's or link's digits."""
    lines = []
    for name, info in walk(top, exclude):
        kind, place = _type(name, info), os.path.join(top, name)
        digits = "" if kind == b"d" else hash_file(place, info)
        lines.append((os.fsencode(name), kind + digits.encode()))
    lines.sort()
    return b"".join(b"%s %s\0" % (what, name) for name, what in lines)


def _type(name: str, info: os.stat_result) -> bytes:
    if stat.S_ISREG(info.st_mode):
        return b"x" if info.st_mode & stat.S_IXUSR else b"f"
    if stat.S_ISLNK(info.st_mode):
        return b"l"
    if stat.S_ISDIR(info.st_mode):
        return b"d"
    raise Refused(f"{name}: expected a file, folder or link, found {durable.kind(info.st_mode)}")


def entries(listed: bytes) -> dict[str, str]:
    """Return a listing as a mapping of names to their types and digests."""
    pairs = (line.partition(b" ") for line in listed.split(b"\0")[:-1])
    return {os.fsdecode(name): what.decode() for what, _, name in pairs}


def difference(old: bytes, new: bytes) -> dict[str, str]:
    """Return what happened to each name between two listings: added, removed or changed."""
    before, after = entries(old), entries(new)
    return {
        name: "added" if name not in before else "removed" if name not in after else "changed"
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    }
