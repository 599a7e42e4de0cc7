"""Names that no change may have, whatever the envelope says.

>>> [problem("a/.GIT/config"), problem("a\\nb"), problem("docs/plan.md")]
['nested-repository', 'strange-name', '']
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

from sealwright.runtime.containment import Escape, collision_key, portable

_GIT = re.compile(r"\.git[ .]*(?::.*)?|git~[0-9]+")  # how Windows and macOS read ``.git``, too
_STEERING = re.compile(r"\.git(?:attributes|modules)")  # what tells git what to run or to fetch


def problem(path: str) -> str:
    """Return which rule the name of a changed path breaks, or nothing."""
    keys = [collision_key(part) for part in path.split("/")]
    if any(_GIT.fullmatch(key) for key in keys):
        return "nested-repository"
    if any(_STEERING.fullmatch(key.rstrip(" .")) for key in keys):
        return "attributes"
    try:
        os.fsencode(path).decode("utf-8")
        portable(path)
    except (Escape, UnicodeDecodeError):
        return "strange-name"
    return ""


def collisions(changed: Iterable[str], every: Iterable[str]) -> dict[str, str]:
    """Return the changed paths that some file system takes for another, each with that one."""
    known: dict[str, set[str]] = {}
    for path in every:
        parts = path.split("/")
        for length in range(1, len(parts) + 1):
            part = "/".join(parts[:length])
            known.setdefault(collision_key(part), set()).add(part)
    found = {}
    for path in changed:
        parts = path.split("/")
        for length in range(1, len(parts) + 1):
            part = "/".join(parts[:length])
            if others := known.get(collision_key(part), set()) - {part}:
                found[path] = min(others)
    return found
