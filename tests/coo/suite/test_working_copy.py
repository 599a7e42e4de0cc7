"""What a suite does to its copy is told, and does not reach the tree."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from sealwright.contracts.coo.suite import Wish, run, working_copy
from sealwright.errors import ProgramFailed, Refused
from tests.coo.scans import put
from tests.coo.suite.workshop import FLAT, NAMES, PYTEST, before, tree

FILES: dict[str, str | bytes] = {"a": "1", "b/c": "2", "b/d.sh": "3", "e/f": "4", "g": "5"}


@pytest.fixture
def original(tmp_path: Path) -> Path:
    place = put(tmp_path / "tree", FILES)
    (place / "b/d.sh").chmod(0o755)
    (place / "link").symlink_to("a")
    (place / "empty").mkdir()
    put(place, {"b/__pycache__/c.pyc": "old"})
    return place


def test_a_copy_has_everything_but_bytecode(original: Path, tmp_path: Path) -> None:
    state = working_copy.make(original, tmp_path / "copy")
    assert sorted(state) == ["a", "b", "b/c", "b/d.sh", "e", "e/f", "empty", "g", "link"]
    assert os.readlink(tmp_path / "copy/link") == "a"
    assert (tmp_path / "copy/b/d.sh").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "copy/a").stat().st_nlink == 1
    assert working_copy.changes(original, tmp_path / "copy", state) == []


def test_each_change_is_told_with_its_path(original: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    state = working_copy.make(original, copy)
    put(copy, {"new/file": "", "b/__pycache__/x.pyc": ""})
    (copy / "a").write_text("7")
    (copy / "b/c").chmod(0o755)
    shutil.rmtree(copy / "e")
    (copy / "link").unlink()
    (copy / "link").symlink_to("b")
    (copy / "g").write_text("6")
    (copy / "g").write_text("5")
    assert working_copy.changes(original, copy, state) == [
        *("changed a", "changed b/c", "removed e", "removed e/f", "changed link"),
        *("added new", "added new/file"),
    ]


def test_a_file_that_becomes_a_folder_is_a_change(original: Path, tmp_path: Path) -> None:
    state = working_copy.make(original, tmp_path / "copy")
    (tmp_path / "copy/a").unlink()
    put(tmp_path / "copy", {"a/b": ""})
    found = working_copy.changes(original, tmp_path / "copy", state)
    assert found == ["changed a", "added a/b"]


def test_what_cannot_be_copied_is_refused(original: Path, tmp_path: Path) -> None:
    os.mkfifo(original / "pipe")
    with pytest.raises(Refused, match="expected a file, folder or link, found a named pipe"):
        working_copy.make(original, tmp_path / "copy")


MESS = """
import os, pathlib, subprocess, sys, time
def test_mess():
    pathlib.Path("project_builder/left.py").write_text("")
    pathlib.Path("tests/test_run.py").write_text("")
    pathlib.Path("shut").mkdir()
    pathlib.Path("shut/file").write_text("")
    os.chmod("shut", 0)
    subprocess.run([sys.executable, "-c", "import project_builder.run"], env={})
"""


def test_a_suite_that_makes_a_mess_makes_it_elsewhere(tmp_path: Path) -> None:
    place = tree(tmp_path / "tree", {**FLAT, "tests/test_mess.py": MESS})
    state = working_copy.state(place)
    result = before(place)
    assert result.changes == (
        *("added project_builder/left.py", "added shut", "added shut/file"),
        "changed tests/test_run.py",
    )
    assert working_copy.state(place) == state
    assert not (tmp_path / "work").exists()
    assert [f.path for f in result.snapshot(place).files] == [
        *("project_builder/__init__.py", "project_builder/run.py")
    ]


def test_a_suite_that_writes_into_the_tree_itself_is_refused(tmp_path: Path) -> None:
    text = f"def test_x(): open({str(tmp_path / 'tree/README')!r}, 'w').close()\n"
    place = tree(tmp_path / "tree", {**FLAT, "tests/test_x.py": text})
    with pytest.raises(Refused, match="changed while its suite ran on a copy"):
        before(place)


def test_a_suite_that_does_not_end_in_time_is_ended_with_its_children(tmp_path: Path) -> None:
    text = """
        import subprocess, sys, time
        def test_x():
            subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
            time.sleep(600)
    """
    place = tree(tmp_path / "tree", {**FLAT, "tests/test_x.py": text})
    with pytest.raises(ProgramFailed, match="expected an end in 2 s"):
        before(place, timeout=2)
    assert not (tmp_path / "work").exists()


SEEN = """
import os, socket, sys
def test_seen():
    names = ("PYTHONHASHSEED", "TZ", "LC_ALL", "PYTHONDONTWRITEBYTECODE", "MINE")
    assert [os.environ[n] for n in names] == ["7", "UTC", "C.UTF-8", "1", "yes"]
    assert os.listdir(os.environ["HOME"]) == ["tmp"] == [os.path.basename(os.environ["TMPDIR"])]
    assert "STRANGER" not in os.environ and "SEALWRIGHT_SUITE" not in os.environ
    assert sys.dont_write_bytecode
    os.close(os.open("mode", os.O_CREAT, 0o666))
    assert os.stat("mode").st_mode & 0o777 == 0o644
"""


def test_the_surroundings_are_always_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRANGER", "1")
    place = tree(tmp_path / "tree", {**FLAT, "tests/test_seen.py": SEEN})
    umask = os.umask(0o077)
    try:
        result = before(place, PYTEST, seed=7, variables={"MINE": "yes"})
    finally:
        os.umask(umask)
    assert result.exit_code == 0, (tmp_path / "log").read_text()


@pytest.mark.parametrize("name", [".git", "pyproject.toml", "conftest.py", "pytest.ini"])
def test_a_project_above_would_be_found_by_the_suite_and_is_refused(
    tmp_path: Path, name: str
) -> None:
    put(tmp_path, {name: ""})
    with pytest.raises(Refused, match=f"expected no project above it, found {tmp_path}/{name}"):
        before(tree(tmp_path / "in" / "tree", FLAT))


@pytest.mark.parametrize("work", [".", "tree", "tree/work", "other"])
def test_a_folder_of_somebody_else_is_not_made_anew(tmp_path: Path, work: str) -> None:
    place = tree(tmp_path / "tree", FLAT)
    put(tmp_path, {"other/file": "mine"})
    with (
        pytest.raises(Refused, match="expected a folder of its own"),
        open(os.devnull, "wb") as log,
    ):
        run(place, Wish(PYTEST, NAMES), tmp_path / work, log)
    assert (tmp_path / "other/file").read_text() == "mine"
    assert (place / "tests/test_run.py").is_file()


def test_what_a_killed_run_left_is_cleared_away(tmp_path: Path) -> None:
    put(tmp_path / "work", {"tree/old": "", "home/tmp/x": "", "records/session-1.json": "{"})
    assert before(tree(tmp_path / "tree", FLAT)).verdict().holds
