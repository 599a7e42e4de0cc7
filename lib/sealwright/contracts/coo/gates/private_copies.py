"""Copies of a tree that say the same, and in which all else differs: place, order, user.

Each copy has a folder of its own, of another depth and length, with a home and a folder for
temporary files beside the tree.  Files are made in the order of their paths in the first copy, in
the opposite order in the second, and in some other order in all further ones; `file_order` has
listings differ the same way for Python, whatever the file system does with that order.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from sealwright import digest, durable
from sealwright.contracts.coo.gates import file_order
from sealwright.errors import Refused
from sealwright.paths import RelPath
from sealwright.walk import walk

FEWEST = 3
GIT = ".git"
_FOLDERS = ("a/tree", "b/deeper/tree", "c-3/much/deeper/tree")
_UMASKS = ("022", "077", "002")
_SEEDS = ("0", "1", "3735928559")


@dataclass(frozen=True, slots=True)
class PrivateCopy:
    """One copy, and how a program in it is run."""

    number: int
    top: Path
    tree: Path
    umask: str
    hash_seed: str

    @property
    def home(self) -> Path:
        """Return its home folder."""
        return self.top / "home"

    @property
    def temporary(self) -> Path:
        """Return its folder for temporary files."""
        return self.top / "tmp"

    @property
    def said(self) -> Path:
        """Return the folder that holds what programs printed."""
        return self.top / "said"

    @property
    def order(self) -> Path:
        """Return the folder from which Python takes its order of files."""
        return self.top / "order"


def make(tree: Path, work: Path, runs: int, omit: Collection[RelPath] = ()) -> list[PrivateCopy]:
    """Return copies of a tree in the folder ``work``."""
    if runs < FEWEST:
        raise ValueError(f"expected at least {FEWEST} runs, found {runs}")
    return [_make(tree, work, number, omit) for number in range(runs)]


def _make(tree: Path, work: Path, number: int, omit: Collection[RelPath]) -> PrivateCopy:
    further = number >= len(_FOLDERS)
    path = f"{number}/tree" if further else _FOLDERS[number]
    place = work / path
    made = PrivateCopy(
        number=number,
        top=work / path.partition("/")[0],
        tree=place,
        umask=_UMASKS[number % len(_UMASKS)],
        hash_seed=str(number) if further else _SEEDS[number],
    )
    durable.create_folders(place)
    for folder in (made.home, made.temporary, made.said, made.order):
        durable.create_folders(folder)
    durable.create(made.order / file_order.NAME, file_order.source(number))
    copy(tree, place, number, omit)
    return made


def copy(tree: Path, target: Path, number: int, omit: Collection[RelPath] = ()) -> None:
    """Copy a tree into an empty folder; its files are made in the ``number``-th order."""
    paths = [f"{prefix}{entry.name}" for prefix, entry in _entries(tree, omit)]
    for path in _ordered(paths, number):
        place, source = target / path, tree / path
        mode = os.lstat(source).st_mode
        durable.create_folders(place if stat.S_ISDIR(mode) else place.parent)
        if stat.S_ISREG(mode):
            durable.clone(source, place)
        elif stat.S_ISLNK(mode):
            durable.system.symlink(_led(tree, source), place)
        elif not stat.S_ISDIR(mode):
            raise Refused(f"{source}: expected a file, folder or link, found {durable.kind(mode)}")


def _led(tree: Path, link: Path) -> str:
    """Return the text of a link, which must not lead a copy back to the tree itself."""
    text = os.readlink(link)
    if Path(text).is_absolute() and Path(os.path.normpath(text)).is_relative_to(tree):
        raise Refused(f"{link}: expected a link that can be moved, found {text}; make it relative")
    return text


def _entries(tree: Path, omit: Collection[RelPath]) -> list[tuple[str, os.DirEntry[str]]]:
    left_out = set(omit)

    def omitted(prefix: str) -> object:
        return lambda name: name == GIT or f"{prefix}{name}" in left_out

    return list(walk(str(tree), omitted))  # type: ignore[arg-type]


def _ordered(paths: list[str], number: int) -> list[str]:
    if number < 2:
        return sorted(paths, key=os.fsencode, reverse=bool(number))
    return sorted(paths, key=lambda path: digest.sha256(b"%d" % number + os.fsencode(path)))


def contents(folder: Path) -> dict[str, str]:
    """Return what lies in a folder: digest and x bit of each file, the text of each link."""
    found = {}
    for prefix, entry in walk(str(folder)):
        path = f"{prefix}{entry.name}"
        mode = entry.stat(follow_symlinks=False).st_mode
        if stat.S_ISREG(mode):
            program = "x" if mode & stat.S_IXUSR else "-"
            found[path] = f"{program} {digest.of_file(entry.path, both=False).blake3}"
        elif stat.S_ISLNK(mode):
            found[path] = f"link {os.readlink(entry.path)}"
        elif not stat.S_ISDIR(mode):
            found[path] = durable.kind(mode)
    return found
