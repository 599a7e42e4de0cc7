"""Installed distributions that provide a package: which they are, and what else they would be.

A folder of metadata (``….dist-info``, ``….egg-info``) provides a package if its ``top_level.txt``
or its ``RECORD`` says so, if a ``.pth`` file that it installed leads to a folder with the package
or to a finder that knows it, or if it was installed in editable mode from a folder that has it.

Its copy for the package's other name keeps the name and the version of the distribution; what
changes are the values of ``entry_points.txt`` (no group, no name), the lines of ``top_level.txt``,
and the paths of lists of files.

>>> names = Names("project_builder", "coo")
>>> mapped("entry_points.txt", "[project_builder.on]\\nrun = project_builder.run:main\\n", names)
'[project_builder.on]\\nrun = coo.run:main\\n'
"""

from __future__ import annotations

import configparser
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from sealwright import durable
from sealwright.contracts.coo.package_names import Names
from sealwright.contracts.coo.suite import names as naming
from sealwright.contracts.coo.suite import path_files
from sealwright.errors import Refused
from sealwright.paths import RelPath

_METADATA = re.compile(r"(?P<name>.+?)(?:-(?P<version>[^-]+))?(?:-py[\d.]+)?\.(?:dist|egg)-info\Z")
_LISTS = {"RECORD", "SOURCES.txt", "installed-files.txt", "top_level.txt"}


@dataclass(frozen=True, slots=True)
class Distribution:
    """A folder of metadata, and what its name says."""

    folder: Path
    name: str
    version: str

    @property
    def label(self) -> str:
        """Return name and version, as a lock file has them."""
        return f"{self.name}=={self.version}"

    def text(self, file: str) -> str:
        """Return what one of the files says, and nothing for one that is not there."""
        place = self.folder / file
        return place.read_text("utf-8", "replace") if place.is_file() else ""

    def programs(self) -> dict[str, str]:
        """Return the programs that the distribution declares, by name."""
        parser = configparser.ConfigParser(delimiters=("=",), interpolation=None, strict=False)
        parser.optionxform = str  # type: ignore[assignment,method-assign]
        try:
            parser.read_string(self.text("entry_points.txt"))
        except configparser.Error:
            return {}
        sections = [parser[s] for s in ("console_scripts", "gui_scripts") if s in parser]
        return {name: value for section in sections for name, value in section.items()}


def installed(site: Path) -> Iterator[Distribution]:
    """Yield the distributions of a folder, by the names of their metadata."""
    for folder in sorted(site.iterdir()) if site.is_dir() else ():
        match = _METADATA.match(folder.name)
        if match and folder.is_dir():
            name = re.sub(r"[-_.]+", "-", match["name"]).lower()
            yield Distribution(folder, name, match["version"] or _version(folder))


def _version(folder: Path) -> str:
    """Return the version of metadata that lie beside the sources."""
    told = Distribution(folder, "", "").text("PKG-INFO")
    found = re.search(r"^Version:[ \t]*(\S+)", told, re.MULTILINE)
    return found[1] if found else ""


def provides(found: Distribution, package: str, source_root: RelPath) -> bool:
    """Return whether a distribution provides ``package``, whichever way it was installed."""
    site, top = found.folder.parent, package.partition(".")[0]
    if top == package and top in found.text("top_level.txt").split():
        return True
    inside = naming.below(package)
    lines = [e for e in found.text("RECORD").splitlines() if inside in e or ".pth" in e]
    files = [line.partition(",")[0].strip('"') for line in lines]
    if any(_belongs(file, inside) for file in files):
        return True
    paths = [site / file for file in files if file.endswith(".pth") and "/" not in file]
    if any(path_files.dropped(path, (package,)) for path in paths):
        return True
    return any(naming.holds(folder / source_root, package) for folder in edited(found))


def _belongs(file: str, inside: str) -> bool:
    folder, name = inside.rpartition("/")[::2]
    at, _, last = file.rpartition("/")
    return file.startswith(f"{inside}/") or (at == folder and naming.is_module(last, name))


def edited(found: Distribution) -> Iterator[Path]:
    """Yield the folder that an editable installation was made from."""
    try:
        about = json.loads(found.text("direct_url.json") or "{}")
        editable = about.get("dir_info", {}).get("editable") is True
        url = urlsplit(about.get("url", ""))
    except (ValueError, AttributeError):
        return
    if editable and url.scheme == "file":
        yield Path(unquote(url.path))


def copy(found: Distribution, folder: Path, names: Names | None) -> Distribution:
    """Copy the metadata into ``folder``, for the other name of the package if there are names."""
    target = folder / found.folder.name
    for source in sorted(found.folder.rglob("*")):
        place = target / source.relative_to(found.folder)
        if source.is_symlink():
            raise Refused(f"{source}: expected a file of metadata, found a symbolic link")
        if source.is_file():
            data = source.read_bytes()
            if names is not None:
                said = data.decode("utf-8", "surrogateescape")
                relative = str(source.relative_to(found.folder))
                data = mapped(relative, said, names).encode("utf-8", "surrogateescape")
            durable.create_folders(place.parent)
            durable.create(place, data)
    durable.create_folders(target)
    return Distribution(target, found.name, found.version)


def mapped(file: str, text: str, names: Names) -> str:
    """Return what a file of metadata says once the package has its other name."""
    if file == "entry_points.txt":
        return "".join(map(_value(names), text.splitlines(keepends=True)))
    return names.renamed(text) if file in _LISTS else text


def _value(names: Names) -> path_files.Change:
    def change(line: str) -> str:
        name, equals, value = line.partition("=")
        return f"{name}{equals}{names.renamed(value)}"

    return change


def labels(found: Iterable[Distribution]) -> list[str]:
    """Return the labels of distributions, each once, in order."""
    return sorted({each.label for each in found})
