"""Git tells the truth about a repository, whatever its names, and asking changes nothing."""

from __future__ import annotations

import os
import shlex
import subprocess
import time
from pathlib import Path

import pytest

from sealwright import git
from sealwright.clock import Instant
from sealwright.errors import Misconfigured, ProgramFailed, Refused

HOSTILE = [
    "plain",
    "two words",
    "line\nfeed",
    "tab\tand\rreturn",
    'quote"s',
    "quote's",
    "back\\slash",
    "-leading-dash",
    "--help",
    ":(exclude)magic",
    "glob*[a]?",
    "$HOME `x` $(x)",
    "naïve/café",
    os.fsdecode(b"not-utf8-\xe9\xff"),
    "trailing space ",
    "sub/dir/file",
    "1 .M N... 100644",
]
ENV = {
    "PATH": os.environ["PATH"],
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_AUTHOR_DATE": "1735689600 +0530",
    "GIT_COMMITTER_DATE": "1735689600 +0530",
}


def sh(root: Path, *argv: str) -> str:
    who = [
        "-c",
        "user.name=A",
        "-c",
        "user.email=a@example.org",
        "-c",
        "protocol.file.allow=always",
    ]
    command = ["git", *who, *argv]
    done = subprocess.run(command, cwd=root, env=ENV, capture_output=True, check=True)
    return done.stdout.decode().strip()


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    root = tmp_path / "repo"
    root.mkdir()
    sh(root, "init", "-q", "-b", "main")
    for name in HOSTILE:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"{name!a}\n")
    sh(root, "add", "-A")
    sh(root, "commit", "-q", "-m", "first")
    return root


def picture(root: Path) -> dict[str, tuple[int, int, bytes]]:
    files = [place for place in root.rglob("*") if place.is_file()]
    return {
        str(place): (place.stat().st_mtime_ns, place.stat().st_ino, place.read_bytes())
        for place in files
    }


def codes(root: Path) -> dict[str, str]:
    return {change.path: change.code for change in git.status(root)}


def test_head_is_the_commit_that_is_checked_out(repo: Path) -> None:
    assert git.head(repo) == sh(repo, "rev-parse", "HEAD")
    sh(repo, "checkout", "-q", "--detach")
    sh(repo, "commit", "-q", "--allow-empty", "-m", "second")
    assert git.head(repo) == sh(repo, "rev-parse", "HEAD")


def test_a_repository_of_sha256_has_commits_of_64_digits(tmp_path: Path) -> None:
    sh(tmp_path, "init", "-q", "--object-format=sha256")
    sh(tmp_path, "commit", "-q", "--allow-empty", "-m", "first")
    assert len(git.head(tmp_path)) == 64
    assert git.commit_time(tmp_path, git.head(tmp_path)) == Instant(1735689600)


@pytest.mark.parametrize(
    "text", ["", "HEAD", "a" * 39, "A" * 40, "a" * 41, "a" * 40 + "\n", "a" * 63]
)
def test_what_is_no_full_name_of_a_commit_is_misconfigured(text: str) -> None:
    with pytest.raises(Misconfigured, match="expected a commit of 40 or 64"):
        git.parse_commit(text)


def test_no_repository_and_no_commit_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=f"^{tmp_path}: is not a git repository; git init$"):
        git.head(tmp_path)
    sh(tmp_path, "init", "-q")
    with pytest.raises(Refused, match=f"^{tmp_path}: has no commit yet; "):
        git.head(tmp_path)
    (tmp_path / "a").touch()
    assert codes(tmp_path) == {"a": "?"}


def test_a_folder_inside_a_repository_is_not_that_repository(repo: Path) -> None:
    for ask in (git.head, git.status, git.clean, git.tracked):
        with pytest.raises(Refused, match="is not a git repository"):
            ask(repo / "sub")
    assert git.toplevel(repo / "sub" / "dir") == repo


def test_a_worktree_and_a_linked_root_are_repositories(repo: Path, tmp_path: Path) -> None:
    sh(repo, "worktree", "add", "-q", str(tmp_path / "tree"))
    (tmp_path / "link").symlink_to("tree")
    for root in (tmp_path / "tree", tmp_path / "link"):
        assert git.head(root) == git.head(repo)
        assert git.clean(root).holds
    (tmp_path / "tree" / "new").touch()
    assert codes(tmp_path / "link") == {"new": "?"}


def test_hostile_names_are_tracked_in_byte_order(repo: Path) -> None:
    assert list(git.tracked(repo)) == sorted(HOSTILE, key=os.fsencode)
    assert git.clean(repo).holds


def test_hostile_names_are_told_when_untracked_changed_staged_and_deleted(repo: Path) -> None:
    for name in HOSTILE:
        (repo / name).write_text("changed")
    assert codes(repo) == dict.fromkeys(HOSTILE, ".M")
    sh(repo, "add", "-A")
    assert codes(repo) == dict.fromkeys(HOSTILE, "M.")
    for name in HOSTILE:
        (repo / name).unlink()
    assert codes(repo) == dict.fromkeys(HOSTILE, "MD")
    sh(repo, "reset", "-q", "--hard")
    sh(repo, "rm", "-rq", "--cached", ".")
    found = [(change.path, change.code) for change in git.status(repo)]
    assert sorted(found) == sorted((name, code) for name in HOSTILE for code in ("D.", "?"))


def test_a_rename_is_a_deletion_and_an_addition(repo: Path) -> None:
    sh(repo, "config", "status.renames", "copies")
    sh(repo, "mv", "plain", "moved")
    assert codes(repo) == {"plain": "D.", "moved": "A."}


def test_a_conflict_a_changed_mode_and_a_changed_kind_are_told(repo: Path) -> None:
    sh(repo, "checkout", "-q", "-b", "other")
    (repo / "plain").write_text("theirs")
    sh(repo, "commit", "-qam", "theirs")
    sh(repo, "checkout", "-q", "main")
    (repo / "plain").write_text("ours")
    sh(repo, "commit", "-qam", "ours")
    with pytest.raises(subprocess.CalledProcessError):
        sh(repo, "merge", "other")
    (repo / "two words").chmod(0o755)
    (repo / "--help").unlink()
    (repo / "--help").symlink_to("plain")
    assert codes(repo) == {"plain": "UU", "two words": ".M", "--help": ".T"}
    assert "plain: is in conflict; resolve it, then git add -- plain" in str(git.clean(repo))


def test_each_finding_names_a_path_and_a_command_that_puts_it_right(repo: Path) -> None:
    for name in HOSTILE:
        (repo / name).write_text("changed")
    (repo / "new\none").touch()
    verdict = git.clean(repo)
    assert len(verdict.findings) == len(HOSTILE) + 1
    for finding in verdict.findings:
        assert "\n" not in str(finding)
        command = finding.remedy.partition(", or ")[2 if " or git restore" in finding.remedy else 0]
        subprocess.run(["bash", "-c", command], cwd=repo, env=ENV, check=True)
    assert codes(repo) == {"new\none": "A."}


def test_many_findings_are_twenty_and_a_count(repo: Path) -> None:
    for number in range(25):
        (repo / f"new{number:02}").touch()
    findings = git.clean(repo).findings
    assert len(findings) == git.MOST + 1
    assert str(findings[-1]) == f"{repo}: and 5 more; git status"


@pytest.mark.parametrize("flag", ["assume-unchanged", "skip-worktree"])
def test_a_change_that_the_index_is_told_to_hide_is_found(repo: Path, flag: str) -> None:
    sh(repo, "update-index", f"--{flag}", "--", "two words")
    (repo / "two words").write_text("hidden")
    assert git.status(repo) == ()
    finding = git.clean(repo).findings[0]
    assert finding.where == "'two words'" and flag in finding.what
    assert finding.remedy == f"git update-index --no-{flag} -- 'two words'"


def test_a_change_within_one_size_and_time_stamp_is_found(repo: Path) -> None:
    sh(repo, "config", "core.checkStat", "minimal")
    sh(repo, "config", "core.trustctime", "false")
    place = repo / "plain"
    os.utime(place, ns=(10**18, 10**18))
    sh(repo, "update-index", "--refresh")
    text = place.read_text()
    time.sleep(1.1)  # git compares the time of the last change in whole seconds
    place.write_text(text.swapcase())
    os.utime(place, ns=(10**18, 10**18))
    assert sh(repo, "status", "--porcelain") == ""
    assert codes(repo) == {"plain": ".M"}


def test_only_the_rules_of_the_repository_ignore(repo: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / ".config/git").mkdir(parents=True)
    (home / ".config/git/ignore").write_text("*.home\n")
    (home / ".gitconfig").write_text("[core]\n\texcludesFile = ~/.config/git/ignore\n")
    (repo / ".gitignore").write_text("*.log\n")
    (repo / ".git/info/exclude").write_text("*.local\n")
    for name in ("a.log", "a.home", "a.local"):
        (repo / name).touch()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(home))
        patch.delenv("XDG_CONFIG_HOME", raising=False)
        assert codes(repo) == {".gitignore": "?", "a.home": "?"}
        told = git.is_ignored(repo, ["a.log", "a.home", "a.local", "plain", "none"])
    assert told == {"a.log": True, "a.home": False, "a.local": True, "plain": False, "none": False}


def test_hostile_names_can_be_asked_for_and_none_too(repo: Path) -> None:
    assert git.is_ignored(repo, HOSTILE) == dict.fromkeys(HOSTILE, False)
    (repo / ".gitignore").write_text("x/\n")
    asked = [f"x/{name}" for name in HOSTILE]
    assert git.is_ignored(repo, asked) == dict.fromkeys(asked, True)
    assert git.is_ignored(repo, []) == {}


def test_asking_writes_nothing(repo: Path) -> None:
    os.utime(repo / "plain", (1, 1))  # the index would be refreshed, were that allowed
    before = picture(repo)
    git.head(repo), git.status(repo), git.clean(repo), git.tracked(repo)
    git.is_ignored(repo, HOSTILE), git.commit_time(repo, git.head(repo)), git.toplevel(repo)
    assert picture(repo) == before
    sh(repo, "status")
    assert picture(repo) != before  # which shows that there was something to refresh


def test_asking_starts_nothing_that_the_repository_names(repo: Path, tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\necho started >> {shlex.quote(str(tmp_path / 'sprung'))}\n")
    trap.chmod(0o755)
    for name in ("core.fsmonitor", "gpg.program", "core.pager", "diff.external", "core.sshCommand"):
        sh(repo, "config", name, str(trap))
    sh(repo, "config", "log.showSignature", "true")
    (repo / ".git/hooks/post-index-change").symlink_to(trap)
    git.status(repo), git.clean(repo), git.commit_time(repo, git.head(repo))
    assert not (tmp_path / "sprung").exists()
    subprocess.run(["git", "status"], cwd=repo, env=ENV, capture_output=True)
    assert (tmp_path / "sprung").exists()  # which shows that the trap works


def test_the_environment_of_the_caller_decides_nothing(repo: Path, tmp_path: Path) -> None:
    expected = git.head(repo), git.tracked(repo)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GIT_DIR", str(tmp_path / "other"))
        patch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
        patch.setenv("GIT_CONFIG_COUNT", "1")
        patch.setenv("GIT_CONFIG_KEY_0", "core.bare")
        patch.setenv("GIT_CONFIG_VALUE_0", "true")
        assert (git.head(repo), git.tracked(repo)) == expected


def test_a_replaced_commit_is_seen_as_it_is(repo: Path) -> None:
    first = git.head(repo)
    sh(repo, "-c", "user.name=B", "commit", "-q", "--amend", "-m", "other")
    second = git.head(repo)
    later = {**ENV, "GIT_COMMITTER_DATE": "@1 +0000"}
    tree = sh(repo, "rev-parse", "HEAD^{tree}")
    argv = ["git", "-c", "user.name=A", "-c", "user.email=a", "commit-tree", tree, "-m", "x"]
    made = subprocess.run(argv, cwd=repo, env=later, capture_output=True, check=True).stdout
    sh(repo, "replace", second, made.decode().strip())
    assert first != second == git.head(repo)
    assert git.commit_time(repo, second) == Instant(1735689600)


def test_a_commit_that_is_not_there_is_told(repo: Path) -> None:
    with pytest.raises(ProgramFailed, match=r"git cat-file in .* found 128"):
        git.commit_time(repo, git.parse_commit("0" * 40))


def test_submodules_are_looked_into_even_if_their_configuration_says_no(
    repo: Path, tmp_path: Path
) -> None:
    inner = tmp_path / "inner"
    sh(tmp_path, "clone", "-q", str(repo), str(inner))
    sh(repo, "submodule", "add", "-q", str(inner), "vendored")
    sh(repo, "config", "-f", ".gitmodules", "submodule.vendored.ignore", "all")
    sh(repo, "add", "-A")
    sh(repo, "commit", "-qm", "vendored")
    assert git.clean(repo).holds
    assert git.clean(repo / "vendored").holds
    (repo / "vendored/new").touch()
    assert git.status(repo) == (git.Change("vendored", ".M", submodule=True),)
    assert "vendored: is a submodule with changes" in str(git.clean(repo))
