"""Text as a report tells it: the same wherever the repository lies, and fit to be written.

Places below the repository's top are told from there, so that a copy of the repository in
another folder has the same report.  What has no bytes in UTF-8 (a file name that is not text
comes from the file system as lone surrogates) is told by its number:

>>> settled({"message": "/home/me/it/a.txt: is missing in /home/me/it"}, "/home/me/it")
{'message': 'a.txt: is missing in .'}
>>> settled(["caf\\udce9"], "/home/me/it")
['caf\\\\udce9']
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

_LONE = re.compile("[\ud800-\udfff]")


def settled(value: Any, root: str) -> Any:
    """Return a value of JSON with all its strings as a report tells them."""
    place = re.compile(rf"(?<![\w./-]){re.escape(root)}(/|(?![\w.-]))")

    def told(words: str) -> str:
        if root != "/" and root in words:
            words = place.sub(lambda found: "" if found[1] else ".", words)
        return words if words.isascii() else _LONE.sub(_numbered, words)

    return _each(value, told)


def _numbered(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


def _each(value: Any, told: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return told(value)
    if isinstance(value, Mapping):
        return {name: _each(inner, told) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_each(inner, told) for inner in value]
    return value
