"""The names at the top of the last commit are those that git tells, whoever reads them."""

from __future__ import annotations

import pytest

from sealwright import git
from sealwright.contracts.coo.migration import last_commit
from tests.support.example import Repository, make

FILES = {"a.txt": "a\n", "b/c.txt": "c\n", "ö ü/x": "x\n", "Z": "z\n"}


@pytest.fixture
def repo(tmp_path) -> Repository:
    return make(tmp_path / "repository", FILES, ["coo"])


def packed(repo):
    repo.git("gc", "--quiet")


def replaced(repo):
    first = repo.head
    repo.write("more", "1\n")
    repo.commit()
    repo.git("replace", repo.head, first)


WAYS = {
    "a branch": (lambda repo: None, True),
    "no branch": (lambda repo: repo.git("checkout", "--quiet", "--detach"), True),
    "another branch": (lambda repo: repo.git("checkout", "--quiet", "-b", "some/where"), True),
    "packed names": (lambda repo: repo.git("pack-refs", "--all"), True),
    "a later commit": (lambda repo: (packed(repo), repo.write("q", ""), repo.commit()), True),
    "what is staged": (lambda repo: (repo.write("new", ""), repo.git("add", "new")), True),
    "packs": (packed, False),
    "a replaced commit": (replaced, False),
    "a damaged head": (lambda repo: repo.write(".git/HEAD", "ref: refs/heads/none\n"), False),
}


@pytest.mark.parametrize("way", WAYS)
def test_both_ways_to_read_say_the_same(repo, way, monkeypatch):
    prepare, simple = WAYS[way]
    prepare(repo)
    told, asked = git.top_names(repo.root), []

    def ask(root):
        asked.append(root)
        return told

    monkeypatch.setattr(last_commit.git, "top_names", ask)
    assert last_commit.top_names(repo.root) == told
    assert asked == ([] if simple else [repo.root])


def test_the_names_are_those_of_the_commit_in_its_order(repo):
    repo.write("not committed", "")
    assert last_commit.top_names(repo.root) == tuple(
        repo.git("-c", "core.quotePath=false", "ls-tree", "--name-only", "HEAD").splitlines()
    )
    assert {"Z", "a.txt", "b", "ö ü"} < set(last_commit.top_names(repo.root))


@pytest.mark.parametrize("spoilt", [b"", b"x", b"x\x9c\x03\x00\x00\x00\x00\x01"])
def test_an_object_that_cannot_be_read_is_git_s_to_complain_of(repo, spoilt, monkeypatch):
    place = repo.root / ".git/objects" / repo.head[:2] / repo.head[2:]
    place.chmod(0o644)
    place.write_bytes(spoilt)
    monkeypatch.setattr(last_commit.git, "top_names", lambda root: ("asked",))
    assert last_commit.top_names(repo.root) == ("asked",)


def test_of_another_work_tree_git_is_asked(repo, tmp_path, monkeypatch):
    repo.git("worktree", "add", "--quiet", str(tmp_path / "other"))
    told = git.top_names(tmp_path / "other")
    asked = []
    monkeypatch.setattr(last_commit.git, "top_names", lambda root: asked.append(root) or told)
    assert last_commit.top_names(tmp_path / "other") == told and asked
