"""The installed packages of another environment, by symbolic links, without some of them.

Each entry of a folder of installed packages becomes a link, except

* what provides a package that is to be hidden: its folder or modules, of a dotted name the last
  part alone (the folders above are made anew, of links), and the metadata of its distributions;
* ``.pth`` files with lines that lead to it, which are written without those lines; if that is a
  finder of other packages too, each of them becomes a link to where it ``stands`` now.

Whoever looks into the folder (``import``, ``importlib.metadata``, ``pkgutil``, a ``.pth`` file that
asks where it is) therefore finds all the others, and finds nothing of what is hidden.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from pathlib import Path

from sealwright import durable
from sealwright.contracts.coo.suite import names as naming
from sealwright.contracts.coo.suite import path_files

Stands = Callable[[Path], Path]


def link(
    site: Path,
    target: Path,
    hidden: Collection[str],
    left_out: Collection[Path],
    stands: Stands = Path,
) -> None:
    """Fill ``target`` with links to what ``site`` has, without packages and folders."""
    durable.create_folders(target)
    with os.scandir(site) as found:
        names = sorted(entry.name for entry in found)
    for name in names:
        source, place = site / name, target / name
        inner = [_rest(each) for each in hidden if each.startswith(f"{name}.")]
        if source in left_out or any(_is(name, each) for each in hidden):
            continue
        if inner and source.is_dir():
            link(source, place, inner, left_out, stands)
        elif name.endswith(".pth") and (lines := path_files.dropped(source, hidden)):
            kept = [line for line in path_files.lines(source) if line not in lines]
            durable.create(place, "".join(kept).encode("utf-8", "surrogateescape"))
            for other, led in path_files.mapped(source, hidden).items():
                _mapped(target, other, stands(led))
        else:
            durable.system.symlink(str(source), place)


def _mapped(target: Path, name: str, found: Path) -> None:
    """Link a package or module that a finder leads to; its place has no suffix."""
    suffix = next((each for each in ("", ".py") if Path(f"{found}{each}").exists()), None)
    place = target / f"{naming.below(name)}{suffix}"
    if suffix is None or os.path.lexists(place):
        return
    parents = [each for each in place.parents if each.is_relative_to(target) and each != target]
    if not any(each.is_symlink() for each in parents):
        durable.create_folders(place.parent)
        durable.system.symlink(f"{found}{suffix}", place)


def _rest(name: str) -> str:
    return name.partition(".")[2]


def _is(file: str, package: str) -> bool:
    """Return whether an entry is the package itself; of a dotted one, its folder is not."""
    return file == package or ("." not in package and naming.is_module(file, package))
