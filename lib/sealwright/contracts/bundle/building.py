"""What a bundle holds, and the steps that list and write it.

A ``phase2`` bundle has the layout of document 001 (see `sealwright.bundles.layout`) and the
repository's document; any other holds the files that the configuration names.
"""

from __future__ import annotations

from pathlib import Path

from sealwright import digest, durable
from sealwright.bundles import layout, writing
from sealwright.bundles.layout import DOCUMENT, MANIFEST, PHASE2
from sealwright.contracts.bundle.settings import FILE, Settings
from sealwright.errors import Misconfigured
from sealwright.paths import RelPath
from sealwright.step import Fact, File, Run, Step, World
from sealwright.verdict import Verdict


def _own(settings: Settings) -> dict[str, Path]:
    """Return the members of a bundle that are Sealwright's, not the repository's."""
    return layout.own() if settings.layout == PHASE2 else {}


def _theirs(settings: Settings) -> dict[str, RelPath]:
    """Return the members that are files of the repository."""
    named = {DOCUMENT: settings.document} if settings.document else {}
    return {**named, **settings.files}


def _core_fact(settings: Settings) -> Fact:
    def read(world: World) -> str:
        return digest.sha256(writing.listing(own)) if (own := _own(settings)) else ""

    return Fact("trusted core and audit gate", read)


def members(settings: Settings, world: World) -> dict[str, Path]:
    """Return where the members of the bundle lie, but its manifest; no place is taken twice."""
    own, theirs = _own(settings), _theirs(settings)
    if both := sorted({*own, MANIFEST} & theirs.keys()):
        what = f"{both[0]}: expected a place that is free, found one that Sealwright fills"
        raise Misconfigured(f"{FILE}: files: {what}; choose another")
    return own | {place: world.place(path) for place, path in theirs.items()}


def manifest_step(settings: Settings) -> Step:
    """Return the step that lists what the bundle will hold."""

    def act(run: Run) -> Verdict:
        data = writing.listing(members(settings, run))
        durable.create(run.path(settings.manifest), data)
        durable.create(run.path(settings.ignoring), b"*\n")
        return Verdict((), {"h1": writing.h1(data)})

    return Step(
        name="bundle:manifest",
        doc="List what the bundle holds, in the text that sha256sum -c checks.",
        act=act,
        inputs=(_core_fact(settings), *map(File, _theirs(settings).values())),
        outputs=(settings.manifest, settings.ignoring),
        arguments={"files": _theirs(settings)},
    )


def zip_step(settings: Settings) -> Step:
    """Return the step that writes the bundle."""

    def act(run: Run) -> None:
        found = members(settings, run)
        writing.pack(found, run.path(settings.manifest), run.path(settings.zip))

    return Step(
        name="bundle:zip",
        doc="Write the bundle: stored, sorted, the same bytes anywhere.",
        act=act,
        inputs=(settings.manifest, _core_fact(settings), *map(File, _theirs(settings).values())),
        outputs=(settings.zip,),
        arguments={"files": _theirs(settings)},
    )
