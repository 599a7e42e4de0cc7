"""Where a package comes from: everything that is not from the tree it should be from.

``python -c "from _sealwright import proof; proof.tell()" SOURCE PACKAGE HIDDEN…`` prints a list of
findings as JSON.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import sys
from typing import Any


def _found(name: str, path: Any) -> Any:
    for finder in sys.meta_path:
        if getattr(finder, "__module__", "") == f"{__package__}.looks":
            continue  # it would write down that we asked
        spec = finder.find_spec(name, path, None)
        if spec is not None:
            return spec
    return None


def _places(spec: Any) -> list[str]:
    origin = [spec.origin] if spec.origin and os.path.isabs(spec.origin) else []
    return origin + list(spec.submodule_search_locations or ())


def _outside(places: list[str], source: str) -> list[str]:
    top = os.path.realpath(source) + os.sep
    return [place for place in places if not os.path.realpath(place).startswith(top)]


def _modules(folder: str) -> list[str]:
    """Return the names of modules and packages in a folder."""
    found = set()
    for entry in os.scandir(folder):
        stem = entry.name[:-3] if entry.name.endswith(".py") else ""
        name = entry.name if entry.is_dir() and _python(entry.path) else stem
        if name.isidentifier() and name not in ("__init__", "__main__", "__pycache__"):
            found.add(name)
    return sorted(found)


def _python(folder: str) -> bool:
    return os.path.isfile(os.path.join(folder, "__init__.py"))


def _examine(name: str, path: Any, source: str, wrong: list[str]) -> None:
    spec = _found(name, path)
    if spec is None:
        wrong.append(f"{name}: expected it in the tree, found it nowhere")
        return
    wrong += [
        f"{name}: expected it in the tree, found {place}"
        for place in _outside(_places(spec), source)
    ]
    for folder in spec.submodule_search_locations or ():
        if os.path.isdir(folder) and not _outside([folder], source):
            for each in _modules(folder):
                _examine(name + "." + each, [folder], source, wrong)


def _imported(name: str, source: str) -> list[str]:
    try:
        module = importlib.import_module(name)
    except BaseException as problem:
        said = f"{type(problem).__name__}: {problem}"
        return [f"{name}: expected that it can be imported, found {said[:500]}"]
    file = getattr(module, "__file__", None)
    places = ([file] if file else []) + list(getattr(module, "__path__", ()))
    return [
        f"{name}: expected an import from the tree, found {place}"
        for place in _outside(places, source)
    ]


def _main(source: str, package: str, *hidden: str) -> list[str]:
    wrong: list[str] = []
    parts = package.split(".")
    _examine(package, None if len(parts) == 1 else _parents(parts[:-1]), source, wrong)
    wrong += _imported(package, source)
    for name in hidden:
        path = None if "." not in name else _parents(name.split(".")[:-1])
        if _found(name, path) is not None:
            wrong.append(f"{name}: expected that it cannot be imported, found it")
    return wrong


def _parents(parts: list[str]) -> Any:
    path: Any = None
    for count in range(len(parts)):
        spec = _found(".".join(parts[: count + 1]), path)
        if spec is None:
            return []
        path = list(spec.submodule_search_locations or ())
    return path


def tell() -> None:
    """Print what is wrong."""
    sys.stdout.write("\n" + json.dumps(_main(*sys.argv[1:])))
