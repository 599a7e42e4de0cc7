"""What is going to be in an archive: listed first, without opening a file, and read later.

>>> of_file(Path("/dev/null"), RelPath("null"))
Traceback (most recent call last):
sealwright.errors.Refused: /dev/null: expected a regular file, found a device
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from sealwright import durable
from sealwright.archive.layout import BLOCK, LARGEST, NAME, Order, closing, header, unfit
from sealwright.errors import Refused
from sealwright.paths import TOP, RelPath
from sealwright.walk import omitting, runs


class Source(NamedTuple):
    """A member to be: its path, where its content lies, and what the file must then be.

    ``sha256`` are the 64 digits that the content must have, or None if any will do.  Of a file
    that grows, such as a ledger, a member may be the ``beginning``, its first ``size`` bytes.
    """

    path: RelPath
    place: str
    size: int
    executable: bool
    sha256: str | None = None
    beginning: bool = False


def of_file(place: Path, path: RelPath) -> Source:
    """Return the regular file at ``place`` as the member ``path``."""
    info = os.lstat(place)
    if not stat.S_ISREG(info.st_mode):
        raise Refused(f"{place}: expected a regular file, found {durable.kind(info.st_mode)}")
    return Source(path, str(place), info.st_size, bool(info.st_mode & stat.S_IXUSR))


def of_tree(
    root: Path, prefix: RelPath = TOP, *, omit: Collection[RelPath] = ()
) -> Iterator[Source]:
    """Yield every file under ``root`` as a member under ``prefix``, in the order of an archive.

    Without the files and folders ``omit``, which are paths under ``root``.  `Refused` at the
    end, naming all of them, if anything is neither a regular file nor a folder.
    """
    above = "" if prefix == TOP else f"{prefix}/"
    wrong = []
    for folder, run in runs(str(root), omitting(omit)):
        for entry in run:
            if entry.is_dir(follow_symlinks=False):
                continue
            info = entry.stat(follow_symlinks=False)
            if stat.S_ISREG(info.st_mode):
                path = RelPath(f"{above}{folder}{entry.name}")
                yield Source(path, entry.path, info.st_size, bool(info.st_mode & stat.S_IXUSR))
            else:
                found = durable.kind(info.st_mode)
                wrong.append(f"{entry.path}: expected a regular file, found {found}")
    if wrong:
        raise Refused("\n".join(wrong))


def checked(sources: Iterable[Source]) -> tuple[Source, ...]:
    """Return the sources if they can be an archive; `Refused`, naming all that cannot."""
    given, order, wrong = tuple(sources), Order(), []
    for source in given:
        if problem := unfit(source.path) or order.wrong(source.path):
            wrong.append(f"archive: {source.place}: {problem}")
    if wrong:
        raise Refused("\n".join(wrong))
    if not given:
        raise Refused("archive: expected at least one file, found none; name what belongs in it")
    return given


def size(sources: Iterable[Source]) -> int:
    """Return the exact length of the archive of these sources, before any of them is read."""
    total = 0
    for path, _, length, executable, *_ in sources:
        plain = path.isascii() and len(path) <= NAME and length <= LARGEST
        total += BLOCK if plain else len(header(path, length, executable))
        total += length + -length % BLOCK
    return total + len(closing(total))
