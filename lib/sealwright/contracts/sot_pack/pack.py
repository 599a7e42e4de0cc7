"""A pack: the sources of truth of one commit, in a folder that nobody changes any more::

    {ts}_{shortsha}/
      <document>…        each under its own path in the repository, the last snapshot too
      manifest.json      what the pack is (below)
      walkthrough.md     how to check it by hand
      sha256sums.txt     every file but itself; `sha256sum -c --strict` accepts it there

``manifest.json`` is canonical JSON: ``format`` (``sealwright/sot-pack/1``), ``git_head``,
``built_at_utc``, ``builder``, ``documents`` (a list of ``{bytes, path, sha256}``),
``sot_sha256`` (of the first document) and ``pack_sha256``, the SHA-256 of the canonical
mapping of each document's path to its SHA-256.  ``{ts}`` is the run's instant, ``{shortsha}``
the commit's first seven digits.  "The last snapshot" is that whose name begins with the
latest ``YYMMDD_HHMMSS``; times of files do not count.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sealwright import __version__, digest, durable, manifest
from sealwright.contracts.sot_pack import preconditions
from sealwright.contracts.sot_pack.preconditions import HEAD
from sealwright.contracts.sot_pack.settings import MANIFEST, SUMS, WALKTHROUGH, Settings
from sealwright.errors import Refused
from sealwright.paths import RelPath
from sealwright.runtime import canonical
from sealwright.step import File, Run, Step

FORMAT = "sealwright/sot-pack/1"


def step(settings: Settings) -> Step:
    """Return the step that makes a new pack of the documents."""
    snapshot, content = preconditions.snapshot(settings)

    def act(run: Run) -> None:
        _build(settings, run, (*settings.documents, RelPath(run.fact(snapshot))))

    return Step(
        name="sot_pack:pack",
        doc="Make a new pack of the documents, with its manifest and checksums.",
        act=act,
        inputs=(*map(File, settings.documents), snapshot, content, HEAD, settings.verified),
        outputs=(settings.member,),
        guards=(preconditions.guard(settings),),
        arguments={"builder": __version__},
        locks=(settings.lock,),
    )


def _build(settings: Settings, run: Run, documents: tuple[RelPath, ...]) -> None:
    head = run.fact(HEAD)
    name = _free_name(settings, run, head)
    folder = run.name_member(settings.member, name)
    durable.mkdir(folder)
    copied = [_copied(run, folder, path) for path in dict.fromkeys(documents)]
    about = {
        "format": FORMAT,
        "git_head": head,
        "built_at_utc": run.now.iso(),
        "builder": f"sealwright {__version__}",
        "documents": copied,
        "sot_sha256": copied[0]["sha256"],
        "pack_sha256": pack_sha256(copied),
    }
    durable.create(folder / MANIFEST, canonical.line(about))
    durable.create(folder / WALKTHROUGH, _walkthrough(settings, name, about).encode())
    durable.create(folder / SUMS, manifest.render(manifest.of_tree(folder)))


def _free_name(settings: Settings, run: Run, head: str) -> str:
    name = f"{run.now.compact()}_{head[:7]}"
    if os.path.lexists(run.place(settings.packs) / name):
        raise Refused(
            f"{settings.packs}/{name}: expected a free name, found another pack of this commit and "
            "second; run again, with another SOURCE_DATE_EPOCH if you set one"
        )
    return name


def _copied(run: Run, folder: Path, path: RelPath) -> dict[str, Any]:
    target = folder / path
    durable.mkdir(target.parent)
    sums = durable.copy(run.place(path).resolve(), target)  # of a link, what it leads to
    return {"path": path, "bytes": sums.size, "sha256": digest.hexadecimal(sums.sha256)}


def pack_sha256(documents: list[dict[str, Any]]) -> str:
    """Return the digest of a pack's documents: of the canonical mapping of paths to digests."""
    return digest.sha256(canonical.encode({d["path"]: d["sha256"] for d in documents}))


def _walkthrough(settings: Settings, name: str, about: Mapping[str, Any]) -> str:
    documents = "\n".join(f"- `{d['path']}` ({d['bytes']} bytes)" for d in about["documents"])
    pack, first, head = f"{settings.packs}/{name}", about["documents"][0], about["git_head"]
    return f"""# Pack {name}

Built at {about["built_at_utc"]} from commit

    {head}

on a clean tree, after this had passed on that commit:

    {shlex.join(settings.verification)}

## What is in it

{documents}

## Check it by hand

In this folder, that nothing is changed:

    sha256sum -c --strict {SUMS}

In the repository, that a document is what the commit says, here the first:

    git show {head}:{shlex.quote(first["path"])} | sha256sum
    {first["sha256"]}

And that the pack is sealed: the feed has this line, its `pack_sha256` is the one below, and
its `sums_sha256` is what the second command prints.

    grep '"pack":"{name}"' {shlex.quote(settings.feed)}
    sha256sum {shlex.quote(pack)}/{SUMS}
    {about["pack_sha256"]}

With Sealwright installed:

    sealwright verify {shlex.quote(pack)}
"""
