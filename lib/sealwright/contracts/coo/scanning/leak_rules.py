"""The ruleset of the governance-leak scanner: JSON, pinned by the SHA-256 of its bytes.

::

    {"version": 1,
     "forbidden": [{"name": "NAME", "phrases": ["…", …]}, …],
     "roles": {"verbs": [{"name": "NAME", "forms": ["…", …]}, …],
               "agents": ["…", …], "principals": ["CEO"]},
     "permitted": ["CEO …", …],
     "constitution": ["…", …]}

``forbidden``     phrases that are a leak wherever they stand, and what a report calls them
``roles.verbs``   verbs, with all their forms, that are a leak where one of the ``agents`` is their
                  subject, or what ``by`` names; a principal may (see `leaks`)
``permitted``     phrases within which nothing is a leak
``constitution``  the same, but exact: letter by letter, only blanks and one line end may vary

Phrases are those of `phrases`; the ones of ``constitution`` are any text of one line.  All keys
are demanded, and none but these is known.  Names are of ASCII letters, each once, and not one
of the scanner's own (`OWN`).  The file is JSON that is YAML as well, so that a complaint has a
line and a column.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from sealwright import digest, document
from sealwright.contracts.coo.scanning import phrases
from sealwright.contracts.coo.scanning.phrases import Phrase, Stems, Vocabulary, Words
from sealwright.digest import Digest
from sealwright.document import Table
from sealwright.errors import Misconfigured, Refused

VERSION = 1
UNREAD, NOT_TEXT = "UnreadFile", "NotText"
EXPIRED, UNUSED, MALFORMED = "ExpiredSuppression", "UnusedSuppression", "MalformedSuppression"
OWN = {
    UNREAD: "A file in scope could not be read, or is reached by a symbolic link only.",
    NOT_TEXT: "A file in scope is not UTF-8 text.",
    EXPIRED: "A suppression is past its day.",
    UNUSED: "A suppression fits nothing that was found.",
    MALFORMED: "A suppression cannot be understood.",
}
_NAME = re.compile(r"[A-Z][A-Za-z]*")
_FORBIDDEN, _VERB, _AGENT, _PRINCIPAL = KINDS = ("forbidden", "verb", "agent", "principal")
_SPACE = r"(?:[ \t]++(?:(?>\r\n?|\n)[ \t#>]*+)?+|(?>\r\n?|\n)[ \t#>]*+)"


class Word(NamedTuple):
    """What a phrase is in a text: its kind, and the pattern it belongs to."""

    kind: str
    name: str = ""


class Pattern(NamedTuple):
    """A pattern: its name, and its phrases or forms."""

    name: str
    phrases: tuple[Phrase, ...]


@dataclass(frozen=True)
class Ruleset:
    """What a ruleset says."""

    sha256: Digest
    forbidden: tuple[Pattern, ...]
    verbs: tuple[Pattern, ...]
    agents: tuple[Phrase, ...]
    principals: tuple[Phrase, ...]
    permitted: tuple[Phrase, ...]
    constitution: tuple[str, ...]

    @cached_property
    def vocabulary(self) -> Vocabulary[Word]:
        """Return every phrase that the scanner reads, and ``by``."""
        return Vocabulary(self._words())

    @cached_property
    def permits(self) -> Vocabulary[None]:
        """Return the permitted phrases."""
        return Vocabulary((phrase, None) for phrase in self.permitted)

    @cached_property
    def exact(self) -> tuple[re.Pattern[str], ...]:
        """Return the phrases of the constitution as expressions."""
        escaped = (map(re.escape, phrase.split()) for phrase in self.constitution)
        return tuple(re.compile(rf"(?<![^\W_]){_SPACE.join(words)}(?![^\W_])") for words in escaped)

    @cached_property
    def longest(self) -> Words:
        """Return the words without any of which a text holds no leak."""
        told = (*self.forbidden, *self.verbs)
        return Words(phrase for pattern in told for phrase in pattern.phrases)

    def may_leak(self, low: str) -> bool:
        """Return whether a zone holds a noun, or all words of a forbidden phrase."""
        data = low.encode("utf-8")
        return self._needed.among(data) and (
            self._nouns.among(data) or any(all(map(low.__contains__, p)) for p in self._forbidden)
        )

    @cached_property
    def _needed(self) -> Stems:
        """Return the stems of a word of each phrase, which is not the longest if it has others."""
        shortest = [(min(phrase, key=len),) for phrase in self._forbidden]
        return Stems((*shortest, *self.agents, *self.principals))

    @cached_property
    def _nouns(self) -> Stems:
        return Stems((*self.agents, *self.principals))

    @cached_property
    def _forbidden(self) -> tuple[Phrase, ...]:
        return tuple(phrase for pattern in self.forbidden for phrase in pattern.phrases)

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of all patterns, in the order of the ruleset."""
        return tuple(pattern.name for pattern in (*self.forbidden, *self.verbs))

    def _words(self) -> Iterator[tuple[Phrase, Word]]:
        for kind, patterns in ((_FORBIDDEN, self.forbidden), (_VERB, self.verbs)):
            for pattern in patterns:
                yield from ((phrase, Word(kind, pattern.name)) for phrase in pattern.phrases)
        yield from ((phrase, Word(_AGENT)) for phrase in self.agents)
        yield from ((phrase, Word(_PRINCIPAL)) for phrase in self.principals)
        yield ("by",), Word("by")


def read(data: bytes, name: str, pinned: Digest | None) -> Ruleset:
    """Return the ruleset in ``data``; `Refused` if it is not the ``pinned`` one."""
    found = pin(data, name, pinned)
    with table(data, name) as given:
        if given.integer("version") != VERSION:
            raise given.wrong("version", f"{VERSION}")
        roles = given.table("roles")
        made = Ruleset(
            sha256=found,
            forbidden=_patterns(given, "forbidden", "phrases"),
            verbs=_patterns(roles, "verbs", "forms"),
            agents=_phrases(roles, "agents"),
            principals=_phrases(roles, "principals"),
            permitted=_phrases(given, "permitted"),
            constitution=_each(given, "constitution", _line),
        )
        _distinct(made, given)
    return made


def pin(data: bytes, name: str, pinned: Digest | None) -> Digest:
    """Return the SHA-256 of a ruleset, or raise `Refused` if another one is pinned."""
    found = digest.sha256(data)
    if pinned is not None and found != pinned:
        remedy = "pin what was reviewed, or put the reviewed bytes back"
        raise Refused(f"{name}: expected {pinned}, as pinned, found {found}; {remedy}")
    return found


def table(data: bytes, name: str) -> Table:
    """Return a JSON document as a table that knows where each value stands."""
    try:
        json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise Misconfigured(f"{name}: expected JSON in UTF-8, found {error}") from None
    return document.parse(data, name)


def _patterns(given: Table, key: str, forms: str) -> tuple[Pattern, ...]:
    found = []
    for each in given.tables(key):
        name = each.string("name")
        if not _NAME.fullmatch(name) or name in OWN:
            raise each.wrong("name", "a name of ASCII letters, a capital first, that is not ours")
        if not (listed := _phrases(each, forms)):
            raise each.wrong(forms, "at least one phrase")
        found.append(Pattern(name, listed))
    return tuple(found)


def _phrases(given: Table, key: str) -> tuple[Phrase, ...]:
    return _each(given, key, phrases.parse)


def _each(given: Table, key: str, parse: Callable[[str], Any]) -> tuple[Any, ...]:
    texts = given.strings(key)
    try:
        return tuple(map(parse, texts))
    except Misconfigured as error:
        raise Misconfigured(f"{given.where(key)}: {error}") from None


def _line(text: str) -> str:
    if not text.split() or not text.isprintable():
        raise Misconfigured(f"expected a phrase on one line, found {text!r}")
    return text


def _distinct(made: Ruleset, given: Table) -> None:
    names = made.names
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise Misconfigured(f"{given.where('forbidden')}: {', '.join(twice)}: named twice")
    if not names:
        raise Misconfigured(f"{given.where('forbidden')}: expected at least one pattern")
