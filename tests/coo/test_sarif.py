"""The SARIF files are of version 2.1.0, say the same as the reports, and hold no absolute path."""

from __future__ import annotations

import json
from typing import Any

from sealwright import digest
from sealwright.clock import Instant
from sealwright.contracts.coo.sarif import Result, Rule, log
from sealwright.contracts.coo.scanning import suppressions
from sealwright.contracts.coo.scanning.scanned_text import line_sha256
from tests.coo.scans import DOCUMENT, LEAK_BYTES, linted, put, scanned

LEVELS = {"error", "note"}


def check(data: bytes) -> dict[str, Any]:
    """Return the run of a log, which is as the standard demands of the properties it has."""
    told = json.loads(data)
    assert set(told) == {"$schema", "version", "runs"}
    assert told["version"] == "2.1.0"
    (run,) = told["runs"]
    assert set(run) == {"tool", "columnKind", "originalUriBaseIds", "properties", "results"}
    assert run["columnKind"] in ("utf16CodeUnits", "unicodeCodePoints")
    rules = run["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    for rule in rules:
        assert rule["shortDescription"]["text"]
        assert rule["defaultConfiguration"]["level"] in LEVELS
    for result in run["results"]:
        check_result(result, rules)
    return run


def check_result(result: dict[str, Any], rules: list[dict[str, Any]]) -> None:
    assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    assert result["level"] in LEVELS
    assert result["message"]["text"]
    (location,) = result["locations"]
    place = location["physicalLocation"]
    assert place["artifactLocation"]["uriBaseId"] == "SRCROOT"
    assert not place["artifactLocation"]["uri"].startswith("/")
    assert place["artifactLocation"]["uri"].isascii()
    assert min(place["region"].values()) >= 1
    assert all(len(value) == 64 for value in result["partialFingerprints"].values())
    assert all(each["kind"] in ("inSource", "external") for each in result["suppressions"])


def test_the_scanner_says_what_its_report_says_and_what_is_suppressed(tmp_path):
    line = "so it confirms"
    text = (
        f'suppressions: [{{file: {DOCUMENT}, pattern: Confirms, expires: "2030-01-01", '
        f'reason: "a quotation", excerpt_sha256: "{line_sha256(line)}"}}]'
    )
    given = suppressions.parse(text.encode(), "s.yaml", Instant(0))
    report = scanned(tmp_path, {DOCUMENT: f"validates\n{line}\n"}, suppressed=given)
    run = check(report.sarif_bytes())
    first, second = run["results"]
    assert (first["ruleId"], first["suppressions"]) == ("Validates", [])
    assert second["suppressions"] == [{"kind": "external", "justification": "a quotation"}]
    assert second["partialFingerprints"] == {"lineSha256/v1": line_sha256(line)}
    assert second["locations"][0]["physicalLocation"]["region"] == {
        "startLine": 2,
        "startColumn": 7,
    }
    assert run["properties"]["rulesetSha256"] == digest.hexadecimal(digest.sha256(LEAK_BYTES))
    assert str(tmp_path).encode() not in report.sarif_bytes()


def test_the_lint_says_what_its_report_says(tmp_path):
    report = linted(tmp_path, "import random\nrandom.random()\nx = []\n")
    results = check(report.sarif_bytes())["results"]
    assert [(each["ruleId"], each["level"]) for each in results] == [
        ("determinism-randomness", "error"),
        ("mutable-module-state", "note"),
    ]


def test_a_path_is_a_uri():
    rule = Rule("r", "A rule.")
    run = check(log("t", [rule], [Result("r", "m", "a b/ä#%?.md", 1, 1, "0" * 64)], "0" * 64))
    uri = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "a%20b/%C3%A4%23%25%3F.md"


def test_the_order_of_rules_does_not_count(tmp_path):
    rules = [Rule(name, "A rule.") for name in "cab"]
    results = [Result("b", "m", "a", 1, 1, "0" * 64)]
    assert log("t", rules, results, "") == log("t", rules[::-1], results, "")


def test_nothing_found_is_a_log_without_results(tmp_path):
    put(tmp_path, {"docs/01_governance/a.md": "It is done.\n"})
    assert check(scanned(tmp_path, {}).sarif_bytes())["results"] == []
