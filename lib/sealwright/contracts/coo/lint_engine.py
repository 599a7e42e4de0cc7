"""The constitutional lint: invariants, forbidden constructs, required clauses, escalation paths
(003, section 6), by a ruleset and nothing else.  An error halts.

The report is one canonical line of JSON::

    {"files":12,"findings":[{"column":5,"file":"…","line":7,"message":"…","remedy":"…",
     "rule":"ID","severity":"error"},…],"ruleset_sha256":"<64 hex>","status":"FAIL"}

``status`` is PASS exactly when no finding is an error.  Findings are sorted by file (as bytes),
line, column and rule.  Beside the rules of `lint_rules`, three are always asked: ``unread`` (a
symbolic link, or what cannot be read), ``not-text`` (not UTF-8), ``unparsable`` (not Python).
Where no file is in scope nothing is found, and ``files`` says so.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from sealwright import digest
from sealwright.contracts.coo import sarif
from sealwright.contracts.coo.linting import lint_python
from sealwright.contracts.coo.linting.lint_rules import NOT_TEXT, UNPARSABLE, UNREAD, Rule, Ruleset
from sealwright.contracts.coo.linting.python_names import Module
from sealwright.contracts.coo.scanning.scanned_files import (
    Globs,
    Sighting,
    content,
    shown,
    sightings,
)
from sealwright.contracts.coo.scanning.scanned_text import NotText, Text, line_sha256
from sealwright.runtime import canonical
from sealwright.verdict import Finding, Verdict, legible

TOOL = "constitutional_lint"
_OWN = {
    UNREAD: "A file in scope could not be read, or is reached by a symbolic link only.",
    NOT_TEXT: "A file in scope is not UTF-8 text.",
    UNPARSABLE: "A file in scope is not Python.",
}
_TEXTUAL = ("phrases", "clause")


class LintFinding(NamedTuple):
    """What a rule found, and where."""

    file: str
    line: int
    column: int
    rule: str
    severity: str
    message: str
    remedy: str
    line_sha256: str


@dataclass(frozen=True, slots=True)
class LintReport:
    """What a lint found."""

    ruleset: Ruleset
    files: int
    findings: tuple[LintFinding, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON has it."""
        keys = [key for key in LintFinding._fields if key != "line_sha256"]
        return {
            "status": "FAIL" if self._errors() else "PASS",
            "findings": [{key: getattr(each, key) for key in keys} for each in self.findings],
            "files": self.files,
            "ruleset_sha256": digest.hexadecimal(self.ruleset.sha256),
        }

    def report_bytes(self) -> bytes:
        """Return the report."""
        return canonical.line(self.to_dict())

    def sarif_bytes(self) -> bytes:
        """Return the findings as SARIF."""
        rules = [sarif.Rule(name, text) for name, text in _OWN.items()]
        rules += [sarif.Rule(r.id, r.message, r.severity) for r in self.ruleset.rules]
        results = (
            sarif.Result(f.rule, f.message, f.file, f.line, f.column, f.line_sha256)
            for f in self.findings
        )
        return sarif.log(TOOL, rules, results, digest.hexadecimal(self.ruleset.sha256))

    def verdict(self) -> Verdict:
        """Return the report as a verdict: errors are findings, notes are counted."""
        told = tuple(
            Finding(f"{f.file}:{f.line}:{f.column}", f"{f.rule}: {f.message}", f.remedy)
            for f in self._errors()
        )
        notes = len(self.findings) - len(told)
        return Verdict(told, {"files": self.files, "errors": len(told), "notes": notes})

    def _errors(self) -> list[LintFinding]:
        return [finding for finding in self.findings if finding.severity == "error"]


def lint(root: Path, ruleset: Ruleset) -> LintReport:
    """Return what the rules find in the files under ``root`` that they name."""
    seen = _in_scope(root, ruleset)
    files = [_File(root, sighting, ruleset.rules) for sighting in seen]
    found = [finding for file in files for finding in file.findings()]
    for rule in ruleset.rules:
        if rule.among == "any":
            found += _among_any(rule, [file for file in files if rule in file.rules])
    return LintReport(ruleset, len(files), tuple(sorted(found, key=_order)))


def _in_scope(root: Path, ruleset: Ruleset) -> list[Sighting]:
    every = Globs(dict.fromkeys(glob for rule in ruleset.rules for glob in rule.paths.texts))
    seen = sightings(root, every)
    return [
        each for each in seen if each.obstacle or any(r.about(each.path) for r in ruleset.rules)
    ]


class _File:
    """One file, and what the rules about it find there."""

    def __init__(self, root: Path, sighting: Sighting, rules: Iterable[Rule]) -> None:
        self.name = shown(sighting.path)
        self.rules = [rule for rule in rules if rule.about(sighting.path)]
        self._place, self._obstacle = root / sighting.path, sighting.obstacle
        self._text: Text | None = None

    def findings(self) -> Iterator[LintFinding]:
        """Yield what is found in the file by itself."""
        if self._obstacle:
            yield self._own(1, UNREAD, self._obstacle)
            return
        try:
            self._text = text = Text.of(content(self._place))
        except OSError as error:
            yield self._own(1, UNREAD, f"cannot be read: {error.strerror}")
        except NotText as problem:
            yield self._own(problem.line, NOT_TEXT, str(problem))
        else:
            for rule in self.rules:
                if rule.kind in _TEXTUAL:
                    yield from self._textual(text, rule)
            yield from self._syntactic(text)

    def holds(self, rule: Rule) -> bool:
        """Return whether the file holds a phrase of the rule."""
        return self._text is not None and any(True for _ in _matches(self._text, rule))

    def _textual(self, text: Text, rule: Rule) -> Iterator[LintFinding]:
        if rule.kind == "phrases":
            for start in _matches(text, rule):
                line, column = text.place(start)
                yield self.found(rule, line, column, text.excerpt(line, column))
        elif rule.among == "each" and not self.holds(rule):
            yield self.found(rule, 1, 1, "")

    def _syntactic(self, text: Text) -> Iterator[LintFinding]:
        rules = [rule for rule in self.rules if rule.kind not in _TEXTUAL]
        if not rules:
            return
        try:
            module = _module(text.whole)
            found = [
                (r, each) for r in rules for each in lint_python.findings(module, r, self.name)
            ]
        except SyntaxError as error:
            yield self._own(error.lineno or 1, UNPARSABLE, f"is not Python: {error.msg}")
        except (ValueError, RecursionError, MemoryError) as error:
            yield self._own(1, UNPARSABLE, f"is not Python that can be read: {error}")
        else:
            for rule, (line, column, what) in found:
                before = text.line(line).encode("utf-8")[:column]
                yield self.found(rule, line, len(before.decode("utf-8")) + 1, what)

    def found(self, rule: Rule, line: int, column: int, what: str) -> LintFinding:
        """Return what a rule found at a place."""
        message = f"{rule.message}: {legible(what)}" if what else rule.message
        sha256 = self._text.line_sha256(line) if self._text else line_sha256(message)
        place = self.name, line, column
        return LintFinding(*place, rule.id, rule.severity, message, rule.remedy, sha256)

    def _own(self, line: int, rule: str, what: str) -> LintFinding:
        remedy = "mend it, or take it out of the rules' paths"
        return LintFinding(self.name, line, 1, rule, "error", what, remedy, line_sha256(what))


def _module(source: str) -> Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of an escape in a string, to standard error
        return Module(source)


def _matches(text: Text, rule: Rule) -> Iterator[int]:
    assert rule.vocabulary
    return (match.start for match in rule.vocabulary.find(text))


def _among_any(rule: Rule, files: list[_File]) -> Iterator[LintFinding]:
    if files and not any(file.holds(rule) for file in files):
        yield files[0].found(rule, 1, 1, "")


def _order(found: LintFinding) -> tuple[bytes, int, int, str]:
    return found.file.encode("utf-8"), found.line, found.column, found.rule
