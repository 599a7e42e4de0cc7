"""A suppression covers what somebody looked at, until its day; else it is a finding itself."""

from __future__ import annotations

import pytest

from sealwright.clock import Instant
from sealwright.contracts.coo.scanning import suppressions
from sealwright.contracts.coo.scanning.scanned_text import line_sha256
from sealwright.errors import Misconfigured
from tests.coo.scans import DOCUMENT, scanned

TODAY = Instant(1735689600 + 86399)  # the last second of 2025-01-01
NAME = "config/suppressions.yaml"
LINE = "  The minutes say: it confirms."


def entry(**changes: str) -> str:
    told = {
        "file": DOCUMENT,
        "pattern": "Confirms",
        "excerpt_sha256": line_sha256(LINE),
        "reason": "quotes the minutes",
        "expires": '"2025-01-01"',
        **changes,
    }
    return "\n    ".join(f"{key}: {value}" for key, value in told.items())


def given(*entries: str) -> suppressions.Suppressions:
    listed = "".join(f"\n  - {each}" for each in entries) or " []"
    return suppressions.parse(f"suppressions:{listed}\n".encode(), NAME, TODAY)


def report(root, suppressed, text=f"x\n{LINE}\n"):
    return scanned(root, {DOCUMENT: text}, suppressed=suppressed)


def told(report):
    return [(v.file, v.line, v.pattern) for v in report.violations]


def test_what_is_suppressed_is_no_violation_and_is_counted(tmp_path):
    made = report(tmp_path, given(entry()))
    assert made.to_dict()["status"] == "PASS"
    assert made.verdict().holds
    assert made.summary() == {
        "scanned_files": 1,
        "violations": 0,
        "suppressed": 1,
        "suppressions_used": 1,
    }


def test_it_covers_the_same_line_wherever_it_stands_and_no_other(tmp_path):
    text = f"{LINE}\r\n\r\n{LINE}\r\n{LINE} \r\n"
    assert told(report(tmp_path, given(entry()), text)) == [(DOCUMENT, 4, "Confirms")]


@pytest.mark.parametrize(
    "change",
    [
        {"file": "docs/01_governance/other.md"},
        {"pattern": "Validates"},
        {"excerpt_sha256": line_sha256(LINE.strip())},
    ],
)
def test_one_that_fits_nothing_is_a_finding_where_it_is_written(tmp_path, change):
    made = report(tmp_path, given(entry(), entry(**change)))
    assert told(made) == [(NAME, 7, "UnusedSuppression")]
    assert made.suppressed
    assert not made.verdict().holds


def test_one_past_its_day_covers_nothing_and_is_a_finding(tmp_path):
    made = report(tmp_path, given(entry(expires='"2024-12-31"')))
    assert told(made) == [(NAME, 2, "ExpiredSuppression"), (DOCUMENT, 2, "Confirms")]


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        (entry(expires='"2025-13-01"'), 6, 14),
        (entry(expires='"2025-1-1"'), 6, 14),
        (entry(expires="2025-01-01"), 6, 14),
        (entry(reason='" "'), 5, 13),
        (entry(excerpt_sha256="0"), 4, 21),
        (entry(extra="1"), 7, 5),
        (entry().replace("file", "fill"), 2, 5),
    ],
)
def test_one_that_cannot_be_understood_is_a_finding_and_the_others_count(
    tmp_path, text, line, column
):
    made = report(tmp_path, given(text, entry()))
    (found,) = made.violations
    assert (found.file, found.line, found.column) == (NAME, line, column)
    assert found.pattern == "MalformedSuppression"
    assert len(made.suppressed) == 1


@pytest.mark.parametrize("data", [b"", b"suppressions: 1", b"- a", b"\xff", b"{", b"a: 1"])
def test_a_file_that_cannot_be_understood_is_a_finding(tmp_path, data):
    made = report(tmp_path, suppressions.parse(data, NAME, TODAY))
    patterns = {violation.pattern for violation in made.violations}
    assert patterns == {"MalformedSuppression", "Confirms"}


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(Misconfigured, match="No such file"):
        suppressions.read(tmp_path / "none", NAME, TODAY)
    (tmp_path / "some").write_bytes(b"suppressions: []")
    assert suppressions.read(tmp_path / "some", NAME, TODAY).entries == ()
