"""The governance-leak scanner: files in scope, a pinned ruleset, one report (003, section 5).

The report is one canonical line of JSON with these keys and no others::

    {"ruleset_sha256":"<64 hex>","scanned_paths":["coo/runtime/**/*.py",…],"status":"FAIL",
     "violations":[{"excerpt":"…","file":"…","line":7,"pattern":"NAME"},…]}

``status`` is PASS exactly when ``violations`` is empty.  They are sorted by file (as bytes), line,
column and pattern.  What a suppression covers is not among them; what is wrong with a suppression
is, and so is a file in scope that cannot be read as text (see `leak_rules.OWN`): nothing that was
left unread is passed over.  How many files there were and what was suppressed is told beside the
report, by `Report.summary` and in the SARIF file.

What is in scope: `scanned_files`.  What is found: `leaks`, by the rules of `leak_rules`.  A scan
is the same whatever the order, the locale and the clock; only `suppressions` know a day.  It
holds one file at a time, in about six times its size where that is ASCII and up to twenty where
it is not, and in forty bytes more for each line where something is found.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sealwright import digest
from sealwright.contracts.coo import sarif
from sealwright.contracts.coo.scanning import suppressions
from sealwright.contracts.coo.scanning.known_contents import Known, Place
from sealwright.contracts.coo.scanning.leak_rules import NOT_TEXT, OWN, UNREAD, Ruleset
from sealwright.contracts.coo.scanning.leaks import leaks
from sealwright.contracts.coo.scanning.scanned_files import (
    Globs,
    Sighting,
    opened,
    shown,
    sightings,
)
from sealwright.contracts.coo.scanning.scanned_text import NotText, Text, line_sha256
from sealwright.contracts.coo.scanning.suppressions import Suppressed, Suppressions, Violation
from sealwright.digest import Sums
from sealwright.runtime import canonical
from sealwright.verdict import Finding, Verdict

TOOL = "governance_leak_scanner"
SCOPE = (
    "coo/runtime/**/*.py",
    "coo/scripts/**/*.py",
    "docs/01_governance/**/*.md",
    "docs/02_protocols/**/*.md",
)


@dataclass(frozen=True, slots=True)
class Report:
    """What a scan found."""

    ruleset: Ruleset
    scope: tuple[str, ...]
    files: int
    violations: tuple[Violation, ...]
    suppressed: tuple[Suppressed, ...]
    suppressions_used: int

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON has it."""
        return {
            "status": "FAIL" if self.violations else "PASS",
            "violations": [
                {"file": v.file, "line": v.line, "pattern": v.pattern, "excerpt": v.excerpt}
                for v in self.violations
            ],
            "scanned_paths": list(self.scope),
            "ruleset_sha256": digest.hexadecimal(self.ruleset.sha256),
        }

    def report_bytes(self) -> bytes:
        """Return the report."""
        return canonical.line(self.to_dict())

    def sarif_bytes(self) -> bytes:
        """Return the findings, the suppressed ones too, as SARIF."""
        texts = {name: f"Governance leak: {name}." for name in self.ruleset.names} | OWN
        results = [_result(each, None) for each in self.violations]
        results += [_result(each.violation, each.reason) for each in self.suppressed]
        rules = [sarif.Rule(name, text) for name, text in texts.items()]
        return sarif.log(
            TOOL, rules, sorted(results, key=_order), digest.hexadecimal(self.ruleset.sha256)
        )

    def summary(self) -> dict[str, Any]:
        """Return the counts that the report has no keys for."""
        return {
            "scanned_files": self.files,
            "violations": len(self.violations),
            "suppressed": len(self.suppressed),
            "suppressions_used": self.suppressions_used,
        }

    def verdict(self) -> Verdict:
        """Return the report as a verdict."""
        return Verdict(tuple(map(_finding, self.violations)), self.summary())


def scan(
    root: Path,
    ruleset: Ruleset,
    scope: Iterable[str] = SCOPE,
    *,
    suppressed: Suppressions = suppressions.NONE,
    known: Known | None = None,
) -> Report:
    """Return what leaks in the files under ``root`` that the globs ``scope`` name.

    With ``known``, a file is not read whose content an earlier scan read.
    """
    globs = Globs(scope)
    seen = sightings(root, globs)
    found = sorted(_violations(root, ruleset, seen, known), key=_order)
    outcome = suppressed.apply(found)
    left = tuple(sorted(outcome.left, key=_order))
    return Report(ruleset, globs.texts, len(seen), left, outcome.suppressed, outcome.used)


def _violations(
    root: Path, ruleset: Ruleset, seen: Iterable[Sighting], known: Known | None
) -> Iterator[Violation]:
    reader = _Reader(str(root), ruleset, known)
    for sighting in seen:
        for place in reader.places(sighting):
            yield Violation(shown(sighting.path), *place)


class _Reader:
    """Reads files, or remembers what was in them."""

    def __init__(self, root: str, ruleset: Ruleset, known: Known | None) -> None:
        self._root, self._ruleset, self._known = root, ruleset, known

    def places(self, sighting: Sighting) -> tuple[Place, ...]:
        """Return the findings in one file."""
        if sighting.obstacle:
            return (_whole(UNREAD, sighting.obstacle),)
        try:
            found = self._recalled(sighting.path)
            return self.read(sighting.path) if found is None else found
        except OSError as error:
            return (_whole(UNREAD, f"cannot be read: {error.strerror}"),)

    def _recalled(self, path: str) -> tuple[Place, ...] | None:
        if not (self._known and self._known.remembers):
            return None
        word = self._known.digests.word(path, os.lstat(f"{self._root}/{path}"))
        return self._known.recall(word) if word else None

    def read(self, path: str) -> tuple[Place, ...]:
        """Return the findings in a file that must be read."""
        info, data = opened(f"{self._root}/{path}")
        places = found_in(data, self._ruleset)
        if self._known:
            word = digest.blake3(data)
            self._known.learn(word, places)
            self._known.digests.put(path, info, Sums(len(data), word))
        return places


def found_in(data: bytes, ruleset: Ruleset) -> tuple[Place, ...]:
    """Return the findings in the content of a file."""
    try:
        text = Text.of(data)
    except NotText as problem:
        return (Place(problem.line, 1, NOT_TEXT, str(problem), line_sha256(str(problem))),)
    return tuple(_place(text, leak.start, leak.pattern) for leak in leaks(text, ruleset))


def _place(text: Text, offset: int, pattern: str) -> Place:
    line, column = text.place(offset)
    return Place(line, column, pattern, text.excerpt(line, column), text.line_sha256(line))


def _whole(pattern: str, what: str) -> Place:
    return Place(1, 1, pattern, what, line_sha256(what))


def _order(found: Violation | sarif.Result) -> tuple[bytes, int, int, str]:
    name = found.pattern if isinstance(found, Violation) else found.rule
    return found.file.encode("utf-8"), found.line, found.column, name


def _result(found: Violation, reason: str | None) -> sarif.Result:
    message = f"{found.pattern}: {found.excerpt}"
    place = found.file, found.line, found.column, found.line_sha256
    return sarif.Result(found.pattern, message, *place, reason)


def _finding(found: Violation) -> Finding:
    remedy = f"say it of the CEO, reword it, or suppress line {found.line_sha256} with a reason"
    if found.pattern in OWN:
        remedy = "mend it or take it away"
    where = f"{found.file}:{found.line}:{found.column}"
    return Finding(where, f"{found.pattern}: {found.excerpt}", remedy)
