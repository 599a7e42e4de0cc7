"""What is measured of ours for manifests, as one program: ``listing.py FOLDER [CACHE]``

It prints the manifest of a folder.  With a cache it asks that, and keeps what it learned.
"""

from __future__ import annotations

import sys
from pathlib import Path

from sealwright import manifest
from sealwright.stat_cache import StatCache


def entries(root: Path, cache: Path | None) -> tuple[manifest.Entry, ...]:
    if cache is None:
        return manifest.of_tree(root)
    known = StatCache(cache, keep=True)
    found = manifest.of_tree(root, cache=known)
    known.save()
    return found


def main(root: str, cache: str | None = None) -> None:
    sys.stdout.buffer.write(manifest.render(entries(Path(root), Path(cache) if cache else None)))


if __name__ == "__main__":
    main(*sys.argv[1:])
