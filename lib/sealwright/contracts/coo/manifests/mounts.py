"""The file system on which a path lies, as ``/proc/self/mountinfo`` tells it.

The mount is found as the kernel finds it: from the root along the path, at each folder into
what is mounted there on the present mount, and on what is mounted on that.  So a mount that
another one hides is not taken, whatever it is called.

>>> of("27 1 254:0 / / rw,relatime - ext4 /dev/vda rw\\n", "/data").type
'ext4'
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sealwright.contracts.coo.manifests.places import UNAVAILABLE, Places

_LINE = re.compile(
    r"(?P<id>\d+) (?P<parent>\d+) \d+:\d+ (?P<root>\S+) (?P<point>\S+) (?P<options>\S+)"
    r"(?: \S+)*? - (?P<type>\S+) (?P<source>\S*) \S+"
)
_ESCAPE = re.compile(r"\\([0-3][0-7]{2})")


@dataclass(frozen=True, slots=True)
class Mount:
    """One line: what is mounted where; ``root`` is the folder of the file system that is."""

    id: str
    parent: str
    root: str
    point: str
    options: str
    type: str
    source: str

    def told(self, places: Places) -> dict[str, Any]:
        """Return what a manifest says of it."""
        return {
            "mounted_at": places.spell(self.point),
            "options": sorted(self.options.split(",")),
            "root": self.root,
            "source": self.source or UNAVAILABLE,
            "type": self.type,
        }


def of(mountinfo: str, path: str) -> Mount | str:
    """Return the mount on which the absolute ``path`` lies, or that it is unavailable."""
    mounts = list(_mounts(mountinfo))
    ids = {mount.id for mount in mounts}
    tops = [mount for mount in mounts if mount.parent not in ids and mount.point == "/"]
    if not tops:
        return UNAVAILABLE
    present = tops[-1]
    for folder in _folders(path):
        while inner := [m for m in mounts if (m.parent, m.point) == (present.id, folder)]:
            present = inner[-1]
    return present


def _folders(path: str) -> Iterator[str]:
    """Yield the folders on the way to a path, and the path."""
    yield "/"
    whole = ""
    for part in path.split("/"):
        if part:
            whole += f"/{part}"
            yield whole


def _mounts(mountinfo: str) -> Iterator[Mount]:
    seen = set()
    for line in mountinfo.split("\n"):
        match = _LINE.fullmatch(line)
        if match and match["id"] != match["parent"] and match["id"] not in seen:
            seen.add(match["id"])
            yield Mount(**{key: _plain(value) for key, value in match.groupdict().items()})


def _plain(value: str) -> str:
    """Return a value without its escapes, which stand for white space and backslashes."""
    return _ESCAPE.sub(lambda match: chr(int(match[1], 8)), value)
