"""The one answer to every question that can be answered with no.

A `Verdict` holds exactly when it has no findings.  A `Finding` says where, what, and,
when there is a way out, the exact command or text that would satisfy the question.
All findings are told at once.  ``evidence`` is what was seen on the way: plain JSON
values, fit for a receipt.

>>> Verdict((Finding("README.md", "is not tracked", "git add README.md"),)).holds
False
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sealwright.errors import Refused, SealwrightError


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason why a question is answered with no."""

    where: str
    what: str
    remedy: str = ""

    def __str__(self) -> str:
        sentence = f"{self.where}: {self.what}"
        return f"{sentence}; {self.remedy}" if self.remedy else sentence


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to one question: it holds exactly when there are no findings."""

    findings: tuple[Finding, ...] = ()
    evidence: Mapping[str, Any] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        """Whether the answer is yes."""
        return not self.findings

    def __bool__(self) -> bool:
        return self.holds

    def __str__(self) -> str:
        return "\n".join(map(str, self.findings)) or "holds"

    def enforce(self, kind: type[SealwrightError] = Refused) -> Mapping[str, Any]:
        """Return the evidence, or raise ``kind`` with every finding, one a line."""
        if self.findings:
            raise kind(str(self))
        return self.evidence


def refusal(where: str, what: str, remedy: str = "") -> Verdict:
    """Return the verdict that fails for one reason."""
    return Verdict((Finding(where, what, remedy),))


def together(verdicts: Iterable[Verdict]) -> Verdict:
    """Return one verdict with all findings and all evidence, in order."""
    findings: list[Finding] = []
    evidence: dict[str, Any] = {}
    for verdict in verdicts:
        findings += verdict.findings
        evidence.update(verdict.evidence)
    return Verdict(tuple(findings), evidence)


def spelled(text: str) -> str:
    """Return a text that others wrote as UTF-8 can write it: what it cannot write is escaped.

    >>> spelled("caf\\udce9")
    'caf\\\\udce9'
    """
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def legible(text: str) -> str:
    """Return a line that others wrote, fit for a terminal: what would steer that becomes ``?``."""
    return "".join(letter if letter.isprintable() or letter == "\t" else "?" for letter in text)
