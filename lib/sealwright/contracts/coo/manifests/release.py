"""Which Sealwright this is: its version, and the digest of all its files.

An attempt that was begun with one is not gone on with by another (003, §15: no environment drift),
and what is installed for development changes without another version.  So the digest is that of a
canonical line of rows, path and SHA-256 of each file of the package in the byte order of the
paths, without bytecode and what is hidden::

    {"code":"sha256:…","version":"0.1.0"}

>>> sorted(read()), spell({"code": "sha256:3f2a90c1d2e4b5", "version": "0.1.0"})
(['code', 'version'], '0.1.0 (code 3f2a90c1d2e4)')
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from sealwright import __version__, digest, hashing
from sealwright.runtime import canonical
from sealwright.walk import walk

_TOP = Path(__file__).parents[3]
_SHOWN = 12  # digits of a digest


@cache
def read() -> Mapping[str, str]:
    """Return the version and the digest of what runs."""
    paths = [
        f"{prefix}{entry.name}"
        for prefix, entry in walk(str(_TOP), lambda _: _left_out)
        if entry.is_file()
    ]
    sums = hashing.identities(_TOP / path for path in paths)
    rows = [list(row) for row in zip(paths, sums, strict=True)]
    return {"code": digest.sha256(canonical.line(rows)), "version": __version__}


def _left_out(name: str) -> bool:
    return name == "__pycache__" or name.startswith(".")


def spell(release: Mapping[str, str]) -> str:
    """Return a release in words."""
    code = release["code"].removeprefix("sha256:")[:_SHOWN]
    return f"{release['version']} (code {code})"
