"""Edits that a person or a program makes between two runs, each named by a word.

An edit of something that is not there, or not of its kind, does nothing, so that any script
of edits can be applied to any repository.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from tests.support.model import Settings

PLACE: dict[str, Callable[[Path], None]] = {}


def edit(function: Callable[[Path], None]) -> Callable[[Path], None]:
    PLACE[function.__name__] = function
    return function


@edit
def same(place: Path) -> None:
    """Write the same bytes."""
    if place.is_file():
        place.write_bytes(place.read_bytes())


@edit
def other(place: Path) -> None:
    """Write other bytes of the same size, and put the times back."""
    if place.is_file() and (data := place.read_bytes()):
        info = place.stat()
        place.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
        os.utime(place, ns=(info.st_atime_ns, info.st_mtime_ns))


@edit
def grow(place: Path) -> None:
    """Write more."""
    if place.is_file():
        place.write_bytes(place.read_bytes() + b"+")


@edit
def touch(place: Path) -> None:
    """Change the times alone."""
    if place.exists():
        os.utime(place)


@edit
def mode(place: Path) -> None:
    """Turn the executable bit."""
    if place.is_file() and not place.is_symlink():
        place.chmod(place.stat().st_mode ^ 0o111)


@edit
def renew(place: Path) -> None:
    """Replace a file by an equal one."""
    if place.is_file() and not place.is_symlink():
        fresh = place.with_name("fresh")
        shutil.copy2(place, fresh)
        os.replace(fresh, place)


@edit
def replace(place: Path) -> None:
    """Replace a file by another one of the same size and times."""
    if place.is_file() and not place.is_symlink():
        fresh = place.with_name("fresh")
        shutil.copy2(place, fresh)
        other(fresh)
        os.replace(fresh, place)


@edit
def link(place: Path) -> None:
    """Replace a file by a link to an equal copy; what is such a link becomes a file again."""
    if place.is_symlink():
        data = place.read_bytes() if place.exists() else b""
        place.unlink()
        place.write_bytes(data)
    elif place.is_file():
        copy = place.with_name(f"{place.name}.copy")
        os.replace(place, copy)
        place.symlink_to(copy.name)


@edit
def rename(place: Path) -> None:
    """Give what was put beside another name, or its own back."""
    extra = (place if place.is_dir() else place.parent) / "extra"
    moved = extra.with_name("moved")
    if extra.exists() or moved.exists():
        os.replace(*((extra, moved) if extra.exists() else (moved, extra)))


@edit
def add(place: Path) -> None:
    """Put one more file beside, or into a folder."""
    folder = place if place.is_dir() else place.parent
    if folder.is_dir():
        (folder / "extra").write_text("extra")


@edit
def drop(place: Path) -> None:
    """Remove what was put beside."""
    ((place if place.is_dir() else place.parent) / "extra").unlink(missing_ok=True)


def delete(place: Path) -> None:
    """Remove an output."""
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)


def swap(one: Path, two: Path) -> None:
    """Give two files each other's name."""
    if one != two and all(place.is_file() and not place.is_symlink() for place in (one, two)):
        between = one.with_name("between")
        os.rename(one, between)
        os.rename(two, one)
        os.rename(between, two)


def setting(settings: Settings, what: str, number: int) -> None:
    """Change a version, an argument, the variable or a fact; a second time, back."""
    match what:
        case "version":
            settings.versions[number] = "2" if settings.versions.get(number) != "2" else "1"
        case "argument":
            settings.arguments[number] = 1 - settings.arguments.get(number, 0)
        case "variable":
            settings.variable = "b" if settings.variable == "a" else "a"
        case "fact":
            name = f"F{number % 2}"
            settings.facts[name] = 1 - settings.facts.get(name, 0)
