"""What scanners found, as SARIF 2.1.0: one run, canonical bytes, no clock and no absolute path.

Places are relative to ``SRCROOT``, which the reader decides.  Columns count characters.  The
fingerprint ``lineSha256/v1`` is the SHA-256 of the line's text without its end, and is what a
suppression names; it stays when lines are added above.  Every result has ``suppressions``, which
is empty where nothing suppresses it.

>>> log("lint", [Rule("r", "A rule.")], [], "0" * 64)[:60]
b'{"$schema":"https://json.schemastore.org/sarif-2.1.0.json","'
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

from sealwright.runtime import canonical

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
BASE = "SRCROOT"
FINGERPRINT = "lineSha256/v1"


class Rule(NamedTuple):
    """A rule that was asked, and how grave it is: ``error`` or ``note``."""

    id: str
    text: str
    level: str = "error"


class Result(NamedTuple):
    """One finding; with a ``reason`` it is suppressed."""

    rule: str
    message: str
    file: str
    line: int
    column: int
    line_sha256: str
    reason: str | None = None


def log(tool: str, rules: Sequence[Rule], results: Iterable[Result], ruleset: str) -> bytes:
    """Return the file: results in the order given, rules by their ids."""
    ordered = sorted(rules)
    numbers = {rule.id: number for number, rule in enumerate(ordered)}
    levels = {rule.id: rule.level for rule in ordered}
    run = {
        "tool": {"driver": {"name": tool, "rules": [_rule(rule) for rule in ordered]}},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {BASE: {"description": {"text": "The top of the repository."}}},
        "properties": {"rulesetSha256": ruleset},
        "results": [_result(each, numbers[each.rule], levels[each.rule]) for each in results],
    }
    return canonical.line({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.text},
        "defaultConfiguration": {"level": rule.level},
    }


def _result(result: Result, number: int, level: str) -> dict[str, Any]:
    reason = result.reason
    return {
        "ruleId": result.rule,
        "ruleIndex": number,
        "level": level,
        "message": {"text": result.message},
        "locations": [{"physicalLocation": _place(result)}],
        "partialFingerprints": {FINGERPRINT: result.line_sha256},
        "suppressions": [] if reason is None else [{"kind": "external", "justification": reason}],
    }


def _place(result: Result) -> dict[str, Any]:
    return {
        "artifactLocation": {"uri": quote(os.fsencode(result.file)), "uriBaseId": BASE},
        "region": {"startLine": result.line, "startColumn": result.column},
    }
