"""The parts of an execution, each by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from sealwright.contracts.workflow.execution import names, words
from sealwright.contracts.workflow.execution.backend import Command, Fake, Patch, argv
from sealwright.contracts.workflow.execution.envelope import Envelope
from sealwright.contracts.workflow.execution.plumbing import Repository
from sealwright.contracts.workflow.execution.standing import standing
from sealwright.contracts.workflow.execution.validation import words as split
from sealwright.errors import Misconfigured, ProgramFailed
from tests.workflow.execution.targets import repository, sh


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        (".env", ".env"),
        (".ENV", ".env"),
        ("a/b/.env", ".env"),
        (".env/x", ".env"),
        (".env.local", ".env.*"),
        ("secrets/key", "secrets/"),
        ("a/Secrets/b/key", "secrets/"),
        ("secrets", "secrets/"),
        (".github/workflows/ci.yml", ".github/workflows/"),
        ("x/.GITHUB/WORKFLOWS/ci.yml", ".github/workflows/"),
        (".git\u200c/config", ".git/"),
        ("a/.git/config", ".git/"),
        (".environment", ""),
        ("my-secrets/key", ""),
        (".github/other", ""),
        ("workflows/x", ""),
    ],
)
def test_what_is_forbidden(path: str, pattern: str) -> None:
    envelope = Envelope(("*",), (".env", ".env.*", "secrets/", ".github/workflows/"))
    assert envelope.forbidding(path) == pattern


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("src/a.py", True),
        ("src/deep/a.py", True),
        ("src", False),
        ("srcs/a.py", False),
        ("a/src/a.py", False),
        ("docs/a.md", True),
        ("docs/deep/a.md", False),
        ("README.md", True),
        ("readme.md", False),
        ("README.md/x", False),
    ],
)
def test_what_is_allowed(path: str, allowed: bool) -> None:
    assert Envelope(("src/", "docs/*.md", "README.md"), ()).allows(path) is allowed


@pytest.mark.parametrize("path", ["", "/etc", "../x", "a/../b", "a//b", "~/x", "a\nb", "a\\b"])
def test_an_envelope_is_of_paths_inside(path: str) -> None:
    with pytest.raises(Misconfigured):
        Envelope((path,), ())
    with pytest.raises(Misconfigured):
        Envelope(("src/",), (path,))


def test_an_envelope_allows_something() -> None:
    with pytest.raises(Misconfigured, match="expected at least one"):
        Envelope((), ())


@pytest.mark.parametrize(
    "path",
    [".git", "a/.GIT/x", ".git.", ".git ", ".git::$INDEX_ALLOCATION/x", "GIT~1/x", ".g\u200cit"],
)
def test_names_that_some_system_takes_for_git(path: str) -> None:
    assert names.problem(path) == "nested-repository"


def test_names_that_are_the_same_elsewhere() -> None:
    assert names.collisions(["A/b"], ["A/b", "a/c"]) == {"A/b": "a"}
    assert names.collisions(["a"], ["a", "b"]) == {}


def test_a_backend_is_words() -> None:
    assert argv(Command(("agent", "{task}"))) == ("agent", "{task}")
    assert argv(Patch(b""))[-1].startswith("{given}/")
    assert argv(Fake({}))[-1] == "{task}"


def test_a_command_is_split_as_a_shell_does_and_no_shell_sees_it() -> None:
    assert split("python3 -m pytest -q 'a b' $(x)") == (
        *("python3", "-m", "pytest", "-q", "a b", "$(x)"),
    )
    with pytest.raises(Misconfigured, match="expected words"):
        split("'")


def test_a_long_line_is_cut_and_lines_are_kept() -> None:
    log = words.kept(b"x " * 5000 + b"\nmore\xff\r\n")
    first, second = log.decode().splitlines()
    assert len(first) < 4200 and "5904 more characters" in first and second == "more\ufffd"
    assert words.kept(b"") == b""


def test_a_standing_sees_everything_but_objects_and_the_index(tmp_path: Path) -> None:
    top = repository(tmp_path / "top")
    before = standing(top)
    sh(top, "hash-object", "-w", "README.md")
    (top / "README.md").touch()
    sh(top, "status")
    assert standing(top).told() == before.told()
    sh(top, "tag", "v1")
    (top / ".git/hooks").mkdir(exist_ok=True)
    (top / ".git/hooks/pre-push").symlink_to("/bin/true")
    found = {str(finding) for finding in before.against(standing(top), "target")}
    assert found >= {
        "target/.git/refs/tags/v1: tags: appeared",
        "target/.git/hooks/pre-push: hooks: appeared",
    }


def test_a_failing_git_is_told(tmp_path: Path) -> None:
    top = repository(tmp_path / "top")
    with pytest.raises(ProgramFailed, match=r"git cat-file in .*: expected exit 0, found 128"):
        Repository(top).ask("cat-file", "commit", "nonsense")
