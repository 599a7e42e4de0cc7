"""Throw-away OpenPGP keys in a short, private GnuPG home (real gpg)."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sealwright import gpg


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who can read snapshots: a GnuPG home, a fingerprint, and the public key."""

    home: Path
    fingerprint: str
    public: str

    def decrypt(self, file: Path) -> bytes:
        """Decrypt with plain gpg, as a stranger would."""
        argv = ["gpg", "--homedir", str(self.home), "--batch", "--quiet", "--decrypt", str(file)]
        return subprocess.run(argv, check=True, capture_output=True).stdout


@contextlib.contextmanager
def short_folder() -> Iterator[Path]:
    """Give a new folder whose path leaves room for the sockets of GnuPG."""
    folder = Path(tempfile.mkdtemp(prefix="kept-"))
    try:
        yield folder
    finally:
        argv = ["gpgconf", "--homedir", str(folder / "home"), "--kill", "all"]
        subprocess.run(argv, check=False, capture_output=True)
        shutil.rmtree(folder, ignore_errors=True)


def made(folder: Path) -> Reader:
    """Make a throw-away key, and a home in ``folder`` that holds it."""
    (home := folder / "home").mkdir(mode=0o700)
    with gpg.Ring(home) as ring:
        fingerprint = ring.make_throwaway(gpg.EXAMPLE)
        return Reader(home, fingerprint, ring.program.export_keys(fingerprint))
