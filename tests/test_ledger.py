"""A ledger only grows, shows every change, and survives writers that die or crowd in."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import stat
import subprocess
import time
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from sealwright import durable, ledger
from sealwright.errors import Damaged, Refused
from sealwright.ledger import Ledger
from sealwright.runtime import canonical

PAYLOADS = [{"event": "started"}, {"event": "naïve", "n": [1, None]}, {"event": "done", "x": ""}]


@pytest.fixture
def book(tmp_path: Path) -> Ledger:
    made = Ledger(tmp_path / "feed.jsonl")
    made.append(PAYLOADS)
    return made


def held(subject: Ledger) -> bool:
    return subject.check().holds


class Sums:
    """Another chain: each record carries the digest of itself and of the one before."""

    def link(self, payload: Mapping[str, Any], previous: bytes | None) -> dict[str, Any]:
        before = json.loads(previous)["entry_hash"] if previous else ""
        body = {**payload, "before": before}
        return {**body, "entry_hash": hashlib.sha256(canonical.encode(body)).hexdigest()}

    def check(self, record: dict[str, Any], previous: bytes | None) -> str | None:
        body = {
            name: value for name, value in record.items() if name not in ("entry_hash", "before")
        }
        expected = self.link(body, previous)
        return None if record == expected else f"expected {expected}, found {record}"


CHAINS = pytest.mark.parametrize("chain", [ledger.LINES, Sums()], ids=["lines", "another chain"])


def test_a_missing_file_is_an_empty_ledger_and_asking_does_not_make_it(tmp_path: Path) -> None:
    subject = Ledger(tmp_path / "none" / "feed.jsonl")
    assert list(subject.entries()) == []
    assert subject.check().evidence == {"lines": 0}
    assert list(tmp_path.iterdir()) == []


def test_lines_are_canonical_numbered_and_chained(book: Ledger) -> None:
    lines = book.path.read_bytes().split(b"\n")[:-1]
    previous = None
    for number, (line, payload) in enumerate(zip(lines, PAYLOADS, strict=True)):
        prev = f"sha256:{hashlib.sha256(previous).hexdigest()}" if previous else None
        assert json.loads(line) == {**payload, "v": 1, "seq": number, "prev": prev}
        assert canonical.encode(json.loads(line)) == line
        previous = line


def test_the_shell_line_of_the_docstring_prints_the_link(book: Ledger) -> None:
    for number in (1, 2):
        line = f"head -n {number} {book.path} | tail -n 1 | tr -d '\\n' | sha256sum"
        printed = subprocess.run(["sh", "-c", line], capture_output=True, check=True).stdout
        link = list(book.entries())[number].record["prev"]
        assert link == f"sha256:{printed.split()[0].decode()}"


@CHAINS
def test_reading_gives_back_what_was_appended(tmp_path: Path, chain: ledger.Chain) -> None:
    subject = Ledger(tmp_path / "a" / "b" / "feed.jsonl", chain)
    made = [entry for payload in PAYLOADS for entry in subject.append([payload])]
    read = list(subject.entries())
    assert [entry.number for entry in read] == [1, 2, 3]
    assert [(e.offset, e.line, e.record) for e in read] == [
        (e.offset, e.line, e.record) for e in made
    ]
    assert subject.check().evidence == {"lines": 3, "head": read[-1].digest}
    data = subject.path.read_bytes()
    assert all(data[e.offset :].startswith(e.line + b"\n") for e in read)


def test_the_same_appends_give_the_same_bytes_however_they_are_grouped(tmp_path: Path) -> None:
    one, other = Ledger(tmp_path / "one"), Ledger(tmp_path / "other")
    one.append(PAYLOADS)
    for payload in PAYLOADS:
        other.append([payload])
    assert one.path.read_bytes() == other.path.read_bytes()


def test_an_append_of_nothing_changes_nothing(book: Ledger) -> None:
    before = book.path.read_bytes()
    assert book.append([]) == ()
    assert book.path.read_bytes() == before


@pytest.mark.parametrize("name", ["v", "seq", "prev"])
def test_a_payload_cannot_use_the_names_of_the_chain(book: Ledger, name: str) -> None:
    with pytest.raises(ValueError, match=f"payload: {name} belong"):
        book.append([{name: 1}])
    assert held(book)


@CHAINS
def test_every_flipped_bit_is_damage_and_stops_the_next_append_or_the_reader(
    tmp_path: Path, chain: ledger.Chain
) -> None:
    subject = Ledger(tmp_path / "feed.jsonl", chain)
    subject.append(PAYLOADS)
    data = subject.path.read_bytes()
    last = data.rstrip(b"\n").rfind(b"\n") + 1
    for offset in range(len(data)):
        for bit in range(8):
            changed = bytearray(data)
            changed[offset] ^= 1 << bit
            subject.path.write_bytes(changed)
            if chain is ledger.LINES and offset > last and held(subject):
                # the last line has no successor to vouch for it: what it says may have changed,
                # its place in the chain may not
                continue
            assert not held(subject), (offset, bit)


def test_a_changed_last_line_is_damage_as_soon_as_a_line_follows(book: Ledger) -> None:
    data = book.path.read_bytes()
    book.path.write_bytes(data.replace(b'"done"', b'"Done"'))
    assert held(book)
    book.path.write_bytes(data)
    book.append([{"event": "one more"}])
    data = book.path.read_bytes()
    book.path.write_bytes(data.replace(b'"done"', b'"Done"'))
    assert not held(book)


@CHAINS
def test_lines_that_are_removed_doubled_moved_or_cut_are_damage(
    tmp_path: Path, chain: ledger.Chain
) -> None:
    subject = Ledger(tmp_path / "feed.jsonl", chain)
    subject.append([*PAYLOADS, *PAYLOADS])
    data = subject.path.read_bytes()
    lines = data.splitlines(keepends=True)
    forms = [data[:length] for length in range(len(data)) if data[length - 1 : length] != b"\n"]
    for index, line in enumerate(lines):
        without = lines[:index] + lines[index + 1 :]
        forms += [b"".join([*without[:at], line, *without[at:]]) for at in range(len(lines))]
        forms.append(b"".join(lines[: index + 1] + lines[index:]))
        if index < len(lines) - 1:
            forms.append(b"".join(without))
    for form in forms:
        subject.path.write_bytes(form)
        assert held(subject) == (form in (b"", data)), form


BAD = [
    pytest.param(b"", "torn tail", id="no LF"),
    pytest.param(b"\n", "expected", id="an empty line"),
    pytest.param(b"[]\n", "expected an object", id="no object"),
    pytest.param(b"nonsense\n", "expected", id="no JSON"),
    pytest.param(b'{"v":1,"seq":3,"prev":null}\n', "canonical", id="keys in another order"),
    pytest.param(b'{"prev":null,"seq":3,"v":1}\n', "prev: expected sha256:", id="a null link"),
    pytest.param(b'{"seq":3,"v":1}\n', "prev: expected sha256:", id="no link"),
    pytest.param(b'{"a":1,"a":1}\n', "repeated", id="a repeated key"),
    pytest.param(b"\xff\n", "UTF-8", id="not UTF-8"),
    pytest.param(b"[" * 5000 + b"\n", "nested", id="too deep"),
    pytest.param(b" " * (ledger.LONGEST + 1), "found more", id="too long"),
]


@pytest.mark.parametrize(("line", "reason"), BAD)
def test_the_message_names_file_line_reason_and_remedy(
    book: Ledger, line: bytes, reason: str
) -> None:
    with book.path.open("ab") as file:
        file.write(line or b'{"torn')
    with pytest.raises(Damaged) as raised:
        list(book.entries())
    assert str(raised.value).startswith(f"{book.path}:4: ")
    assert reason in str(raised.value)
    assert str(raised.value).endswith(f"; sealwright recover {book.path} --reason …")
    assert str(book.check()) == str(raised.value)


def test_entries_come_before_the_damage_that_follows_them(book: Ledger) -> None:
    with book.path.open("ab") as file:
        file.write(b"nonsense\n")
    reader = book.entries()
    assert [next(reader).number for _ in PAYLOADS] == [1, 2, 3]
    with pytest.raises(Damaged):
        next(reader)


@pytest.mark.parametrize(("line", "reason"), BAD)
def test_nothing_is_appended_after_damage_at_the_end(
    book: Ledger, line: bytes, reason: str
) -> None:
    with book.path.open("ab") as file:
        file.write(line or b'{"torn')
    before = book.path.read_bytes()
    with pytest.raises(Damaged, match=f"feed.jsonl:end: .*{reason}"):
        book.append([{"event": "after"}])
    assert book.path.read_bytes() == before


def test_an_append_reads_a_bounded_piece_of_the_ledger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject = Ledger(tmp_path / "feed.jsonl")
    subject.append({"event": "x" * 100} for _ in range(20_000))
    read: list[int] = []
    pread = os.pread
    monkeypatch.setattr(os, "pread", lambda *a: (read.append(a[1]), pread(*a))[1])
    subject.append([{"event": "one"}])
    assert 0 < sum(read) < 100_000 < subject.path.stat().st_size


def test_a_last_line_longer_than_one_reading_is_found(tmp_path: Path) -> None:
    subject = Ledger(tmp_path / "feed.jsonl")
    for length in (1, 4000, 4096, 5000, 200_000, 3):
        subject.append([{"event": "x" * length}])
    assert held(subject)


def test_sealed_lines_that_no_longer_fit_are_refused(book: Ledger) -> None:
    with book.writing() as held_book:
        early = held_book.seal([{"event": "early"}])
    book.append([{"event": "other"}])
    before = book.path.read_bytes()
    with book.writing() as held_book, pytest.raises(Refused, match="seq: expected 4, found 3"):
        held_book.append(early)
    assert book.path.read_bytes() == before


def test_an_interrupted_append_is_completed_from_every_prefix(book: Ledger) -> None:
    before = book.path.read_bytes()
    with book.writing() as held_book:
        offset = held_book.size
        data = held_book.seal([{"event": "a"}, {"event": "b"}])
    for length in range(len(data) + 1):
        book.path.write_bytes(before + data[:length])
        for _ in range(2):
            with book.writing() as held_book:
                assert held_book.complete(offset, data)
            assert book.path.read_bytes() == before + data
    book.append([{"event": "c"}])
    with book.writing() as held_book:
        assert held_book.complete(offset, data)


@pytest.mark.parametrize("whole", [True, False], ids=["to the end", "then cut"])
def test_an_append_of_which_a_power_cut_left_zeros_is_completed(book: Ledger, whole: bool) -> None:
    before = book.path.read_bytes()
    with book.writing() as held_book:
        offset = held_book.size
        data = held_book.seal([{"event": "a"}, {"event": "b"}])
    for start in range(len(data)):
        for end in {start + 1, (start + len(data)) // 2, len(data)}:
            rest = data[end:] if whole else b""
            book.path.write_bytes(before + data[:start] + bytes(end - start) + rest)
            with book.writing() as held_book:
                assert held_book.complete(offset, data)
            assert book.path.read_bytes() == before + data


def test_zeros_that_others_have_written_after_are_left_alone(book: Ledger) -> None:
    with book.writing() as held_book:
        offset = held_book.size
        data = held_book.seal([{"event": "a"}])
    spoilt = book.path.read_bytes() + bytes(len(data)) + b"{}\n"
    book.path.write_bytes(spoilt)
    with book.writing() as held_book:
        assert not held_book.complete(offset, data)
    assert book.path.read_bytes() == spoilt


def test_lines_that_a_crash_left_written_but_perhaps_not_durable_are_synced(
    book: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    with book.writing() as held_book:
        offset = held_book.size
        data = held_book.seal([{"event": "a"}])
        held_book.append(data)
        synced: list[int] = []
        monkeypatch.setattr(durable.system, "fdatasync", synced.append)
        assert held_book.complete(offset, data)
    assert len(synced) == 1


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda old, new: old + new[:5] + b"?", id="other bytes at the end"),
        pytest.param(lambda old, new: old + b"x" + new, id="other bytes before"),
        pytest.param(lambda old, new: old[:-1], id="a file that lost bytes"),
        pytest.param(lambda old, new: b"", id="a file that lost everything"),
        pytest.param(lambda old, new: old[:-3] + b"!}\n", id="another last line"),
        pytest.param(lambda old, new: old + new[:-2] + b"\n", id="a changed line"),
    ],
)
def test_what_is_not_an_interrupted_append_is_left_alone(
    book: Ledger, spoil: Callable[[bytes, bytes], bytes]
) -> None:
    old = book.path.read_bytes()
    with book.writing() as held_book:
        data = held_book.seal([{"event": "a"}])
    book.path.write_bytes(spoil(old, data))
    with book.writing() as held_book:
        assert not held_book.complete(len(old), data)
    assert book.path.read_bytes() == spoil(old, data)


def append_many(subject: Ledger, writer: int, times: int) -> None:
    for number in range(times):
        subject.append([{"writer": writer, "n": number}, {"writer": writer, "n": number}])


def forked(acts: list[Callable[[], object]]) -> list[int]:
    children = []
    for act in acts:
        child = os.fork()
        if child == 0:
            code = 1
            try:
                act()
                code = 0
            finally:
                os._exit(code)
        children.append(child)
    return [os.waitpid(child, 0)[1] for child in children]


def test_writers_in_many_processes_lose_and_tear_nothing(tmp_path: Path) -> None:
    subject = Ledger(tmp_path / "deep" / "feed.jsonl")
    acts = [lambda w=w: append_many(subject, w, 25) for w in range(6)]
    acts.append(lambda: [held(subject) or os._exit(7) for _ in range(100)])
    assert forked(acts) == [0] * 7
    records = [entry.record for entry in subject.entries()]
    assert held(subject)
    for writer in range(6):
        told = [record["n"] for record in records if record["writer"] == writer]
        assert told == [number for number in range(25) for _ in range(2)]
    assert all(a["writer"] == b["writer"] for a, b in zip(records[::2], records[1::2], strict=True))


def test_a_writer_waits_its_patience_and_then_names_the_ledger(book: Ledger) -> None:
    second = Ledger(book.path).writing(patience=0.05)
    with book.writing(), pytest.raises(Refused, match=r"feed\.jsonl: expected to be the only"):
        second.__enter__()


def test_the_lock_ends_with_its_holder(book: Ledger) -> None:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        with book.writing():
            os.write(writer, b"held")
            signal.pause()
    os.read(reader, 4)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    book.append([{"event": "after"}])
    assert held(book)


def test_a_writer_who_waited_for_a_ledger_that_was_replaced_writes_to_the_new_one(
    book: Ledger, tmp_path: Path
) -> None:
    go, start = os.pipe()
    waits, waiting = os.pipe()
    child = os.fork()  # before the lock, which a child would inherit
    if child == 0:
        code = 1
        try:
            os.read(go, 1)
            time.sleep = lambda _: os.write(waiting, b"x")  # type: ignore[assignment]
            book.append([{"event": "late"}])
            code = 0
        finally:
            os._exit(code)
    with book.writing():
        os.write(start, b"x")
        os.read(waits, 1)
        durable.write(book.path, book.path.read_bytes())
    assert os.waitpid(child, 0)[1] == 0
    assert [entry.record["event"] for entry in book.entries()][-1] == "late"


@pytest.mark.parametrize("kind", ["link", "folder", "pipe"])
def test_what_is_no_regular_file_is_not_opened(tmp_path: Path, kind: str) -> None:
    place = tmp_path / "feed.jsonl"
    if kind == "link":
        (tmp_path / "real").touch()
        place.symlink_to("real")
    elif kind == "folder":
        place.mkdir()
    else:
        os.mkfifo(place)
    for ask in (lambda: list(Ledger(place).entries()), lambda: Ledger(place).append([{}])):
        with pytest.raises(Refused, match="expected a regular file, found a"):
            ask()


class Fault(Exception):
    """What a fault raises."""


@pytest.fixture
def short_writes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    write = os.write
    monkeypatch.setattr(durable.system, "write", lambda fd, data: write(fd, bytes(data)[:7]))
    yield
    monkeypatch.undo()


def test_a_short_write_is_taken_back_and_told(book: Ledger, short_writes: None) -> None:
    before = book.path.read_bytes()
    with pytest.raises(OSError, match="No space left"):
        book.append([{"event": "too much"}])
    assert book.path.read_bytes() == before


@pytest.mark.parametrize("done", [False, True], ids=["not done", "done"])
@pytest.mark.parametrize("call", ["open", "write", "fdatasync", "fsync"])
def test_a_fault_at_any_call_of_an_append_is_completed_or_never_happened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, done: bool
) -> None:
    subject = Ledger(tmp_path / "feed.jsonl")
    subject.append(PAYLOADS)
    before = subject.path.read_bytes()
    with subject.writing() as book:
        offset, data = book.size, book.seal([{"event": "a"}])
        real = getattr(durable.system, call)

        def faulty(*arguments: Any) -> Any:
            if done:
                real(*arguments)
            raise Fault

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(durable.system, call, faulty)
            try:
                book.append(data)
                assert call == "fsync"  # an append needs none, so it cannot fail
            except Fault:
                assert call != "fsync"
    assert subject.path.read_bytes() in (before, before + data)
    with subject.writing() as book:
        assert book.complete(offset, data)
    assert subject.path.read_bytes() == before + data
    assert held(subject)


@CHAINS
@pytest.mark.parametrize(
    ("spoil", "kept"),
    [
        pytest.param(lambda lines: [*lines, b'{"torn'], 3, id="a torn tail"),
        pytest.param(lambda lines: [lines[0], b"x", *lines[1:]], 1, id="a bad line in the middle"),
        pytest.param(lambda lines: [b"x\n", *lines], 0, id="a bad first line"),
        pytest.param(lambda lines: [lines[0], lines[2]], 1, id="a missing line"),
    ],
)
def test_recovery_keeps_the_valid_prefix_the_broken_file_and_a_record_of_the_cut(
    tmp_path: Path,
    chain: ledger.Chain,
    spoil: Callable[[list[bytes]], list[bytes]],
    kept: int,
) -> None:
    subject = Ledger(tmp_path / "feed.jsonl", chain)
    subject.append(PAYLOADS)
    subject.path.chmod(0o600)
    lines = subject.path.read_bytes().splitlines(keepends=True)
    broken = b"".join(spoil(lines))
    subject.path.write_bytes(broken)
    sentence = subject.recover("disk full", "2025-01-01T00:00:00Z", tmp_path / "quarantine")
    lost = broken[len(b"".join(lines[:kept])) :]
    copy = tmp_path / "quarantine" / f"feed.jsonl.{hashlib.sha256(broken).hexdigest()}"
    assert copy.read_bytes() == broken
    assert f"kept {kept} lines and cut the {len(lost)} bytes" in sentence and str(copy) in sentence
    assert held(subject)
    assert stat.S_IMODE(subject.path.stat().st_mode) == 0o600
    entries = list(subject.entries())
    assert [entry.line + b"\n" for entry in entries[:-1]] == lines[:kept]
    expected = {
        "event": "recovered",
        "reason": "disk full",
        "at": "2025-01-01T00:00:00Z",
        "lost_bytes": len(lost),
        "lost_sha256": f"sha256:{hashlib.sha256(lost).hexdigest()}",
        "kept_lines": kept,
    }
    assert expected.items() <= entries[-1].record.items()
    subject.append([{"event": "goes on"}])
    assert held(subject)


def test_a_whole_ledger_is_not_recovered(book: Ledger, tmp_path: Path) -> None:
    before = book.path.read_bytes()
    with pytest.raises(Refused, match="expected a broken ledger"):
        book.recover("why not", "2025-01-01T00:00:00Z", tmp_path / "quarantine")
    assert book.path.read_bytes() == before
    assert not (tmp_path / "quarantine").exists()


def test_the_owner_says_how_his_chain_records_a_cut(book: Ledger, tmp_path: Path) -> None:
    with book.path.open("ab") as file:
        file.write(b"x")
    book.recover("x", "at", tmp_path / "q", payload=lambda cut: {"kind": "note", "of": cut})
    last = list(book.entries())[-1].record
    assert (last["kind"], last["of"]["lost_bytes"]) == ("note", 1)


def test_a_long_ledger_is_read_line_by_line(tmp_path: Path) -> None:
    subject = Ledger(tmp_path / "feed.jsonl")
    subject.append({"event": "x" * 1000} for _ in range(5000))
    tracemalloc.start()
    try:
        assert sum(1 for _ in subject.entries()) == 5000
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < subject.path.stat().st_size / 10
