"""What is measured of ours for snapshots, as programs: ``exports.py WHAT ARGUMENT…``

``export ROOT RECIPIENT FOLDER``  a snapshot of a repository and its extra root, synced
``verify ROOT FOLDER``            that it is what the registry and the files say, without a key
``restore FOLDER TARGET HOME``    its files again, in a new folder
"""

from __future__ import annotations

import sys
from pathlib import Path

from sealwright import durable, gpg
from sealwright.clock import now
from sealwright.lineage import Registry
from sealwright.paths import RelPath
from sealwright.snapshot import exporting, restoring, verification

EXTRA, PUBLIC = RelPath("data"), RelPath("config/snapshots.asc")


def export(root: str, recipient: str, folder: str) -> None:
    wish = exporting.Wish((recipient,), Path(root, PUBLIC), (EXTRA,))
    exporting.export(Registry(Path(root)), wish, now({}), 1, Path(folder))
    durable.sync_tree(Path(folder))


def verify(root: str, folder: str) -> None:
    verification.inside(Registry(Path(root)), Path(folder)).enforce()


def restore(folder: str, target: str, home: str) -> None:
    with gpg.Ring(Path(home)) as ring:
        restoring.restore(Path(folder), Path(target), ring)


if __name__ == "__main__":
    {"export": export, "verify": verify, "restore": restore}[sys.argv[1]](*sys.argv[2:])
