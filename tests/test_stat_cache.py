"""A stat cache's file may be anything: what it says is right, or it says nothing."""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sealwright import digest
from sealwright.digest import Sums
from sealwright.stat_cache import StatCache, blocks
from tests.support.faults import fault

FOLDERS = ["", "src/", "src/ä b/", "n\nl/", "\udcff/", "x" * 255 + "/"]
Rows = dict[str, tuple[os.stat_result, Sums]]


def opened(root: Path, *, keep: bool = True) -> StatCache:
    return StatCache(root / ".state" / "stat.cache", keep=keep, root=root)


def stored(root: Path) -> Path:
    return root / ".state" / "stat.cache"


def settle(root: Path) -> None:
    """Wait until the tick of the last change has passed."""
    first, second = root / "first", root / "second"
    first.touch()
    second.touch()
    while second.stat().st_ctime_ns == first.stat().st_ctime_ns:
        time.sleep(0.002)
        second.touch()


def written(root: Path, count: int = 2) -> Rows:
    """Write files and return what there is to know of each."""
    rows: Rows = {}
    for folder in FOLDERS:
        for number in range(count):
            place = Path(os.fsdecode(os.fsencode(root) + b"/" + os.fsencode(f"{folder}{number}")))
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(f"{folder!a}{number}")
            rows[f"{folder}{number}"] = os.lstat(place), digest.of_file(place)
    settle(root)
    return rows


def remember(cache: StatCache, rows: Rows) -> None:
    for path, (info, sums) in rows.items():
        cache.put(path, info, sums)
    cache.save()


def told(cache: StatCache, rows: Rows) -> set[str]:
    """Return the files that the cache knows; what it says of each must be right."""
    known = set()
    for path, (info, sums) in rows.items():
        word, got = cache.word(path, info), cache.get(path, info, both=True)
        assert (word, got) in ((None, None), (sums.blake3, sums)), path
        if word:
            known.add(path)
    return known


def test_everything_is_told_again_and_the_word_is_that_of_the_digests(tmp_path):
    rows = written(tmp_path)
    remember(opened(tmp_path), rows)
    assert told(opened(tmp_path), rows) == set(rows)
    assert told(opened(tmp_path, keep=False), rows) == set(rows)


def test_an_absolute_path_is_not_that_of_the_same_name_inside(tmp_path):
    rows = written(tmp_path)
    cache = opened(tmp_path)
    cache.put("/0", *rows["0"])
    assert cache.word("0", rows["0"][0]) is None
    assert cache.word("/0", rows["0"][0]) == rows["0"][1].blake3
    assert cache.name(f"{tmp_path}/src/0") == "src/0"
    assert cache.name("/elsewhere") == "/elsewhere"


def test_every_flipped_byte_costs_a_reading_and_tells_nothing_wrong(tmp_path):
    rows = written(tmp_path, 1)
    remember(opened(tmp_path), rows)
    data = stored(tmp_path).read_bytes()
    for offset in range(len(data)):
        for bit in (1, 128):
            broken = bytearray(data)
            broken[offset] ^= bit
            stored(tmp_path).write_bytes(broken)
            assert len(told(opened(tmp_path, keep=False), rows)) < len(rows) or 8 <= offset < 16


def test_every_torn_tail_costs_a_reading_and_is_mended_by_the_next_save(tmp_path):
    rows = written(tmp_path, 1)
    remember(opened(tmp_path), rows)
    data = stored(tmp_path).read_bytes()
    for length in [*range(0, len(data), 7), len(data) - 1]:
        stored(tmp_path).write_bytes(data[:length])
        cache = opened(tmp_path)
        assert len(told(cache, rows)) < len(rows)
        remember(cache, rows)
        assert told(opened(tmp_path), rows) == set(rows)


FOREIGN = [b"", b"\0" * 5000, b"text\n" * 99, blocks.MAGIC, blocks.MAGIC + b"\xff" * 99]


@pytest.mark.parametrize("data", FOREIGN, ids=["empty", "zeros", "text", "mark", "mark and ones"])
def test_a_foreign_file_is_empty_and_is_replaced(tmp_path, data):
    rows = written(tmp_path)
    stored(tmp_path).parent.mkdir()
    stored(tmp_path).write_bytes(data)
    cache = opened(tmp_path)
    assert told(cache, rows) == set()
    remember(cache, rows)
    assert told(opened(tmp_path), rows) == set(rows)


def test_blocks_lie_in_any_order_and_twice_and_still_tell_nothing_wrong(tmp_path):
    rows = written(tmp_path)
    remember(opened(tmp_path), rows)
    data = stored(tmp_path).read_bytes()
    stored(tmp_path).write_bytes(data + data[16:])
    assert told(opened(tmp_path), rows) == set(rows)
    other = tmp_path / "other"
    other.mkdir()
    elsewhere = written(other)
    remember(opened(other), elsewhere)
    stored(tmp_path).write_bytes(stored(other).read_bytes())
    assert told(opened(tmp_path), rows) == set()


def test_what_is_learned_is_added_and_costs_no_more_than_itself(tmp_path):
    rows = written(tmp_path, 50)
    remember(opened(tmp_path), rows)
    before = stored(tmp_path).read_bytes()
    (tmp_path / "src/0").write_text("changed")
    settle(tmp_path)
    rows["src/0"] = os.lstat(tmp_path / "src/0"), digest.of_file(tmp_path / "src/0")
    remember(opened(tmp_path), {"src/0": rows["src/0"]})
    after = stored(tmp_path).read_bytes()
    assert after.startswith(before)
    assert len(after) - len(before) < 250
    assert told(opened(tmp_path), rows) == set(rows)


def test_files_that_are_gone_or_changed_do_not_pile_up(tmp_path, monkeypatch):
    monkeypatch.setattr("sealwright.stat_cache._SPARED", 0)
    sizes = []
    for number in range(12):
        folder = tmp_path / f"run-{number}"
        folder.mkdir()
        paths = [folder / f"file-{n}" for n in range(40)]
        for path in paths:
            path.write_text(path.name)
        settle(tmp_path)
        cache = opened(tmp_path)
        remember(
            cache,
            {cache.name(str(path)): (os.lstat(path), digest.of_file(path)) for path in paths},
        )
        sizes.append(stored(tmp_path).stat().st_size)
        for path in paths:
            path.unlink()
    assert max(sizes) <= 3 * sizes[0]


def test_files_that_still_hold_are_kept_when_the_file_is_written_anew(tmp_path, monkeypatch):
    monkeypatch.setattr("sealwright.stat_cache._SPARED", 0)
    rows = written(tmp_path)
    remember(opened(tmp_path), rows)
    for _ in range(5):
        remember(opened(tmp_path), {"0": rows["0"], "1": rows["1"]})
    assert told(opened(tmp_path), rows) == set(rows)
    assert stored(tmp_path).stat().st_size < 20000


@pytest.mark.parametrize("mode", ["ENOSPC", "EIO"])
@pytest.mark.parametrize("known", [False, True], ids=["a new file", "an old file"])
def test_a_disk_that_fails_at_any_call_costs_only_time(tmp_path, mode, known):
    rows = written(tmp_path)
    if known:
        remember(opened(tmp_path), rows)
    for at in range(1, 12):
        cache = opened(tmp_path)
        with fault(at, mode):
            remember(cache, rows)
        assert told(cache, rows) == set(rows)
        told(opened(tmp_path), rows)
    remember(opened(tmp_path), rows)
    assert told(opened(tmp_path), rows) == set(rows)


@pytest.mark.parametrize("mode", ["lost", "kept", "torn"])
def test_a_power_cut_at_any_call_leaves_a_cache_that_is_right(tmp_path, mode):
    rows = written(tmp_path)
    remember(opened(tmp_path), dict(list(rows.items())[:5]))
    for at in range(1, 12):
        cache = opened(tmp_path)
        with fault(at, mode):
            remember(cache, rows)
        told(opened(tmp_path), rows)
    remember(opened(tmp_path), rows)
    assert told(opened(tmp_path), rows) == set(rows)


def test_asking_for_less_does_not_forget_what_was_known(tmp_path):
    rows = written(tmp_path, 1)
    cache = opened(tmp_path)
    remember(cache, rows)
    info, sums = rows["0"]
    cache.put("0", info, Sums(sums.size, sums.blake3))
    cache.put("src/0", rows["src/0"][0], Sums(1, sums.blake3))
    assert cache.get("0", info, both=True) == sums


@pytest.mark.parametrize("when", [-(1 << 40), 1 << 34], ids=["before 1970", "in 2514"])
def test_a_time_that_no_block_can_hold_is_no_error(tmp_path, when):
    rows = written(tmp_path, 1)
    os.utime(tmp_path / "0", (when, when))
    settle(tmp_path)
    cache = opened(tmp_path)
    info = os.lstat(tmp_path / "0")
    remember(cache, {**rows, "0": (info, rows["0"][1])})
    assert opened(tmp_path).word("0", info) in (None, rows["0"][1].blake3)
    assert told(opened(tmp_path), {"src/0": rows["src/0"]}) == {"src/0"}


def test_several_threads_may_ask_put_and_save_at_once(tmp_path):
    rows = written(tmp_path, 60)
    cache, barrier = opened(tmp_path), threading.Barrier(4)

    def work(number: int) -> None:
        barrier.wait()
        for path, (info, sums) in list(rows.items())[number::4]:
            cache.put(path, info, sums)
            assert cache.word(path, info) == sums.blake3
            if path.endswith("7"):
                cache.save()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    cache.save()
    assert told(cache, rows) == told(opened(tmp_path), rows) == set(rows)


def test_opening_reads_nothing_until_somebody_asks(tmp_path):
    rows = written(tmp_path, 1)
    remember(opened(tmp_path), rows)
    cache = opened(tmp_path)
    stored(tmp_path).unlink()
    assert cache.word("0", rows["0"][0]) is None
    assert cache.get("0", rows["0"][0], both=False) is None
