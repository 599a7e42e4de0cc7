"""What is frozen, what the freeze rests on, and whether it still is as it was.

The freeze itself is imported by who asks it: no command that runs nothing does.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sealwright import digest
from sealwright.contracts.coo.migration import grounds
from sealwright.contracts.coo.settings import Settings
from sealwright.contracts.coo.steps import ground
from sealwright.paths import RelPath
from sealwright.step import File, Guard, World
from sealwright.verdict import Verdict, refusal

if TYPE_CHECKING:
    from sealwright.contracts.coo import freeze

MANIFEST = "freeze_manifest.json"
REPORTS = ("coo/lint_report.json", "coo/scanner_report.json")
EVIDENCE = (
    *("tools_manifest.json", ground.ENVIRONMENT, "hardware_manifest.json", "sandbox_digest.txt"),
    "amendment_log.json",
)


def roots(settings: Settings, world: World) -> tuple[RelPath, ...]:
    """Return what is frozen and captured."""
    return grounds.frozen(settings, world)


def evidence(settings: Settings, world: World) -> tuple[File, ...]:
    """Return the files on which a freeze rests."""
    reports = (File(world.report(name)) for name in REPORTS)
    return (*(ground.manifest(settings, name) for name in EVIDENCE), *reports)


def manifest(settings: Settings) -> File:
    """Return the manifest of the freeze."""
    return replace(ground.manifest(settings, MANIFEST), evidence=True)


def listing(world: World) -> File:
    """Return where the listing of what was frozen is kept."""
    return File(world.kept("coo/frozen.jsonl"), evidence=True)


def committed(world: World) -> File:
    """Return where the listing of what is frozen after the migration is kept."""
    return File(world.kept("coo/committed.jsonl"))


def held(world: World) -> File:
    """Return where the listing of what everything has to be now is kept."""
    return (committed if ground.migrated(world) else listing)(world)


def wish(settings: Settings, world: World, given: Mapping[str, object]) -> freeze.Wish:
    """Return what is to be frozen, with an approval."""
    from sealwright.contracts.coo import freeze
    from sealwright.contracts.coo.manifests import release

    files = {file.path: world.place(file.path) for file in evidence(settings, world)}
    return freeze.Wish(
        roots=roots(settings, world),
        database=settings.database,
        evidence={
            Path(path).name: digest.of_file(place).sha256
            for path, place in files.items()
            if place.is_file()
        },
        approval=given,
        release=release.read(),
        stop=settings.stop_writers,
    )


def check(settings: Settings, world: World) -> Verdict:
    """Answer whether everything is as it was frozen."""
    from sealwright.contracts.coo import freeze

    places = [world.place(file.path) for file in (manifest(settings), held(world))]
    if missing := [place for place in places if not place.is_file()]:
        what, way = "expected what a freeze left, found nothing", ground.way_out(world)
        return refusal(str(missing[0]), what, f"bring it back, or {way}")
    about, listed = (place.read_bytes() for place in places)
    made = freeze.Wish(roots=roots(settings, world))
    return freeze.check(
        world.root, made, ground.modes(world), about, listed, ground.migrated(world)
    )


def same(settings: Settings, world: World) -> Verdict:
    """Answer whether everything holds what it held when it was frozen, whatever its modes are."""
    from sealwright.contracts.coo.freeze import read_only

    verdict = check(settings, world)
    lock = {(f.where, f.what) for f in read_only.check(world.root, ground.modes(world)).findings}
    return Verdict(tuple(f for f in verdict.findings if (f.where, f.what) not in lock))


def thaw(settings: Settings, world: World) -> Verdict:
    """Give everything its mode back; where their list is lost, by the listing of the freeze."""
    from sealwright.contracts.coo import freeze
    from sealwright.contracts.coo.freeze import read_only
    from sealwright.contracts.coo.inventory import listing as listings

    modes, place = ground.modes(world), world.place(held(world).path)
    if ground.is_frozen(world) and place.is_file() and not modes.exists():
        told = listings.parse(place.read_bytes())
        was = {entry["path"]: entry["mode"] for entry in told if "mode" in entry}
        read_only.recall(modes, roots(settings, world), was)
    return freeze.thaw(world.root, modes)


def moved(settings: Settings, world: World) -> str | None:
    """Return the first path that holds something else than when it was frozen, modes apart."""
    from sealwright.contracts.coo import freeze
    from sealwright.contracts.coo.inventory import listing as listings

    for file in (manifest(settings), listing(world)):
        if not world.place(file.path).is_file():
            return file.path
    about = freeze.read(world.place(manifest(settings).path).read_bytes())
    was = world.place(listing(world).path).read_bytes()
    if digest.sha256(was) != about["listing"]:
        return listing(world).path
    data = about["database"]
    if data and digest.of_file(world.place(data["path"])).sha256 != data["sha256"]:
        return str(data["path"])
    tops = {*map(RelPath, about["roots"]), *roots(settings, world)}
    found = listings.entries(world.root, [top for top in tops if os.path.lexists(world.root / top)])
    return listings.first_difference(*map(_modeless, (listings.parse(was), found)))


def _modeless(entries: Iterable[Mapping[str, Any]]) -> bytes:
    from sealwright.contracts.coo.inventory import listing as listings

    return listings.render([{k: v for k, v in each.items() if k != "mode"} for each in entries])


def strange(settings: Settings, world: World) -> str | None:
    """Return the first place that is frozen by the manifest alone, or would be by now alone."""
    from sealwright.contracts.coo import freeze

    place = world.place(manifest(settings).path)
    if not place.is_file():
        return None
    held = freeze.read(place.read_bytes())["roots"]
    return min({*held} ^ {*roots(settings, world)}, default=None)


def guard(settings: Settings) -> Guard:
    """Return the guard of what looks at frozen places: while FREEZE is TRUE, they do not change."""
    doc = "Ask whether, while FREEZE is TRUE, everything is as it was frozen."
    return ground.while_frozen("unchanged", doc, lambda world: check(settings, world))
