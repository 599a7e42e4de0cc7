"""What is done about one occurrence of the name, by which rule, and why a person is asked.

``SAY`` and ``KEEP`` are not for good: the one rewrites what a text says, wherever it stands, the
other leaves it because of where it stands.  If both happen to one text, a person is asked.

>>> edit("R3").answer, ask("R4", "is the name alone").why, MENTION.answer
(<Answer.EDIT: 'edit'>, 'is the name alone', <Answer.MENTION: 'mention'>)
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Answer(Enum):
    """What is done about an occurrence."""

    EDIT = "edit"
    SAY = "say"
    KEEP = "keep"
    ASK = "ask"
    MENTION = "mention"


@dataclass(frozen=True, slots=True)
class Decision:
    """An answer, the rule behind it, and the reason why a person is asked."""

    answer: Answer
    rule: str = ""
    why: str = ""


MENTION = Decision(Answer.MENTION)
SAY = Decision(Answer.SAY, "R3")
KEEP = Decision(Answer.KEEP, "R3")
LOOK_UP = Decision(Answer.KEEP, "R4")


def edit(rule: str) -> Decision:
    """Return the decision to rewrite."""
    return Decision(Answer.EDIT, rule)


def ask(rule: str, why: str) -> Decision:
    """Return the decision to ask."""
    return Decision(Answer.ASK, rule, why)
