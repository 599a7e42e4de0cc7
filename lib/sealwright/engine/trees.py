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
from collections.abc import Callable, Collection, Iterable
from functools import lru_cache

from sealwright import digest, durable
from sealwright.errors import Refused
from sealwright.walk import Omit, walk

NEVER = (".git",)
Known = Callable[[str, os.stat_result], str | None]
Read = Callable[[list[tuple[str, os.stat_result]]], Iterable[str]]


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


def listing(top: str, known: Known, read: Read, exclude: Collection[str] = ()) -> bytes:
    """Return the listing of the folder ``top``, asking for each file once.

    ``known`` gives the digest of a file by its relative name if nothing about it changed; all
    others are given to ``read`` at once.
    """
    lines: list[str] = []
    unread: dict[int, tuple[str, os.stat_result]] = {}
    for prefix, entry in walk(top, _omits(tuple(exclude))):
        name, info = prefix + entry.name, entry.stat(follow_symlinks=False)
        kind = _type(name, info)
        digits: str | None = ""
        if kind in "fx":
            digits = known(name, info)
        elif kind == "l":
            digits = digest.blake3(os.fsencode(os.readlink(f"{top}/{name}")))
        if digits is None:
            unread[len(lines)] = name, info
            lines.append(kind)
        else:
            lines.append(f"{kind}{digits[7:]} {name}\0")
    sums = read([(f"{top}/{name}", info) for name, info in unread.values()]) if unread else ()
    for (index, (name, _)), digits in zip(unread.items(), sums, strict=True):
        lines[index] = f"{lines[index]}{digits[7:]} {name}\0"
    return os.fsencode("".join(lines))


def _omits(exclude: tuple[str, ...]) -> Omit:
    patterns = [pattern(glob) for glob in exclude]

    def inside(prefix: str) -> Callable[[str], bool]:
        return lambda name: name in NEVER or any(p.match(prefix + name) for p in patterns)

    return inside if patterns else lambda _: NEVER.__contains__


def _type(name: str, info: os.stat_result) -> str:
    mode = info.st_mode
    if stat.S_ISREG(mode):
        return "x" if mode & stat.S_IXUSR else "f"
    if stat.S_ISLNK(mode):
        return "l"
    if stat.S_ISDIR(mode):
        return "d"
    raise Refused(f"{name}: expected a file, folder or link, found {durable.kind(mode)}")


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
