"""``config/bundle.yaml``: what a bundle is called, where it goes, and what is in it::

name: Bundle_Build_Loop_Phase2_v1.1
folder: artifacts/bundles
layout: phase2                 # the layout of document 001; or any: only `files`
document: docs/plan.md         # what lies in a phase2 bundle under docs/03_runtime/
files:                         # further files: place in the bundle, file of the repository
  docs/notes.md: docs/notes.md
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sealwright import paths
from sealwright.bundles.layout import ANY, PHASE2
from sealwright.document import Table
from sealwright.paths import RelPath
from sealwright.step import File

FILE = "config/bundle.yaml"


@dataclass(frozen=True, slots=True)
class Settings:
    """What the configuration says, with the defaults of the document."""

    name: str
    folder: RelPath
    layout: str
    document: RelPath | None
    files: Mapping[str, RelPath]

    @classmethod
    def read(cls, table: Table) -> Settings:
        """Return the settings in ``table``; `Misconfigured` says where it is wrong."""
        made = cls(
            name=table.string("name", "Bundle_Build_Loop_Phase2_v1.1"),
            folder=table.path("folder", paths.parse("artifacts/bundles")),
            layout=table.one_of("layout", (PHASE2, ANY), PHASE2),
            document=table.path("document", None),
            files=_files(table),
        )
        if "/" in made.name or paths.parse(made.name) != made.name:
            raise table.wrong("name", "the name of a file, without .zip")
        if made.layout != PHASE2 and made.document:
            raise table.wrong("document", "none, since only layout phase2 has a place for it")
        return made

    @property
    def empty(self) -> bool:
        """Return whether there is nothing to bundle yet."""
        return self.document is None if self.layout == PHASE2 else not self.files

    def beside(self, suffix: str) -> File:
        """Return one of the files that are called after the bundle and lie in its folder."""
        return File(RelPath(f"{self.folder}/{self.name}{suffix}"))

    @property
    def zip(self) -> File:
        """Return the bundle itself."""
        return self.beside(".zip")

    @property
    def ignoring(self) -> File:
        """Return what keeps the folder out of git."""
        return File(RelPath(f"{self.folder}/.gitignore"))

    @property
    def manifest(self) -> File:
        """Return the manifest beside it, the same bytes as the one inside."""
        return self.beside(".manifest.txt")


def _files(table: Table) -> dict[str, RelPath]:
    found = table.table("files", None)
    if found is None:
        return {}
    return {paths.parse(place): found.path(place) for place in found.keys()}  # noqa: SIM118
