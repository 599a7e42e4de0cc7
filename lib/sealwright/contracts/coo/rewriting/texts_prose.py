"""Words of people: where the bare name is one of a sentence, or what a parameter is called."""

from __future__ import annotations

import re

from sealwright.contracts.coo.rewriting.texts_sheet import Sheet
from sealwright.contracts.coo.rewriting.texts_words import Word

_NEIGHBOUR = re.compile(r"[^\W\d_]{2,}[,;:.!?)\"'`]*\Z")


def prose(sheet: Sheet, word: Word) -> bool:
    """Return whether a word stands beside another word of a sentence."""
    begin, end = sheet.line(word.start)
    if sheet.text[max(begin, word.start - 1) : word.start].strip("(\"'`* \t"):
        return False
    before = sheet.text[begin : word.start].split()
    touching, *after = f"{sheet.text[word.end : min(end, word.end + 99)]} ".split(" ")
    if touching.strip(",.;:!?)\"'`*\r"):
        after = []
    beside = [*before[-1:], *after[:1]]
    return any(_NEIGHBOUR.match(each.lstrip("(\"'`*")) for each in beside)


def named(sheet: Sheet, word: Word) -> bool:
    """Return whether a word is the name of a parameter, or an item of a thing called the same."""
    return sheet.text[word.end : word.end + 1] in ("=", "[", "(")
