"""The lint reads what its ruleset names, halts on errors, and says so in the same bytes."""

from __future__ import annotations

import json
import re

import pytest

from sealwright import digest
from sealwright.contracts.coo import lint_engine
from sealwright.contracts.coo.linting import lint_rules
from sealwright.errors import Misconfigured, Refused
from tests.coo.scans import DOCUMENT, LINT, LINT_BYTES, MODULE, linted, put, rules

CLAUSES = "Subordinate to the spec. Mechanical execution, with determinism.\n"


def clauses(root, files):
    return [each.rule for each in lint_engine.lint(put(root, files), LINT).findings]


def test_the_report_is_json_of_its_own_keys(tmp_path):
    source = "import time\nx = [time.time()]\n"
    report = linted(tmp_path, source)
    told = json.loads(report.report_bytes())
    assert set(told) == {"status", "findings", "files", "ruleset_sha256"}
    assert (told["status"], told["files"]) == ("FAIL", 1)
    assert told["ruleset_sha256"] == digest.hexadecimal(digest.sha256(LINT_BYTES))
    assert told["findings"][1] == {
        "rule": "determinism-time",
        "severity": "error",
        "file": MODULE,
        "line": 2,
        "column": 6,
        "message": "runtime code reads a clock: time.time",
        "remedy": "take the time from an argument, whose default may be the clock",
    }
    assert report.report_bytes() == linted(tmp_path, source).report_bytes()


def test_an_error_halts_and_a_note_does_not(tmp_path):
    noted = linted(tmp_path, "x = []\n")
    assert (noted.to_dict()["status"], len(noted.findings)) == ("PASS", 1)
    assert noted.verdict().holds
    assert noted.verdict().evidence == {"files": 1, "errors": 0, "notes": 1}
    failed = linted(tmp_path, "x = []\neval('1')\n")
    with pytest.raises(Refused, match=r"coo/runtime/gates.py:2:1: dynamic-code: "):
        failed.verdict().enforce()


def test_nothing_in_scope_holds_and_says_so(tmp_path):
    report = lint_engine.lint(put(tmp_path, {"a.py": "eval('1')"}), LINT)
    assert report.verdict().holds
    assert report.verdict().evidence["files"] == 0


@pytest.mark.parametrize("path", ["coo/runtime/tests/a.py", "coo/scripts/test_a.py"])
def test_tests_are_left_out(tmp_path, path):
    assert rules(tmp_path, "import time\ntime.time()\nx = []", path) == []


@pytest.mark.parametrize(
    "text",
    [
        *("LifeOS override", "lifeos\nOverride", "Alignment Layer override", "Ignore Spec"),
        *("ignore the spec", "# ignore\n# spec", "IGNORE_SPEC"),
    ],
)
@pytest.mark.parametrize("path", [DOCUMENT, MODULE])
def test_a_supremacy_override_is_found_in_text(tmp_path, path, text):
    source = f"{CLAUSES}{text}\n" if path == DOCUMENT else f'"""\n{text}\n"""\n'
    assert rules(tmp_path, source, path) == [("supremacy-override", 2)]


@pytest.mark.parametrize("text", ["LifeOS overrides", "Ignore. Spec", "the spec", "ignore specs"])
def test_what_overrides_nothing_is_left_alone(tmp_path, text):
    assert rules(tmp_path, CLAUSES + text, DOCUMENT) == []


def test_clauses_may_stand_in_any_of_the_documents(tmp_path):
    assert clauses(tmp_path, {DOCUMENT: "Nothing.\n"}) == [
        "clause-determinism",
        "clause-mechanical-execution",
        "clause-subordination",
    ]
    assert clauses(
        tmp_path, {"docs/02_protocols/a.md": "The spec\nis supreme. Deterministic."}
    ) == ["clause-mechanical-execution"]
    assert clauses(tmp_path, {"docs/02_protocols/b.md": "Mechanical behaviour."}) == []


def test_a_clause_may_be_demanded_of_each(tmp_path):
    rule = LINT_BYTES.replace(b'"among": "any"', b'"among": "each"')
    files = {"docs/02_protocols/a.md": CLAUSES, "docs/02_protocols/b.md": "Determinism."}
    report = lint_engine.lint(put(tmp_path, files), lint_rules.read(rule, "r", None))
    assert [(each.file, each.rule) for each in report.findings] == [
        ("docs/02_protocols/b.md", "clause-mechanical-execution"),
        ("docs/02_protocols/b.md", "clause-subordination"),
    ]


def test_a_link_in_scope_is_an_error(tmp_path):
    put(tmp_path, {"a.py": "", "coo/runtime/a.py": ""})
    (tmp_path / "coo/runtime/b.py").symlink_to("../../a.py")
    report = lint_engine.lint(tmp_path, LINT)
    assert [(each.file, each.rule) for each in report.findings] == [("coo/runtime/b.py", "unread")]


def test_a_function_that_is_listed_need_not_escalate(tmp_path):
    source = "class A:\n    def f(self):\n        raise GovernanceError\nraise GovernanceError\n"
    listed = f'"listed": ["{MODULE}::A.f"]'.encode()
    changed = lint_rules.read(LINT_BYTES.replace(b'"listed": []', listed), "r", None)
    report = lint_engine.lint(put(tmp_path, {MODULE: source}), changed)
    assert [each.line for each in report.findings] == [4]
    assert len(linted(tmp_path, source).findings) == 2


def test_a_ruleset_other_than_the_pinned_one_is_refused():
    with pytest.raises(Refused, match="as pinned, found sha256:"):
        lint_rules.read(LINT_BYTES, "lint.json", digest.sha256(b""))
    assert lint_rules.read(LINT_BYTES, "lint.json", digest.sha256(LINT_BYTES)).rules


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        (b'"kind": "clause"', b'"kind": "claus"', "expected one of names, construct"),
        (b'"severity": "note"', b'"severity": "info"', "expected one of error, note"),
        (b'"id": "bare-except"', b'"id": "dynamic-code"', "dynamic-code: written twice"),
        (b'"id": "bare-except"', b'"id": "unread"', "that are no id of ours"),
        (b'"construct": "bare-except"', b'"construct": "except"', "expected one of wildcard"),
        (b'"construct": "bare-except"', b'"construct": "bare-except", "x": 1', "unknown key"),
        (b'"listed": []', b'"phrases": []', "unknown key"),
        (b'"literal": true', b'"literal": 1', "expected true or false"),
        (b'"ignore spec"', b'"ignore .*"', "expected words of ASCII letters"),
        (b'"**/tests/**/*"', b'"../tests/*"', "expected a path inside the repository"),
        (b'"paths"', b'"path"', "is missing"),
    ],
)
def test_a_ruleset_that_makes_no_sense_is_refused(old, new, complaint):
    assert old in LINT_BYTES
    with pytest.raises(Misconfigured, match=re.escape(complaint)):
        lint_rules.read(LINT_BYTES.replace(old, new, 1), "lint.json", None)
