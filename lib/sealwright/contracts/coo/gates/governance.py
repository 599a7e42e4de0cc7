"""Gate E: the governance-leak scan and the constitutional lint of a tree find nothing.

Both reports are made anew, by the pinned rulesets; their digests are the evidence, and their
bytes are for whoever publishes or compares them.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sealwright import digest
from sealwright.contracts.coo import governance_leak_scanner, lint_engine
from sealwright.contracts.coo.governance_leak_scanner import SCOPE, Report
from sealwright.contracts.coo.lint_engine import LintReport
from sealwright.contracts.coo.linting import lint_rules
from sealwright.contracts.coo.scanning import leak_rules, suppressions
from sealwright.contracts.coo.scanning.suppressions import Suppressions
from sealwright.verdict import Verdict


def reports(
    tree: Path,
    leaks: leak_rules.Ruleset,
    rules: lint_rules.Ruleset,
    scope: Iterable[str] = SCOPE,
    suppressed: Suppressions = suppressions.NONE,
) -> tuple[Report, LintReport]:
    """Return what scan and lint find in a tree."""
    scanned = governance_leak_scanner.scan(tree, leaks, scope, suppressed=suppressed)
    return scanned, lint_engine.lint(tree, rules)


def judge(scanned: Report, linted: LintReport) -> Verdict:
    """Answer whether neither scan nor lint found anything."""
    leaks, faults = scanned.verdict(), linted.verdict()
    evidence: dict[str, Any] = {
        "scanner_report": digest.sha256(scanned.report_bytes()),
        "scanner_ruleset": scanned.ruleset.sha256,
        "scan": dict(leaks.evidence),
        "lint_report": digest.sha256(linted.report_bytes()),
        "lint_ruleset": linted.ruleset.sha256,
        "lint": dict(faults.evidence),
    }
    return Verdict((*leaks.findings, *faults.findings), evidence)
