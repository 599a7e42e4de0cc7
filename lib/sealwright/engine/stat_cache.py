"""Which files need no reading: an accelerator, never evidence.

The cache remembers a file's digests under everything that `stat` tells of it: device,
inode, size, modification and change time in nanoseconds, mode.  ``ctime`` is what sees
through ``touch -r``, ``cp -p`` and a renamed file.  A file that changed in the same tick
of the file system's clock in which it was read could change again unseen; such a *racy*
entry is not kept, and the file is read again next time.  The tick comes from the file
system itself: a file that is touched when the cache is opened.

The file is ``<path> NUL <stat> <blake3> <sha256 or -> NUL`` for each entry and ends in
the 64 hexadecimal digits of the BLAKE3 of all before; a file whose sum is wrong is empty.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from sealwright import digest, durable
from sealwright.digest import Digest, Sums

_TRAILER = 64


class StatCache:
    """Digests by path, believed as long as the file's `stat` says the same.

    A cache opened without ``keep`` is a query's: it may be asked, and never changes.
    """

    def __init__(self, file: Path, *, keep: bool) -> None:
        self._file = file
        self._keep = keep
        self._known = _load(file)
        self._tick = _touch(file.with_suffix(".tick")) if keep else 0
        self._changed = False

    def get(self, path: str, info: os.stat_result, *, both: bool) -> Sums | None:
        """Return the digests of ``path``, or None if it must be read."""
        found = self._known.get(os.fsencode(path))
        if found is None:
            return None
        stated, fast, slow = found.rsplit(b" ", 2)
        if stated != _stated(info) or (both and slow == b"-"):
            return None
        sha256 = "" if slow == b"-" else f"sha256:{slow.decode()}"
        return Sums(info.st_size, Digest(f"blake3:{fast.decode()}"), Digest(sha256))

    def word(self, path: str, info: os.stat_result) -> str | None:
        """Return the BLAKE3 of ``path``, or None if it must be read."""
        found = self._known.get(os.fsencode(path))
        if found is None or not found.startswith(_stated(info) + b" "):
            return None
        return f"blake3:{found.rsplit(b' ', 2)[1].decode()}"

    def put(self, path: str, info: os.stat_result, sums: Sums) -> None:
        """Remember digests, unless the file changed too recently to tell a later change."""
        if not self._keep or max(info.st_mtime_ns, info.st_ctime_ns) >= self._tick:
            return
        slow = digest.hexadecimal(sums.sha256) or "-"
        entry = b"%s %s %s" % (
            _stated(info),
            digest.hexadecimal(sums.blake3).encode(),
            slow.encode(),
        )
        self._known[os.fsencode(path)] = entry
        self._changed = True

    def save(self) -> None:
        """Write the cache if anything was learned; a failure costs only time."""
        if self._changed:
            body = b"".join(b"%s\0%s\0" % pair for pair in self._known.items())
            with contextlib.suppress(OSError):
                durable.write(self._file, body + _sum(body))
            self._changed = False


def _sum(body: bytes) -> bytes:
    return digest.hexadecimal(digest.blake3(body)).encode()


def _stated(info: os.stat_result) -> bytes:
    return b"%d %d %d %d %d %d" % (
        info.st_dev,
        info.st_ino,
        info.st_size,
        info.st_mtime_ns,
        info.st_ctime_ns,
        info.st_mode,
    )


def _load(file: Path) -> dict[bytes, bytes]:
    try:
        data = file.read_bytes()
    except OSError:
        return {}
    body, trailer = data[:-_TRAILER], data[-_TRAILER:]
    if _sum(body) != trailer:
        return {}
    fields = body.split(b"\0")
    return dict(zip(fields[::2], fields[1::2], strict=False))


def _touch(file: Path) -> int:
    durable.mkdir(file.parent)
    durable.touch(file)
    return os.stat(file).st_mtime_ns
