"""Who says that a commit is verified: the step that runs the verification, and the guards.

The verification is a command of the configuration; ``python`` in it is the interpreter that
runs Sealwright.  It must end with 0, on a clean tree before and after, for otherwise it
verified something else than the commit.  It also reads every tracked file for words that
must appear nowhere: the configuration holds the SHA-256 of each such word in lower case,
so that the word itself need not appear even there.

    printf %s someword | sha256sum
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from sealwright import digest, git, lock
from sealwright.contracts.sot_pack import feed
from sealwright.contracts.sot_pack.settings import Settings
from sealwright.errors import SealwrightError
from sealwright.step import Fact, Guard, Run, Step, World
from sealwright.verdict import Finding, Verdict, refusal, together

HEAD = Fact("HEAD", lambda world: git.head(world.root))
CLEAN = Guard(
    "sot_pack:clean_tree",
    "Ask whether the tree is clean: nothing modified, nothing untracked.",
    lambda world: git.clean(world.root),
)
_WORD = re.compile(r"[^\W_]+")


def step(settings: Settings) -> Step:
    """Return the step that verifies HEAD and says so in the feed."""

    def act(run: Run) -> Verdict:
        head = run.fact(HEAD)
        run.call(*settings.command())
        answer = forbidden_words(run.root, settings.forbidden)
        if answer.holds:
            for action in feed.CHAIN:
                run.append(settings.verified, feed.event(settings, run, action, git_head=head))
        return answer

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


def preconditions(settings: Settings) -> Guard:
    """Return the guard of everything that is packed or sealed."""

    def ask(world: World) -> Verdict:
        return together(
            (git.clean(world.root), _verified(settings, world), _unlocked(settings, world))
        )

    doc = "Ask whether a pack may be made: clean tree, whole feed, HEAD verified, no build lock."
    return Guard("sot_pack:preconditions", doc, ask)


def _verified(settings: Settings, world: World) -> Verdict:
    path = world.place(settings.feed)
    try:
        feed.lint(path).verdict().enforce()
        verified, head = feed.verified_commit(path), git.head(world.root)
    except SealwrightError as problem:
        return Verdict(
            tuple(Finding(*line.partition(": ")[::2]) for line in str(problem).split("\n"))
        )
    if verified != head:
        said = f"is not the verified commit, expected {verified}, found {head}"
        return refusal("HEAD", said, "doit sot_pack:verify_head")
    return Verdict((), {"verified": verified})


def _unlocked(settings: Settings, world: World) -> Verdict:
    found = lock.state(world.place(settings.lock))
    if found is None or (found.owner and found.owner.pid == os.getpid()):
        return Verdict()
    way = f"sealwright unlock {settings.lock}" if found.life is lock.Life.DEAD else "wait for it"
    return refusal(settings.lock, found.describe(), way)


def forbidden_words(root: Path, forbidden: tuple[str, ...]) -> Verdict:
    """Return every tracked file that has a forbidden word in its name or its text."""
    if not forbidden:
        return Verdict()
    known: dict[str, bool] = {}
    findings = []
    for name in git.tracked(root):
        for word in _words(root, name):
            if word not in known:
                known[word] = digest.hexadecimal(digest.sha256(word.encode())) in forbidden
            if known[word]:
                findings.append(Finding(name, "has a word that is forbidden by its digest"))
                break
    return Verdict(tuple(findings), {"words": len(known)})


def _words(root: Path, name: str) -> set[str]:
    place = root / name
    text = place.read_text(errors="replace") if place.is_file() and not place.is_symlink() else ""
    return {word.lower() for word in _WORD.findall(f"{name}\n{text}") if word.isascii()}
