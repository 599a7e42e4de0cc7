"""What a preloaded library leaves behind is taken away, and nothing that is another's."""

from __future__ import annotations

import os

import pytest

from sealwright.contracts.coo.replay import leftovers
from tests.coo.replay.missions import GROUNDS, once, tree

GONE = 2**22 + 1  # no process has this number


def test_only_what_is_new_and_of_a_process_that_is_gone_is_taken_away(tmp_path):
    kept = [f"faketime_shm_{os.getpid()}", f"faketime_shm_{GONE}x", "other", f"x_{GONE}"]
    (tmp_path / f"sem.faketime_sem_{GONE + 1}").touch()
    with leftovers.removed(tmp_path):
        for name in (*kept, f"faketime_shm_{GONE}", f"sem.faketime_sem_{GONE}"):
            (tmp_path / name).touch()
    assert sorted(os.listdir(tmp_path)) == sorted([*kept, f"sem.faketime_sem_{GONE + 1}"])


def test_where_there_is_no_such_folder_there_is_nothing_to_do(tmp_path):
    with leftovers.removed(tmp_path / "missing"):
        pass


@pytest.mark.parametrize("ground", GROUNDS[::2])
def test_a_run_leaves_nothing_in_shared_memory(tmp_path, ground):
    main = "import subprocess; subprocess.run('date | cat >&2', shell=True); print(1)"
    top = tree(tmp_path / "tree", main)
    before = set(os.listdir(leftovers.SHARED))
    once(top, tmp_path / "work", ground)
    assert [name for name in set(os.listdir(leftovers.SHARED)) - before if "faketime" in name] == []
