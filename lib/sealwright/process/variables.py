"""The environment: the one place that reads it, and what little of it a program is given.

A doorway takes a copy of its own and passes it down; a program gets what its caller
constructs with `allow_listed`.

>>> allow_listed(source={"PATH": "bin:/usr/bin", "EDITOR": "ed"})["PATH"]
'/usr/bin'
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

_KEPT = ("HOME", "TMPDIR", "SOURCE_DATE_EPOCH")
_FIXED = {"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def environment() -> Mapping[str, str]:
    """Return a copy of the caller's environment: a doorway takes one and passes it down."""
    return dict(os.environ)


def allow_listed(
    names: Iterable[str] = (),
    extra: Mapping[str, str] | None = None,
    source: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Return a child's environment: little, and nothing that was not asked for.

    ``PATH`` keeps its absolute entries; locale and time zone are fixed; home, temporary
    folder, epoch and ``names`` come from ``source`` where they are set there; ``extra`` is
    added last.  No user name: the user's number says who runs, and cannot be wrong.
    """
    source = environment() if source is None else source
    wanted = {name: source[name] for name in (*_KEPT, *names) if name in source}
    entries = source.get("PATH", os.defpath).split(os.pathsep)
    path = os.pathsep.join(entry for entry in entries if os.path.isabs(entry))
    return {**_FIXED, **wanted, "PATH": path or os.defpath, **(extra or {})}


def find(program: str, env: Mapping[str, str]) -> Path | None:
    """Return where ``program`` lies on the absolute entries of ``env``'s ``PATH``."""
    entries = [entry for entry in env.get("PATH", "").split(os.pathsep) if os.path.isabs(entry)]
    found = shutil.which(program, path=os.pathsep.join(entries))
    return Path(found) if found else None
