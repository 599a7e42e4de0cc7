"""Bytes of the engine's own state that are not what was written: noticed, named, never believed."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from sealwright import durable
from sealwright.digest import Digest
from sealwright.engine import audit
from sealwright.engine import state as states
from sealwright.engine.receipt import Receipt
from sealwright.errors import Damaged, Refused
from sealwright.step import Run
from tests.support.workbench import Workbench, acts, copies, file


@pytest.fixture
def done(bench):
    """A repository with two steps that have run."""
    bench.write("a", "1")
    bench.steps = [copies(file("a"), file("b")), copies(file("b"), file("c"), name="again")]
    bench.executed()
    return bench


def state(bench: Workbench, name: str):
    return bench.root / ".sealwright" / name


def flipped(data: bytes, position: int) -> bytes:
    return data[:position] + bytes([data[position] ^ 0x41]) + data[position + 1 :]


@contextlib.contextmanager
def a_flipped_byte(path: Path, data: bytes, position: int) -> Iterator[None]:
    """Flip one byte of a file in place, and flip it back."""
    with open(path, "r+b", buffering=0) as file:
        os.pwrite(file.fileno(), bytes([data[position] ^ 0x41]), position)
        yield
        os.pwrite(file.fileno(), data[position : position + 1], position)


def lost(name: Digest) -> Receipt:
    raise Damaged(f"receipt {name}: is gone")


def damage(bench: Workbench) -> list[str]:
    engine = bench.engine()
    with engine.asking():
        found = audit.audit(engine, engine.graph.order)
    return [str(finding) for finding in found.damage.findings]


def test_an_untouched_repository_has_no_damage(full):
    full.executed()
    assert damage(full) == []


# the index


def test_no_flipped_byte_of_the_index_makes_a_receipt_that_was_not_recorded(done, quick_path):
    path = Path(shutil.copy(state(done, "state.db"), quick_path))
    data = path.read_bytes()
    with states.reader(path) as reader:
        known = dict(reader.trace(lost))
    outcomes = {"same": 0, "less": 0, "damaged": 0}
    for position in range(len(data)):
        with a_flipped_byte(path, data, position):
            try:
                with states.reader(path) as reader:
                    found = dict(reader.trace(lost))
            except Damaged:
                outcomes["damaged"] += 1
                continue
        assert found.items() <= known.items(), position
        outcomes["same" if found == known else "less"] += 1
    print(outcomes)
    assert path.read_bytes() == data
    assert outcomes["damaged"] > 2000
    assert outcomes["same"] > 2000


@pytest.mark.parametrize("kind", ["flip", "cut"])
def test_a_damaged_index_is_set_aside_and_rebuilt_from_the_receipts(done, kind):
    path = state(done, "state.db")
    data = path.read_bytes()
    noticed = 0
    for position in range(0, len(data), 173):
        path.write_bytes(flipped(data, position) if kind == "flip" else data[:position])
        assert done.executed() == [], position
        told = [notice for notice in done.notices if "set aside as state.db.broken-" in notice]
        noticed += len(told)
        for broken in path.parent.glob("state.db.broken-*"):
            broken.unlink()
    print(f"{noticed} noticed")
    assert noticed > 5


def test_a_missing_index_is_rebuilt_from_the_receipts(done):
    state(done, "state.db").unlink()
    assert done.executed() == []


def test_an_index_that_another_program_made_is_set_aside(done):
    import sqlite3

    state(done, "state.db").unlink()
    with sqlite3.connect(state(done, "state.db")) as connection:
        connection.execute("CREATE TABLE trace (a)")
    connection.close()
    assert done.executed() == []
    assert "another database" in done.notices[0]


def test_questions_do_not_mend_a_damaged_index(done):
    path = state(done, "state.db")
    path.write_bytes(b"\0" * 100 + path.read_bytes()[100:])
    before = path.read_bytes()
    assert done.reasons("copy") == []
    assert path.read_bytes() == before


# the run journal


def test_every_flipped_byte_of_the_journal_stops_the_next_run(done):
    path = state(done, "journal.jsonl")
    data = path.read_bytes()
    for position in range(len(data)):
        path.write_bytes(flipped(data, position))
        with (
            pytest.raises(Damaged, match=r"journal\.jsonl.*sealwright recover"),
            done.engine().running(),
        ):
            pytest.fail(f"byte {position} was believed")


def test_a_journal_cut_at_any_byte_stops_the_next_run(done):
    path = state(done, "journal.jsonl")
    data = path.read_bytes()
    for size in range(0, len(data), 7):
        path.write_bytes(data[:size])
        with pytest.raises(Damaged, match="lines are missing"), done.engine().running():
            pytest.fail(f"{size} bytes were believed")


def test_a_removed_journal_stops_the_next_run(done):
    state(done, "journal.jsonl").unlink()
    with pytest.raises(Damaged, match="expected at least"), done.engine().running():
        pytest.fail("it was believed")


def test_a_damaged_journal_is_named_by_verify(done):
    path = state(done, "journal.jsonl")
    path.write_bytes(flipped(path.read_bytes(), 300))
    assert any("journal.jsonl:1" in told for told in damage(done))


def test_a_line_added_to_the_journal_is_noticed(done):
    with state(done, "journal.jsonl").open("ab") as file:
        file.write(b'{"status":"completed"}\n')
    with pytest.raises(Damaged, match=r"journal\.jsonl:5"), done.engine().running():
        pytest.fail("it was believed")


@pytest.mark.parametrize("arrived", [0, 40, -40], ids=["none", "the beginning", "the end"])
def test_a_journal_line_that_a_power_cut_left_zeros_in_is_cut_and_kept(done, arrived):
    path = state(done, "journal.jsonl")
    data = path.read_bytes()
    line = b"x" * 99 + b"\n"
    torn = line[:arrived] + bytes(60) if arrived > 0 else bytes(60) + line[arrived:]
    path.write_bytes(data + (torn if arrived else bytes(60)))
    assert done.executed() == []
    assert path.read_bytes() == data
    kept = state(done, f"quarantine/journal-{len(data)}.torn")
    assert kept.read_bytes() == (torn if arrived else bytes(60))
    assert any("torn" in notice for notice in done.notices)


def test_an_index_older_than_the_journal_catches_up_with_it(full, tmp_path):
    full.executed("pack")
    shutil.copy(state(full, "state.db"), tmp_path)
    full.executed()
    shutil.copy(tmp_path / "state.db", state(full, "state.db"))
    assert full.executed() == []
    assert damage(full) == []


def test_an_older_index_does_not_bring_back_what_a_failure_took_away(bench, tmp_path):
    bench.steps = [acts("b", _fails_where_told, file("b"))]
    bench.executed()
    shutil.copy(state(bench, "state.db"), tmp_path)
    bench.write("told", "")
    assert bench.run("b", forced=True)["b"].code == 1
    shutil.copy(tmp_path / "state.db", state(bench, "state.db"))
    assert bench.run("b")["b"].code == 1


def _fails_where_told(run: Run) -> None:
    if (run.root / "told").exists():
        raise Refused("no")
    durable.create(run.path(file("b")), b"")


def test_a_journal_restored_from_a_copy_is_read_again_and_believed(done, tmp_path):
    path = state(done, "journal.jsonl")
    shutil.copy(path, tmp_path / "copy")
    path.unlink()
    shutil.copy(tmp_path / "copy", path)
    assert done.executed() == []


def test_index_and_journal_lost_together_leave_everything_stale(done):
    for name in ("state.db", "journal.jsonl"):
        state(done, name).unlink()
    assert sorted(done.executed()) == ["again", "copy"]


# receipts


def test_every_flipped_byte_of_a_receipt_is_named_by_verify(done):
    path = next(state(done, "receipts").glob("*/*.json"))
    data = path.read_bytes()
    for position in range(0, len(data), 5):
        path.write_bytes(flipped(data, position))
        assert any(path.stem in told for told in damage(done)), position


def test_a_removed_and_an_added_receipt_are_named_by_verify(done):
    path = next(state(done, "receipts").glob("*/*.json"))
    moved = path.with_name("0" * 64 + ".json")
    path.rename(moved)
    told = damage(done)
    assert any("is gone" in line for line in told)
    assert any(moved.stem in line for line in told)


def test_a_changed_output_is_named_by_verify_with_both_digests(done):
    done.write("c", "2")
    told = "\n".join(damage(done))
    assert "c was changed since the step made it: blake3:" in told
    assert "c: expected sha256:" in told


# the stat cache


def test_a_damaged_stat_cache_changes_nothing(done):
    assert done.executed() == []  # now the cache holds everything
    path = state(done, "stat.cache")
    data = path.read_bytes()
    for position in range(0, len(data), 11):
        path.write_bytes(flipped(data, position))
        assert done.reasons("copy") == done.reasons("again") == []
    path.write_bytes(data[: len(data) // 2])
    assert done.executed() == []


def test_a_stat_cache_that_lies_is_not_asked_by_verify(done):
    done.executed()
    times = os.stat(done.root / "c")
    engine = done.engine()
    with engine.running():
        from sealwright import digest

        done.write("c", "2")
        os.utime(done.root / "c", ns=(times.st_atime_ns, times.st_mtime_ns))
        info = os.stat(done.root / "c")
        engine.cache._tick = 1 << 62
        engine.cache.put("c", info, digest.of_bytes(b"1"))
    assert done.reasons("again") == []  # it lies
    assert any("c was changed" in told for told in damage(done))


# two runs


def test_a_second_run_at_once_is_refused_and_names_the_holder(done):
    with (
        done.engine().running(),
        pytest.raises(Refused, match=rf"is held by pid {os.getpid()} "),
        done.engine().running(),
    ):
        pytest.fail("two runs at once")


# ways out


def recovered(bench: Workbench) -> str:
    from sealwright.engine import amends

    folder = bench.root / ".sealwright"
    return amends.recover_journal(folder, "the disk was bad", "2025-01-01T00:00:00Z")


@pytest.mark.parametrize("lines", [0, 1, 2, 3])
def test_a_journal_whose_end_is_missing_is_recovered_and_what_it_lost_runs_again(done, lines):
    path = state(done, "journal.jsonl")
    kept = path.read_bytes().splitlines(keepends=True)[:lines]
    path.write_bytes(b"".join(kept))
    assert "bytes are missing" in recovered(done)
    assert "the disk was bad" in path.read_text()
    assert sorted(done.executed()) == (["again"] if lines >= 2 else ["again", "copy"])
    assert done.executed() == []
    assert damage(done) == []


def test_a_broken_journal_is_recovered_and_what_it_lost_runs_again(done):
    path = state(done, "journal.jsonl")
    data = path.read_bytes()
    path.write_bytes(flipped(data, len(data) - 100))
    assert "cut" in recovered(done)
    assert done.executed() == ["again"]
    assert damage(done) == []


def test_a_whole_journal_is_not_recovered(done):
    with pytest.raises(Refused, match="is whole"):
        recovered(done)


def test_an_index_that_hides_a_step_is_named_by_verify(done):
    import sqlite3

    with sqlite3.connect(state(done, "state.db")) as connection:
        connection.execute("DELETE FROM trace WHERE step = 'again'")
    connection.close()
    done.write("c", "forged")
    told = "\n".join(damage(done))
    assert "again: the index names no receipt, the journal sha256:" in told
    assert "c was changed" in told


def test_the_trusted_core_alone_verifies_the_run_journal(full):
    from sealwright.engine import amends
    from sealwright.runtime.orchestration.mission_journal import MissionJournal

    full.executed()
    full.write("out/upper.txt", "by hand")
    engine = full.engine()
    with engine.running():
        amends.accept(engine, "upper", "it reads better")
        amends.forget(engine, "upper")
        amends.forget(engine, "split")
    full.executed()
    lines = state(full, "journal.jsonl").read_bytes().splitlines(keepends=True)
    assert MissionJournal.parse(lines).verify_integrity() == (True, ())
