"""Suppressions: findings that somebody looked at and left as they are, until a day.

A reviewed YAML file (see `sealwright.document`)::

    suppressions:
      - file: docs/01_governance/history.md
        pattern: NAME
        excerpt_sha256: 2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae
        reason: quotes the minutes of 2024
        expires: "2026-06-30"

``excerpt_sha256`` is the SHA-256 of the line's text in UTF-8, without its end, as the SARIF file
has it.  A suppression covers every finding of its pattern on such a line of its file, through
its last day in UTC; a line that changes is found again.  One that is past its day, that fits
nothing, or that cannot be understood is a finding itself, at its place in this file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import NamedTuple

from sealwright import document
from sealwright.clock import Instant
from sealwright.contracts.coo.scanning.leak_rules import EXPIRED, MALFORMED, UNUSED
from sealwright.contracts.coo.scanning.scanned_text import line_sha256
from sealwright.document import Table
from sealwright.errors import Misconfigured
from sealwright.verdict import legible

_PLACE = re.compile(r"[^\n]*?:(\d+):(\d+): ")
_HEX = re.compile(r"[0-9a-f]{64}")


class Violation(NamedTuple):
    """A finding at the place of its first letter."""

    file: str
    line: int
    column: int
    pattern: str
    excerpt: str
    line_sha256: str


class Suppression(NamedTuple):
    """One entry, and where it is written."""

    file: str
    pattern: str
    excerpt_sha256: str
    reason: str
    expires: str
    line: int
    column: int

    @property
    def about(self) -> tuple[str, str, str]:
        """Return what the violations have in common that this entry covers."""
        return self.file, self.pattern, self.excerpt_sha256


class Suppressed(NamedTuple):
    """A violation that is left as it is, and why."""

    violation: Violation
    reason: str


class Outcome(NamedTuple):
    """What is left of violations, with what is wrong with the suppressions; what is not left."""

    left: tuple[Violation, ...]
    suppressed: tuple[Suppressed, ...]
    used: int


@dataclass(frozen=True, slots=True)
class Suppressions:
    """The entries of one file, and what is wrong with it."""

    name: str = ""
    entries: tuple[Suppression, ...] = ()
    malformed: tuple[Violation, ...] = ()
    today: str = ""

    def apply(self, violations: Iterable[Violation]) -> Outcome:
        """Return which violations are left, and which are suppressed by entries in force."""
        left: list[Violation] = []
        suppressed: list[Suppressed] = []
        used: set[Suppression] = set()
        in_force = self._in_force()
        for violation in violations:
            about = violation.file, violation.pattern, violation.line_sha256
            if covering := in_force.get(about):
                used.update(covering)
                suppressed.append(Suppressed(violation, covering[0].reason))
            else:
                left.append(violation)
        wrong = (*self.malformed, *self._wrong(used))
        return Outcome((*left, *wrong), tuple(suppressed), len(used))

    def _in_force(self) -> dict[tuple[str, str, str], list[Suppression]]:
        found: dict[tuple[str, str, str], list[Suppression]] = {}
        for entry in self.entries:
            if entry.expires >= self.today:
                found.setdefault(entry.about, []).append(entry)
        return found

    def _wrong(self, used: set[Suppression]) -> Iterator[Violation]:
        for entry in self.entries:
            if entry.expires < self.today:
                yield _finding(self.name, entry, EXPIRED, f"expired on {entry.expires}")
            elif entry not in used:
                yield _finding(self.name, entry, UNUSED, f"fits nothing in {legible(entry.file)}")


NONE = Suppressions()


def read(path: Path, name: str, today: Instant) -> Suppressions:
    """Return the suppressions in a file; `Misconfigured` only if it cannot be read at all."""
    try:
        return parse(path.read_bytes(), name, today)
    except OSError as error:
        raise Misconfigured(f"{name}: cannot be read: {error.strerror}") from None


def parse(data: bytes, name: str, today: Instant) -> Suppressions:
    """Return the suppressions in ``data``, with everything that is wrong with them."""
    entries: list[Suppression] = []
    malformed: list[Violation] = []
    try:
        table = document.parse(data, name)
        for each in table.tables("suppressions"):
            try:
                entries.append(_entry(each))
            except Misconfigured as error:
                malformed += _malformed(name, error)
        if not malformed:  # else it would complain of what was not read after a complaint
            table.close()
    except Misconfigured as error:
        malformed += _malformed(name, error)
    made = Suppressions(name, tuple(entries), today=today.iso()[:10])
    return replace(made, malformed=tuple(dict.fromkeys(malformed)))


def _entry(table: Table) -> Suppression:
    with table:
        line, column = _place(table.where("file"))
        entry = Suppression(
            file=table.string("file"),
            pattern=table.string("pattern"),
            excerpt_sha256=table.string("excerpt_sha256"),
            reason=table.string("reason"),
            expires=table.string("expires"),
            line=line,
            column=column,
        )
    if not _HEX.fullmatch(entry.excerpt_sha256):
        raise table.wrong("excerpt_sha256", "64 hexadecimal digits")
    if not entry.reason.strip():
        raise table.wrong("reason", "a reason")
    if not _is_day(entry.expires):
        raise table.wrong("expires", "a day such as 2026-06-30")
    return entry


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _finding(name: str, entry: Suppression, pattern: str, what: str) -> Violation:
    excerpt = f"{legible(entry.pattern)}: {what}"
    return Violation(name, entry.line, entry.column, pattern, excerpt, line_sha256(excerpt))


def _malformed(name: str, error: Misconfigured) -> Iterator[Violation]:
    for complaint in str(error).splitlines():
        line, column = _place(complaint)
        what = legible(complaint.removeprefix(f"{name}:{line}:{column}: "))
        yield Violation(name, line, column, MALFORMED, what, line_sha256(what))


def _place(complaint: str) -> tuple[int, int]:
    found = _PLACE.match(complaint)
    return (int(found[1]), int(found[2])) if found else (1, 1)
