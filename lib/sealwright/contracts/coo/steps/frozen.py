"""What is frozen, what the freeze rests on, and whether it still is as it was.

The freeze itself is imported by who asks it: no command that runs nothing does.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

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
    return ground.manifest(settings, MANIFEST)


def listing(world: World) -> File:
    """Return where the listing of what was frozen is kept."""
    return File(world.kept("coo/frozen.jsonl"))


def committed(world: World) -> File:
    """Return where the listing of what is frozen after the migration is kept."""
    return File(world.kept("coo/committed.jsonl"))


def held(world: World) -> File:
    """Return where the listing of what everything has to be now is kept."""
    return (committed if ground.migrated(world) else listing)(world)


def wish(settings: Settings, world: World, given: Mapping[str, object]) -> freeze.Wish:
    """Return what is to be frozen, with an approval."""
    from sealwright.contracts.coo import freeze

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
        stop=settings.stop_writers,
    )


def check(settings: Settings, world: World) -> Verdict:
    """Answer whether everything is as it was frozen."""
    from sealwright.contracts.coo import freeze

    places = [world.place(file.path) for file in (manifest(settings), held(world))]
    if missing := [place for place in places if not place.is_file()]:
        way = freeze.GOING_BACK if ground.migrated(world) else "doit freeze"
        return refusal(str(missing[0]), "expected what a freeze left, found nothing", way)
    about, listed = (place.read_bytes() for place in places)
    made = freeze.Wish(roots=roots(settings, world))
    return freeze.check(
        world.root, made, ground.modes(world), about, listed, ground.migrated(world)
    )


def same(settings: Settings, world: World) -> Verdict:
    """Answer whether everything holds what it held when it was frozen, whatever its modes are."""
    from sealwright.contracts.coo.freeze import read_only

    verdict = check(settings, world)
    lock = set(read_only.check(world.root, ground.modes(world)).findings)
    return Verdict(tuple(each for each in verdict.findings if each not in lock))


def guard(settings: Settings) -> Guard:
    """Return the guard of what looks at frozen places: while FREEZE is TRUE, they do not change."""
    doc = "Ask whether, while FREEZE is TRUE, everything is as it was frozen."
    return ground.while_frozen("unchanged", doc, lambda world: check(settings, world))
