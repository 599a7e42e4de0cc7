"""A journal is only added to, and shows every other change."""

from __future__ import annotations

import dataclasses
import itertools
import typing
from typing import Any

import pytest

from sealwright.runtime import canonical
from sealwright.runtime.orchestration import mission_journal
from sealwright.runtime.orchestration.mission_journal import (
    Break,
    MissionJournal,
    StepRecord,
    from_dict,
    line_of,
    record_of,
    seal,
    to_dict,
)

AT, LATER = "2025-01-01T00:00:00Z", "2025-01-01T00:00:09Z"


def _journal() -> MissionJournal:
    """Two steps that overlap, one that failed, and a note."""
    journal = MissionJournal()
    journal.start("s1", "freeze", {"tree": "sha256:aa"}, AT)
    journal.start("s2", "scan", {}, AT)
    journal.finish("s1", "completed", {"list": [1, None, True]}, LATER)
    journal.append(_sealed(journal.head, step_id="n", status="noted"))
    journal.finish("s2", "failed", {"why": "é"}, LATER)
    return journal


def _sealed(prev_hash: str | None, **values: Any) -> StepRecord:
    fields: dict[str, Any] = {"step_id": "s", "name": "scan", "status": "started"}
    fields |= {"started_at": AT, "inputs": {}, "outputs": {}} | values
    ended = fields["status"] != "started"
    return seal(**{"completed_at": LATER if ended else None, **fields}, prev_hash=prev_hash)


def _chained(*records: dict[str, Any]) -> MissionJournal:
    """A journal whose hashes are all right, whatever else is wrong."""
    sealed: list[StepRecord] = []
    for values in records:
        sealed.append(_sealed(sealed[-1].entry_hash if sealed else None, **values))
    return MissionJournal(sealed)


def _lines(journal: MissionJournal) -> list[bytes]:
    return [line_of(record) for record in journal.records]


def _reasons(journal: MissionJournal, **expected: Any) -> list[tuple[int, str]]:
    holds, breaks = journal.verify_integrity(**expected)
    assert holds is not bool(breaks)
    return [(found.index, found.reason) for found in breaks]


HASH = "entry_hash is not of this record"
LINK = "prev_hash is not of the record before"


def test_a_record_has_exactly_the_fields_of_the_document():
    assert typing.get_type_hints(StepRecord) == {
        "step_id": str,
        "name": str,
        "status": str,
        "started_at": str,
        "completed_at": typing.Optional[str],  # noqa: UP045 -- as the document writes it
        "inputs": dict[str, Any],
        "outputs": dict[str, Any],
        "prev_hash": typing.Optional[str],  # noqa: UP045
        "entry_hash": str,
    }
    assert list(typing.get_type_hints(StepRecord)) == [
        part.name for part in dataclasses.fields(StepRecord)
    ]
    with pytest.raises(dataclasses.FrozenInstanceError):
        _sealed(None).status = "completed"


def test_an_entry_hash_is_the_digest_of_the_record_without_it():
    values = to_dict(_sealed(None))
    stated = values.pop("entry_hash")
    assert stated == canonical.digest(canonical.encode(values))


def test_an_intact_journal_holds_and_its_head_is_the_last_hash():
    journal = _journal()
    assert journal.verify_integrity() == (True, ())
    assert journal.head == journal.records[-1].entry_hash
    assert journal.records[0].prev_hash is None
    for before, after in itertools.pairwise(journal.records):
        assert after.prev_hash == before.entry_hash


def test_an_empty_journal_holds_and_has_no_head():
    assert MissionJournal().verify_integrity(expected_count=0) == (True, ())
    assert MissionJournal().head is None


def test_completing_a_step_is_a_new_record_and_leaves_the_old_ones_alone():
    journal = MissionJournal()
    start = journal.start("s1", "freeze", {"a": 1}, AT)
    before = journal.records
    end = journal.finish("s1", "completed", {"b": 2}, LATER)
    assert journal.records == (*before, end)
    assert (end.step_id, end.name, end.started_at, end.inputs) == ("s1", "freeze", AT, {"a": 1})
    assert (end.status, end.completed_at, end.outputs) == ("completed", LATER, {"b": 2})
    assert (start.status, start.completed_at, start.outputs) == ("started", None, {})


def test_a_journal_is_read_back_as_it_was_written():
    journal = _journal()
    again = MissionJournal.parse(_lines(journal))
    assert again.records == journal.records
    assert _lines(again) == _lines(journal)


def test_a_journal_that_was_read_back_goes_on():
    journal = MissionJournal.parse(_lines(_journal())[:2])
    journal.finish("s2", "compensated", {}, LATER)
    assert journal.verify_integrity(expected_count=3) == (True, ())


def test_what_was_sealed_does_not_change_with_what_it_was_made_of():
    inputs = {"paths": ["a"]}
    record = _sealed(None, inputs=inputs)
    inputs["paths"].append("b")
    assert record.inputs == {"paths": ["a"]}


def test_tuples_are_sealed_as_they_will_be_read():
    record = _sealed(None, outputs={"pair": (1, 2)})
    assert record_of(line_of(record)) == record


def test_a_record_is_read_with_its_newline_or_without():
    record = _sealed(None)
    assert record_of(line_of(record)) == record_of(line_of(record)[:-1]) == record
    with pytest.raises(ValueError, match="expected the canonical spelling"):
        record_of(line_of(record) + b"\n")


def test_an_export_has_canonical_bytes_and_all_records():
    journal = _journal()
    value = canonical.decode(canonical.encode(journal.export()))
    assert (value["count"], value["head"]) == (5, journal.head)
    assert tuple(map(from_dict, value["records"])) == journal.records


# Tampering, by exhaustion.


def test_every_flipped_bit_of_a_journal_is_refused_or_named():
    data = b"".join(_lines(_journal()))
    silent = []
    for index, bit in itertools.product(range(len(data)), range(8)):
        flipped = bytearray(data)
        flipped[index] ^= 1 << bit
        try:
            journal = MissionJournal.parse(bytes(flipped).splitlines(keepends=True))
        except ValueError:
            continue
        if journal.verify_integrity()[0]:
            silent.append((index, bit))
    assert silent == []


@pytest.mark.parametrize("index", range(5))
def test_every_removed_record_is_named_where_it_is_missed(index):
    records = list(_journal().records)
    del records[index]
    head = _journal().head
    found = _reasons(MissionJournal(records), expected_head=head, expected_count=5)
    assert (4, "truncated") in found
    assert ((index, LINK) in found) is (index < 4)
    assert ((4, "the last record is another") in found) is (index == 4)


@pytest.mark.parametrize("index", range(5))
def test_every_repeated_record_is_named(index):
    records = list(_journal().records)
    records.insert(index, records[index])
    assert (index + 1, LINK) in _reasons(MissionJournal(records))


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(range(5), 2)))
def test_every_two_swapped_records_are_named(one, other):
    records = list(_journal().records)
    records[one], records[other] = records[other], records[one]
    found = _reasons(MissionJournal(records))
    assert {(one, LINK), (other, LINK)} <= set(found)


def test_every_order_of_records_but_one_is_broken():
    records = _journal().records
    orders = list(itertools.permutations(records))
    assert [order for order in orders if MissionJournal(order).verify_integrity()[0]] == [records]


@pytest.mark.parametrize("length", range(5))
def test_records_cut_off_at_the_end_are_noticed_by_head_and_by_count(length):
    whole = _journal()
    cut = MissionJournal(whole.records[:length])
    assert cut.verify_integrity()[0]
    assert _reasons(cut, expected_count=5) == [(length, "truncated")]
    assert _reasons(cut, expected_head=whole.head) == [(length, "the last record is another")]


def test_records_added_behind_the_back_of_a_count_are_noticed():
    journal = _journal()
    count = len(journal.records)
    journal.start("s9", "more", {}, AT)
    assert _reasons(journal, expected_count=count) == [(6, "longer than expected")]


OTHER = {
    "step_id": "s1x",
    "name": "other",
    "status": "compensated",
    "started_at": LATER,
    "completed_at": "2025-01-01T00:00:08Z",
    "inputs": {"x": 1},
    "outputs": {"x": 1},
    "prev_hash": "sha256:" + "0" * 64,
    "entry_hash": "sha256:" + "0" * 64,
}


@pytest.mark.parametrize("field", OTHER)
def test_a_changed_field_is_named_at_its_record(field):
    records = list(_journal().records)
    records[2] = dataclasses.replace(records[2], **{field: OTHER[field]})
    assert (2, HASH) in _reasons(MissionJournal(records))


@pytest.mark.parametrize("field", [name for name in OTHER if name not in ("entry_hash", "step_id")])
def test_a_changed_record_that_is_hashed_again_is_named_at_the_next(field):
    records = list(_journal().records)
    values = {**to_dict(records[2]), field: OTHER[field]}
    del values["entry_hash"]
    records[2] = seal(**values)
    found = _reasons(MissionJournal(records))
    assert (3, LINK) in found
    assert ((2, LINK) in found) is (field == "prev_hash")


def test_every_break_is_named_not_only_the_first():
    records = list(_journal().records)
    records[1] = dataclasses.replace(records[1], name="x")
    records[3] = dataclasses.replace(records[3], name="y")
    del records[4]
    assert _reasons(MissionJournal(records), expected_count=5) == [
        (1, HASH),
        (3, HASH),
        (4, "truncated"),
    ]


def test_a_break_says_what_was_expected_and_what_was_found():
    records = list(_journal().records)
    found = MissionJournal(records[1:]).verify_integrity()[1][0]
    assert found == Break(0, "s2", LINK, "None", records[0].entry_hash)
    assert str(found) == (
        f"record 0 (step 's2'): {LINK}, expected None, found {records[0].entry_hash}"
    )


def test_a_dict_that_was_changed_after_sealing_is_a_break_and_no_exception():
    journal = _journal()
    journal.records[0].inputs["tree"] = "sha256:bb"
    journal.records[2].outputs["list"] = 0.5
    assert _reasons(journal) == [(0, HASH), (2, HASH)]


# The life of a step.


@pytest.mark.parametrize(
    ("records", "reason"),
    [
        pytest.param([{"status": "completed"}], "completion without start", id="completed"),
        pytest.param([{"status": "failed"}], "completion without start", id="failed"),
        pytest.param([{"status": "compensated"}], "completion without start", id="compensated"),
        pytest.param([{}, {}], "start twice", id="open"),
        pytest.param([{}, {"status": "completed"}, {}], "start twice", id="ended"),
        pytest.param([{"status": "interrupted"}, {}], "start twice", id="interrupted"),
        *[
            pytest.param([{}, {"status": first}, {"status": second}], "duplicate completion", id=id)
            for first, second in itertools.product(mission_journal.ENDINGS, repeat=2)
            for id in [f"{first} {second}"]
        ],
    ],
)
def test_a_step_is_opened_once_and_ended_once(records, reason):
    assert _reasons(_chained(*records)) == [(len(records) - 1, reason)]


@pytest.mark.parametrize(
    "records",
    [
        *[pytest.param([{}, {"status": ending}], id=ending) for ending in mission_journal.ENDINGS],
        pytest.param([{"status": "noted"}], id="a note alone"),
        pytest.param([{"status": "noted", "completed_at": None}], id="a note without an end"),
        pytest.param([{"status": "interrupted"}], id="an interruption alone"),
        pytest.param(
            [{"status": "noted"}, {}, {"status": "noted"}], id="notes with the id of a step"
        ),
        pytest.param([{}], id="still open"),
    ],
)
def test_these_lives_of_a_step_hold(records):
    assert _reasons(_chained(*records)) == []


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"status": "completed"}, id="ends what is not open"),
        pytest.param({"step_id": "s1"}, id="opens again"),
        pytest.param({"prev_hash": None}, id="continues nothing"),
    ],
)
def test_what_cannot_be_next_is_not_appended(change):
    journal = _journal()
    with pytest.raises(ValueError, match="journal cannot go on"):
        journal.append(_sealed(change.pop("prev_hash", journal.head), **change))
    assert journal.records == _journal().records


def test_a_record_with_a_wrong_hash_is_not_appended():
    journal = _journal()
    record = dataclasses.replace(_sealed(journal.head), name="other")
    with pytest.raises(ValueError, match="entry_hash"):
        journal.append(record)


def test_a_broken_journal_takes_no_more_records():
    journal = MissionJournal(_journal().records[1:])
    with pytest.raises(ValueError, match=r"record 0 \(step 's2'\): prev_hash"):
        journal.start("s9", "more", {}, AT)
    assert len(journal.records) == 4


@pytest.mark.parametrize(
    ("step_id", "status"),
    [("s2", "completed"), ("none", "completed"), ("s1", "noted"), ("s1", "started"), ("s1", "x")],
)
def test_only_an_open_step_is_finished_and_only_by_an_ending(step_id, status):
    journal = MissionJournal()
    journal.start("s2", "scan", {}, AT)
    journal.finish("s2", "completed", {}, LATER)
    journal.start("s1", "scan", {}, AT)
    with pytest.raises(ValueError, match="expected an open step and one of"):
        journal.finish(step_id, status, {}, LATER)
    assert len(journal.records) == 3


# The form of a record.


def test_the_statuses_are_these():
    assert mission_journal.STATUSES == (
        "started",
        "completed",
        "failed",
        "compensated",
        "interrupted",
        "noted",
    )


GOOD = to_dict(_sealed(None, status="completed"))


@pytest.mark.parametrize("field", GOOD)
def test_a_record_without_one_of_its_fields_is_none(field):
    with pytest.raises(ValueError, match="expected the fields"):
        from_dict({name: value for name, value in GOOD.items() if name != field})


def test_a_record_with_one_more_field_is_none():
    with pytest.raises(ValueError, match="expected the fields"):
        from_dict({**GOOD, "more": 1})


WRONG = {
    **dict.fromkeys(("step_id", "name", "status", "started_at", "entry_hash"), (None, 1, b"a", [])),
    **dict.fromkeys(("completed_at", "prev_hash"), (1, True, {})),
    **dict.fromkeys(("inputs", "outputs"), (None, "a", [], ())),
}


@pytest.mark.parametrize(
    ("field", "value"), [(field, value) for field in GOOD for value in WRONG[field]]
)
def test_a_field_of_another_type_is_refused(field, value):
    with pytest.raises(ValueError, match=f"^{field}: expected .*, found {type(value).__name__}$"):
        from_dict({**GOOD, field: value})


@pytest.mark.parametrize("status", ["", "Started", "running", "recovered"])
def test_a_status_that_is_not_listed_is_refused(status):
    with pytest.raises(ValueError, match=r"^status: expected one of"):
        from_dict({**GOOD, "status": status})


@pytest.mark.parametrize(
    ("status", "completed_at"),
    [("started", AT), *[(status, None) for status in mission_journal.ENDINGS]],
)
def test_a_record_has_a_completion_time_exactly_if_it_ends_a_step(status, completed_at):
    with pytest.raises(ValueError, match="completed_at: expected"):
        _sealed(None, status=status, completed_at=completed_at)


@pytest.mark.parametrize("change", [{"status": "running"}, {"step_id": []}, {"entry_hash": None}])
def test_what_has_not_the_form_of_a_record_enters_no_journal(change):
    record = dataclasses.replace(_sealed(None), **change)
    with pytest.raises(ValueError, match="expected"):
        MissionJournal([record])
    with pytest.raises(ValueError, match="expected"):
        MissionJournal().append(record)


def test_a_float_cannot_be_sealed():
    with pytest.raises(canonical.NotCanonical):
        _sealed(None, outputs={"cost": 0.1})


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\n", id="empty line"),
        pytest.param(b"[]\n", id="list"),
        pytest.param(b"null\n", id="null"),
        pytest.param(b"{}\n", id="empty object"),
        pytest.param(line_of(_sealed(None))[:-1], id="torn before the newline"),
        pytest.param(line_of(_sealed(None))[:40], id="torn"),
        pytest.param(line_of(_sealed(None)).replace(b",", b", ", 1), id="not canonical"),
        pytest.param(line_of(_sealed(None)) * 2, id="two lines in one"),
    ],
)
def test_a_line_that_is_no_record_is_refused_with_its_number(line):
    with pytest.raises(ValueError, match=r"^line 6 of the journal: "):
        MissionJournal.parse([*_lines(_journal()), line])


def test_a_note_stands_beside_the_steps_and_ends_none():
    journal = MissionJournal()
    journal.start("s1", "scan", {}, AT)
    note = journal.note("s1", "scan", {"found": 1}, LATER)
    assert (note.status, note.completed_at, note.inputs) == ("noted", LATER, {})
    journal.finish("s1", "completed", {}, LATER)
    assert journal.verify_integrity(expected_count=3) == (True, ())
