"""Gates E and F: reports of others, held to what they must say."""

from __future__ import annotations

from sealwright.contracts.coo.gates import governance, replaying
from sealwright.digest import sha256
from sealwright.verdict import Verdict, refusal
from tests.coo.scans import DOCUMENT, LEAKS, LINT, MODULE, put

LEAK = "The agent approves the release.\n"
FAULT = "from os import *\n"


def judged(root, files):
    scanned, linted = governance.reports(put(root, files), LEAKS, LINT)
    return scanned, linted, governance.judge(scanned, linted)


def test_the_digests_of_both_reports_are_the_evidence(tmp_path):
    scanned, linted, verdict = judged(tmp_path, {"README.md": LEAK})
    assert verdict.holds, str(verdict)
    assert verdict.evidence["scanner_report"] == sha256(scanned.report_bytes())
    assert verdict.evidence["lint_report"] == sha256(linted.report_bytes())
    assert verdict.evidence["scan"]["scanned_files"] == 0
    assert verdict.evidence["scanner_ruleset"] == LEAKS.sha256


def test_what_scan_and_lint_find_is_found_together_with_its_places(tmp_path):
    _, _, verdict = judged(tmp_path, {DOCUMENT: LEAK, MODULE: FAULT})
    places = [each.where.partition(":")[0] for each in verdict.findings]
    assert DOCUMENT in places and MODULE in places


def test_the_same_tree_elsewhere_gives_the_same_answer(tmp_path):
    files = {DOCUMENT: LEAK, MODULE: FAULT, "coo/runtime/a.py": FAULT}
    one = judged(tmp_path / "one", files)[2]
    other = judged(tmp_path / "the other", dict(reversed(files.items())))[2]
    assert one == other


def test_a_replay_that_held_passes_with_what_it_compared():
    told = Verdict((), {"artefacts": {"gate_results.json": "sha256:0"}})
    verdict = replaying.judge(told, {"mission": "sha256:1"})
    assert verdict.holds
    assert verdict.evidence == {**told.evidence, "mission": "sha256:1"}


def test_a_replay_that_diverged_or_compared_nothing_fails():
    diverged = refusal("mission_output.json: $.time", "expected 1, found 2")
    assert replaying.judge(diverged).findings == diverged.findings
    assert not replaying.judge(Verdict((), {"artefacts": {}})).holds
    assert not replaying.judge(Verdict()).holds
