"""What the chain's own interpreter was built with, and which packages are installed with it.

A package is known by its folder, ``NAME-VERSION.dist-info``; in it, ``RECORD`` names its files
with their digests, and ``sha256sum RECORD`` gives what stands here.  Of an interpreter that is
little but a call of its shared library, that library is told as well.

>>> sorted(python(Places(Path("/"))))[:2]
['build', 'compiler']
"""

from __future__ import annotations

import os
import platform
import re
import sysconfig
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sealwright import digest
from sealwright.contracts.coo.manifests import settled_files
from sealwright.contracts.coo.manifests.places import UNAVAILABLE, Places, written

_FLAGS = ("CC", "CFLAGS", "CONFIG_ARGS", "HOST_GNU_TYPE", "LDFLAGS", "SOABI")


def python(places: Places) -> dict[str, Any]:
    """Return how the interpreter was built."""
    flags = {name: sysconfig.get_config_var(name) for name in _FLAGS}
    return {
        "build": list(platform.python_build()),
        "compiler": platform.python_compiler() or UNAVAILABLE,
        "flags": {
            name: places.spell_all(str(flag)) if flag else UNAVAILABLE
            for name, flag in flags.items()
        },
        "implementation": platform.python_implementation(),
        "library": _library(places),
        "version": platform.python_version(),
    }


def _library(places: Places) -> Any:
    """Return the library in which most of an interpreter lies, where it is one of its own."""
    folder, name = map(sysconfig.get_config_var, ("LIBDIR", "INSTSONAME"))
    if not (sysconfig.get_config_var("Py_ENABLE_SHARED") and folder and name):
        return UNAVAILABLE
    path = os.path.realpath(os.path.join(folder, name))
    return {"path": places.spell(path), "sha256": _digest(Path(path))}


def packages(folders: Iterable[Path] | None = None) -> list[dict[str, str]]:
    """Return what is installed, by name: version and digest of the ``RECORD``."""
    places = [Path(sysconfig.get_path(kind)) for kind in ("platlib", "purelib")]
    found = {
        _package(place)
        for folder in (places if folders is None else folders)
        for place in folder.glob("*.dist-info")
    }
    return [
        {"name": name, "record": record, "version": version}
        for name, version, record in sorted(found)
    ]


def _package(place: Path) -> tuple[str, str, str]:
    name, _, version = written(place.name.removesuffix(".dist-info")).partition("-")
    name = re.sub("[-_.]+", "-", name).lower()
    return name, version or UNAVAILABLE, _digest(place / "RECORD")


def _digest(place: Path) -> str:
    try:
        return settled_files.answer(place, [place], lambda: digest.of_file(place).sha256)
    except OSError:
        return UNAVAILABLE
