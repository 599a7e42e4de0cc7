"""Which files a scan reads: globs over the paths of a repository, and what lies there.

A glob is a path, its parts divided by ``/``.  A part ``**`` stands for any number of folders,
also none, and is never the last.  In other parts ``*`` is any run of characters and ``?`` is one
character; everything else is itself, also ``[``, ``{`` and a leading dot.

>>> globs = Globs(["coo/runtime/**/*.py"])
>>> "coo/runtime/gates.py" in globs, "coo/runtime/a/b.py" in globs, "coo/gates.py" in globs
(True, True, False)

No symbolic link is followed.  What lies behind one is not read, and a scan that left it out
without a word would say more than it knows: so a link that a glob names, a link to a folder in
which a glob could name files, and whatever is neither file nor folder, come with an obstacle.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterable, Iterator
from itertools import accumulate, pairwise
from pathlib import Path
from typing import NamedTuple

from sealwright import paths
from sealwright.errors import Misconfigured, Refused
from sealwright.walk import walk

LINK = "is a symbolic link, which is not followed"
ODD = "is neither a file nor a folder"
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
_WILD = re.compile(r"[*?]")


class Sighting(NamedTuple):
    """A path that a scan looks at, relative to the root; with an ``obstacle`` it is not read."""

    path: str
    obstacle: str = ""


class Globs:
    """Globs that are asked as one."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.texts = tuple(texts)
        self._parts = [_parts(text) for text in self.texts]
        self._whole = re.compile("|".join(map(_expression, self._parts)) or r"(?!)", re.DOTALL)

    def __contains__(self, path: str) -> bool:
        return self._whole.fullmatch(path) is not None

    def tops(self) -> list[str]:
        """Return the folders to walk, none of which lies in another; empty is the root."""
        found: list[str] = []
        for top in sorted({_top(parts) for parts in self._parts}):
            if not any(not held or f"{top}/".startswith(f"{held}/") for held in found):
                found.append(top)
        return found

    def may_hold(self, folder: str) -> bool:
        """Return whether a glob could name something in ``folder``."""
        inside = folder.split("/")
        return any(_reaches(parts, inside) for parts in self._parts)


def sightings(root: Path, globs: Globs, exclude: Globs | None = None) -> list[Sighting]:
    """Return what the globs name under ``root``, in the byte order of the paths."""
    try:
        found = [each for top in globs.tops() for each in _below(str(root), top, globs)]
    except OSError as error:
        raise Refused(f"{error.filename}: cannot be read: {error.strerror}") from None
    left = [each for each in found if exclude is None or each.path not in exclude]
    return sorted(left, key=lambda each: os.fsencode(each.path))


def content(place: Path | str) -> bytes:
    """Return the bytes of a regular file, which no link leads to; else `OSError`."""
    return opened(place)[1]


def opened(place: Path | str) -> tuple[os.stat_result, bytes]:
    """Return the bytes of a regular file, and what `stat` said before they were read."""
    descriptor = os.open(place, _FLAGS)
    try:
        info = os.fstat(descriptor)
        if not stat.S_ISREG(info.st_mode):
            raise OSError(errno.EINVAL, ODD)
        return info, _whole(descriptor, info.st_size)
    finally:
        os.close(descriptor)


def _whole(descriptor: int, size: int) -> bytes:
    data = os.read(descriptor, size + 1)
    if len(data) == size:
        return data
    pieces = [data]
    while piece := os.read(descriptor, 1 << 20):
        pieces.append(piece)
    return b"".join(pieces)


def shown(path: str) -> str:
    """Return a path as UTF-8 can write it."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _below(root: str, top: str, globs: Globs) -> Iterator[Sighting]:
    for folder in accumulate(filter(None, top.split("/")), "{}/{}".format):
        try:
            mode = os.lstat(f"{root}/{folder}").st_mode
        except FileNotFoundError:
            return
        if stat.S_ISLNK(mode):
            yield Sighting(folder, LINK)
        if not stat.S_ISDIR(mode):
            return
    start = f"{top}/" if top else ""
    for prefix, entry in walk(f"{root}/{top}" if top else root):
        path = f"{start}{prefix}{entry.name}"
        if (obstacle := _obstacle(path, entry, globs)) is not None:
            yield Sighting(path, obstacle)


def _obstacle(path: str, entry: os.DirEntry[str], globs: Globs) -> str | None:
    """Return why an entry is not read, or nothing, or None if it is not in scope."""
    if entry.is_symlink():
        inside = globs.may_hold(path) and os.path.isdir(entry.path)
        return LINK if inside or path in globs else None
    if path not in globs or entry.is_dir(follow_symlinks=False):
        return None
    return "" if entry.is_file(follow_symlinks=False) else ODD


def _parts(text: str) -> list[str]:
    """Return the parts of a glob, or raise `Misconfigured`."""
    parts = text.split("/")
    plain = _WILD.sub("x", text)
    if "**" in "/".join(part for part in parts if part != "**"):
        raise Misconfigured(f"expected a glob whose ** is a whole part, found {text!r}")
    if parts[-1] == "**":
        raise Misconfigured(f"expected a glob that names files, found {text!r}; end it in /*")
    if paths.parse(plain) != plain:
        raise Misconfigured(f"expected a glob spelled {paths.parse(plain)!r}, found {text!r}")
    return [part for part, after in pairwise([*parts, ""]) if (part, after) != ("**", "**")]


def _expression(parts: list[str]) -> str:
    folders = "".join("(?:[^/]+/)*" if part == "**" else f"{_part(part)}/" for part in parts[:-1])
    return f"{folders}{_part(parts[-1])}"


def _part(part: str) -> str:
    """Return the expression of one part; runs of ``*`` never arise, so it stays polynomial."""
    wild = {"*": "[^/]*", "?": "[^/]"}
    return "".join(wild.get(character) or re.escape(character) for character in part)


def _top(parts: list[str]) -> str:
    """Return the folder above the first part with a wild card."""
    fixed = parts[:-1]
    for number, part in enumerate(fixed):
        if _WILD.search(part):
            fixed = fixed[:number]
            break
    return "/".join(fixed)


def _reaches(parts: list[str], inside: list[str]) -> bool:
    for number, name in enumerate(inside):
        if number >= len(parts) - 1:
            return False
        if parts[number] == "**":
            return True
        if not re.fullmatch(_part(parts[number]), name, re.DOTALL):
            return False
    return len(inside) < len(parts)
