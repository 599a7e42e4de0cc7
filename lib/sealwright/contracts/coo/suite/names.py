"""How a package or module is called in a folder that holds it; its name may be dotted.

>>> below("company.builder"), is_module("builder.cpython-311.so", "builder")
('company/builder', True)
"""

from __future__ import annotations

import os
from pathlib import Path

_SUFFIXES = (".py", ".pyi", ".pyc", ".so", ".pyd")


def below(name: str) -> str:
    """Return the path of a package or module, without a suffix, in a folder that holds it."""
    return name.replace(".", "/")


def holds(folder: Path, name: str) -> bool:
    """Return whether ``folder``, on a module search path, provides the package ``name``."""
    place = folder / below(name)
    if place.is_dir():
        return True
    try:
        return any(is_module(entry, place.name) for entry in os.listdir(place.parent))
    except (OSError, ValueError):  # no folder, or none that we may look into
        return False


def is_module(file: str, name: str) -> bool:
    """Return whether a file's name is that of the module ``name``, in any form."""
    return file.startswith(f"{name}.") and file.endswith(_SUFFIXES)
