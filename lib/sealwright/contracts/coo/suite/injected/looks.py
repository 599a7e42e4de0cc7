"""The legacy name cannot be found, whoever looks for it and where; each look is written down.

Finders of files answer "not here" for the name, so that an import fails and a question for a
specification is answered with none, as after the package's deletion.  A finder before all others
writes down who asked: one line of JSON for each look, in a file for each process.
"""

from __future__ import annotations

import importlib.machinery
import os
import sys
from typing import TYPE_CHECKING, Any

from . import place  # noqa: TID252 - its name is another there

if TYPE_CHECKING:
    from types import FrameType, ModuleType


def hidden(name: str) -> bool:
    """Return whether a module is the legacy package, or in it."""
    return any(name == each or name.startswith(each + ".") for each in place.HIDDEN)


class Finder(importlib.machinery.FileFinder):
    """The finder of one folder, which does not find the legacy package."""

    def find_spec(self, fullname: str, target: ModuleType | None = None) -> Any:
        """Return what the folder has, if it is not hidden."""
        return None if hidden(fullname) else super().find_spec(fullname, target)


class Recorder:
    """Finds nothing, and writes down who looks for the legacy package."""

    @classmethod
    def find_spec(cls, name: str, path: object = None, target: object = None) -> None:
        """Write a look down."""
        if hidden(name):
            record(name, sys._getframe(1))


def record(name: str, frame: FrameType | None) -> None:
    """Add one line about who looks for ``name``."""
    import json

    caller, near = _callers(frame)
    row = {
        "file": caller.f_code.co_filename if caller else "",
        "line": caller.f_lineno if caller else 0,
        "module": name,
        "near": f"{_file(near)}:{near.f_lineno}" if near else _command(),
        "test": _test(),
    }
    data = json.dumps(row).encode("ascii") + b"\n"
    name = os.path.join(place.RECORDS, f"tripwire-{os.getpid()}.jsonl")
    try:
        file = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    except OSError:  # a process without access to it: the import is refused all the same
        return
    try:
        os.write(file, data)
    finally:
        os.close(file)


def _callers(frame: FrameType | None) -> tuple[FrameType | None, FrameType | None]:
    """Return the first frame outside the import system, and the first of the suite's tree."""
    while frame is not None and _importing(frame.f_code.co_filename):
        frame = frame.f_back
    near = frame
    while near is not None and not _file(near).startswith(place.TREE + os.sep):
        near = near.f_back
    return frame, near


def _importing(file: str) -> bool:
    folder = os.path.basename(os.path.dirname(file))
    return file.startswith("<frozen importlib") or folder == "importlib"


def _file(frame: FrameType) -> str:
    file = frame.f_code.co_filename
    return file if file.startswith("<") else os.path.abspath(file)


def _command() -> str:
    """Return how this process was started, where nothing of the tree is at work."""
    words = getattr(sys, "orig_argv", [])
    return " ".join(words[words.index("-m") :][:2]) if "-m" in words else ""


def _test() -> str:
    running = os.environ.get("PYTEST_CURRENT_TEST", "")  # noqa: TID251
    session = sys.modules.get(f"{__package__}.session")
    return running or getattr(session, "current", "")


def install() -> None:
    """Put both kinds of finders before the others."""
    machinery = importlib.machinery
    hook = Finder.path_hook(
        (machinery.ExtensionFileLoader, machinery.EXTENSION_SUFFIXES),
        (machinery.SourceFileLoader, machinery.SOURCE_SUFFIXES),
        (machinery.SourcelessFileLoader, machinery.BYTECODE_SUFFIXES),
    )
    sys.path_hooks.insert(max(len(sys.path_hooks) - 1, 0), hook)
    sys.path_importer_cache.clear()
    sys.meta_path.insert(0, Recorder)
