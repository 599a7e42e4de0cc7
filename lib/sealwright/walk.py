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
from collections.abc import Callable, Iterable, Iterator
from operator import attrgetter

Omit = Callable[[str], Callable[[str], bool] | None]  # of a folder's prefix: what of its names
Run = list[os.DirEntry[str]]
_name = attrgetter("name")


def omitting(paths: Iterable[str]) -> Omit | None:
    """Return what leaves out the files and folders ``paths``, which are relative to the top."""
    names: dict[str, set[str]] = {}
    for path in paths:
        folder, slash, name = path.rpartition("/")
        names.setdefault(folder + slash, set()).add(name)
    return lambda prefix: names[prefix].__contains__ if prefix in names else None


def walk(top: str, omit: Omit | None = None) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Yield everything under ``top``: the folder's prefix, empty or ended by ``/``, and the entry.

    What ``omit`` says yes to is left out, with all that it holds.
    """
    for prefix, run in runs(top, omit):
        for entry in run:
            yield prefix, entry


def runs(top: str, omit: Omit | None = None) -> Iterator[tuple[str, Run]]:
    """Yield what `walk` yields, in runs of one folder: it ends where a folder in it begins."""
    rest = [("", _listed(top, "", omit))]
    while rest:
        prefix, listed = rest[-1]
        for run, inside in listed:
            if run:
                yield prefix, run
            if inside:
                rest.append((inside, _listed(top, inside, omit)))
                break
        else:
            rest.pop()


def _listed(top: str, prefix: str, omit: Omit | None) -> Iterator[tuple[Run, str]]:
    """Yield the entries of one folder up to the inside of one of them, and that one's prefix."""
    left_out = omit(prefix) if omit else None
    with os.scandir(f"{top}/{prefix}") as found:
        run = [e for e in found if not left_out(e.name)] if left_out else list(found)
    folders = [entry for entry in run if entry.is_dir(follow_symlinks=False)]
    if not folders and all(map(str.isascii, map(_name, run))):
        run.sort(key=_name)  # as their bytes are
    else:
        items = [(os.fsencode(entry.name), entry) for entry in run]
        items += [(os.fsencode(entry.name) + b"/", entry) for entry in folders]
        run = []
        for key, entry in sorted(items, key=lambda item: item[0]):
            if key.endswith(b"/"):
                yield run, f"{prefix}{entry.name}/"
                run = []
            else:
                run.append(entry)
    yield run, ""
