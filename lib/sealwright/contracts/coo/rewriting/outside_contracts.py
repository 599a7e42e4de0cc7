"""Each contract with the outside, and how it is found; see `outside`, which asks for them all."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sealwright.contracts.coo.package_names import Names
from sealwright.contracts.coo.rewriting import outside_imports
from sealwright.contracts.coo.rewriting.outside_installed import (
    Distribution,
    Installed,
    plain,
    required,
)
from sealwright.verdict import Finding, legible

PYTHON, LOOSE, REPOSITORY = "python", "site-packages", "repository"
_VENDORED = frozenset({"_vendor", "vendor", "_vendored", "vendored"})
_SUFFIXES = (".py", ".so", ".pyd", ".pyi")


@dataclass(frozen=True, slots=True)
class Search:
    """What is searched, and for what; ``own`` distributions are the repository's."""

    installed: Installed
    names: Names
    root: Path
    source: Path
    own: frozenset[str]

    def required_by(self, distribution: Distribution) -> bool:
        """Return whether a distribution requires one that is the repository's."""
        return not self.own.isdisjoint(required(distribution))


def finding(name: str, place: str, what: str, remedy: str) -> Finding:
    """Return a finding that begins with a name by which it may be accepted."""
    return Finding(legible(f"{name}: {place}" if place else name), legible(what), remedy)


def importers(search: Search, needed: frozenset[str]) -> Iterator[Finding]:
    """Yield who imports the package, and of that what the test runner has ``needed``."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    requiring = {each.name for each in search.installed.distributions if search.required_by(each)}
    for site in search.installed.sites:
        owners = _owners(search.installed, site)
        for path, line in outside_imports.places(site, search.names.legacy):
            owner = owners.get(path, LOOSE)
            if owner in requiring or not _VENDORED & set(path.split("/")):
                found[owner].append(f"{site / path}:{line}")
    others = {
        plain(d.name) for d in search.installed.distributions if d.provides(search.names.legacy)
    }
    for name, places in sorted(found.items()):
        if plain(name) in search.own | others:
            continue
        more = f", and {len(places) - 1} more" if places[1:] else ""
        if plain(name) in needed:
            what = f"the test runner needs it, and it imports {search.names.legacy}{more}"
            remedy = "run the tests with a runner that does not, or keep the name"
        else:
            what = f"imports {search.names.legacy}{more}"
            remedy = f"uninstall it, have it import {search.names.canonical}, or accept it"
        yield finding(name, places[0], what, remedy)


def _owners(installed: Installed, site: Path) -> dict[str, str]:
    """Return whose each file below a folder of distributions is."""
    return {
        file: each.name
        for each in installed.distributions
        if each.base == site
        for file in each.files
    }


def registered(search: Search) -> Iterator[Finding]:
    """Yield whose entry points have to do with the package."""
    legacy = search.names.legacy
    group = re.compile(rf"{re.escape(legacy)}(?:[._:-].*)?")
    for each in search.installed.distributions:
        if plain(each.name) in search.own or each.provides(legacy):
            continue
        for where, name, value in each.points:
            place = f"{_metadata(each)}: {name} = {value}"
            if re.fullmatch(rf"{re.escape(legacy)}(?:[.:\s].*)?", value):
                yield finding(
                    each.name,
                    place,
                    f"its entry point in {where} leads into {legacy}",
                    "uninstall it or have it changed, or accept it",
                )
            elif group.fullmatch(where):
                yield finding(
                    each.name,
                    place,
                    f"registers in the group {where} of entry points",
                    "the group keeps its name: accept it if the plug-in does not "
                    f"import {legacy}, else uninstall it",
                )


def _metadata(each: Distribution) -> str:
    found = next((f for f in each.files if f.endswith("/entry_points.txt")), "entry_points.txt")
    return str(each.base / found)


def providers(search: Search) -> Iterator[Finding]:
    """Yield who has the package, or a part of it, installed."""
    legacy = search.names.legacy
    for each in search.installed.distributions:
        files = each.provides(legacy)
        if plain(each.name) in search.own:  # the environment of the tests hides it
            continue
        if not files or each.base.resolve() in (search.root.resolve(), search.source.resolve()):
            continue
        place = str(each.base / files[0])
        if _whole(files, legacy):
            yield finding(
                each.name,
                place,
                f"has a copy of {legacy} installed",
                "uninstall it, or name the repository's distribution as it is called, so "
                "that no test can lean on the copy",
            )
        else:
            yield finding(
                each.name,
                place,
                f"installs a part of the namespace {legacy}",
                "a shared namespace cannot be renamed alone: uninstall it, or accept "
                "that its part keeps the name",
            )


def _whole(files: tuple[str, ...], package: str) -> bool:
    whole = (f"{package}/__init__", package)
    return any(file.partition(".")[0] in whole for file in files)


def taken(search: Search) -> Iterator[Finding]:
    """Yield who has the canonical name already."""
    canonical = search.names.canonical
    if canonical in search.installed.standard:
        yield finding(
            PYTHON,
            "",
            f"has a module {canonical} in its standard library",
            "choose another canonical name",
        )
    owners = {d.name: d.provides(canonical) for d in search.installed.distributions}
    for name, files in owners.items():
        if files and plain(name) not in search.own:
            yield finding(
                name,
                files[0],
                f"installs a package {canonical} already",
                "uninstall it, or choose another canonical name",
            )
    for folder in search.installed.path:
        inside = folder in search.installed.sites
        if inside and not any(owners.values()) and (found := _module(folder, canonical)):
            yield finding(LOOSE, str(found), f"has a module {canonical} already", "remove it")
    for folder in sorted({search.root, search.source}):
        if found := _module(folder, canonical):
            yield finding(
                REPOSITORY,
                str(found.relative_to(search.root)),
                f"there is a package {canonical} already",
                "move it away, or choose another canonical name",
            )


def _module(folder: Path, name: str) -> Path | None:
    """Return the first source of a top-level module or package in a folder."""
    files = [path for path in folder.glob(f"{name}.*") if path.suffix in _SUFFIXES]
    inside = (path for path in sorted((folder / name).rglob("*")) if path.suffix in _SUFFIXES)
    return next(iter(sorted(files)), None) or next(inside, None)
