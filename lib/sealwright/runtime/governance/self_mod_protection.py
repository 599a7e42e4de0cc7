"""What no mission may touch: the files by which missions are judged.

A mission that can change its judge is not judged.  These are protected, whatever an envelope
allows; a caller adds rules, and nothing removes one:

``runtime``
    these modules, this one among them, and wherever else the folder with this module lies
``scripts/audit_gate_build_loop_phase2.py``, ``manifest.txt``, ``pytest.ini``, ``conftest.py``
    what a bundle is judged with
``docs/03_runtime/…Build_Loop…``
    the document of a bundle, and the architecture that it comes from
``config/agent_roles``, ``config/models.yaml``, ``config/governance_baseline.yaml``
    who may do what
``CLAUDE.md``, ``GEMINI.md``, ``AGENTS.md``
    what the workers are told
``.git``
    hooks and settings that git obeys

A rule is a path in whose components ``*`` is any characters but ``/``.  It protects what it
names, all below, and the folders above: who moves a folder moves what is in it.  Names are
compared without regard to case, Unicode form, and characters that some file systems skip.

The answer is no for a path that is not portable (see `containment`: absolute, ``..``, a
backslash, a dot or a space at the end, and so on) or leads out of the repository: what is
outside has no rules here, and is nothing for a mission.  Rules are asked of the path as
written and of the place where its links lead; a rule whose file is a link protects the
place where that leads as well.  A file with several names (hard links) is refused, since
another name may be protected and cannot be seen; so ask for each file, not for its folder.

`SelfModProtection.state` is a digest of all that is protected, to be compared after something
ran: what an operation did need not be what it said.  Of ``.git`` it sees only the settings and
the hooks, since git changes the rest.  It sees ``__pycache__``, so run Python with ``-B``.

>>> protection = SelfModProtection("/srv/mission")
>>> protection.check("write", "Runtime/Canonical.py").reason
"path 'Runtime/Canonical.py' is protected by 'runtime'"
>>> protection.check("delete", "config").reason
"path 'config' holds what is protected by 'config/agent_roles'"
>>> protection.check("write", "docs/notes.md").allowed
True
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from .. import containment
from ..state import state_hash
from .envelope_enforcer import Decision, fits, printable

PROTECTED = (
    ".git",
    "AGENTS.md",
    "CLAUDE.md",
    "GEMINI.md",
    "config/agent_roles",
    "config/governance_baseline.yaml",
    "config/models.yaml",
    "conftest.py",
    "docs/03_runtime/Implementation_Plan_Build_Loop_*.md",
    "docs/03_runtime/LifeOS_Autonomous_Build_Loop_Architecture_*.md",
    "manifest.txt",
    "pytest.ini",
    "runtime",
    "scripts/audit_gate_build_loop_phase2.py",
)
_OF_GIT = (".git/config", ".git/hooks")
_OWN = Path(os.path.realpath(__file__)).parent.parent


class SelfModProtection:
    """Keeps operations below ``root`` away from what is protected there."""

    def __init__(self, root: str | os.PathLike[str], more: Iterable[str] = ()) -> None:
        """Take rules beside those that always hold; `ValueError` for one that makes no sense."""
        self._root = Path(os.path.realpath(root))
        own = (rule for rule in [_own(self._root)] if rule is not None)
        self._rules = tuple(dict.fromkeys((*PROTECTED, *own, *map(_rule, more))))

    @property
    def rules(self) -> tuple[str, ...]:
        """All rules, in the order in which they are asked."""
        return self._rules

    def check(self, op: str, path: str) -> Decision:
        """Decide whether ``op`` may be done to ``path``, relative to the root."""
        evidence = {"op": printable(op), "path": printable(path)}
        try:
            resolved = containment.resolved(self._root, containment.portable(path))
        except containment.Escape as escape:
            return Decision(False, str(escape), evidence)
        evidence["resolved"] = printable(resolved)
        for rule, guarded in self._guarded():
            for place in (path, resolved):
                if _meet(guarded, place):
                    evidence["rule"] = printable(rule)
                    return Decision(False, _told(path, place, rule, guarded), evidence)
        if (names := self._names_of(resolved)) > 1:
            reason = f"path {path!r} has {names} names on disk, and another may be protected"
            return Decision(False, reason, evidence)
        return Decision(True, f"path {path!r} is not protected", evidence)

    def state(self) -> str:
        """Return the digest of all that is protected, as it is now."""
        rules = [rule for rule in self._rules if rule not in (".git", ".")]
        places = [place for rule in rules for place in self._expanded(rule)]
        return state_hash(self._root, [*places, *_OF_GIT])

    def _guarded(self) -> Iterator[tuple[str, str]]:
        """Yield each rule with the paths that it guards: its own, and where its links lead."""
        for rule in self._rules:
            yield rule, rule
            for place in self._expanded(rule) if rule != "." else ():
                try:
                    resolved = containment.resolved(self._root, place)
                except containment.Escape:  # there is nothing inside that it would guard
                    continue
                if resolved != place:
                    yield rule, resolved

    def _expanded(self, rule: str) -> list[str]:
        """Return the paths that ``rule`` names; one with ``*``, those of them that are there."""
        found = [""]
        for component in rule.split("/"):
            found = [
                f"{folder}/{name}" if folder else name
                for folder in found
                for name in self._matching(folder, component)
            ]
        return found

    def _matching(self, folder: str, component: str) -> list[str]:
        if "*" not in component:
            return [component]
        try:
            names = os.listdir(self._root / folder)
        except OSError:
            return []
        return [
            name
            for name in names
            if _is_path(name)
            and fits(containment.collision_key(name), containment.collision_key(component))
        ]

    def _names_of(self, resolved: str) -> int:
        try:
            status = os.lstat(self._root / resolved)
        except OSError:
            return 0
        return status.st_nlink if stat.S_ISREG(status.st_mode) else 0


def _own(root: Path) -> str | None:
    """Return the rule for the folder in which this module lies, if that is below ``root``."""
    if root.is_relative_to(_OWN):
        return "."  # all that is here is part of it
    return _OWN.relative_to(root).as_posix() if _OWN.is_relative_to(root) else None


def _rule(text: str) -> str:
    containment.portable(text.replace("*", "x"))
    if "**" in text:
        raise ValueError(f"rule {text!r}: expected * within a component, found **")
    return text


def _meet(rule: str, path: str) -> bool:
    """Return whether one of the two is the other or holds it."""
    pairs = zip(_parts(path), _parts(rule), strict=False)
    return all(fits(part, component) for part, component in pairs)


def _parts(path: str) -> list[str]:
    return [] if path == "." else containment.collision_key(path).split("/")


def _is_path(name: str) -> bool:
    try:
        containment.normalize(name)
    except containment.Escape:
        return False
    return True


def _told(path: str, place: str, rule: str, guarded: str) -> str:
    leads = "" if place == path else f", which leads to {place!r},"
    above = len(_parts(place)) < len(_parts(guarded))
    return f"path {path!r}{leads} {'holds what is' if above else 'is'} protected by {rule!r}"
