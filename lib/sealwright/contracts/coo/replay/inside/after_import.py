"""Something to be done to a module as soon as it has been imported, without importing it."""

from __future__ import annotations

import importlib.abc
import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

_patches: dict[str, Callable[[Any], None]] = {}


def after_import(name: str, patch: Callable[[Any], None]) -> None:
    """Call ``patch`` with the module ``name`` once it is there: now, or when it is imported."""
    if name in sys.modules:
        patch(sys.modules[name])
    else:
        _patches[name] = patch


def watch() -> None:
    """See from now on which modules are imported."""
    sys.meta_path.insert(0, _Finder())


class _Finder(importlib.abc.MetaPathFinder):
    """Finds nothing by itself: asks the others, and puts itself before their loader."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name not in _patches:
            return None
        for finder in sys.meta_path:
            spec = None if finder is self else finder.find_spec(name, path, target)
            if spec is not None:
                if spec.loader is not None:
                    spec.loader = _Loader(spec.loader, _patches.pop(name))
                return spec
        return None


class _Loader(importlib.abc.Loader):
    """Loads a module as another loader does, gives it back to that one, and patches it."""

    def __init__(self, real: Any, patch: Callable[[Any], None]) -> None:
        self._real, self._patch = real, patch

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        spec.loader = self._real
        made: ModuleType | None = self._real.create_module(spec)
        spec.loader = self
        return made

    def exec_module(self, module: ModuleType) -> None:
        if module.__spec__ is not None:
            module.__spec__.loader = self._real
        module.__loader__ = self._real
        self._real.exec_module(module)
        self._patch(module)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)
