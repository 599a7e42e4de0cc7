"""Whether the registry and the files under it say the same, asked from both sides.

From the registry: every line follows all rules, every record's file is a regular file of that
size and digest, which no link leads to, and so is every receipt that a record names.  From
the disk: every file is named by a record, but for the registry itself, files ``.gitignore``
that hold ``*`` and LF, and whatever lies in ``quarantine/`` or in a folder ``.staging``.  A
folder in ``snapshots/`` of which no record names a file is an orphan export.

What was restored from a snapshot has the registry's lines of earlier snapshots, and not their
files: there they are counted in the evidence as ``elsewhere``, and what is there must be right.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from sealwright import durable, hashing
from sealwright.lineage import lines
from sealwright.lineage.artifact import EXPORTS, FOLDERS, REGISTRY, ROOT, Artifact
from sealwright.lineage.index import Index
from sealwright.lineage.registry import Registry
from sealwright.lineage.survey import Survey
from sealwright.verdict import Finding, Verdict
from sealwright.walk import walk

_OTHERS = f"{ROOT}/quarantine"
_EXPORTED = f"{ROOT}/{FOLDERS[EXPORTS[0]]}"


class _Claim(NamedTuple):
    """What a line says of a file."""

    line: int
    relpath: str
    sha256: str
    size: int | None
    export: bool


def fsck(registry: Registry, *, restored: bool = False) -> Verdict:
    """Answer whether registry and disk agree, with all findings at once.

    ``restored`` says that this came out of a snapshot, so that others may lie elsewhere.
    """
    claims: list[_Claim] = []
    with contextlib.closing(Index()) as index, index.change():
        survey = Survey(registry.path, index)
        for entry, artifact in survey.take(lines.after(registry.path, None)):
            claims += _claims(entry.number, artifact)
        verdict = survey.verdict()
    evidence = dict(verdict.evidence)
    if restored:
        there = [claim for claim in claims if not _elsewhere(registry, claim)]
        evidence["elsewhere"], claims = len(claims) - len(there), there
    findings = [*verdict.findings, *_unlike(registry, claims), *_unnamed(registry, claims)]
    return Verdict(tuple(findings), evidence)


def _elsewhere(registry: Registry, claim: _Claim) -> bool:
    """Return whether a claim is about an export that is not here: its files, or its receipt."""
    return claim.export and not os.path.lexists(registry.root / claim.relpath)


def _claims(line: int, artifact: Artifact) -> Iterator[_Claim]:
    export = artifact.artifact_type in EXPORTS
    yield _Claim(line, artifact.relpath, artifact.sha256, artifact.byte_size, export)
    if receipt := artifact.meta.get("receipt"):
        yield _Claim(line, receipt["relpath"], receipt["sha256"], None, export)


def _unlike(registry: Registry, claims: Sequence[_Claim]) -> Iterator[Finding]:
    """Yield a finding for each claim that its file does not bear out, in the order of lines."""
    wrong = {claim: reason for claim in claims if (reason := _absent(registry.root, claim))}
    present = [claim for claim in claims if claim not in wrong]
    sums = hashing.identities(registry.root / claim.relpath for claim in present)
    for claim, found in zip(present, sums, strict=True):
        if found != f"sha256:{claim.sha256}":
            wrong[claim] = f"expected sha256:{claim.sha256}, found {found}"
    for claim in claims:
        if claim in wrong:
            where = f"{registry.path}:{claim.line}"
            yield Finding(where, f"{claim.relpath}: {wrong[claim]}", "bring back that file")


def _absent(root: Path, claim: _Claim) -> str | None:
    """Return why there is no regular file of that size, or None; no link is followed."""
    place, parts = root, claim.relpath.split("/")
    for last, part in enumerate(parts, 1 - len(parts)):
        place = place / part
        try:
            info = os.lstat(place)
        except (FileNotFoundError, NotADirectoryError):
            return "expected a regular file, found none"
        right = stat.S_ISDIR(info.st_mode) if last else stat.S_ISREG(info.st_mode)
        if not right:
            expected = "a folder" if last else "a regular file"
            where = place.relative_to(root)
            return f"expected {expected} at {where}, found {durable.kind(info.st_mode)}"
    if claim.size is not None and info.st_size != claim.size:
        return f"expected {claim.size} bytes, found {info.st_size}"
    return None


def _unnamed(registry: Registry, claims: Sequence[_Claim]) -> Iterator[Finding]:
    """Yield a finding for whatever lies under the registry's folder and no record names."""
    top = registry.root / ROOT
    if not top.is_dir():
        return
    named = {claim.relpath for claim in claims} | {str(REGISTRY)}
    exports = {name.rpartition("/")[0] for name in named if name.startswith(f"{_EXPORTED}/")}
    orphans = set()
    for prefix, entry in walk(str(top), _omitted):
        path = f"{ROOT}/{prefix}{entry.name}"
        if entry.is_dir(follow_symlinks=False):
            if f"{ROOT}/{prefix}" == f"{_EXPORTED}/" and path not in exports:
                orphans.add(f"{prefix}{entry.name}/")
                yield Finding(_legible(path), "is an orphan export, which no record names", _AWAY)
        elif path not in named and prefix not in orphans and not _ignores(entry):
            yield Finding(_legible(path), "is named by no record", _AWAY)


_AWAY = "move it away, or bring back the registry that names it"


def _omitted(prefix: str) -> Callable[[str], bool]:
    names = {".staging"} if prefix else {".staging", _OTHERS.rpartition("/")[2]}
    return names.__contains__


def _ignores(entry: os.DirEntry[str]) -> bool:
    if entry.name != ".gitignore" or not entry.is_file(follow_symlinks=False):
        return False
    return entry.stat(follow_symlinks=False).st_size == 2 and Path(entry).read_bytes() == b"*\n"


def _legible(path: str) -> str:
    return path if path.isprintable() else repr(path)
