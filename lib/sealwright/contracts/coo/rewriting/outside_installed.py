"""What an interpreter has installed: it is asked itself, and says so in JSON.

Nothing of what is installed is run, except what the interpreter runs whenever it starts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sealwright.errors import ProgramFailed
from sealwright.process import allow_listed, run

_QUESTION = """
import importlib.metadata as metadata, json, os, sys, sysconfig
def told(found):
    name = found.metadata["Name"]
    return {
        "name": name if isinstance(name, str) else "", "version": str(found.version),
        "base": os.path.abspath(str(found.locate_file(""))),
        "files": [str(each).replace(os.sep, "/") for each in found.files or ()],
        "points": [[each.group, each.name, each.value] for each in found.entry_points],
        "requires": list(found.requires or ()), "origin": found.read_text("direct_url.json") or "",
    }
sites = [sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
sites += [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]
standard = set(sys.builtin_module_names) | set(getattr(sys, "stdlib_module_names", ()))
json.dump({
    "path": sys.path, "sites": sites, "standard": sorted(standard),
    "distributions": [told(each) for each in metadata.distributions()],
}, sys.stdout)
"""
_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][\w.-]*)")
_SEPARATORS = re.compile(r"[-_.]+")


@dataclass(frozen=True, slots=True)
class Distribution:
    """One installed distribution; ``files`` are relative to ``base``."""

    name: str
    version: str
    base: Path
    files: tuple[str, ...]
    points: tuple[tuple[str, str, str], ...]
    requires: tuple[str, ...]
    origin: str

    def provides(self, package: str) -> tuple[str, ...]:
        """Return the files of a top-level package or module that it installs."""
        return tuple(
            each
            for each in self.files
            if each.startswith(f"{package}/") or re.fullmatch(rf"{package}\.(py|.*so|pyd)", each)
        )


@dataclass(frozen=True, slots=True)
class Installed:
    """Where an interpreter looks for modules, and what was put there."""

    path: tuple[Path, ...]
    sites: tuple[Path, ...]
    standard: frozenset[str]
    distributions: tuple[Distribution, ...]

    def needed_by(self, name: str) -> frozenset[str]:
        """Return a distribution with all that it requires, markers set aside."""
        known = {plain(each.name): each for each in self.distributions}
        found: set[str] = set()
        rest = [plain(name)]
        while rest:
            if (each := rest.pop()) in known and each not in found:
                found.add(each)
                rest += required(known[each])
        return frozenset(found)


def plain(name: str) -> str:
    """Return a distribution's name in the spelling that all its spellings share."""
    return _SEPARATORS.sub("-", name).lower()


def ask(interpreter: Path) -> Installed:
    """Return what ``interpreter`` has installed, or raise `ProgramFailed`."""
    argv = [str(interpreter), "-I", "-B", "-c", _QUESTION]
    said = run(argv, cwd=Path("/"), env=allow_listed()).out
    try:
        told: dict[str, Any] = json.loads(said)
    except ValueError:
        expected = f"{interpreter}: expected a list of what is installed"
        raise ProgramFailed(f"{expected}, found {said[:80]!r}") from None
    folders = tuple(dict.fromkeys(Path(each) for each in told["path"] if each))
    return Installed(
        path=tuple(folder for folder in folders if folder.is_dir()),
        sites=tuple(dict.fromkeys(site for each in told["sites"] if (site := Path(each)).is_dir())),
        standard=frozenset(told["standard"]),
        distributions=tuple(sorted(map(_distribution, told["distributions"]), key=_order)),
    )


def _distribution(told: dict[str, Any]) -> Distribution:
    return Distribution(
        name=told["name"],
        version=told["version"],
        base=Path(told["base"]),
        files=tuple(sorted(told["files"])),
        points=tuple(sorted((group, name, value) for group, name, value in told["points"])),
        requires=tuple(told["requires"]),
        origin=told["origin"],
    )


def _order(distribution: Distribution) -> tuple[str, str]:
    return plain(distribution.name), str(distribution.base)


def required(distribution: Distribution) -> Iterator[str]:
    """Yield the names of what a distribution requires in any case, markers set aside."""
    for each in distribution.requires:
        wanted = each.partition(";")[2]
        if (found := _REQUIREMENT.match(each)) and "extra" not in wanted:
            yield plain(found[1])
