"""Sentences, and what each one is; by rules that read the words and nothing else.

Text is split into lines, and a line after each ``.``, ``!`` or ``?`` that white space follows.
White space within is made one blank, and what is empty is left out.  Then, by the first rule
that fits:

``QUESTION``      it ends in ``?``, or begins with a word that asks (`ASKS`) and has others
``ASSUMPTION``    it has a word or phrase that supposes (`SUPPOSES`)
``SOURCE-BASED``  anything else

Characters that no reader sees, or that turn others around, are removed: controls, formats
such as zero-width and bidirectional marks, surrogates, private and unassigned ones.

>>> [kind(s) for s in split("Lay the floor. It seems dry?  Perhaps it rains.")]
['SOURCE-BASED', 'QUESTION', 'ASSUMPTION']
"""

from __future__ import annotations

import re
import unicodedata

SOURCE, ASSUMPTION, QUESTION = KINDS = ("SOURCE-BASED", "ASSUMPTION", "QUESTION")
ASKS = frozenset(
    [
        *("what", "why", "how", "when", "where", "who", "which", "can", "could", "should"),
        *("would", "do", "does", "did", "is", "are", "am", "may", "might"),
    ]
)
SUPPOSES = (
    *("assume", "assumption", "probably", "likely", "unlikely", "maybe", "might", "i think"),
    *("we think", "it seems", "seems", "estimate", "guess", "roughly", "approximately", "perhaps"),
)
_END = re.compile(r"(?<=[.!?])\s+")
_WORD = re.compile(r"[a-z]+")
_SUPPOSES = re.compile(rf"\b(?:{'|'.join(SUPPOSES)})(?:d|s|ed|tion|tions)?\b")


def printable(text: str) -> str:
    """Return ``text`` without what nobody sees; line ends become LF, tabs stay."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c for c in text if c in "\n\t" or not unicodedata.category(c).startswith("C"))


def split(text: str) -> list[str]:
    """Return the sentences of ``text``."""
    pieces = (piece for line in text.splitlines() for piece in _END.split(line))
    return [plain for piece in pieces if (plain := " ".join(piece.split()))]


def kind(sentence: str) -> str:
    """Return what a sentence is."""
    plain = sentence.lower()
    first = _WORD.match(plain)
    if plain.endswith("?") or (first and first[0] in ASKS and " " in plain):
        return QUESTION
    return ASSUMPTION if _SUPPOSES.search(plain) else SOURCE
