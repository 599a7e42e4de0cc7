"""The envelope: what a mission may do, where, and for how much money.

``allow_ops``
    the names of the operations that are allowed, compared exactly
``allow_paths``
    patterns of paths that may be touched, compared exactly
``deny_paths``
    patterns of paths that may not, whatever else allows them; compared without regard to
    case and Unicode form, and good for everything below a folder that matches
``max_budget_usd``
    the most that may be spent; a decimal string where the envelope is hashed

An empty list matches nothing, so an empty ``allow_*`` allows nothing.  A pattern is a path
in whose components ``*`` is any characters but ``/``; the component ``**`` is any number of
components, none included.  All other characters are themselves.

A request is decided in this order, and the first no is the answer: the operation, the
text of the path, its links on disk, deny, allow.  Deny and allow are both asked of the
path as written *and* of the place where its links lead, so a link is no way around either.
The path must be portable (see `containment`), so that one envelope decides alike everywhere.

A decision holds for the moment it is made.  `EnvelopeEnforcer.opening` asks just before
use, yields the place where the links led, and asks again afterwards; `recheck` does so
for callers who do their own opening.  Two things cannot be seen from a path: hard links,
and what an operation on a folder does to the files in it, so ask for each file.

>>> envelope = Envelope(["write"], ["build/**"], ["build/keys"], 0.5)
>>> enforcer = EnvelopeEnforcer("/srv/mission", envelope)
>>> enforcer.check("write", "build/Keys/a.pem").reason
"path 'build/Keys/a.pem' is denied by 'build/keys'"
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Context, Decimal, Inexact
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from .. import containment

DIGITS = 12  # before and after the point of an amount: beyond any bill, and sums stay exact
_SUM = re.compile(rf"[0-9]{{1,{DIGITS}}}(?:\.[0-9]{{1,{DIGITS}}})?")
_EXACT = Context(prec=3 * DIGITS, traps=[Inexact])


@dataclass(frozen=True)
class Envelope:
    """What a mission is allowed."""

    allow_ops: list[str]
    allow_paths: list[str]
    deny_paths: list[str]
    max_budget_usd: float


@dataclass(frozen=True)
class Decision:
    """The answer to one request; ``evidence`` is what was seen, as strings fit for a record."""

    allowed: bool
    reason: str
    evidence: dict[str, str]

    def __bool__(self) -> bool:
        return self.allowed


class Forbidden(ValueError):
    """A request was not allowed; ``decision`` says why."""

    def __init__(self, decision: Decision) -> None:
        super().__init__(decision)
        self.decision = decision

    def __str__(self) -> str:
        return self.decision.reason


def to_dict(envelope: Envelope) -> dict[str, Any]:
    """Return the fields of ``envelope`` as they are hashed, the budget as a decimal string."""
    return {
        "allow_ops": list(envelope.allow_ops),
        "allow_paths": list(envelope.allow_paths),
        "deny_paths": list(envelope.deny_paths),
        "max_budget_usd": _plain(_budget(envelope)),
    }


class EnvelopeEnforcer:
    """Holds operations below ``root`` to an envelope, which it copies when it is made."""

    def __init__(self, root: str | os.PathLike[str], envelope: Envelope) -> None:
        """Take the envelope; `ValueError` for a pattern or a budget that makes no sense."""
        self._root = Path(os.path.realpath(root))
        self._ops = frozenset(envelope.allow_ops)
        self._allow = _patterns(envelope.allow_paths)
        self._deny = _patterns(envelope.deny_paths)
        self._budget = _budget(envelope)
        self._spent = Decimal(0)

    @property
    def spent(self) -> Decimal:
        """The sum of all amounts that were allowed."""
        return self._spent

    def permits(self, op: str) -> Decision:
        """Decide whether ``op`` may be done at all: the whole question where no path is named."""
        permitted = op in self._ops
        reason = f"operation {op!r} is {'' if permitted else 'not '}among the allowed ones"
        return Decision(permitted, reason, {"op": printable(op)})

    def check(self, op: str, path: str) -> Decision:
        """Decide whether ``op`` may be done to ``path``, relative to the root."""
        evidence = {"op": printable(op), "path": printable(path)}
        if not (permitted := self.permits(op)):
            return Decision(False, permitted.reason, evidence)
        try:
            resolved = containment.resolved(self._root, containment.portable(path))
        except containment.Escape as escape:
            return Decision(False, str(escape), evidence)
        evidence["resolved"] = printable(resolved)
        for place in (path, resolved):
            if rule := _first(self._deny, place, denies=True):
                evidence["rule"] = rule
                return Decision(False, f"{_named(path, place)} is denied by {rule!r}", evidence)
        for place in (path, resolved):
            rule = _first(self._allow, place, denies=False)
            if rule is None:
                return Decision(False, f"{_named(path, place)} is allowed by no rule", evidence)
            evidence["rule"] = rule
        return Decision(True, f"{_named(path, path)} is allowed by {evidence['rule']!r}", evidence)

    def recheck(self, earlier: Decision) -> Decision:
        """Decide again what ``earlier`` decided; the answer is no if links now lead elsewhere."""
        if not earlier.allowed:
            return earlier
        now = self.check(earlier.evidence["op"], earlier.evidence["path"])
        before, after = earlier.evidence["resolved"], now.evidence.get("resolved")
        if now.allowed and before != after:
            reason = f"path {now.evidence['path']!r} moved: expected {before!r}, found {after!r}"
            return Decision(False, reason, now.evidence)
        return now

    @contextmanager
    def opening(self, op: str, path: str) -> Iterator[Path]:
        """Yield the place to which ``path`` leads, or raise `Forbidden`.

        Afterwards the question is asked again, and `Forbidden` raised if the answer is another.
        """
        decision = self._demand(self.check(op, path))
        yield self._root / decision.evidence["resolved"]
        self._demand(self.recheck(decision))

    def spend(self, amount: str | Decimal) -> Decision:
        """Add ``amount`` dollars to what is spent, unless that would be more than the budget."""
        evidence = {"amount": printable(str(amount)), "budget": _plain(self._budget)}
        evidence["spent"] = _plain(self._spent)
        try:
            total = _EXACT.add(self._spent, _amount(amount))
        except ValueError as problem:
            return Decision(False, str(problem), evidence)
        if total > self._budget:
            reason = f"budget: expected at most {_plain(self._budget)}, found {_plain(total)}"
            return Decision(False, reason, evidence)
        self._spent = total
        evidence["spent"] = _plain(total)
        return Decision(True, f"{_plain(total)} of {_plain(self._budget)} is spent", evidence)

    @staticmethod
    def _demand(decision: Decision) -> Decision:
        if not decision.allowed:
            raise Forbidden(decision)
        return decision


def _patterns(texts: Iterable[str]) -> tuple[str, ...]:
    """Return ``texts``, or raise `ValueError` for one that is not of the grammar."""
    patterns = tuple(texts)
    for text in patterns:
        containment.portable(text.replace("*", "x"))  # what is refused here could match nothing
        if any("**" in component and component != "**" for component in text.split("/")):
            raise ValueError(f"pattern {text!r}: expected ** as a whole component, found it in one")
    return patterns


def _first(patterns: Iterable[str], path: str, *, denies: bool) -> str | None:
    """Return the first of ``patterns`` that matches; one that denies is good for all below."""
    fold = containment.collision_key if denies else str
    parts = fold(path).split("/")
    found = (text for text in patterns if _matches(fold(text).split("/"), parts, below=denies))
    return next(found, None)


def _matches(pattern: list[str], parts: list[str], *, below: bool) -> bool:
    """Return whether ``pattern`` matches ``parts``, or with ``below`` also a folder above them.

    All ways to read ``**`` are followed at once, so the cost is a product and never a power.
    """
    reached = _past_stars({0}, pattern)
    for part in parts:
        reached = _past_stars(
            {
                place if pattern[place] == "**" else place + 1
                for place in reached
                if place < len(pattern) and fits(part, pattern[place])
            },
            pattern,
        )
        if below and len(pattern) in reached:
            return True
    return len(pattern) in reached


def _past_stars(places: set[int], pattern: list[str]) -> set[int]:
    """Return ``places``, and those after each ``**`` there, since it may be no component."""
    reached = set(places)
    for place in places:
        while place < len(pattern) and pattern[place] == "**":
            place += 1
            reached.add(place)
    return reached


def fits(part: str, component: str) -> bool:
    """Return whether ``part`` is what ``component`` of a pattern says; no bracket is special."""
    return fnmatchcase(part, component.replace("[", "[[]"))


def _budget(envelope: Envelope) -> Decimal:
    """Return the budget as the decimal that its shortest spelling says."""
    if type(envelope.max_budget_usd) not in (int, float):
        kind = type(envelope.max_budget_usd).__name__
        raise ValueError(f"max_budget_usd: expected a number, found {kind}")
    return _amount(Decimal(repr(envelope.max_budget_usd)))


def _amount(amount: str | Decimal) -> Decimal:
    """Return ``amount`` as a decimal, or raise `ValueError` if it is no sum of money."""
    if isinstance(amount, str) and _SUM.fullmatch(amount):
        return Decimal(amount)
    if isinstance(amount, Decimal) and _is_sum(amount):
        return amount
    raise ValueError(
        f"amount: expected dollars from 0 up, as a decimal of at most {DIGITS} digits before and "
        f"after the point, found {str(amount)[:40]!r}"
    )


def _is_sum(value: Decimal) -> bool:
    exponent = value.as_tuple().exponent  # a letter, if it is infinite or not a number
    small = isinstance(exponent, int) and exponent >= -DIGITS and value.adjusted() < DIGITS
    return small and not value.is_signed()


def _plain(value: Decimal) -> str:
    """Return the one spelling of an amount: no exponent, no zeros at the end."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _named(path: str, place: str) -> str:
    return f"path {path!r}" if path == place else f"path {path!r}, which leads to {place!r},"


def printable(text: str) -> str:
    """Return ``text`` with what UTF-8 cannot write escaped, so that every request has a record."""
    return text.encode("utf-8", "backslashreplace").decode()
