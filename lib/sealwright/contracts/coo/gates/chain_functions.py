"""What the chain itself makes of a tree, as functions for `builtin_functions`.

A repository that declares no modules has these judged by gate B: the report of the scan and that
of the lint.  With `functools.partial` and paths in the tree they can be run in another process::

    partial(scanned, ruleset="coo/reference/governance_leak_ruleset.json", scope=["coo/**/*.py"])
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sealwright.contracts.coo import governance_leak_scanner, lint_engine
from sealwright.contracts.coo.linting import lint_rules
from sealwright.contracts.coo.scanning import leak_rules
from sealwright.contracts.coo.scanning.scanned_files import content
from sealwright.digest import parse as parse_digest
from sealwright.paths import parse, within


def scanned(
    tree: Path,
    *,
    ruleset: str,
    sha256: str = "",
    scope: Sequence[str] = governance_leak_scanner.SCOPE,
) -> bytes:
    """Return the scanner's report of a tree, by the ruleset in it; nothing is suppressed."""
    pinned = parse_digest(f"sha256:{sha256}") if sha256 else None
    rules = leak_rules.read(content(within(tree, parse(ruleset))), ruleset, pinned)
    return governance_leak_scanner.scan(tree, rules, scope).report_bytes()


def linted(tree: Path, *, ruleset: str) -> bytes:
    """Return the lint's report of a tree, by the ruleset in it."""
    rules = lint_rules.read(content(within(tree, parse(ruleset))), ruleset, None)
    return lint_engine.lint(tree, rules).report_bytes()
