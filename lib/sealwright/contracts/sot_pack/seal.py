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
from pathlib import Path
from typing import Any

from sealwright import digest, durable, git, manifest
from sealwright.contracts.sot_pack import feed
from sealwright.contracts.sot_pack.pack import FORMAT, pack_sha256
from sealwright.contracts.sot_pack.settings import MANIFEST, SUMS, Settings
from sealwright.contracts.sot_pack.verification import preconditions
from sealwright.errors import Damaged, SealwrightError
from sealwright.ledger import Ledger
from sealwright.paths import RelPath, parse
from sealwright.runtime import canonical
from sealwright.step import Run, Step
from sealwright.verdict import Finding, Verdict, refusal, together


def step(settings: Settings) -> Step:
    """Return the step that seals the pack and lets ``latest`` lead to it."""

    def act(run: Run) -> None:
        folder = run.path(settings.member)
        seen = check(folder).enforce(Damaged)
        said = {key: seen[key] for key in ("git_head", "pack_sha256", "sot_sha256", "sums_sha256")}
        event = feed.event(settings, run, feed.SEAL, pack=folder.name, **said)
        run.append(settings.sealed, event)
        durable.symlink(folder.name, run.path(settings.latest))

    return Step(
        name="sot_pack:seal",
        doc="Seal the pack in the feed, then let `latest` lead to it.",
        act=act,
        inputs=(settings.member, settings.verified),
        outputs=(settings.sealed, settings.latest),
        guards=(preconditions(settings),),
        locks=(settings.lock,),
    )


def check(folder: Path) -> Verdict:
    """Read the pack in ``folder`` and believe nothing; the evidence is what a seal says."""
    try:
        sums = (folder / SUMS).read_bytes()
        listed = manifest.parse(sums, f"{folder.name}/{SUMS}")
        about = _about(folder)
    except FileNotFoundError as missing:
        return refusal(str(folder), f"is no pack, {missing.filename} is missing")
    except SealwrightError as problem:
        return refusal(folder.name, str(problem))
    verdict = manifest.check(folder, listed, exact=True, itself=RelPath(SUMS))
    hexes = {entry.path: entry.sha256 for entry in listed}
    findings = [
        Finding(f"{folder.name}/{d['path']}", "is not what manifest.json says")
        for d in about["documents"]
        if hexes.get(d["path"]) != d["sha256"]
    ]
    if (found := pack_sha256(about["documents"])) != about["pack_sha256"]:
        what = f"pack_sha256: expected {found}, found {about['pack_sha256']}"
        findings.append(Finding(f"{folder.name}/{MANIFEST}", what))
    names = ("git_head", "pack_sha256", "sot_sha256")
    evidence = {name: about[name] for name in names} | {"sums_sha256": digest.sha256(sums)}
    return together((verdict, Verdict(tuple(findings), evidence)))


def _about(folder: Path) -> dict[str, Any]:
    name = f"{folder.name}/{MANIFEST}"
    try:
        about = canonical.decode((folder / MANIFEST).read_bytes().removesuffix(b"\n"))
        if about["format"] != FORMAT:
            raise Damaged(f"{name}: expected {FORMAT}, found {about['format']!r}")
        for key in ("git_head", "pack_sha256", "sot_sha256"):
            str(about[key])
        for document in about["documents"]:
            parse(document["path"]), str(document["sha256"])
    except (canonical.NotCanonical, KeyError, TypeError) as problem:
        raise Damaged(f"{name}: expected the manifest of a pack, found {problem}") from None
    return dict(about)


def verify_step(settings: Settings) -> Step:
    """Return the step that reads pack, seal, feed and ``latest`` again."""

    def act(run: Run) -> Verdict:
        verdict = together(
            (verify(settings, run.root, run.path(settings.member)), git.clean(run.root))
        )
        said = {"pack": run.path(settings.member).name, **verdict.evidence}
        durable.create(run.path(settings.report), canonical.line(said))
        return verdict

    return Step(
        name="sot_pack:verify",
        doc="Verify the last pack from disk alone: contents, seal, feed, `latest`, a clean tree.",
        act=act,
        inputs=(settings.member, settings.sealed, settings.latest),
        outputs=(settings.report,),
    )


def verify(settings: Settings, root: Path, folder: Path) -> Verdict:
    """Return whether ``folder`` is a pack, is sealed in a valid feed, and is the latest."""
    seals = [
        e.record for e in Ledger(root / settings.feed).entries() if e.record["action"] == feed.SEAL
    ]
    if not seals:
        return refusal(settings.feed, "seals no pack", "doit sot_pack:seal")
    findings = []
    last, found = seals[-1], check(folder)
    expected = {"pack": folder.name, **found.evidence}
    for name, value in expected.items():
        if last.get(name) != value:
            what = f"{name}: expected {value}, found {last.get(name)}"
            findings.append(Finding(f"{settings.feed}: the last seal", what))
    latest = root / settings.latest.path
    text = os.readlink(latest) if latest.is_symlink() else "no link"
    if text != folder.name:
        what = f"expected a link to {folder.name}, found {text}"
        findings.append(Finding(settings.latest.path, what))
    return together((found, Verdict(tuple(findings))))
