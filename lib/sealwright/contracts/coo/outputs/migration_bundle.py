"""The migration log bundle: all that a migration leaves behind, in one zip (003, section 14.3).

It is a bundle in the sense of `sealwright.bundles`: its audit gate ends with 0, ``sha256sum -c``
checks its files, and the same contents make the same bytes.  It is made only of a migration whose
gates all have PASS or WAIVED, and of something of each kind; what it says of its manifests must be
so.  The configuration names the documents::

    migration_bundle: {implementation_pack: docs/packet.md, plan: docs/plan.md}

Without ``plan`` a plan of ours says what is in the bundle.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from sealwright import durable, hashing
from sealwright.bundles import layout, writing
from sealwright.bundles.layout import MANIFEST
from sealwright.contracts.coo.gates.record import PASS
from sealwright.contracts.coo.outputs import bundle_contents
from sealwright.contracts.coo.outputs.bundle_contents import PARTS, TOP, Contents
from sealwright.errors import Refused
from sealwright.verdict import Finding, Verdict


def check(contents: Contents) -> Verdict:
    """Answer whether a bundle can be made of what there is."""
    findings = [*_lacking(contents)]
    findings += [] if findings else _wrong_manifests(contents)
    if contents.gates.status != PASS:
        what = f"expected all gates to have PASS or WAIVED, found {contents.gates.status}"
        findings.append(Finding("gates", what, contents.gates.advice or "doit gates"))
    return Verdict(tuple(findings))


def _lacking(contents: Contents) -> Iterator[Finding]:
    for part in PARTS:
        if not getattr(contents, part):
            yield Finding(f"{TOP}/{part}", "expected at least one file, found none")
    for path, place in contents.files().items():
        if place.is_symlink() or not place.is_file():
            remedy = "name it: migration_bundle: {implementation_pack: PATH}"
            what = "expected a regular file, found none"
            yield Finding(path, what, remedy if path == bundle_contents.PACK else "")


def _wrong_manifests(contents: Contents) -> Iterator[Finding]:
    names = sorted(contents.manifests)
    sums = hashing.identities(contents.manifests[name] for name in names)
    found = dict(zip(names, map(str, sums), strict=True))
    told = dict(contents.facts.manifests)
    for name in sorted({*found, *told}):
        if found.get(name) != told.get(name):
            what = f"expected {told.get(name, 'nothing')}, found {found.get(name, 'nothing')}"
            yield Finding(f"{TOP}/manifests/{name}", what, "make the facts anew")


def write(
    contents: Contents, place: Path, work: Path, own: Mapping[str, Path] | None = None
) -> Verdict:
    """Write the bundle to ``place``; ``work`` is an empty folder for what is made on the way.

    ``own`` are the members that every bundle has.  `Refused` unless `check` holds, and where
    anything stands at ``place``.
    """
    check(contents).enforce()
    if place.exists() or place.is_symlink():
        raise Refused(f"{place}: expected nothing, found something; name another place")
    found = {**contents.files(), **(layout.own() if own is None else own)}
    made = contents.made()
    for path, data in made.items():
        found[path] = _kept(work / path, data)
    sums = dict(zip(found, map(str, hashing.identities(found.values())), strict=True))
    about = bundle_contents.about(sums, contents.gates)
    found[bundle_contents.ABOUT] = _kept(work / bundle_contents.ABOUT, about)
    listed = writing.listing(found)
    try:
        writing.pack(found, _kept(work / MANIFEST, listed), place)
    except BaseException:
        with contextlib.suppress(OSError):
            durable.remove(place)
        raise
    return Verdict((), {"files": len(found), "h1": writing.h1(listed)})


def _kept(place: Path, data: bytes) -> Path:
    durable.create_folders(place.parent)
    durable.create(place, data)
    return place
