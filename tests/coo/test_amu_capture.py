"""A capture is what was there, byte for byte, or there is none."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealwright import durable
from sealwright.contracts.coo import amu_capture
from sealwright.contracts.coo.amu_capture import Wish
from sealwright.contracts.coo.inventory import listing
from sealwright.errors import Damaged, Misconfigured, Refused
from sealwright.paths import RelPath, parse

ROOTS = (RelPath("docs"), RelPath("old"), RelPath("setup.toml"))
WISH = Wish(ROOTS, (RelPath("old/cache"),), RelPath("app.db"), {"mission.json": b"{}\n"})


def tree(top: Path) -> Path:
    """Write a tree with every kind of thing that a capture can hold."""
    for name, data in {"docs/a.md": b"# A\n", "docs/b.md": b"", "old/x/y.py": b"y = 1\n"}.items():
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_bytes(data)
    (top / "old/empty").mkdir()
    (top / "old/cache").mkdir()
    (top / "old/cache/z").write_bytes(b"left out")
    (top / "old/run.sh").write_bytes(b"#!/bin/sh\n")
    (top / "old/run.sh").chmod(0o750)
    (top / "docs/b.md").chmod(0o400)
    (top / "docs/latest").symlink_to("a.md")
    (top / "setup.toml").write_bytes(b"[a]\n")
    with sqlite3.connect(top / "app.db") as connection:
        connection.execute("create table t (a integer primary key, b text)")
        connection.executemany("insert into t (b) values (?)", [("one",), ("two",)])
    connection.close()
    return top


@pytest.fixture
def top(tmp_path):
    return tree(tmp_path / "top")


@pytest.fixture
def captured(top, tmp_path):
    """A folder that holds a capture, and its id."""
    folder = tmp_path / "amu0"
    return folder, amu_capture.capture(top, WISH, folder)


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_two_captures_have_the_same_bytes_wherever_whenever_and_whoever(top, captured, tmp_path):
    other = tmp_path / "else where"
    shutil.copytree(top, other, symlinks=True)
    for path in other.rglob("*"):
        os.utime(path, (1, 1), follow_symlinks=False)
    before = os.umask(0o077)
    try:
        name = amu_capture.capture(other, WISH, tmp_path / "again")
    finally:
        os.umask(before)
    assert name == captured[1]
    assert contents(tmp_path / "again") == contents(captured[0])


def test_what_is_restored_is_what_was_captured(top, captured, tmp_path):
    target = tmp_path / "restored"
    amu_capture.restore(*captured, target)
    assert listing.entries(target, ROOTS) == listing.entries(top, ROOTS, WISH.omit)
    with sqlite3.connect(target / "app.db") as connection:
        assert connection.execute("select b from t").fetchall() == [("one",), ("two",)]
    connection.close()
    assert not (target / "old/cache").exists()


def test_what_is_written_into_the_original_does_not_reach_the_capture(top, captured):
    for path in ("docs/a.md", "old/x/y.py"):
        with (top / path).open("ab") as file:
            file.write(b"more")
    assert amu_capture.verify(*captured).holds


def test_every_flipped_byte_of_a_capture_is_found(captured):
    folder, name = captured
    tried = 0
    for path in [path for path in sorted(folder.rglob("*")) if path.is_file()]:
        whole = path.read_bytes()
        for at in range(0, len(whole), 1 if len(whole) < 2000 else 97):
            path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
            tried += 1
            assert not amu_capture.verify(folder, name).holds, (path, at)
        path.write_bytes(whole)
    assert tried > 1000 and amu_capture.verify(folder, name).holds


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "files/docs/a.md").unlink(),
        lambda folder: (folder / "files/docs/new").write_bytes(b""),
        lambda folder: (folder / "files/docs/a.md").rename(folder / "files/docs/c.md"),
        lambda folder: (folder / "given/mission.json").unlink(),
        lambda folder: (folder / "given/more").write_bytes(b""),
        lambda folder: (folder / "database.sqlite").unlink(),
        lambda folder: (folder / "more").mkdir(),
        lambda folder: (folder / "files/more").mkdir(),
        lambda folder: (folder / "listing").write_bytes(b""),
        lambda folder: shutil.rmtree(folder),
        lambda folder: (
            (folder / "files/docs/b.md").unlink()
            or (folder / "files/docs/b.md").symlink_to("/dev/null")
        ),
    ],
)
def test_anything_added_removed_or_renamed_is_found(captured, tmp_path, change):
    change(captured[0])
    assert not amu_capture.verify(*captured).holds
    with pytest.raises(Damaged):
        amu_capture.restore(*captured, tmp_path / "restored")
    assert not (tmp_path / "restored").exists()


def test_a_capture_under_another_id_is_not_believed(captured):
    assert not amu_capture.verify(captured[0], "0" * 16).holds


def test_a_tree_that_changes_while_it_is_captured_makes_no_capture(top, tmp_path, monkeypatch):
    copied = durable.clone

    def clone(source, target):
        copied(source, target)
        (top / "docs/a.md").write_bytes(b"# changed\n")

    monkeypatch.setattr(durable, "clone", clone)
    with pytest.raises(Refused, match=r"changed while it was captured: docs/a\.md"):
        amu_capture.capture(top, WISH, tmp_path / "amu0")


def test_a_database_that_changes_while_it_is_captured_makes_no_capture(top, tmp_path, monkeypatch):
    copied = durable.clone

    def clone(source, target):
        copied(source, target)
        with sqlite3.connect(top / "app.db") as connection:
            connection.execute("insert into t (b) values ('three')")
        connection.close()

    monkeypatch.setattr(durable, "clone", clone)
    with pytest.raises(Refused, match=r"changed while it was captured: app\.db"):
        amu_capture.capture(top, WISH, tmp_path / "amu0")


def test_what_no_capture_can_tell_is_refused_by_name_all_at_once(top, tmp_path):
    os.mkfifo(top / "docs/pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(top / "docs/s"))
    (top / "old" / "\udcff").write_bytes(b"")
    with pytest.raises(Refused) as refused:
        amu_capture.capture(top, WISH, tmp_path / "amu0")
    said = str(refused.value)
    assert "docs/pipe: expected a file, folder or link, found a named pipe" in said
    assert "docs/s: expected a file, folder or link, found a socket" in said
    assert "cannot be captured: expected a path" in said


def test_a_root_that_is_not_there_is_refused(top, tmp_path):
    with pytest.raises(Refused, match="expected a file or folder, found nothing"):
        amu_capture.capture(top, Wish((RelPath("none"),)), tmp_path / "amu0")


def test_nothing_is_restored_over_something(captured, tmp_path):
    (tmp_path / "there").mkdir()
    with pytest.raises(Refused, match="expected nothing, found something"):
        amu_capture.restore(*captured, tmp_path / "there")


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=9)


def tellable(name: str) -> bool:
    try:
        return name not in (".", "..") and parse(name) == name
    except Misconfigured:
        return False


@settings(max_examples=30, deadline=None)
@given(st.dictionaries(NAMES.filter(tellable), st.binary(max_size=99)))
def test_any_names_and_contents_come_back(tmp_path_factory, files):
    top = tmp_path_factory.mktemp("any")
    (top / "root").mkdir()
    for name, data in files.items():
        (top / "root" / name).write_bytes(data)
    wish = Wish((RelPath("root"),))
    name = amu_capture.capture(top, wish, top / "amu0")
    amu_capture.restore(top / "amu0", name, top / "restored")
    assert contents(top / "restored/root") == contents(top / "root")
