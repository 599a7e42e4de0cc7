"""Which installed distributions are the repository itself: by their name, or by their origin."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from configparser import Error, RawConfigParser
from pathlib import Path
from urllib.parse import unquote, urlparse

from sealwright.contracts.coo.rewriting.outside_installed import Installed, plain


def own(installed: Installed, root: Path) -> frozenset[str]:
    """Return the distributions that are the repository: by their name there, or their origin."""
    names = {plain(name) for name in _named(root) if name}
    for each in installed.distributions:
        if each.origin and _inside(each.origin, root):
            names.add(plain(each.name))
    return frozenset(names)


def _inside(origin: str, root: Path) -> bool:
    try:
        url = urlparse(str(json.loads(origin).get("url", "")))
    except (ValueError, AttributeError):
        return False
    place = Path(unquote(url.path))
    return url.scheme == "file" and place.resolve().is_relative_to(root.resolve())


def _named(root: Path) -> Iterator[str]:
    try:
        document = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
        for table in (document.get("project", {}), document.get("tool", {}).get("poetry", {})):
            yield str(table.get("name", ""))
    except (OSError, ValueError, AttributeError):
        pass
    parser = RawConfigParser(strict=False)
    try:
        parser.read_string((root / "setup.cfg").read_text("utf-8"))
        yield parser.get("metadata", "name", fallback="")
    except (OSError, ValueError, Error):
        pass
