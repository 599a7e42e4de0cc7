"""Where a text leaks governance, by a ruleset and nothing else.

1. Each forbidden phrase is a leak (see `phrases` for what finds a phrase).
2. A role verb is a leak where its subject is an agent.  Text falls into *clauses*: one ends with
   ``; : | = { }``, with ``. ! ?`` that no letter or digit follows, with a bracket at the end of a
   line, with an empty line and before an item of a list.  In a clause

   * the subject of a verb is the last noun (agent or principal) before it; nouns that only
     ``,``, ``and``, ``or``, ``nor``, ``&``, ``/`` and an article divide are one subject, which
     is an agent if one of them is;
   * the first noun after ``by`` is the subject of all verbs before it in the clause as well.

   A principal with a hyphen before it (a *vice-*) is an agent.  A noun or verb within a longer
   noun is part of that noun.  No word turns a leak into none: not *not*, not a quotation mark.
3. What lies wholly within a permitted phrase is no leak.  A permitted phrase has no hyphen
   before it.

The rules are a regular language: the same text has the same leaks, and each character is looked
at a bounded number of times.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from sealwright.contracts.coo.scanning.leak_rules import KINDS, Ruleset, Word
from sealwright.contracts.coo.scanning.phrases import Match, zones
from sealwright.contracts.coo.scanning.scanned_text import Text

FORBIDDEN, VERB, AGENT, PRINCIPAL = KINDS
_CLAUSE_END = re.compile(
    r"[;:|={}]|[.!?](?![^\W_])|[()\[\]][ \t]*+(?=[\r\n])"
    r"|(?>\r\n?|\n)[ \t#>]*+(?:[\r\n]|(?:[-+*]|[0-9]{1,9}[.)])[ \t])"
)
_AND = re.compile(
    r"[\s_]*+(?:,[\s_]*+(?:(?:and/or|and|or|nor|&)[\s_]++)?+|(?:and/or|and|or|nor|&|/)[\s_]*+)"
    r"(?:(?:the|an|a|any|each|every)[\s_]++)?+"
)


class Leak(NamedTuple):
    """A leak: offsets into `Text.seen`, and the name of its pattern."""

    start: int
    end: int
    pattern: str


def leaks(text: Text, rules: Ruleset) -> list[Leak]:
    """Return the leaks of a text in their order."""
    found: set[Leak] = set()
    for start, end in zones(text.low, rules.longest.places(text)):
        if not rules.may_leak(text.low[start:end]):
            continue
        words = sorted(rules.vocabulary.find(text, start, end), key=_first_and_longest)
        leaking = {*_forbidden(words), *_Clauses(text, start).leaks(words)}
        if leaking:
            spans = sorted(_permitted(text, rules, start, end))
            found |= leaking - set(_within(sorted(leaking), spans))
    return sorted(found)


def _first_and_longest(word: Match[Word]) -> tuple[int, int]:
    return word.start, -word.end


def _forbidden(words: Iterable[Match[Word]]) -> Iterator[Leak]:
    return (Leak(w.start, w.end, w.what.name) for w in words if w.what.kind == FORBIDDEN)


def _permitted(text: Text, rules: Ruleset, start: int, end: int) -> Iterator[tuple[int, int]]:
    for match in rules.permits.find(text, start, end):
        if not _hyphened(text, match.start):
            yield match.start, match.end
    for phrase in rules.exact:
        for exact in phrase.finditer(text.seen, start, end):
            yield exact.span()


def _within(leaking: Iterable[Leak], spans: Iterable[tuple[int, int]]) -> Iterator[Leak]:
    """Yield the leaks that lie within a span; both come sorted."""
    rest, reach = deque(spans), 0  # how far the spans go that began so far
    for leak in leaking:
        while rest and rest[0][0] <= leak.start:
            reach = max(reach, rest.popleft()[1])
        if leak.end <= reach:
            yield leak


def _hyphened(text: Text, at: int) -> bool:
    return at > 0 and text.seen[at - 1] in "-\N{HYPHEN}\N{NON-BREAKING HYPHEN}\N{EN DASH}"


class _Clauses:
    """Reads nouns, verbs and ``by`` in their order, and knows what the clause so far holds."""

    def __init__(self, text: Text, start: int) -> None:
        self._text = text
        self._read = start  # up to here clauses have been told apart
        self._new()

    def _new(self) -> None:
        self._subject = ""
        self._noun_end = 0
        self._by = self._named = False  # after `by`; by a noun that follows it
        self._open: list[Leak] = []  # verbs without an agent so far

    def leaks(self, words: Iterable[Match[Word]]) -> Iterator[Leak]:
        for word in words:
            kind = word.what.kind
            if kind == FORBIDDEN or word.end <= self._noun_end:
                continue
            self._advance(word)
            if kind == VERB:
                yield from self._verb(Leak(word.start, word.end, word.what.name))
            elif kind == "by":
                self._by = True
            else:
                yield from self._noun(word)

    def _advance(self, word: Match[Word]) -> None:
        low = self._text.low
        if _CLAUSE_END.search(low, self._read, word.start + 1):  # with the letter that follows
            self._new()
        self._read = max(self._read, word.end)

    def _verb(self, verb: Leak) -> Iterator[Leak]:
        if self._subject == AGENT:
            yield verb
        else:
            self._open.append(verb)

    def _noun(self, word: Match[Word]) -> Iterator[Leak]:
        joined = self._joined(word)
        kind = AGENT if _hyphened(self._text, word.start) else word.what.kind
        if joined and AGENT in (kind, self._subject):
            kind = AGENT
        self._named = self._by or (joined and self._named)
        self._subject, self._noun_end, self._by = kind, word.end, False
        if self._named and kind == AGENT:
            yield from self._open
            self._open.clear()

    def _joined(self, word: Match[Word]) -> bool:
        """Return whether a noun and the one before it are one subject."""
        if not self._noun_end:
            return False
        found = _AND.match(self._text.low, self._noun_end, word.start)
        return found is not None and found.end() == word.start
