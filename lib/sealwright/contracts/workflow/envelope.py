"""The envelope of a task: the paths that it may change, and those that nothing may.

An allowed path is a file, as `sealwright.paths` spells it.  A forbidden one is a pattern: a path
in which ``*`` and ``?`` stand for anything within a part, and of which a ``/`` at the end says that
it is a folder.  It is forbidden at any depth, with all that lies under it, in any case and in each
spelling that some disk takes for the same name.

>>> [forbids(pattern, "a/.Env.local") for pattern in (".env", ".env.*", "a/", "b/*")]
[False, True, True, False]
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from sealwright import paths
from sealwright.errors import Misconfigured
from sealwright.runtime.containment import collision_key


def pattern(text: str) -> str:
    """Return ``text`` if it is a pattern in its one spelling, or raise `Misconfigured`."""
    bare = text.removesuffix("/")
    plain = bare.replace("*", "x").replace("?", "x")
    if paths.parse(plain) != plain or re.search(r"[\[\]{}!]", bare):
        raise Misconfigured(f"expected a path, with * and ? where needed, found {text!r}")
    return text


def forbids(pattern: str, path: str) -> bool:
    """Return whether ``pattern`` forbids ``path``, or a folder that ``path`` lies in."""
    return _compiled(pattern).search(collision_key(path)) is not None


def forbidden(patterns: Iterable[str], path: str) -> tuple[str, ...]:
    """Return those of ``patterns`` that forbid ``path``."""
    return tuple(each for each in patterns if forbids(each, path))


@lru_cache(256)
def _compiled(pattern: str) -> re.Pattern[str]:
    pieces = re.split(r"([*?])", collision_key(pattern.removesuffix("/")))
    plain = "".join({"*": "[^/]*", "?": "[^/]"}.get(p, re.escape(p)) for p in pieces)
    return re.compile(rf"(?:\A|/){plain}(?:/|\Z)")
