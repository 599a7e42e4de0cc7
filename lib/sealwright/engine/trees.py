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
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import lru_cache

from sealwright import digest, durable
from sealwright.digest import Digest
from sealwright.errors import Refused
from sealwright.walk import Omit, runs

NEVER = (".git",)
Known = Callable[[str, list[str], list[os.stat_result]], list[str]]
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

    ``known`` gives, for the entries of one folder, the digits of each file that did not change,
    and nothing for all others, which are given to ``read`` at once.
    """
    lines: list[str] = []
    unread: dict[int, tuple[str, os.stat_result]] = {}
    for prefix, run in runs(top, _omits(tuple(exclude))):
        names, looks = [e.name for e in run], [e.stat(follow_symlinks=False) for e in run]
        kinds, sums = _kinds(prefix, names, looks), known(prefix, names, looks)
        for n, kind in enumerate(kinds) if not all(sums) else ():
            place = f"{top}/{prefix}{names[n]}"
            if kind == "l":
                sums[n] = digest.hexadecimal(digest.blake3(os.fsencode(os.readlink(place))))
            elif kind != "d" and not sums[n]:
                unread[len(lines) + n] = place, looks[n]
        told = zip(kinds, sums, names, strict=True)
        lines += [f"{kind}{each} {prefix}{name}\0" for kind, each, name in told]
    found = read(list(unread.values())) if unread else ()
    for index, each in zip(unread, found, strict=True):
        lines[index] = f"{lines[index][0]}{digest.hexadecimal(Digest(each))}{lines[index][1:]}"
    return os.fsencode("".join(lines))


def _omits(exclude: tuple[str, ...]) -> Omit:
    patterns = [pattern(glob) for glob in exclude]

    def inside(prefix: str) -> Callable[[str], bool]:
        return lambda name: name in NEVER or any(p.match(prefix + name) for p in patterns)

    return inside if patterns else lambda _: NEVER.__contains__


def _kinds(prefix: str, names: Sequence[str], looks: Sequence[os.stat_result]) -> list[str]:
    """Return the type of each entry of a folder."""
    modes = [info.st_mode for info in looks]
    kinds = {mode: _kind(mode) for mode in set(modes)}
    for name, mode in zip(names, modes, strict=True) if "" in kinds.values() else ():
        if not kinds[mode]:
            what = durable.kind(mode)
            raise Refused(f"{prefix}{name}: expected a file, folder or link, found {what}")
    return [kinds[mode] for mode in modes]


def _kind(mode: int) -> str:
    if stat.S_ISREG(mode):
        return "x" if mode & stat.S_IXUSR else "f"
    return "l" if stat.S_ISLNK(mode) else "d" if stat.S_ISDIR(mode) else ""


def difference(old: bytes, new: bytes) -> dict[str, str]:
    """Return what happened to each name between two listings: added, removed or changed."""
    were, are = set(old.split(b"\0")), set(new.split(b"\0"))
    before, after = _names(were - are), _names(are - were)
    return {
        name: "added" if name not in before else "removed" if name not in after else "changed"
        for name in sorted(before | after)
    }


def _names(lines: Iterable[bytes]) -> set[str]:
    return {os.fsdecode(line.partition(b" ")[2]) for line in lines if line}
