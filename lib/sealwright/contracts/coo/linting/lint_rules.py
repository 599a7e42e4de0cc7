"""The ruleset of the constitutional lint: JSON, told apart by the SHA-256 of its bytes.

``{"version": 1, "rules": [RULE, …]}``; each rule has an ``id`` (small letters, ``-``), a ``kind``,
``severity`` (``error``, which halts, or ``note``), ``paths`` (globs), a ``message``, a
``remedy``, and may have ``exclude`` (globs).  By its kind it has more keys:

==============  =================================================================================
``names``       ``names``: dotted names that a module must not use, each with all beneath it;
                ``injectable``: not if it only declares a default or an annotation;
                ``literal``: not if it is called with a literal string
``construct``   ``construct``: one of `CONSTRUCTS`
``escalation``  ``raises``, ``halts``: which exceptions (last part of the name) and functions
                halt, with ``*``; ``calls``: names of functions that escalate; ``listed``:
                ``PATH::FUNCTION`` that need not
``phrases``     ``phrases`` that a text must not hold (see `phrases`)
``clause``      ``phrases`` of which a text must hold one; ``among``: ``each`` of the files, or
                ``any`` of them
==============  =================================================================================
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sealwright.contracts.coo.scanning import phrases
from sealwright.contracts.coo.scanning.leak_rules import pin, table
from sealwright.contracts.coo.scanning.phrases import Vocabulary
from sealwright.contracts.coo.scanning.scanned_files import Globs
from sealwright.digest import Digest
from sealwright.document import Table
from sealwright.errors import Misconfigured

VERSION = 1
KINDS = ("names", "construct", "escalation", "phrases", "clause")
CONSTRUCTS = ("wildcard-import", "global-statement", "mutable-module-state", "bare-except")
SEVERITIES = ("error", "note")
UNREAD, NOT_TEXT, UNPARSABLE = OWN = ("unread", "not-text", "unparsable")
_ID = re.compile(r"[a-z]+(?:-[a-z]+)*")


@dataclass(frozen=True)
class Rule:
    """A rule; what its kind does not have is empty."""

    id: str
    kind: str
    severity: str
    message: str
    remedy: str
    paths: Globs
    exclude: Globs
    names: tuple[str, ...] = ()
    injectable: bool = False
    literal: bool = False
    construct: str = ""
    raises: tuple[str, ...] = ()
    halts: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    listed: tuple[str, ...] = ()
    vocabulary: Vocabulary[None] | None = None
    among: str = ""

    def about(self, path: str) -> bool:
        """Return whether the rule looks at a file."""
        return path in self.paths and path not in self.exclude


@dataclass(frozen=True)
class Ruleset:
    """All rules of a file."""

    sha256: Digest
    rules: tuple[Rule, ...]


def read(data: bytes, name: str, pinned: Digest | None) -> Ruleset:
    """Return the ruleset in ``data``; `Refused` if it is not the ``pinned`` one."""
    found = pin(data, name, pinned)
    with table(data, name) as given:
        if given.integer("version") != VERSION:
            raise given.wrong("version", f"{VERSION}")
        rules = tuple(map(_rule, given.tables("rules")))
        ids = [rule.id for rule in rules]
        if twice := sorted({each for each in ids if ids.count(each) > 1}):
            raise Misconfigured(f"{given.where('rules')}: {', '.join(twice)}: written twice")
    return Ruleset(found, rules)


def _rule(given: Table) -> Rule:
    if not _ID.fullmatch(given.string("id")) or given.string("id") in OWN:
        raise given.wrong("id", "small letters and - that are no id of ours")
    kind = given.one_of("kind", KINDS)
    return Rule(
        id=given.string("id"),
        kind=kind,
        severity=given.one_of("severity", SEVERITIES),
        message=given.string("message"),
        remedy=given.string("remedy"),
        paths=_globs(given, "paths"),
        exclude=_globs(given, "exclude", ()),
        names=given.strings("names") if kind == "names" else (),
        injectable=given.flag("injectable", False) if kind == "names" else False,
        literal=given.flag("literal", False) if kind == "names" else False,
        construct=given.one_of("construct", CONSTRUCTS) if kind == "construct" else "",
        raises=given.strings("raises") if kind == "escalation" else (),
        halts=given.strings("halts") if kind == "escalation" else (),
        calls=given.strings("calls") if kind == "escalation" else (),
        listed=given.strings("listed", ()) if kind == "escalation" else (),
        vocabulary=_vocabulary(given) if kind in ("phrases", "clause") else None,
        among=given.one_of("among", ("each", "any")) if kind == "clause" else "",
    )


def _vocabulary(given: Table) -> Vocabulary[None]:
    texts = given.strings("phrases")
    try:
        return Vocabulary((phrases.parse(text), None) for text in texts)
    except Misconfigured as error:
        raise Misconfigured(f"{given.where('phrases')}: {error}") from None


def _globs(given: Table, key: str, default: tuple[str, ...] | None = None) -> Globs:
    texts = given.strings(key) if default is None else given.strings(key, default)
    try:
        return Globs(texts)
    except Misconfigured as error:
        raise Misconfigured(f"{given.where(key)}: {error}") from None
