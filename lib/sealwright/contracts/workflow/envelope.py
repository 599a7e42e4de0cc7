"""The envelope of a task: the paths that it may change, and those that nothing may.

An allowed path is a file, as `sealwright.paths` spells it.  A forbidden one is a pattern: a path
in which ``*`` and ``?`` stand for anything within a part, and of which a ``/`` at the end says that
it is a folder and all in it.  One part alone (``.env``, ``secrets/``) is forbidden at any depth.
Case does not matter, nor how an accent is composed, since on some disks both are one file.

>>> [forbids(pattern, "a/.Env.local") for pattern in (".env", ".env.*", "a/", "b/*")]
[False, True, True, False]
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from itertools import accumulate

from sealwright import paths
from sealwright.errors import Misconfigured


def pattern(text: str) -> str:
    """Return ``text`` if it is a pattern in its one spelling, or raise `Misconfigured`."""
    bare = text.removesuffix("/")
    plain = bare.replace("*", "x").replace("?", "x")
    if paths.parse(plain) != plain or re.search(r"[\[\]{}!]", bare):
        raise Misconfigured(f"expected a path, with * and ? where needed, found {text!r}")
    return text


def forbids(pattern: str, path: str) -> bool:
    """Return whether ``pattern`` forbids ``path``, or a folder that ``path`` lies in."""
    found = _compiled(pattern)
    parts = folded(path).split("/")
    above = list(accumulate(parts, lambda one, other: f"{one}/{other}"))
    names = parts if "/" not in pattern.removesuffix("/") else above
    return any(map(found.fullmatch, names))


def forbidden(patterns: Iterable[str], path: str) -> tuple[str, ...]:
    """Return those of ``patterns`` that forbid ``path``."""
    return tuple(each for each in patterns if forbids(each, path))


def folded(path: str) -> str:
    """Return what is the same for all paths that some disk takes for one."""
    plain = unicodedata.normalize("NFKC", path).casefold()
    return unicodedata.normalize("NFKC", plain)


@lru_cache(256)
def _compiled(pattern: str) -> re.Pattern[str]:
    pieces = re.split(r"([*?])", folded(pattern.removesuffix("/")))
    return re.compile("".join({"*": "[^/]*", "?": "[^/]"}.get(p, re.escape(p)) for p in pieces))
