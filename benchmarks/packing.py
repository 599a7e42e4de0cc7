"""What is measured of ours for bundles, as a program: ``packing.py FOLDER ZIP``.

It writes the bundle of a folder that has its manifest, and syncs it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from sealwright.bundles import writing
from sealwright.bundles.layout import MANIFEST


def members(folder: Path) -> dict[str, Path]:
    """Return the files of a folder but its manifest, as members of a bundle."""
    files = (path for path in folder.rglob("*") if path.is_file())
    found = {path.relative_to(folder).as_posix(): path for path in files}
    found.pop(MANIFEST, None)
    return found


def build(folder: Path, place: Path) -> None:
    writing.pack(members(folder), folder / MANIFEST, place)
    with place.open("rb+") as file:
        os.fsync(file.fileno())


if __name__ == "__main__":
    build(Path(sys.argv[1]), Path(sys.argv[2]))
