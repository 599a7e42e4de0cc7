"""A snapshot: the files of a package, and what its suite came to (document 003, §9.1).

The document's is a view of ours (`Snapshot.view`), with which its equality is decided literally
(`snapshots_equal`)::

    {"manifest_version":"1.0","files":[{"path":"coo/run.py","sha256":"…"}],
     "test_results":{"passed":42,"failed":0,"skipped":0,"exit_code":0}}

``passed`` counts what passed, and what failed or passed where a failure was expected; ``failed``
counts failures and errors, ``skipped`` what was skipped.  Ours is canonical JSON::

    environment  SHA-256 of what the interpreter, packages, variables and command were
    excluded     patterns of names that are left out of the files
    exit_code    of the command
    files        every file of the package, in the byte order of the paths: path and sha256
    format       sealwright/suite/1
    package      the name that the package had
    results      every outcome of every test: id and outcome, in the byte order of the ids
    sessions     runner, exit_code and number of tests collected, of each session of tests
    tripwire     who looked for the legacy package (see `tripwire`)
    unstable     ids of tests that are declared, or were found, to come out differently

The SHA-256 of a link is that of its text.  There is no clock, place or duration in it: the same
package and results have the same bytes.  A pattern without ``/`` fits a name at any depth.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from sealwright import digest, durable, hashing, paths
from sealwright.contracts.coo.suite import names as naming
from sealwright.contracts.coo.suite import tripwire
from sealwright.contracts.coo.suite.outcomes import Row, Session
from sealwright.contracts.coo.suite.tripwire import Look
from sealwright.digest import Digest
from sealwright.errors import Damaged, Misconfigured, Refused
from sealwright.paths import RelPath
from sealwright.runtime import canonical
from sealwright.walk import walk

FORMAT, MANIFEST_VERSION = "sealwright/suite/1", "1.0"
EXCLUDED = ("*.pyc", "__pycache__")
_COUNTED = {
    "passed": "passed",
    "xfailed": "passed",
    "xpassed": "passed",
    "failed": "failed",
    "error": "failed",
    "skipped": "skipped",
}


@dataclass(frozen=True, slots=True)
class File:
    """One file of a package."""

    path: str
    sha256: str


@dataclass(frozen=True, slots=True)
class View:
    """A snapshot as the document defines it."""

    files: tuple[File, ...]
    test_results: Mapping[str, int]
    manifest_version: str = MANIFEST_VERSION

    def document(self) -> dict[str, Any]:
        """Return the document's object."""
        return {
            "manifest_version": self.manifest_version,
            "files": [{"path": file.path, "sha256": file.sha256} for file in self.files],
            "test_results": dict(self.test_results),
        }


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A package's files, and what its suite came to."""

    package: str
    files: tuple[File, ...]
    excluded: tuple[str, ...]
    rows: tuple[Row, ...]
    sessions: tuple[Session, ...]
    exit_code: int
    looks: tuple[Look, ...]
    environment: Digest
    unstable: tuple[str, ...] = ()

    def view(self) -> View:
        """Return the snapshot as the document defines it."""
        totals: Counter[str] = Counter(_COUNTED[row.outcome] for row in self.rows)
        counts = {name: totals[name] for name in ("passed", "failed", "skipped")}
        return View(self.files, counts | {"exit_code": self.exit_code})

    def encode(self) -> bytes:
        """Return the bytes of the snapshot's file."""
        return canonical.line(
            {
                "environment": self.environment,
                "excluded": list(self.excluded),
                "exit_code": self.exit_code,
                "files": [{"path": file.path, "sha256": file.sha256} for file in self.files],
                "format": FORMAT,
                "package": self.package,
                "results": [{"id": row.id, "outcome": row.outcome} for row in self.rows],
                "sessions": [_session(each) for each in self.sessions],
                "tripwire": list(map(tripwire.as_record, self.looks)),
                "unstable": list(self.unstable),
            }
        )


def decode(data: bytes) -> Snapshot:
    """Return the snapshot whose file has the bytes ``data``; `Damaged` if there is none."""
    try:
        said = canonical.decode_line(data)
        made = Snapshot(
            package=said["package"],
            files=tuple(File(each["path"], each["sha256"]) for each in said["files"]),
            excluded=tuple(said["excluded"]),
            rows=tuple(Row(each["id"], each["outcome"]) for each in said["results"]),
            sessions=tuple(Session(**each, ended=True) for each in said["sessions"]),
            exit_code=said["exit_code"],
            looks=tuple(Look(**each) for each in said["tripwire"]),
            environment=digest.parse(said["environment"]),
            unstable=tuple(said["unstable"]),
        )
        same = made.encode() == data and all(row.outcome in _COUNTED for row in made.rows)
    except (Misconfigured, KeyError, TypeError, ValueError, AttributeError) as problem:
        raise Damaged(f"snapshot: expected {FORMAT}, found {problem}; take it again") from None
    if not same:
        raise Damaged(f"snapshot: expected {FORMAT} and nothing more; take it again")
    return made


def _session(session: Session) -> dict[str, Any]:
    about = {"collected": session.collected, "exit_code": session.exit_code}
    return about | {"runner": session.runner}


def snapshots_equal(s1: View, s2: View) -> bool:
    """Return whether two snapshots are equal, by the algorithm of the document."""
    if sorted(s1.files, key=lambda f: f.path) != sorted(s2.files, key=lambda f: f.path):
        return False
    return s1.test_results == s2.test_results


def files(
    tree: Path, source_root: RelPath, package: str, excluded: Collection[str] = EXCLUDED
) -> tuple[File, ...]:
    """Return all files of a package or module, in the byte order of their paths in ``tree``.

    As for Python, a module goes before a folder of its name that has no ``__init__``.
    """
    inside = naming.below(package)
    if source_root != paths.TOP:
        inside = f"{source_root}/{inside}"
    place = tree / inside
    module = (tree / f"{inside}.py").is_file() and not (place / "__init__.py").is_file()
    single = module or not place.is_dir()
    found = [f"{inside}.py"] if single else _below(place, inside, excluded)
    sums = hashing.identities(tree / path for path in found if not (tree / path).is_symlink())
    return tuple(File(path, digest.hexadecimal(_sum(tree / path, sums))) for path in found)


def _sum(place: Path, sums: Any) -> Digest:
    if place.is_symlink():
        return digest.sha256(os.fsencode(os.readlink(place)))
    made: Digest = next(sums)
    return made


def _below(place: Path, inside: str, excluded: Collection[str]) -> Sequence[str]:
    found = []
    for prefix, entry in walk(str(place), lambda prefix: _leaves(prefix, inside, excluded)):
        if entry.is_dir(follow_symlinks=False):
            continue
        path = paths.parse(f"{inside}/{prefix}{entry.name}")
        if not (entry.is_symlink() or entry.is_file()):
            kind = durable.kind(entry.stat(follow_symlinks=False).st_mode)
            raise Refused(f"{path}: expected a file or link, found {kind}; take it away")
        found.append(path)
    return found


def _leaves(prefix: str, inside: str, excluded: Collection[str]) -> Any:
    def left(name: str) -> bool:
        whole = f"{inside}/{prefix}{name}"
        return any(fnmatchcase(whole if "/" in each else name, each) for each in excluded)

    return left
