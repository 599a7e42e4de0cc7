"""What lies in a folder, in the byte order of the paths, without asking more than is needed.

The order is that of ``LC_ALL=C sort`` over whole paths: ``a``, ``a-b``, ``a/c``, ``a0``.  Each
folder is sorted by itself, with a second entry ``a/`` for the inside of ``a``, which gives the
order of all.  No symbolic link is followed.  An entry knows its kind without a call, and asks
`stat` only when its caller does.

>>> [prefix + entry.name for prefix, entry in walk("/proc/self/task", lambda _: str.isdigit)]
[]
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

Omit = Callable[[str], Callable[[str], bool] | None]  # of a folder's prefix: what of its names


def walk(top: str, omit: Omit | None = None) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Yield everything under ``top``: the folder's prefix, empty or ended by ``/``, and the entry.

    What ``omit`` says yes to is left out, with all that it holds.
    """
    rest = [("", _listed(top, "", omit))]
    while rest:
        prefix, entries = rest[-1]
        for key, entry in entries:
            if key.endswith(b"/"):
                inside = f"{prefix}{entry.name}/"
                rest.append((inside, _listed(top, inside, omit)))
                break
            yield prefix, entry
        else:
            rest.pop()


def _listed(top: str, prefix: str, omit: Omit | None) -> Iterator[tuple[bytes, os.DirEntry[str]]]:
    left_out = omit(prefix) if omit else None
    with os.scandir(f"{top}/{prefix}") as found:
        entries = (e for e in found if not left_out(e.name)) if left_out else found
        items = [(os.fsencode(entry.name), entry) for entry in entries]
    items += [(key + b"/", entry) for key, entry in items if entry.is_dir(follow_symlinks=False)]
    items.sort()
    return iter(items)
