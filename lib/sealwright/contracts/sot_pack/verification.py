"""Who says that a commit is verified: the step that runs the verification.

The verification is a command of the configuration; ``python`` in it is the interpreter that
runs Sealwright.  It must end with 0, on a clean tree before and after, for otherwise it
verified something else than the commit.  Besides, every tracked file, its name and its link
text are read for words that must appear nowhere: the configuration holds the SHA-256 of each
such word in lower case, so that the word itself need not appear even there.

    printf %s someword | sha256sum

A word is a run of the letters a to z and digits, as it is left after Unicode's NFKC and in
lower case: ``SomeWord-2`` has the words ``someword`` and ``2``.
"""

from __future__ import annotations

import os
import re
import shlex
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

from sealwright import digest, git
from sealwright.contracts.sot_pack import feed
from sealwright.contracts.sot_pack.preconditions import CLEAN, HEAD
from sealwright.contracts.sot_pack.settings import Settings
from sealwright.errors import ProgramFailed
from sealwright.step import Run, Step
from sealwright.verdict import Finding, Verdict

_WORD = re.compile("[a-z0-9]+")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def step(settings: Settings) -> Step:
    """Return the step that verifies HEAD and says so in the feed."""

    def act(run: Run) -> None:
        head = run.fact(HEAD)
        _verify(settings, run, head)
        forbidden_words(run.root, settings.forbidden).enforce()
        for action in feed.CHAIN:
            run.append(settings.verified, feed.event(settings, run, action, git_head=head))

    first = settings.verification[0]
    return Step(
        name="sot_pack:verify_head",
        doc="Run the configured verification on HEAD, and say in the feed that it is verified.",
        act=act,
        inputs=(HEAD,),
        outputs=(settings.verified,),
        guards=(CLEAN,),
        arguments={"command": settings.verification, "forbidden": settings.forbidden},
        tools=() if first == "python" else (first,),
    )


def _verify(settings: Settings, run: Run, head: str) -> None:
    done = run.call(*settings.command(), check=False)
    if done.code:
        said = f"expected `{shlex.join(settings.verification)}` to end with 0, found {done.code}"
        raise ProgramFailed(f"commit {head[:7]} is not verified: {said}")


def forbidden_words(root: Path, forbidden: tuple[str, ...]) -> Verdict:
    """Return every tracked file that has a forbidden word in its name or its text."""
    if not forbidden:
        return Verdict()
    known: dict[str, bool] = {}

    def has_one(text: str) -> bool:
        for word in words(text):
            if word not in known:
                known[word] = digest.hexadecimal(digest.sha256(word.encode())) in forbidden
            if known[word]:
                return True
        return False

    found = (_first(root, name, has_one) for name in git.tracked(root))
    return Verdict(tuple(finding for finding in found if finding), {"words": len(known)})


def words(text: str) -> list[str]:
    """Return the words in ``text``."""
    plain = text if text.isascii() else unicodedata.normalize("NFKC", text)
    return _WORD.findall(plain.lower())


def _first(root: Path, name: str, has_one: Callable[[str], bool]) -> Finding | None:
    """Return where in a tracked file the first forbidden word is, if there is one."""
    for where, text in _texts(root / name, name):
        if has_one(text):
            return Finding(where, "has a word that is forbidden by its digest", "take it out")
    return None


def _texts(place: Path, name: str) -> Iterator[tuple[str, str]]:
    """Yield the name of a file and then its lines, each with what to call it."""
    yield f"{name}: its name", name
    if place.is_symlink():
        yield name, os.readlink(place)
    elif place.is_file():
        data = place.read_bytes()
        encoding = "utf-16" if data.startswith(_UTF16) else "utf-8"
        for number, line in enumerate(data.decode(encoding, "replace").splitlines(), 1):
            yield f"{name}:{number}", line
