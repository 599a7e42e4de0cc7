"""Which places of a repository a migration is about.

=============  =================================================================================
the legacy     ``SOURCE_ROOT/LEGACY/``, or a module ``SOURCE_ROOT/LEGACY.py``
carried        what a copy for the tests holds: what the configuration names, else all that
               stands at the top of the last commit, without caches, what Sealwright publishes,
               and the folders that other contracts write to
rewritten      the one pass over tests and code: what the configuration names, else all carried
frozen         the legacy package, what is rewritten, governed documents, all of the canonical
               package but what is published into it, and the configuration
=============  =================================================================================

A folder in which something is published or agreed to while FREEZE is TRUE is not frozen itself;
all else in it is.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from sealwright.contracts.coo.migration import last_commit
from sealwright.contracts.coo.settings import FILE, Settings
from sealwright.errors import Refused
from sealwright.paths import TOP, RelPath, above, outermost, parse, relative
from sealwright.step import World

APPROVALS = parse("config/approvals")
CACHES = frozenset(
    ("__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis", ".tox", ".nox")
)


_OTHERS = frozenset((".adam_os", "artifacts", "evidence", "observability"))


def legacy(settings: Settings, root: Path) -> RelPath:
    """Return where the legacy package is: a folder, or one file."""
    return package(settings, root, settings.legacy)


def package(settings: Settings, root: Path, name: str) -> RelPath:
    """Return where an import package is; as a folder if it is nowhere."""
    module = settings.below(f"{name}.py")
    return module if (root / module).is_file() else settings.below(name)


def settled(settings: Settings, world: World) -> Settings:
    """Return the configuration with what is carried by default written out: git is asked once."""
    return replace(settings, carried=settings.carried or tuple(_tops(world)))


def canonical(settings: Settings, root: Path) -> RelPath:
    """Return where the canonical package is, or will be: a module if the legacy one is one."""
    module = settings.below(f"{settings.canonical}.py")
    ported = legacy(settings, root).endswith(".py")
    return module if ported or (root / module).is_file() else settings.below(settings.canonical)


def carried(settings: Settings, world: World) -> tuple[RelPath, ...]:
    """Return what the tests need, the outermost places."""
    given = settings.carried or tuple(_tops(world))
    wanted = (legacy(settings, world.root), *given, *settings.rewrite, *settings.governed)
    return _there(world, wanted, published(settings, world))


def rewritten(settings: Settings, world: World) -> tuple[RelPath, ...]:
    """Return what the one pass goes over, besides the canonical package."""
    return settings.rewrite or carried(settings, world)


def frozen(settings: Settings, world: World) -> tuple[RelPath, ...]:
    """Return what nobody writes to while FREEZE is TRUE."""
    own = (parse(FILE), settings.rulings, *settings.amendments)
    canonical = package(settings, world.root, settings.canonical)
    given = (legacy(settings, world.root), *rewritten(settings, world), *settings.governed)
    return _there(world, (*given, canonical, *own), published(settings, world))


def published(settings: Settings, world: World) -> tuple[RelPath, ...]:
    """Return what Sealwright writes to meanwhile."""
    return (settings.manifests, APPROVALS, relative(world.root, world.state))


def _tops(world: World) -> Iterator[RelPath]:
    """Yield what stands at the top of the last commit, or, without one, of the folder."""
    names: Iterable[str] = ()
    if (world.root / ".git").exists():
        names = last_commit.top_names(world.root)
    for name in names or os.listdir(world.root):
        if name not in _OTHERS and (names or not name.startswith(".")):
            yield parse(name)


def _there(
    world: World, wanted: Iterable[RelPath], without: Collection[RelPath]
) -> tuple[RelPath, ...]:
    """Return what of ``wanted`` is there, opened where it holds something of ``without``."""
    found: set[RelPath] = set()
    for path in wanted:
        found.update(opened(world.root, path, without))
    return outermost(found)


def opened(root: Path, path: RelPath, without: Collection[RelPath]) -> Iterator[RelPath]:
    """Yield a place; one that holds something of ``without`` by its entries, but that."""
    if any(above(each, path) for each in without) or not os.path.lexists(root / path):
        return
    if path != TOP and not any(above(path, each) for each in without):
        yield path
        return
    for name in sorted(os.listdir(root / path)):
        if name not in CACHES and name != ".git":
            yield from opened(root, parse(name if path == TOP else f"{path}/{name}"), without)


def present(settings: Settings, root: Path) -> RelPath:
    """Return where the legacy package is; `Refused` if it is nowhere."""
    place = legacy(settings, root)
    if not (root / place).exists():
        raise Refused(f"{FILE}: legacy: expected a package {place}, found none; name what is there")
    return place
