"""A read-only lock on files and folders, which is undone exactly.

Each loses its write bits.  What its mode was is written down, durably, before the first one
changes: canonical JSON lines, sorted by path::

    {"format":"sealwright/read-only/1","roots":["docs"]}
    {"mode":493,"path":"docs"}
    {"mode":420,"path":"docs/a.md"}

Links have no mode and are left alone.  A lock that was cut off is completed or undone by the same
list: whatever has neither its old mode nor the locked one was changed by somebody else, which is
told and not undone.  So is what was added meanwhile; what was removed needs no mode.

Root can write all the same, and who owns a file can change its mode: the lock keeps honest
programs out, and what a freeze believes is the digests that it compares.

>>> locked(0o644) == 0o444, locked(0o755) == 0o555
(True, True)
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from sealwright import durable
from sealwright.errors import Damaged, Refused
from sealwright.paths import RelPath
from sealwright.runtime import canonical
from sealwright.verdict import Finding, Verdict
from sealwright.walk import walk

FORMAT = "sealwright/read-only/1"
Modes = dict[str, int]


def locked(mode: int) -> int:
    """Return a mode without its write bits."""
    return mode & ~0o222


def lock(top: Path, roots: Collection[RelPath], modes: Path) -> None:
    """Take the write bits of all that lies at ``roots``, and write to ``modes`` what they were."""
    if modes.exists():
        raise Refused(f"{modes}: expected no lock, found one; doit thaw")
    found = _modes(top, roots)
    _write(modes, roots, found, replace=False)
    for path, mode in found.items():
        durable.set_mode(top / path, locked(mode))
    _sync(top, roots)


def extend(modes: Path, roots: Collection[RelPath], more: Modes) -> None:
    """Write down what modes things will have after a thaw that come while the lock is on."""
    held, was = _read(modes)
    _write(modes, {*held, *roots}, {**was, **more}, replace=True)


def _write(modes: Path, roots: Collection[RelPath], found: Modes, *, replace: bool) -> None:
    about = {"format": FORMAT, "roots": sorted(roots)}
    rows = [about, *({"path": path, "mode": mode} for path, mode in sorted(found.items()))]
    durable.write(modes, b"".join(map(canonical.line, rows)), replace=replace)


def recall(modes: Path, roots: Collection[RelPath], was: Modes) -> None:
    """Write down the modes from before a lock, where the list of them is lost."""
    _write(modes, roots, was, replace=False)


def unlock(top: Path, modes: Path) -> Verdict:
    """Give everything back its mode; the verdict names what somebody else had changed.

    Where there is no lock, there is nothing to do.
    """
    if not modes.exists():
        return Verdict()
    roots, was = _read(modes)
    now = _modes(top, [root for root in roots if os.path.lexists(top / root)])
    findings = list(_changed(was, now))
    for path in sorted(was.keys() & now.keys()):
        if now[path] == locked(was[path]) != was[path]:
            durable.set_mode(top / path, was[path])
    _sync(top, roots)
    durable.remove(modes)
    return Verdict(tuple(findings))


def before(modes: Path) -> Modes:
    """Return the modes from before the lock; none where there is no lock."""
    return _read(modes)[1] if modes.exists() else {}


def check(top: Path, modes: Path) -> Verdict:
    """Answer whether the lock is on, and nothing was added or changed its mode."""
    if not modes.exists():
        return Verdict((Finding(str(modes), "expected a lock, found none"),))
    roots, was = _read(modes)
    now = _modes(top, [root for root in roots if os.path.lexists(top / root)])
    open_ = [
        Finding(path, "expected no write bits, found some", f"chmod a-w {path}")
        for path in sorted(was.keys() & now.keys())
        if now[path] != locked(now[path])
    ]
    return Verdict((*open_, *_changed(was, now)))


def _changed(was: Modes, now: Modes) -> Iterator[Finding]:
    for path in sorted(now):
        if path not in was:
            yield Finding(path, "was added while everything was frozen")
        elif now[path] not in (was[path], locked(was[path])):
            expected = f"{locked(was[path]):04o}"
            yield Finding(path, f"expected the mode {expected}, found {now[path]:04o}")


def _modes(top: Path, roots: Collection[RelPath]) -> Modes:
    """Return the modes of all files and folders, each folder before what it holds."""
    found: Modes = {}
    for root in sorted(roots, key=str.encode):
        _add(found, root, os.lstat(top / root))
        if (top / root).is_dir() and not (top / root).is_symlink():
            for prefix, entry in walk(str(top / root)):
                _add(found, f"{root}/{prefix}{entry.name}", entry.stat(follow_symlinks=False))
    return found


def _add(found: Modes, path: str, info: os.stat_result) -> None:
    if stat.S_ISREG(info.st_mode) or stat.S_ISDIR(info.st_mode):
        found[path] = stat.S_IMODE(info.st_mode)


def _read(modes: Path) -> tuple[list[RelPath], Modes]:
    try:
        first, *rest = map(canonical.decode_line, modes.read_bytes().splitlines(keepends=True))
        if first.keys() != {"format", "roots"} or first["format"] != FORMAT:
            raise ValueError("another format")
        return first["roots"], {row["path"]: row["mode"] for row in rest}
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise Damaged(f"{modes}: expected {FORMAT}, found {problem}") from None


def _sync(top: Path, roots: Collection[Any]) -> None:
    for root in roots:
        if (top / root).exists():
            durable.sync_tree(top / root)
