"""A checkpoint says what the log says, and nothing else is believed."""

from __future__ import annotations

import itertools

import pytest

from sealwright import verifier
from sealwright.contracts.coo import checkpoint, logging
from sealwright.contracts.coo.checkpoint import CAPTURE, FINAL, GATES, STATES
from sealwright.contracts.coo.state_machine import LINE, Machine
from sealwright.ledger import Ledger
from sealwright.runtime import canonical

CONTEXT = logging.Context("sha256:" + "0" * 64, None)


def lines(*states):
    return logging.transitions(Machine().begin(*states), CONTEXT)


@pytest.fixture
def log(tmp_path):
    """A log in GATES, with the result of a gate after it."""
    place = tmp_path / "log.jsonl"
    about = logging.entry("GATE_RESULT", {"step": "gates:F"}, CONTEXT)
    Ledger(place).append([*lines(*LINE[1 : LINE.index("GATES") + 1]), about])
    return place


def test_a_checkpoint_tells_attempt_state_history_and_the_last_line(log):
    about = canonical.decode_line(checkpoint.make(GATES, log))
    *_, last = Ledger(log).entries()
    assert about == {
        "attempt": 1,
        "checkpoint_name": "gates",
        "current_state": "GATES",
        "history": list(LINE[: LINE.index("GATES") + 1]),
        "log_head": {"seq": last.record["seq"], "sha256": last.digest},
    }


def test_one_that_is_made_before_its_lines_are_added_is_the_one_that_is_made_after(tmp_path):
    log, added = tmp_path / "log.jsonl", lines(*LINE[1 : LINE.index("CAPTURE_AMU0") + 1])
    before = checkpoint.make(CAPTURE, log, added)
    Ledger(log).append(added)
    assert before == checkpoint.make(CAPTURE, log)


def test_it_holds_however_the_log_goes_on(log):
    made = checkpoint.make(FINAL, log)
    machine = logging.machine(log)
    more = machine.go("CEO_FINAL_REVIEW", "COMPLETE")
    Ledger(log).append(logging.transitions(more, CONTEXT))
    assert checkpoint.verify(made, log).holds


CHANGES = {
    "attempt": 2,
    "checkpoint_name": "capture_amu0",
    "current_state": "COMPLETE",
    "history": list(LINE),
    "log_head": {"seq": 10, "sha256": "sha256:" + "1" * 64},
}


@pytest.mark.parametrize("key", CHANGES)
def test_any_other_word_in_it_is_found(log, key):
    about = canonical.decode_line(checkpoint.make(GATES, log)) | {key: CHANGES[key]}
    verdict = checkpoint.verify(canonical.line(about), log)
    if key == "checkpoint_name":  # which is no less true of a history that has both
        assert verdict.holds
    else:
        (finding,) = verdict.findings
        assert finding.where == key and "as the log says" in finding.what


@pytest.mark.parametrize("seq", [-1, 3, 11, None, "10"])
def test_a_line_of_the_log_that_is_not_the_one_is_found(log, seq):
    about = canonical.decode_line(checkpoint.make(GATES, log))
    about["log_head"]["seq"] = seq
    assert not checkpoint.verify(canonical.line(about), log).holds


def test_a_name_whose_state_was_never_reached_is_found(tmp_path):
    log = tmp_path / "log.jsonl"
    Ledger(log).append(lines(*LINE[1 : LINE.index("CAPTURE_AMU0") + 1]))
    early = checkpoint.make(GATES, log)
    assert "expected GATES in it" in str(checkpoint.verify(early, log))


def test_every_flipped_byte_is_found(log):
    made = checkpoint.make(GATES, log)
    assert checkpoint.verify(made, log).holds
    for at, bit in itertools.product(range(len(made)), (1, 128)):
        data = bytearray(made)
        data[at] ^= bit
        assert not checkpoint.verify(bytes(data), log).holds, at


@pytest.mark.parametrize("cut", [1, 5, 11])
def test_a_log_whose_last_lines_were_taken_away_is_found(log, cut):
    made = checkpoint.make(GATES, log)
    kept = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(kept[:-cut]))
    assert not checkpoint.verify(made, log).holds


def test_a_log_that_was_written_anew_is_found(log):
    made = checkpoint.make(GATES, log)
    records = [entry.record for entry in Ledger(log).entries()]
    log.unlink()
    other = {**records[-1]["details"], "step": "gates:E"}
    payloads = [{k: r[k] for k in r.keys() - {"v", "seq", "prev"}} for r in records]
    Ledger(log).append([*payloads[:-1], {**payloads[-1], "details": other}])
    (finding,) = checkpoint.verify(made, log).findings
    assert finding.where == "log_head"


def test_a_broken_log_is_found(log):
    made = checkpoint.make(GATES, log)
    log.write_bytes(log.read_bytes().replace(b"FREEZE_PREP", b"FREEZE_PREB", 1))
    assert not checkpoint.verify(made, log).holds


@pytest.mark.parametrize("data", [b"", b"{}\n", b"[]\n", b"null\n", b"x", b'{"attempt":1}\n'])
def test_what_is_no_checkpoint_is_refused_in_a_sentence(log, data):
    assert "expected" in str(checkpoint.verify(data, log))


@pytest.mark.parametrize("name", STATES)
def test_sealwright_verify_knows_one_by_the_log_beside_it(log, name):
    place = log.with_name(checkpoint.file_name(name))
    place.write_bytes(checkpoint.make(name, log))
    known = verifier.recognise(place)
    assert known.what == "a checkpoint of the runtime" and known.verify().holds
    log.unlink()
    assert not known.verify().holds
