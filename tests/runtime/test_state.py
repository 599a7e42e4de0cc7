"""One digest, which changes when anything at the paths does, and only then."""

from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path

import pytest

from sealwright.runtime import canonical, containment, state
from sealwright.runtime.state import Unknown, state_hash

PATHS = ["src", "notes", "gone", "link"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    (root / "src/deep/empty").mkdir(parents=True)
    (root / "other").mkdir()
    (root / "src/a").write_bytes(b"a\nb")
    (root / "src/deep/b").write_bytes(b"")
    (root / "src/deep/link").symlink_to("../a")
    (root / "notes").write_text("notes")
    (root / "other/a").write_text("a")
    (root / "link").symlink_to("other/a")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/a").write_text("a")
    return root


def _replace(place: Path, target: str) -> None:
    place.unlink()
    place.symlink_to(target)


def _swap(root: Path) -> None:
    (root / "src/a").rename(root / "x")
    (root / "src/deep/b").rename(root / "src/a")
    (root / "x").rename(root / "src/deep/b")


CHANGES = {
    "a byte": lambda root: (root / "src/a").write_bytes(b"a\nc"),
    "a byte more": lambda root: (root / "src/a").write_bytes(b"a\nb\n"),
    "a file less": lambda root: (root / "src/a").unlink(),
    "an empty file more": lambda root: (root / "src/deep/c").touch(),
    "a folder more": lambda root: (root / "src/new").mkdir(),
    "a folder less": lambda root: (root / "src/deep/empty").rmdir(),
    "a file for a folder": lambda root: (
        (root / "src/deep/empty").rmdir() or (root / "src/deep/empty").touch()
    ),
    "another name": lambda root: (root / "src/a").rename(root / "src/A"),
    "two names swapped": _swap,
    "an executable": lambda root: (root / "src/a").chmod(0o755),
    "what was missing": lambda root: (root / "gone").touch(),
    "what was missing, a link": lambda root: (root / "gone").symlink_to("nowhere"),
    "another target": lambda root: _replace(root / "src/deep/link", "b"),
    "a link for a file": lambda root: _replace(root / "notes", "src/a"),
    "another target of a path": lambda root: _replace(root / "link", "src/a"),
    "another way to the same": lambda root: _replace(root / "link", "./other/a"),
    "the file behind the link": lambda root: (root / "other/a").write_text("b"),
    "a pipe": lambda root: os.mkfifo(root / "src/pipe"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_every_change_is_another_state(root, what):
    before = state_hash(root, PATHS)
    CHANGES[what](root)
    assert state_hash(root, PATHS) != before


def test_no_two_states_that_were_made_here_are_the_same(tmp_path, root):
    found = {}
    for number, what in enumerate(CHANGES):
        copy = tmp_path / str(number)
        shutil.copytree(root, copy, symlinks=True)
        CHANGES[what](copy)
        found[what] = state_hash(copy, PATHS)
    assert len(set(found.values())) == len(CHANGES)


@pytest.mark.parametrize(
    "change",
    [
        lambda root: os.utime(root / "src/a", (0, 0)),
        lambda root: (root / "elsewhere").touch(),
        lambda root: (root / "other/b").touch(),
        lambda root: (root / "src/a").chmod(0o640),
    ],
    ids=["times", "another path", "a neighbour", "who may read"],
)
def test_what_is_no_part_of_the_state_changes_nothing(root, change):
    before = state_hash(root, PATHS)
    change(root)
    assert state_hash(root, PATHS) == before


def test_the_state_is_that_of_a_copy_elsewhere_and_of_the_paths_in_any_order(tmp_path, root):
    shutil.copytree(root, tmp_path / "copy", symlinks=True)
    expected = state_hash(root, PATHS)
    assert state_hash(tmp_path / "copy", PATHS) == expected
    assert state_hash(str(root), [*reversed(PATHS), *PATHS]) == expected


def test_the_state_is_the_digest_of_the_lines_that_the_module_says(root):
    digest = canonical.digest(b"notes").removeprefix("sha256:")
    lines = [
        {"path": "gone", "leads_to": "gone"},
        {"path": "gone", "kind": "missing"},
        {"path": "notes", "leads_to": "notes"},
        {"path": "notes", "kind": "file", "sha256": digest, "size": 5, "executable": False},
    ]
    expected = canonical.digest(b"".join(map(canonical.line, lines)))
    assert state_hash(root, ["notes", "gone"]) == expected


def test_a_file_that_says_it_is_missing_is_not(root):
    before = state_hash(root, ["gone"])
    (root / "gone").write_text("<missing>")
    assert state_hash(root, ["gone"]) != before


def test_content_cannot_pass_for_another_path(root):
    (root / "x").write_text("1\ny:2")
    one = state_hash(root, ["x", "y"])
    (root / "x").write_text("1")
    (root / "y").write_text("2")
    assert state_hash(root, ["x", "y"]) != one


@pytest.mark.parametrize(
    "path", ["../outside/a", "/etc/passwd", "src/../notes", "", "out/a", "out"]
)
def test_a_path_that_leads_out_has_no_state(root, path):
    (root / "out").symlink_to("../outside")
    with pytest.raises(containment.Escape):
        state_hash(root, [path])


def test_a_link_below_a_folder_is_not_followed_out(root, tmp_path):
    (root / "src/out").symlink_to("../../outside")
    before = state_hash(root, ["src"])
    (tmp_path / "outside/a").write_text("another")
    assert state_hash(root, ["src"]) == before


def test_names_that_are_not_unicode_are_told_apart(root):
    found = set()
    for name in (b"\xff", b"\xfe", b"\\udcff", "\u00ff".encode(), b"ff"):
        place = os.path.join(os.fsencode(root / "src"), name)
        with open(place, "wb"):
            found.add(state_hash(root, ["src"]))
        os.unlink(place)
    assert len(found) == 5


def test_a_pipe_and_a_socket_are_not_opened(root, monkeypatch):
    os.mkfifo(root / "src/pipe")
    monkeypatch.chdir(root / "src")
    with socket.socket(socket.AF_UNIX) as opened:
        opened.bind("socket")
        assert state_hash(root, ["src"])


def test_a_folder_is_as_deep_as_it_likes(root):
    os.chdir(root / "src/deep")
    try:
        for _ in range(300):
            os.mkdir("d")
            os.chdir("d")
    finally:
        os.chdir("/")
    assert state_hash(root, ["src"])


def test_what_cannot_be_read_has_no_state(root, monkeypatch):
    def refuse(*_: object, **__: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(state.os, "open", refuse)
    with pytest.raises(Unknown, match="path 'src/a' cannot be read: Permission denied"):
        state_hash(root, ["src"])


def test_a_folder_that_cannot_be_listed_has_no_state(root, monkeypatch):
    def refuse(place: str) -> list[str]:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(state.os, "listdir", refuse)
    with pytest.raises(Unknown, match="path 'src' cannot be listed"):
        state_hash(root, ["src"])


def _swapping(monkeypatch: pytest.MonkeyPatch, place: Path, swap: object) -> None:
    """Call ``swap`` between the look at ``place`` and its opening."""
    really = os.open

    def opened(name: str, flags: int) -> int:
        if name == str(place.resolve().parent / place.name):
            swap()
        return really(name, flags)

    monkeypatch.setattr(state.os, "open", opened)


def test_a_link_that_was_put_there_since_it_was_looked_at_is_not_followed(root, monkeypatch):
    _swapping(monkeypatch, root / "notes", lambda: _replace(root / "notes", "../outside/a"))
    with pytest.raises(Unknown, match="path 'notes' cannot be read"):
        state_hash(root, ["notes"])


def test_a_pipe_that_was_put_there_since_is_neither_read_nor_waited_for(root, monkeypatch):
    def swap() -> None:
        (root / "notes").unlink()
        os.mkfifo(root / "notes")

    _swapping(monkeypatch, root / "notes", swap)
    with pytest.raises(Unknown, match="became another kind of thing"):
        state_hash(root, ["notes"])


def test_a_path_that_leads_elsewhere_in_the_end_has_no_state(root, monkeypatch):
    swap = lambda: _replace(root / "link", "src/a")  # noqa: E731
    _swapping(monkeypatch, root / "other/a", swap)
    with pytest.raises(Unknown, match="path 'link' moved while it was looked at"):
        state_hash(root, ["link"])
