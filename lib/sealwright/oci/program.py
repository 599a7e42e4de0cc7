"""What an image starts, and where that lies in it.

The words are those of ``Entrypoint`` and then those of ``Cmd``.  The first one is a path, from
``WorkingDir`` if it does not begin with ``/``, or, without a slash, the first file of that
name on the absolute folders of the image's ``PATH`` that may be executed.  Links are followed
within the image.  Whether the user of the image may execute it is not asked, nor what
interpreter a script names.

>>> argv({"config": {"Entrypoint": ["/bin/sh"], "Cmd": ["-l"]}})
('/bin/sh', '-l')
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from typing import Any

from sealwright.errors import Refused
from sealwright.oci import records, tar
from sealwright.oci.tree import Node, Tree
from sealwright.verdict import legible

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"  # as runtimes have it


def argv(configuration: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what the image starts; `Refused` if that is nothing."""
    config = _config(configuration)
    words = [records.words(config.get(key), f"config.{key}") for key in ("Entrypoint", "Cmd")]
    if not any(words):
        raise Refused("expected an image with an entry point, found neither Entrypoint nor Cmd")
    return words[0] + words[1]


def program(configuration: Mapping[str, Any], tree: Tree) -> dict[str, Any]:
    """Return the file that is started: its path in the image, mode, size and digest."""
    name = argv(configuration)[0]
    found = None
    for place in _places(name, _config(configuration)):
        found = tree.find(place)
        if found and ("/" in name or _executable(found[1])):
            break
    if found is None:
        raise Refused(f"expected the entry point {name!r} in the image, found no such file")
    path, node = found
    if not _executable(node):
        said = f"a {node.kind} with mode {node.mode:04o}"
        raise Refused(f"expected {path!r} to be a file that may be executed, found {said}")
    return {
        "path": legible(path),
        "mode": f"{node.mode:04o}",
        "sha256": node.sha256,
        "size": node.size,
    }


def _executable(node: Node) -> bool:
    return node.kind == tar.FILE and bool(node.mode & 0o111)


def _places(name: str, config: Mapping[str, Any]) -> Iterator[str]:
    if "/" in name:
        yield posixpath.join(_folder(config), name)
        return
    for folder in _path(config).split(":"):
        if name and folder.startswith("/"):
            yield posixpath.join(folder, name)


def _folder(config: Mapping[str, Any]) -> str:
    (folder,) = records.words([config.get("WorkingDir") or "/"], "config.WorkingDir")
    return posixpath.join("/", folder)


def _path(config: Mapping[str, Any]) -> str:
    entries = records.words(config.get("Env"), "config.Env")
    found = [entry.removeprefix("PATH=") for entry in entries if entry.startswith("PATH=")]
    return found[-1] if found else _PATH


def _config(configuration: Mapping[str, Any]) -> Mapping[str, Any]:
    return records.table(configuration.get("config") or {}, "config")
