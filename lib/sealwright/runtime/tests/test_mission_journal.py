"""A journal is only added to, and shows every other change by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ..orchestration import mission_journal
from ..orchestration.mission_journal import MissionJournal, StepRecord, from_dict, line_of, to_dict

AT, LATER = "2025-01-01T00:00:00Z", "2025-01-01T00:00:09Z"


def _journal() -> MissionJournal:
    journal = MissionJournal()
    journal.start("s1", "freeze", {"tree": "sha256:aa"}, AT)
    journal.start("s2", "scan", {}, AT)
    journal.finish("s1", "completed", {"files": 3}, LATER)
    journal.note("s2", "scan", {"found": "é"}, LATER)
    journal.finish("s2", "failed", {"why": "é"}, LATER)
    return journal


def _changed(record: StepRecord, **values: Any) -> StepRecord:
    return from_dict(to_dict(record) | values)


def test_an_intact_journal_holds_and_is_read_back_as_it_was_written() -> None:
    journal = _journal()
    again = MissionJournal.parse(map(line_of, journal.records))
    assert again.records == journal.records
    assert again.verify_integrity(expected_head=journal.head, expected_count=5) == (True, ())


Change = Callable[[list[StepRecord]], list[StepRecord]]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda r: [_changed(r[0], name="other"), *r[1:]], "entry_hash is not of this record"),
        (lambda r: [*r[:2], *r[3:]], "prev_hash is not of the record before"),
        (lambda r: [r[0], r[0], *r[1:]], "start twice"),
        (lambda r: [r[0], r[2], r[1], *r[3:]], "prev_hash is not of the record before"),
        (lambda r: [*r, r[4]], "duplicate completion"),
        (lambda r: [*r[1:]], "completion without start"),
        (lambda r: r[:4], "truncated"),
        (lambda r: [*r, r[3]], "longer than expected"),
    ],
    ids=[
        "mutation",
        "deletion",
        "insertion",
        "order",
        "twice",
        "unstarted",
        "truncation",
        "longer",
    ],
)
def test_every_change_is_named(change: Change, reason: str) -> None:
    records = change(list(_journal().records))
    holds, breaks = MissionJournal(records).verify_integrity(expected_count=5)
    assert not holds
    assert reason in {found.reason for found in breaks}


def test_a_broken_journal_takes_no_more_records() -> None:
    records = list(_journal().records)
    broken = MissionJournal([*records[:2], *records[3:]])
    with pytest.raises(ValueError, match="journal cannot go on"):
        broken.start("s3", "more", {}, LATER)


def test_a_torn_line_is_refused_with_its_number() -> None:
    lines = [line_of(record) for record in _journal().records]
    with pytest.raises(ValueError, match="line 5 of the journal"):
        MissionJournal.parse([*lines[:4], lines[4][:-9]])


def test_the_statuses_that_end_a_step_are_these() -> None:
    assert mission_journal.ENDINGS == ("completed", "failed", "compensated", "interrupted")
