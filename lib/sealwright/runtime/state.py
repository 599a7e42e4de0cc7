"""The state of some paths: one digest that changes when anything there does.

It is the SHA-256 digest of these canonical lines (see `canonical`), for each path in order:

* ``{"leads_to": …, "path": …}``, the place where its links lead (see `containment`); where
  that is another, the entry of the link follows;
* the entry of that place, and if it is a folder, of all that is below, each folder before
  what it holds, names in the order of their bytes.

An entry has ``path``, ``kind``, and for a ``file`` its ``sha256``, ``size`` and whether its
owner may execute it; for a ``link`` its ``target``.  ``folder``, ``missing`` and ``other`` (a
pipe, a device) have no more, and what is other is not opened.  So a file that is missing has
another state than an empty one, or one that holds the word, and no two states share lines.
A name that is not Unicode is written as the hexadecimal digits of its bytes, in a list.

A link below a folder is an entry and is not followed; a path whose links lead out of the
root is an escape.  Files are read in pieces.  What cannot be read has no state: `Unknown`.
The answer holds for the moment, and only if nobody else changes the folders meanwhile.

>>> state_hash("/", []) == canonical.digest(b"")
True
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from typing import Any

from . import canonical, containment

# Follow no link that was put there since it was looked at, and wait for no pipe.
_CAREFUL = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


class Unknown(ValueError):
    """A place has no state that can be told: ``path`` is the place, ``reason`` why not."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f"path {self.path!r} {self.reason}"


def state_hash(root: str | os.PathLike[str], paths: Iterable[str]) -> str:
    """Return the digest of the state of ``paths`` below ``root``; order and repeats are nothing.

    `containment.Escape` for a path that does not stay inside, `Unknown` for what is unreadable.
    """
    total = hashlib.sha256()
    for path in sorted(set(paths)):
        for entry in _entries(root, path):
            total.update(canonical.line(entry))
    return f"sha256:{total.hexdigest()}"


def _entries(root: str | os.PathLike[str], path: str) -> Iterator[dict[str, Any]]:
    resolved = containment.resolved(root, path)
    base = os.path.realpath(root)
    yield {"path": path, "leads_to": _spelled(resolved)}
    if resolved != path:
        yield _entry(base, path)
    yield from _tree(base, resolved)
    if containment.resolved(root, path) != resolved:
        raise Unknown(path, "moved while it was looked at")


def _tree(base: str, start: str) -> Iterator[dict[str, Any]]:
    """Yield the entry of ``start`` and of all below; a list and no recursion, however deep."""
    ahead = [start]
    while ahead:
        path = ahead.pop()
        entry = _entry(base, path)
        yield entry
        if entry["kind"] == "folder":
            names = sorted(_names(base, path), key=os.fsencode, reverse=True)
            ahead += [f"{path}/{name}" for name in names]


def _names(base: str, path: str) -> list[str]:
    try:
        return os.listdir(os.path.join(base, path))
    except OSError as problem:
        raise Unknown(path, f"cannot be listed: {problem.strerror}") from None


def _entry(base: str, path: str) -> dict[str, Any]:
    place = os.path.join(base, path)
    entry: dict[str, Any] = {"path": _spelled(path)}
    try:
        mode = os.lstat(place).st_mode
        if stat.S_ISLNK(mode):
            return entry | {"kind": "link", "target": _spelled(os.readlink(place))}
        if stat.S_ISREG(mode):
            return entry | _content(place, path)
    except (FileNotFoundError, NotADirectoryError):
        return entry | {"kind": "missing"}
    except OSError as problem:
        raise Unknown(path, f"cannot be read: {problem.strerror}") from None
    return entry | {"kind": "folder" if stat.S_ISDIR(mode) else "other"}


def _content(place: str, path: str) -> dict[str, Any]:
    with open(place, "rb", opener=lambda name, flags: os.open(name, flags | _CAREFUL)) as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise Unknown(path, "became another kind of thing while it was looked at")
        content = hashlib.file_digest(file, "sha256").hexdigest()
    executable = bool(status.st_mode & stat.S_IXUSR)
    return {"kind": "file", "sha256": content, "size": status.st_size, "executable": executable}


def _spelled(name: str) -> str | list[str]:
    """Return ``name`` as it can be written, such that no two names are written alike."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return [os.fsencode(name).hex()]
    return name
