"""What was found out about a file is believed as long as the file is the same, and no longer."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
import time_machine

from sealwright import process
from sealwright.contracts.coo.manifests import tools
from sealwright.contracts.coo.manifests.places import Places
from sealwright.contracts.coo.manifests.settled_files import RECENT, answer
from sealwright.contracts.coo.manifests.tools import Tool


@pytest.fixture
def later():
    """Return when nothing that was just made is recent any more."""
    with time_machine.travel(time.time() + 10 * RECENT, tick=True) as traveller:
        yield traveller


@pytest.fixture
def file(tmp_path):
    place = tmp_path / "file"
    place.write_text("one")
    return place


def read(place):
    """Ask for the text of a file by its name."""
    return answer(("text", place), [place], place.read_text)


class Asked:
    """Counts how often it was asked."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> int:
        self.times += 1
        return self.times


def test_the_same_file_is_asked_about_once(later, file):
    asked = Asked()
    assert [answer("the same", [file], asked) for _ in range(3)] == [1, 1, 1]
    assert [answer("another question", [file], asked) for _ in range(3)] == [2, 2, 2]


def other_bytes(place):
    times = place.stat()
    place.write_text("two")
    os.utime(place, ns=(times.st_atime_ns, times.st_mtime_ns))


def another_file(place):
    fresh = place.with_name("fresh")
    fresh.write_text("two")
    os.replace(fresh, place)


def another_mode(place):
    place.chmod(0o700)


@pytest.mark.parametrize("change", [other_bytes, another_file, another_mode])
def test_a_file_that_changed_is_asked_about_again_whatever_its_times_say(later, file, change):
    before, asked = read(file), Asked()
    answer(("times", file), [file], asked)
    change(file)
    answer(("times", file), [file], asked)
    assert asked.times == 2
    assert before == "one" and read(file) == file.read_text()


def test_a_link_that_leads_elsewhere_is_asked_about_again(later, file):
    other, link = file.with_name("other"), file.with_name("link")
    other.write_text("two")
    link.symlink_to(file.name)
    asked = Asked()
    for _ in range(2):
        answer(("link", link), [link, link.resolve()], asked)
    assert asked.times == 1
    link.unlink()
    link.symlink_to(other.name)
    answer(("link", link), [link, link.resolve()], asked)
    assert asked.times == 2


def test_of_a_file_that_changed_just_now_nothing_is_remembered(file):
    asked = Asked()
    assert [answer(("recent", file), [file], asked) for _ in range(3)] == [1, 2, 3]


def test_of_a_missing_file_nothing_is_remembered(later, tmp_path):
    asked = Asked()
    assert [answer("missing", [tmp_path / "none"], asked) for _ in range(3)] == [1, 2, 3]


def test_an_answer_that_failed_is_asked_for_again(later, file):
    def fails() -> str:
        raise OSError("no")

    with pytest.raises(OSError, match="no"):
        answer(("failing", file), [file], fails)
    assert answer(("failing", file), [file], file.read_text) == "one"


def version(root: Path, **more: str) -> str:
    told = tools.facts([Tool("teller")], Places(root), process.allow_listed(extra=more))
    (row,) = told["executables"]
    return str(row["said"])


def test_a_program_is_asked_once_and_again_when_it_or_its_environment_is_another(later, tmp_path):
    (folder := tmp_path / "bin").mkdir()
    program, count = folder / "teller", tmp_path / "count"

    def write(number: str) -> None:
        text = f'#!/bin/sh\necho x >> {count}\necho "teller {number} $GIVEN"\n'
        program.write_text(text)
        program.chmod(0o755)

    write("1.0")
    path = f"{folder}:/usr/bin:/bin"
    assert [version(tmp_path, PATH=path) for _ in range(3)] == ["teller 1.0"] * 3
    assert count.read_text() == "x\n"
    assert version(tmp_path, PATH=path, GIVEN="more") == "teller 1.0 more"
    write("1.1")
    assert version(tmp_path, PATH=path) == "teller 1.1"
    assert count.read_text() == "x\n" * 3
