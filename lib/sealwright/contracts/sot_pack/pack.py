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

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sealwright import __version__, digest, durable, manifest
from sealwright.contracts.sot_pack.settings import MANIFEST, SUMS, WALKTHROUGH, Settings
from sealwright.contracts.sot_pack.verification import HEAD, preconditions
from sealwright.errors import Refused
from sealwright.paths import RelPath
from sealwright.runtime import canonical
from sealwright.step import Fact, File, Run, Step, World

FORMAT = "sealwright/sot-pack/1"
_SNAPSHOT = re.compile(r"\d{6}_\d{6}_snapshot\.md\Z", re.ASCII)


def step(settings: Settings) -> Step:
    """Return the step that makes a new pack of the documents."""
    snapshot = Fact("last snapshot", lambda world: _last_snapshot(settings, world))

    def act(run: Run) -> None:
        found = RelPath(run.fact(snapshot)["path"])
        _build(settings, run, (*settings.documents, found))

    return Step(
        name="sot_pack:pack",
        doc="Make a new pack of the documents, with its manifest and checksums.",
        act=act,
        inputs=(*map(File, settings.documents), snapshot, HEAD, settings.verified),
        outputs=(settings.member,),
        guards=(preconditions(settings),),
        arguments={"builder": __version__},
        locks=(settings.lock,),
    )


def _last_snapshot(settings: Settings, world: World) -> Mapping[str, Any]:
    folder = world.place(settings.snapshots)
    names = [p.name for p in folder.iterdir()] if folder.is_dir() else []
    dated = sorted(name for name in names if _SNAPSHOT.match(name))
    if not dated:
        raise Refused(
            f"{settings.snapshots}: expected a file YYMMDD_HHMMSS_snapshot.md, found none; add one"
        )
    path = RelPath(f"{settings.snapshots}/{dated[-1]}")
    return {"path": path, "sha256": digest.of_file(world.place(path)).sha256}


def _build(settings: Settings, run: Run, documents: tuple[RelPath, ...]) -> None:
    head = run.fact(HEAD)
    name = f"{run.now.compact()}_{head[:7]}"
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


def _copied(run: Run, folder: Path, path: RelPath) -> dict[str, Any]:
    target = folder / path
    durable.mkdir(target.parent)
    sums = durable.copy(run.place(path), target)
    return {"path": path, "bytes": sums.size, "sha256": digest.hexadecimal(sums.sha256)}


def pack_sha256(documents: list[dict[str, Any]]) -> str:
    """Return the digest of a pack's documents: of the canonical mapping of paths to digests."""
    return digest.sha256(canonical.encode({d["path"]: d["sha256"] for d in documents}))


def _walkthrough(settings: Settings, name: str, about: Mapping[str, Any]) -> str:
    documents = "\n".join(f"- `{d['path']}` ({d['bytes']} bytes)" for d in about["documents"])
    return f"""# Pack {name}

Built at {about["built_at_utc"]} from commit `{about["git_head"]}`, on a clean tree, after the
configured verification had passed on that commit.

## What is in it

{documents}

## Check it by hand

In this folder:

    sha256sum -c --strict {SUMS}

The seal is the line `"action":"sot_seal"` with `"pack":"{name}"` in `{settings.feed}`; its
`pack_sha256` must be

    {about["pack_sha256"]}

and its `sums_sha256` what `sha256sum {SUMS}` prints.  With Sealwright installed:

    sealwright verify {settings.packs}/{name}
"""
