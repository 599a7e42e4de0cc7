"""A target is a clean repository of its own, and nothing that this one tracks or lies in."""

from __future__ import annotations

import os

import pytest

from sealwright.contracts.workflow import target
from tests.workflow import packets, worlds
from tests.workflow.worlds import git, reasons


@pytest.fixture
def world(tmp_path):
    return worlds.made(tmp_path / "repository")


def observed(world, **more):
    return target.observe(world.root, world.packet, **more)


def test_a_clean_repository_of_its_own_is_fit(world):
    seen = observed(world)
    assert (seen.head, seen.objections, seen.clean) == (world.head, (), True)


def test_a_repository_that_is_reached_through_a_link_has_its_target(world, tmp_path):
    (tmp_path / "link").symlink_to(world.root)
    assert target.observe(tmp_path / "link", world.packet).objections == ()


def test_a_governing_folder_that_is_no_repository_has_no_target(world):
    os.rename(world.root / ".git", world.root.parent / "git")
    assert reasons(observed(world).objections) == ["unfit_target"]


def test_what_is_not_committed_makes_it_dirty(world):
    (world.target / "new").write_text("")
    (world.target / "strings.py").write_text("changed")
    seen = observed(world)
    assert reasons(seen.objections) == ["dirty_starting_tree"] and not seen.clean
    assert {each.where for each in seen.objections} == {"new", "strings.py"}


def test_after_a_run_the_reason_is_another(world):
    (world.target / "new").write_text("")
    assert reasons(observed(world, dirty="dirty_ending_tree").objections) == ["dirty_ending_tree"]


def _gone(world):
    os.rename(world.target, world.root / "elsewhere")


def _link(world):
    os.rename(world.target, world.root.parent / "elsewhere")
    world.target.symlink_to(world.root.parent / "elsewhere")


def _plain_folder(world):
    os.rename(world.target / ".git", world.root.parent / "git")


def _worktree(world):
    _plain_folder(world)
    (world.target / ".git").write_text(f"gitdir: {world.root.parent / 'git'}\n")


def _no_commit(world):
    _plain_folder(world)
    git(world.target, "init", "--quiet")


def _tracked(world):
    _plain_folder(world)
    git(world.root, "add", "--force", packets.TARGET)
    os.rename(world.root.parent / "git", world.target / ".git")


def _not_ignored(world):
    (world.root / ".gitignore").write_text("/other/\n")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_gone, "expected a folder, found none"),
        (_link, "expected no symbolic link on the way"),
        (_plain_folder, "expected a folder .git of its own, found none"),
        (_worktree, "expected a folder .git of its own, found something else"),
        (_no_commit, "has no commit yet"),
        (_tracked, "expected no tracked file of the governing repository"),
        (_not_ignored, "expected the governing repository to ignore it"),
    ],
)
def test_what_is_unfit(world, spoil, said):
    spoil(world)
    (found,) = observed(world).objections
    assert found.blocker.reason == "unfit_target" and said in found.what


@pytest.mark.parametrize("above", [".", ".."])
def test_neither_the_governing_repository_nor_one_around_it(tmp_path, above):
    world = worlds.made(tmp_path / "outer" / "repository")
    place = (world.root / above).resolve()
    if not (place / ".git").exists():
        worlds.repository(place, {"a": b""})
    absolute = str(place)
    sentence = packets.SENTENCE.replace(packets.TARGET, absolute)
    text = packets.edited(
        packets.TEXT, (f"`{packets.TARGET}`", f"`{absolute}`"), (packets.SENTENCE, sentence)
    )
    (world.root / packets.NAME).write_text(text)
    (found,) = observed(world).objections
    assert "apart from the governing one" in found.what
