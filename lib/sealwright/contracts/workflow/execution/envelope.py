"""The envelope: which paths a task may change, and which it may not whatever else is said.

An allowed path is a file, a folder (which ends in ``/``) with everything in it, or a pattern
whose ``*``, ``?`` and ``[…]`` stay within one part of a path; upper and lower case differ.

A forbidden pattern counts at any depth, for everything below what it fits, in any case, and in
every spelling that some file system takes for the same name: ``.env`` forbids ``a/.ENV`` and
``.env/x``.  Forbidden beats allowed.  ``.git`` is always forbidden.

>>> envelope = Envelope(("src/", "*.md"), (".env", "secrets/"))
>>> [envelope.allows(path) for path in ("src/a/b.py", "README.md", "docs/a.md", "SRC/a")]
[True, True, False, False]
>>> envelope.forbidding("src/SECRETS/key")
'secrets/'
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

from sealwright.contracts.workflow.envelope import forbids
from sealwright.errors import Misconfigured
from sealwright.runtime.containment import Escape, normalize

_ALWAYS = ".git/"


@dataclass(frozen=True, slots=True)
class Envelope:
    """Allowed paths and forbidden patterns, as a packet states them."""

    allowed: tuple[str, ...]
    forbidden: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.allowed:
            raise Misconfigured("allowed paths: expected at least one, found none")
        for pattern in (*self.allowed, *self.forbidden):
            try:
                normalize(pattern.removesuffix("/"))
            except Escape as escape:
                raise Misconfigured(f"expected a path inside the target, found {escape}") from None

    def allows(self, path: str) -> bool:
        """Return whether a path may change, as far as the allowed paths go."""
        return any(_fits(path, pattern) for pattern in self.allowed)

    def forbidding(self, path: str) -> str:
        """Return the pattern that forbids a path, or nothing."""
        return next((each for each in (_ALWAYS, *self.forbidden) if forbids(each, path)), "")


def _fits(path: str, pattern: str) -> bool:
    wanted, parts = pattern.removesuffix("/").split("/"), path.split("/")
    if pattern.endswith("/"):
        parts = parts[: len(wanted)] if len(parts) > len(wanted) else []
    return len(parts) == len(wanted) and all(map(fnmatchcase, parts, wanted))
