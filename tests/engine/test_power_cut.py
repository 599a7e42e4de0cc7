"""What a power cut can leave: a spread of what `make faults` sweeps, and the model itself."""

from __future__ import annotations

import itertools

import pytest

from tests.support import crash
from tests.support.disk import FILE, Disk, Names, Size, Sync, Write
from tests.support.sweep import Tally, spread, swept


@pytest.mark.parametrize(("story", "number"), [*zip(crash.STORIES, (30, 25, 25, 20), strict=True)])
def test_after_a_power_cut_the_next_run_ends_where_an_undisturbed_one_does(story, number, tmp_path):
    cut, states, tried = crash.plan(story, tmp_path)
    tally = Tally(f"{story}, {tried} states of which {len(states)} differ")
    tally.add(swept(spread(states, number), cut))
    print(tally)
    assert not tally.complaints, "\n".join(tally.complaints)
    assert tally.states >= number * 3 // 4


def images(disk: Disk) -> list[dict[str, bytes]]:
    """Every tree that may be left after the last event."""
    *_, (count, pending) = disk.pending()
    fates = disk.fates(count, pending)
    found = [disk.image(count, fate) for fate in fates]
    return [{name: data for name, (_, _, data) in image.items()} for image in found]


def made(disk: Disk, name: str, data: bytes) -> int:
    node = disk.born(FILE)
    disk.do(Names(((0, name, node),)))
    disk.do(Write(node, 0, data))
    return node


def test_what_is_not_synced_may_be_there_or_not():
    disk = Disk()
    made(disk, "a", b"data")
    found = images(disk)
    for image in ({}, {"a": b""}, {"a": b"da"}, {"a": bytes(4)}, {"a": b"data"}):
        assert image in found


def test_syncing_a_file_does_not_sync_its_name_nor_a_folder_the_data():
    disk = Disk()
    node = made(disk, "a", b"data")
    disk.do(Sync(node))
    assert {} in images(disk)
    disk.do(Sync(0))
    assert images(disk) == [{"a": b"data"}] * len(images(disk))
    other = Disk()
    made(other, "a", b"data")
    other.do(Sync(0))
    assert {"a": b""} in images(other)
    assert {} not in images(other)


def test_a_name_may_be_replaced_over_data_that_never_arrived():
    disk = Disk()
    made(disk, "a", b"old")
    disk.do(Sync(None))
    node = made(disk, ".a.tmp", b"new")
    disk.do(Names(((0, "a", node), (0, ".a.tmp", None))))
    disk.do(Sync(0))
    assert {"a": b""} in images(disk)
    disk.do(Sync(node))
    assert all(image == {"a": b"new"} for image in images(disk))


def test_a_later_name_may_be_kept_while_an_earlier_one_is_lost():
    disk = Disk()
    made(disk, "a", b"")
    made(disk, "b", b"")
    assert {"b": b""} in images(disk)
    assert {"a": b""} in images(disk)


def test_a_rename_across_folders_is_one_and_durable_when_both_are_synced():
    disk = Disk()
    node = made(disk, "a", b"data")
    folder = disk.born("folder")
    disk.do(Names(((0, "f", folder),)))
    disk.do(Sync(None))
    disk.do(Names(((folder, "a", node), (0, "a", None))))
    before, after = {"a": b"data", "f": b""}, {"f": b"", "f/a": b"data"}
    for synced in (None, folder, 0):
        if synced is not None:
            disk.do(Sync(synced))
        states = [after] if synced == 0 else [before, after]
        assert all(image in states for image in images(disk))
        assert all(state in images(disk) for state in states)


def test_a_lost_write_before_a_kept_one_leaves_zeros():
    disk = Disk()
    node = made(disk, "a", b"")
    disk.do(Sync(None))
    disk.do(Write(node, 0, b"one"))
    disk.do(Write(node, 3, b"two"))
    disk.do(Size(node, 5))
    found = [image["a"] for image in images(disk)]
    assert {bytes(3) + b"tw", b"onetw", b"onetwo", b""} <= set(found)
    assert len(found) >= len(list(itertools.combinations(range(3), 2)))
