"""Sealing a pack, and verifying what is sealed.

The seal is one line of the feed::

    {"action":"sot_seal","git_head":"…","pack":"{ts}_{shortsha}","pack_sha256":"sha256:…",
     "sot_sha256":"…","sums_sha256":"sha256:…", … and what every event of ours has}

``sums_sha256`` is the digest of ``sha256sums.txt``, which covers everything else.  Sealing
reads the pack again from disk, and ``latest`` is swapped after the line is durable, so that
it never leads to a pack that is not sealed.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from sealwright import digest, durable, git, manifest
from sealwright.contracts.sot_pack import feed, preconditions
from sealwright.contracts.sot_pack.pack import FORMAT, pack_sha256
from sealwright.contracts.sot_pack.settings import MANIFEST, SUMS, WALKTHROUGH, Settings
from sealwright.errors import Damaged, SealwrightError
from sealwright.manifest import Entry
from sealwright.paths import RelPath, parse
from sealwright.runtime import canonical
from sealwright.step import Run, Step, World
from sealwright.verdict import Finding, Verdict, refusal, together

SEALED, SUM = ("git_head", "pack_sha256", "sot_sha256"), "sums_sha256"


def step(settings: Settings) -> Step:
    """Return the step that seals the pack and lets ``latest`` lead to it."""

    def act(run: Run) -> None:
        folder = run.path(settings.member)
        seen = check(folder).enforce(Damaged)
        said = {key: seen[key] for key in (*SEALED, SUM)}
        event = feed.event(settings, run, feed.SEAL, pack=folder.name, **said)
        run.append(settings.sealed, event)
        durable.symlink(folder.name, run.path(settings.latest))

    return Step(
        name="sot_pack:seal",
        doc="Seal the pack in the feed, then let `latest` lead to it.",
        act=act,
        inputs=(settings.member, settings.verified),
        outputs=(settings.sealed, settings.latest),
        guards=(preconditions.guard(settings),),
        locks=(settings.lock,),
    )


def check(folder: Path) -> Verdict:
    """Read the pack in ``folder`` and believe nothing; the evidence is what a seal says."""
    sums = folder / SUMS
    try:
        if sums.is_symlink() or not sums.is_file():
            return refusal(str(folder), f"is no pack, expected a file {SUMS}, found none")
        data = sums.read_bytes()
        listed = manifest.parse(data, f"{folder.name}/{SUMS}", itself=RelPath(SUMS))
        verdict = manifest.check(folder, listed, exact=True, itself=RelPath(SUMS))
        if any(finding.where == MANIFEST for finding in verdict.findings):
            return _named(folder, verdict)
        about = _about(folder)
    except SealwrightError as problem:
        return refusal(folder.name, str(problem))
    except OSError as problem:
        return refusal(str(folder), f"cannot be read: {problem}")
    told = {finding.where for finding in verdict.findings}
    says = Verdict(tuple(_wrong(folder, about, listed, told)))
    seal = {name: about[name] for name in SEALED} | {SUM: digest.sha256(data)}
    return together((_named(folder, verdict), says, Verdict((), seal)))


def _named(folder: Path, verdict: Verdict) -> Verdict:
    """Return the verdict with findings that name the pack too."""
    findings = (Finding(f"{folder.name}/{f.where}", f.what) for f in verdict.findings)
    return Verdict(tuple(findings), verdict.evidence)


def _about(folder: Path) -> dict[str, Any]:
    """Return ``manifest.json``; `Damaged` if it is not that of a pack."""
    name = f"{folder.name}/{MANIFEST}"
    try:
        about = canonical.decode_line((folder / MANIFEST).read_bytes())
        if about["format"] != FORMAT:
            raise Damaged(f"{name}: expected {FORMAT}, found {about['format']!r}")
        shape = {"git_head": str, "pack_sha256": str, "sot_sha256": str, "documents": list}
        if wrong := [key for key, kind in shape.items() if not isinstance(about[key], kind)]:
            raise Damaged(f"{name}: {wrong[0]}: expected a {shape[wrong[0]].__name__}")
        for document in about["documents"]:
            parse(document["path"]), document["bytes"], document["sha256"]
    except (canonical.NotCanonical, KeyError, TypeError, AttributeError) as problem:
        raise Damaged(f"{name}: expected the manifest of a pack, found {problem!r}") from None
    return dict(about)


def _wrong(
    folder: Path, about: dict[str, Any], listed: Iterable[Entry], told: set[str]
) -> Iterator[Finding]:
    """Yield what ``manifest.json`` says that is not so, but for the files ``told`` already."""
    documents, name = about["documents"], f"{folder.name}/{MANIFEST}"
    seen = {
        e.path: {"path": e.path, "bytes": (folder / e.path).lstat().st_size, "sha256": e.sha256}
        for e in listed
        if e.path not in told
    }
    for document in documents:
        path = document["path"]
        if path not in told and document != seen.get(path):
            yield Finding(f"{folder.name}/{path}", f"is not what {MANIFEST} says")
    expected = {
        "pack_sha256": pack_sha256(documents),
        "sot_sha256": documents[0]["sha256"] if documents else None,
    }
    for key, value in expected.items():
        if about[key] != value:
            yield Finding(name, f"{key}: expected {value}, found {about[key]}")
    if not feed.is_commit(about["git_head"]):
        yield Finding(name, f"git_head: expected a commit, found {about['git_head']!r}")
    known = {MANIFEST, WALKTHROUGH, *(document["path"] for document in documents)}
    for path in sorted(seen.keys() - known):
        yield Finding(f"{folder.name}/{path}", f"is no document of {MANIFEST}")


def verify_step(settings: Settings) -> Step:
    """Return the step that reads pack, seal, feed and ``latest`` again."""

    def act(run: Run) -> Verdict:
        folder = run.path(settings.member)
        git.clean(run.root).enforce()
        verdict = verify(settings, run, folder)
        said = {"pack": folder.name, **verdict.enforce(Damaged)}
        durable.create(run.path(settings.report), canonical.line(said))
        return verdict

    return Step(
        name="sot_pack:verify",
        doc="Verify the last pack from disk alone: contents, seal, feed, `latest`, a clean tree.",
        act=act,
        inputs=(settings.member, settings.sealed, settings.latest),
        outputs=(settings.report,),
    )


def verify(settings: Settings, world: World, folder: Path) -> Verdict:
    """Return whether ``folder`` is a pack, is sealed in a valid feed, and is the latest."""
    seals = feed.seals(world.place(settings.feed))
    if not seals:
        return refusal(settings.feed, "seals no pack", "doit sot_pack:seal")
    found = check(folder)
    seen = {key: value for key, value in found.evidence.items() if key in (*SEALED, SUM)}
    findings = [
        Finding(f"{settings.feed}: the last seal", f"{name}: expected {value}, found {said}")
        for name, value in {"pack": folder.name, **seen}.items()
        if (said := seals[-1].get(name)) != value
    ]
    latest = world.place(settings.packs) / "latest"
    text = os.readlink(latest) if latest.is_symlink() else "no link"
    if text != folder.name:
        what = f"expected a link to {folder.name}, found {text}"
        findings.append(Finding(settings.latest.path, what))
    return together((found, Verdict(tuple(findings))))
