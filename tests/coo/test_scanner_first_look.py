"""What the scanner passes over after a first look at the bytes holds nothing that it looks for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sealwright.contracts.coo.governance_leak_scanner import found_in
from sealwright.contracts.coo.scanning.leak_rules import Pattern, Ruleset
from sealwright.contracts.coo.scanning.phrases import Phrase, Words, borders, longest
from sealwright.contracts.coo.scanning.scanned_text import Text
from tests.coo.scans import LEAKS
from tests.coo.test_scanner_oracle import BETWEEN, WORDS


class Everywhere(Words):
    def places(self, text: Text) -> Iterable[int]:
        return range(len(text.low))


class Plodding(Ruleset):
    """Rules that read every zone of every text, whatever it holds."""

    longest = Everywhere([])

    def may_leak(self, low: str) -> bool:
        return True


def plodding(rules: Ruleset) -> Ruleset:
    return Plodding(**{field.name: getattr(rules, field.name) for field in fields(rules)})


OTHER = replace(
    LEAKS,
    forbidden=(Pattern("Odd", (("it", "x"), ("x", "must", "it"), ("deci",), ("govern", "by"))),),
    verbs=(Pattern("Even", (("a",), ("appro",), ("desi", "and"))),),
    agents=(("non", "it"),),
    principals=(),
)
RULES = st.sampled_from([(rules, plodding(rules)) for rules in (LEAKS, OTHER)])
FOLDED = ["ſ", "\u212a", "İ", "ﬁ", "ß", "confırms", "confirmſ", "APPROVEſ", "É", "日", "\U000e0041"]
HIDING = ["rev\u00adiews", "appro\u200bves", "\ufeff", "deciDecided", "decidesignated", "\u2028"]
FORMS = st.sampled_from([str.upper, str.lower, str.title, str.swapcase])
MIXED = st.lists(
    st.one_of(
        st.tuples(WORDS, FORMS).map(lambda pair: pair[1](pair[0])),
        BETWEEN,
        BETWEEN,
        st.sampled_from([*FOLDED, *HIDING, "\n\n", "\r\n\r\n", "\r\r", "\n\r", "—"]),
    ),
    max_size=40,
).map("".join)
ENCODINGS = ["utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32-be"]
BROKEN = st.sampled_from([b"", b"", b"", b"\0", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xe2\x80"])


@settings(max_examples=1500, deadline=None)
@given(RULES, MIXED, MIXED, st.sampled_from(ENCODINGS), BROKEN)
def test_what_the_first_look_leaves_out_holds_nothing(rules, text, more, encoding, broken):
    quick, slow = rules
    data = text.encode(encoding) + broken + more.encode(encoding)
    assert found_in(data, quick) == found_in(data, slow)


@pytest.mark.parametrize("more", ["", "é", "—", "\u200b", "\0"])
def test_a_line_of_ten_megabytes_is_read_to_its_end(more):
    line = " preview approver" + " x" * 5_000_000 + more + " decider 1 confırms CONFIRMS"
    (found,) = found_in(line.encode(), LEAKS)
    assert found[:3] == ((1, 1, "NotText") if more == "\0" else (1, len(line) - 7, "Confirms"))


WORD = st.text(alphabet="ab", min_size=2, max_size=3) | st.sampled_from(["ababab", "ababaa"])
TOLD = st.lists(WORD, min_size=1, max_size=2).map(tuple)
TEXT = st.text(alphabet="aAbB", max_size=30) | st.text(alphabet="aAbB é\u200b日", max_size=30)


@settings(max_examples=500, deadline=None)
@example([("ab",), ("ba",)], "aBa aBA")
@given(st.lists(TOLD, min_size=1, max_size=6), TEXT)
def test_words_are_told_wherever_they_stand_also_within_each_other(phrases: list[Phrase], whole):
    text = Text.of(whole.encode())
    assert list(Words(phrases).places(text)) == [
        at
        for at in range(len(text.low))
        if borders(text.seen, at)
        and any(
            text.low.startswith(word, at) and borders(text.seen, at + len(word))
            for word in longest(phrases)
        )
    ]
