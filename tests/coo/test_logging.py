"""The log of the runtime is chained, has no clock, and holds no secret."""

from __future__ import annotations

import pytest

from sealwright import digest
from sealwright.contracts.coo import logging
from sealwright.contracts.coo.state_machine import LINE, Machine
from sealwright.errors import Damaged, Refused
from sealwright.ledger import Ledger

CONTEXT = logging.Context(digest.sha256(b"config"), None)


def written(path, *states):
    lines = logging.transitions(Machine().begin(*states), CONTEXT)
    Ledger(path).append(lines)
    return path


def test_the_state_is_what_the_log_says(tmp_path):
    assert logging.machine(tmp_path / "none").attempt == 0
    assert logging.machine(written(tmp_path / "log", *LINE[1:5])).state == LINE[4]


def test_two_runs_of_the_same_make_the_same_log(tmp_path):
    logs = [written(tmp_path / name, *LINE[1:9]).read_bytes() for name in ("one", "two")]
    assert logs[0] == logs[1] and b'"seq":3' in logs[0]


def test_every_flipped_byte_of_a_log_is_found_or_in_its_last_line(tmp_path):
    path = written(tmp_path / "log", *LINE[1:5])
    whole = path.read_bytes()
    last = whole.rstrip(b"\n").rfind(b"\n") + 1
    for at in range(last):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(Damaged):
            logging.machine(path)


def test_a_log_without_one_of_its_lines_is_damage(tmp_path):
    lines = written(tmp_path / "log", *LINE[1:6]).read_bytes().splitlines(keepends=True)
    for at in range(len(lines) - 1):
        (tmp_path / "log").write_bytes(b"".join(lines[:at] + lines[at + 1 :]))
        with pytest.raises(Damaged):
            logging.machine(tmp_path / "log")


def test_a_log_that_goes_on_or_is_another_is_read_again(tmp_path):
    path = written(tmp_path / "log", *LINE[1:4])
    whole = path.read_bytes()
    assert len(list(logging.read(path))) == len(list(logging.read(path))) == 3
    Ledger(path).append(logging.transitions(logging.machine(path).go(LINE[4]), CONTEXT))
    assert logging.machine(path).state == LINE[4]
    path.write_bytes(whole)
    assert logging.machine(path).state == LINE[3]
    path.unlink()
    assert list(logging.read(path)) == []


def test_a_link_to_a_log_that_was_read_is_refused(tmp_path):
    path = written(tmp_path / "log", *LINE[1:4])
    assert list(logging.read(path))
    path.rename(tmp_path / "moved")
    path.symlink_to("moved")
    with pytest.raises(Refused, match="expected a regular file"):
        list(logging.read(path))


def test_what_a_reader_does_with_a_line_is_not_seen_by_the_next(tmp_path):
    path = written(tmp_path / "log", *LINE[1:4])
    for line in logging.read(path):
        line.clear()
    assert logging.machine(path).state == LINE[3]


def test_a_secret_is_told_by_its_kind_only():
    details = {"gate": "A", "said": ["fetched https://me:hunter22@example.org"], "n": 1}
    line = logging.entry("GATE_RESULT", details, CONTEXT)
    assert line["details"] == {"gate": "A", "said": ["<scrubbed: Basic Auth Credentials>"], "n": 1}


def test_a_digest_is_no_secret():
    details = {"sha256": digest.sha256(b"x"), "path": "docs/a.md"}
    assert logging.entry("AMU0", details, CONTEXT)["details"] == details


def test_an_unknown_event_is_refused():
    with pytest.raises(ValueError, match="expected one of FSM_TRANSITION"):
        logging.entry("OTHER", {}, CONTEXT)
