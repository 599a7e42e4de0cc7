"""A tree is copied as it is, through descriptors, whatever is in it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sealwright.sandbox.inside import copying


def copied(source: Path, target: Path) -> Path:
    target.mkdir()
    ends = [os.open(place, os.O_RDONLY) for place in (source, target)]
    try:
        copying.copy(*ends)
    finally:
        for end in ends:
            os.close(end)
    return target


def test_links_are_copied_and_not_followed(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (tmp_path / "secret").write_text("secret")
    (source / "file").symlink_to(tmp_path / "secret")
    (source / "folder").symlink_to(tmp_path)
    (source / "nowhere").symlink_to("nowhere")
    target = copied(source, tmp_path / "target")
    assert os.readlink(target / "file") == str(tmp_path / "secret")
    assert {path.name for path in target.rglob("*")} == {"file", "folder", "nowhere"}


def test_holes_stay_holes(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    with (source / "holes").open("wb") as file:
        file.seek(1 << 30)
        file.write(b"end")
    target = copied(source, tmp_path / "target")
    told = (target / "holes").stat()
    assert told.st_size == (1 << 30) + 3 and told.st_blocks * 512 < 1 << 20


def test_what_is_there_already_is_not_replaced(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.mkdir()
    (source / "file").write_text("new")
    copied(source, target)
    ends = [os.open(place, os.O_RDONLY) for place in (source, target)]
    with pytest.raises(FileExistsError):
        copying.copy(*ends)


def test_what_is_used_is_told_in_bytes_of_the_disk(tmp_path: Path) -> None:
    before = copying.used(str(tmp_path))
    (tmp_path / "file").write_bytes(b"x" * 100_000)
    assert copying.used(str(tmp_path)) - before >= 100_000
