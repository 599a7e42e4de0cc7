"""A repository to scan, and the rulesets that Sealwright ships."""

from __future__ import annotations

from pathlib import Path

from sealwright.contracts.coo import governance_leak_scanner, lint_engine
from sealwright.contracts.coo.governance_leak_scanner import Report
from sealwright.contracts.coo.lint_engine import LintReport
from sealwright.contracts.coo.linting import lint_rules
from sealwright.contracts.coo.scanning import leak_rules

TEMPLATES = Path(leak_rules.__file__).parents[3] / "templates"
LEAK_BYTES = (TEMPLATES / "governance_leak_ruleset.json").read_bytes()
LINT_BYTES = (TEMPLATES / "lint_ruleset.json").read_bytes()
LEAKS = leak_rules.read(LEAK_BYTES, "governance_leak_ruleset.json", None)
LINT = lint_rules.read(LINT_BYTES, "lint_ruleset.json", None)
DOCUMENT = "docs/01_governance/plan.md"
MODULE = "coo/runtime/gates.py"


def put(root: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        place = root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


def scanned(root: Path, files: dict[str, str | bytes], **more: object) -> Report:
    return governance_leak_scanner.scan(put(root, files), LEAKS, **more)  # type: ignore[arg-type]


def found(root: Path, content: str | bytes, path: str = DOCUMENT) -> list[str]:
    """Return what a scan finds in one file: names of patterns, in order."""
    return [violation.pattern for violation in scanned(root, {path: content}).violations]


def linted(root: Path, source: str | bytes, path: str = MODULE) -> LintReport:
    return lint_engine.lint(put(root, {path: source}), LINT)


def rules(root: Path, source: str | bytes, path: str = MODULE) -> list[tuple[str, int]]:
    """Return the rules that a module breaks, and the lines where."""
    return [(each.rule, each.line) for each in linted(root, source, path).findings]
