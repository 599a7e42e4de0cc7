"""The scanner finds what a slow and obvious reading of its rules finds: one pattern at a time."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from sealwright.contracts.coo.governance_leak_scanner import found_in
from sealwright.contracts.coo.scanning.leak_rules import Ruleset
from sealwright.contracts.coo.scanning.phrases import parse, stems, zones
from tests.coo.scans import LEAKS

MARK = r"(?:[^\S\r\n]|[_*`'\"~\\-])"
GAP = rf"{MARK}*(?:(?:\r\n|\r|\n)(?:{MARK}|[#>])*)?"
ARTICLE = r"(?:(?:the|an|a|any|each|every)[\s_]+)?"
AND = re.compile(
    rf"[\s_]*(?:,[\s_]*(?:(?:and/or|and|or|nor|&)[\s_]+)?|(?:and/or|and|or|nor|&|/)[\s_]*){ARTICLE}"
)
CLAUSE_END = re.compile(
    r"[;:|={}]|[.!?](?![^\W_])|[()\[\]][ \t]*[\r\n]"
    r"|(?:\r\n|\r(?!\n)|(?<!\r)\n)[ \t#>]*(?:[\r\n]|(?:[-+*]|[0-9]{1,9}[.)])[ \t])"
)


class Noun(NamedTuple):
    start: int
    end: int
    agent: bool


class Slow:
    """A text without what nobody sees, read as slowly as it takes to be plain."""

    def __init__(self, whole: str, rules: Ruleset) -> None:
        self.kept = [n for n, c in enumerate(whole) if c not in "\u200b\ufe0f"]
        self.text = text = "".join(whole[n] for n in self.kept)
        self.rules = rules
        self.borders = {
            n
            for n in range(len(text) + 1)
            if n in (0, len(text))
            or not (text[n - 1].isalpha() and text[n].isalpha())
            or (text[n - 1].islower() and text[n].isupper())
        }
        self.nouns = self.outermost(
            [Noun(*span, True) for phrase in rules.agents for span in self.spans(phrase)]
            + [
                Noun(start, end, text[start - 1 : start] == "-")
                for phrase in rules.principals
                for start, end in self.spans(phrase)
            ]
        )

    def spans(self, phrase: tuple[str, ...]) -> list[tuple[int, int]]:
        expression = re.compile(f"(?:{GAP})".join(f"((?ai:{word}))" for word in phrase))
        matches = (expression.match(self.text, offset) for offset in range(len(self.text)))
        words = range(1, len(phrase) + 1)
        return [m.span() for m in matches if m and all({*m.span(n)} <= self.borders for n in words)]

    def outermost(self, nouns: list[Noun]) -> list[Noun]:
        return sorted(n for n in nouns if not self.within(n[:2], [o[:2] for o in nouns if o != n]))

    def within(self, span: tuple[int, int], others: list[tuple[int, int]]) -> bool:
        return any(start <= span[0] and span[1] <= end for start, end in others)

    def forbidden(self) -> set[tuple[int, int, str]]:
        patterns = [(phrase, p.name) for p in self.rules.forbidden for phrase in p.phrases]
        return {(*span, name) for phrase, name in patterns for span in self.spans(phrase)}

    def verbs(self) -> set[tuple[int, int, str]]:
        patterns = [(phrase, p.name) for p in self.rules.verbs for phrase in p.phrases]
        found = {(*span, name) for phrase, name in patterns for span in self.spans(phrase)}
        return {v for v in found if not self.within(v[:2], [noun[:2] for noun in self.nouns])}

    def clause(self, offset: int) -> int:
        """Return the number of the clause in which a word begins."""
        text = self.text.encode().lower().decode()
        ends = {n for n in range(offset) if CLAUSE_END.match(text, n)}
        return len({n for n in ends if not any(o.start < n < o.end for o in self.nouns)})

    def subjects(self, nouns: list[Noun]) -> list[list[Noun]]:
        """Return nouns that are one subject together."""
        text = self.text.encode().lower().decode()
        found: list[list[Noun]] = []
        for noun in nouns:
            if found and AND.fullmatch(text[found[-1][-1].end : noun.start]):
                found[-1].append(noun)
            else:
                found.append([noun])
        return found

    def leaks(self, verb: tuple[int, int, str]) -> bool:
        number = self.clause(verb[0])
        nouns = [noun for noun in self.nouns if self.clause(noun.start) == number]
        bys = [start for start, _ in self.spans(("by",)) if self.clause(start) == number]
        for subject in self.subjects(nouns):
            first = nouns.index(subject[0])
            before = nouns[first - 1].end if first else 0
            named = any(before <= by < subject[0].start for by in bys)
            for at, noun in enumerate(subject):
                agent = any(each.agent for each in subject[: at + 1])
                last = [n for n in nouns if n.start < verb[0]][-1:] == [noun]
                if agent and (last or (named and verb[0] < noun.start)):
                    return True
        return False

    def permitted(self) -> list[tuple[int, int]]:
        found = [span for phrase in self.rules.permitted for span in self.spans(phrase)]
        return [span for span in found if self.text[span[0] - 1 : span[0]] != "-"]


def oracle(whole: str, rules: Ruleset) -> list[tuple[int, int, str]]:
    slow = Slow(whole, rules)
    found = slow.forbidden() | {verb for verb in slow.verbs() if slow.leaks(verb)}
    left = [leak for leak in found if not slow.within(leak[:2], slow.permitted())]
    return sorted((*place(whole, slow.kept[start]), name) for start, _, name in left)


def place(text: str, offset: int) -> tuple[int, int]:
    lines = re.split(r"\r\n|\r|\n", text[:offset])
    return len(lines), len(lines[-1]) + 1


WORDS = st.sampled_from(
    [
        *("must", "approve", "Approves", "authorizes", "requires", "approval", "confirmation"),
        *("validates", "Confirms", "CEO", "ceo", "council", "Agent", "agents", "COO", "Alignment"),
        *("Layer", "review", "Reviewed", "decides", "governed", "by", "and", "or", "the", "non"),
        *("it", "x", "É", "1", "reviewer", "designating"),
    ]
)
BETWEEN = st.sampled_from(
    [
        *(
            " ",
            " ",
            " ",
            " ",
            "\n",
            "\r\n",
            "\r",
            "\n\n",
            "\r\n\r\n",
            "_",
            "",
            "-",
            ". ",
            ".",
            "; ",
        ),
        *(", ", ",", "\n# ", "\n> ", "\n- ", "\n1. ", " (", ")\n", ") ", "=", ": ", "\t", "\u00a0"),
        *("; ", "\ufe0f", "\u200b", "**", '"', "/", " & ", "\n \n", "\x0c", "\u2028"),
    ]
)
TEXTS = st.lists(st.tuples(WORDS, BETWEEN), max_size=14).map(
    lambda pairs: "".join(word + between for word, between in pairs)
)


@settings(max_examples=1500, deadline=None)
@given(TEXTS)
def test_the_scanner_finds_what_the_oracle_finds(text):
    found = [(p.line, p.column, p.pattern) for p in found_in(text.encode(), LEAKS)]
    assert sorted(found) == oracle(text, LEAKS)


@settings(max_examples=300, deadline=None)
@given(st.lists(TEXTS, max_size=4), st.sampled_from(["\n\n", "\r\n\r\n"]))
def test_paragraphs_do_not_touch_each_other(texts, empty):
    alone = [p.pattern for text in texts for p in found_in(text.encode(), LEAKS)]
    joined = found_in(empty.join(texts).encode(), LEAKS)
    assert sorted(p.pattern for p in joined) == sorted(alone)


@given(st.lists(st.sampled_from(["must a", "a must", "musters", "govern", "governed", "by"])))
def test_a_text_with_a_phrase_has_a_stem(texts):
    found = stems(map(parse, texts))
    assert all(any(stem in text for stem in found) for text in texts)


@given(st.text(alphabet="ab\n\r", max_size=40))
def test_zones_hold_all_that_lies_between_empty_lines(text):
    told = list(zones(text, [match.start() for match in re.finditer("ab", text)]))
    assert all(one[1] <= other[0] for one, other in pairwise(told))
    for match in re.finditer("ab", text):
        (zone,) = [z for z in told if z[0] <= match.start() < z[1]]
        before, after = text[: match.start()], text[match.end() :]
        start = max(before.rfind("\n\n"), before.rfind("\n\r\n"), 0)
        end = min([n for n in (after.find("\n\n"), after.find("\n\r\n")) if n >= 0] or [len(after)])
        assert zone[0] <= start and zone[1] >= match.end() + end
