"""An attempt at a task ends in one commit that may land, or in every reason why none may."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys

import pytest

from sealwright import git
from sealwright.contracts.workflow.execution.backend import Command, Patch
from sealwright.contracts.workflow.execution.envelope import Envelope
from sealwright.contracts.workflow.execution.landing import reject
from sealwright.errors import Misconfigured, Refused
from tests.workflow.execution.targets import (
    BETTER,
    EDITS,
    FILES,
    LIMITS,
    STAMP,
    Ground,
    picture,
    rules,
    sh,
)


def test_a_task_is_carried_out_and_one_commit_lands(ground: Ground) -> None:
    before = ground.head
    landed = ground.land(ground.fake())
    assert ground.head == landed.commit
    assert sh(ground.target, "rev-list", "--parents", "-1", "HEAD").split() == [
        landed.commit,
        before,
    ]
    assert sh(ground.target, "diff", "--name-only", "HEAD~", "HEAD").split() == list(EDITS)
    assert sh(ground.target, "status", "--porcelain", "--ignored") == ""
    assert (ground.target / "src/strings.py").read_text() == BETTER
    assert sh(ground.target, "fsck", "--strict") == ""
    told = sh(ground.target, "log", "-1", "--format=%an %ae %at %cn %ct %s|%(trailers)").split("|")
    assert told[0] == "Harness harness@example.org 1735689600 Harness 1735689600 Align slugify"
    assert told[1].split() == [
        *("Packet-SHA256:", "9f" * 32, "Approval-SHA256:", "4c" * 32, "Run:", "run-1")
    ]
    assert not (ground.target / ".git/sealwright").exists() and not list(ground.journal.iterdir())


def test_python3_is_the_one_that_runs_us_with_its_pytest(ground: Ground) -> None:
    code = "import pytest, sys; print(sys.prefix)"
    backend = Command(("python3", "-B", "-c", code))
    tried = ground.attempt(backend)
    assert tried.worked.log.decode() == f"{sys.prefix}\n"
    tried = ground.fake(validation=f"python3 -B -c '{code}'")
    assert tried.validation is not None and tried.validation.log.decode() == f"{sys.prefix}\n"


def test_the_same_task_makes_the_same_commit_and_patch(ground: Ground) -> None:
    one, other = ground.fake(), ground.fake()
    assert one.proposal == other.proposal
    assert one.patch == other.patch
    assert one.baseline == other.baseline


def test_a_commit_that_is_not_wanted_is_taken_back_by_one_more(ground: Ground) -> None:
    before = sh(ground.target, "rev-parse", "HEAD^{tree}")
    landed = ground.land(ground.fake())
    words = {"subject": "Take back", "run": "run-1", "stamp": STAMP, "journal": ground.journal}
    back = reject(ground.target, landed, **words)  # type: ignore[arg-type]
    assert sh(ground.target, "rev-parse", "HEAD^{tree}") == before
    assert (back.commit, back.parent) == (ground.head, landed.commit)
    assert f"Reverts: {landed.commit}" in sh(ground.target, "log", "-1", "--format=%B")
    assert git.clean(ground.target)
    assert (ground.target / "src/strings.py").read_text() == FILES["src/strings.py"]
    with pytest.raises(Refused, match="expected HEAD at"):
        reject(ground.target, landed, **words)  # type: ignore[arg-type]


def test_the_patch_applies_and_reverses(ground: Ground) -> None:
    edits = {**EDITS, "src/strings.py": None}
    found = ground.fake(edits, envelope=Envelope(("src/", "test_strings.py"), ())).patch
    for options in ([], ["-R"]):
        subprocess.run(
            ["git", "apply", "--index", *options, "-"], input=found, cwd=ground.target, check=True
        )
    assert git.clean(ground.target)


def test_bytes_of_any_kind_are_in_the_patch(ground: Ground) -> None:
    code = "open('src/strings.py', 'wb').write(bytes(range(256)) + b'no end')"
    attempted = ground.script(code, validation="true")
    assert b"GIT binary patch" in attempted.patch
    ground.land(attempted)
    assert (ground.target / "src/strings.py").read_bytes() == bytes(range(256)) + b"no end"


def test_files_are_made_and_removed(ground: Ground) -> None:
    envelope = Envelope(("src/", "notes/", "README.md"), (".env",))
    edits = {"src/a/b.py": "new\n", "notes/x y.md": "ä\n", "README.md": None}
    attempted = ground.fake(edits, envelope=envelope, validation="true")
    ground.land(attempted, envelope)
    assert (ground.target / "src/a/b.py").read_text() == "new\n"
    assert not (ground.target / "README.md").exists()
    assert sh(ground.target, "status", "--porcelain") == ""


def test_a_patch_is_applied_as_a_whole_or_not_at_all(ground: Ground) -> None:
    good = ground.fake().patch
    attempted = ground.attempt(Patch(good))
    assert attempted.patch == good and attempted.proposal is not None
    bad = good.replace(b"replace(' '", b"replace('x'")
    attempted = ground.attempt(Patch(bad))
    assert rules(attempted) == {("provider-unavailable", "backend"), ("no_diff", "no-diff")}
    assert b"patch does not apply" in attempted.worked.log
    assert attempted.patch == b""


def test_a_patch_that_strays_is_refused(ground: Ground) -> None:
    stray = (
        b"diff --git a/../outside b/../outside\nnew file mode 100644\n"
        b"--- /dev/null\n+++ b/../outside\n@@ -0,0 +1 @@\n+x\n"
    )
    assert ("no_diff", "no-diff") in rules(ground.attempt(Patch(stray)))
    outside = stray.replace(b"../outside", b"README2.md")
    assert rules(ground.attempt(Patch(outside))) == {("disallowed-file", "outside")}


def test_a_task_without_a_change_is_blocked(ground: Ground) -> None:
    attempted = ground.fake({})
    assert rules(attempted) == {("no_diff", "no-diff")}
    assert attempted.patch == b"" and attempted.proposal is None


def test_the_task_is_given_and_cannot_be_changed(ground: Ground) -> None:
    code = """
import json, os, sys
assert os.environ["SEALWRIGHT_TASK"] == sys.argv[1]
print(json.load(open(sys.argv[1]))["id"])
open(sys.argv[1], "w")
"""
    attempted = ground.script(code)
    assert b"CTO-WORK-049\n" in attempted.worked.log
    assert b"Read-only file system" in attempted.worked.log


@pytest.mark.parametrize(
    ("command", "blocker"),
    [
        ("", "missing-test-command"),
        ("no-such-command", "missing-test-command"),
        ("false", "failed-tests"),
        ("sh -c 'kill -9 $$'", "failed-tests"),
        ("sleep 100", "timeout"),
    ],
)
def test_how_validation_fails_is_told_apart(ground: Ground, command: str, blocker: str) -> None:
    limits = dataclasses.replace(LIMITS, seconds=3)
    attempted = ground.fake(validation=command, limits=limits)
    assert rules(attempted) == {(blocker, "validation")}
    assert attempted.proposal is None and attempted.patch


@pytest.mark.parametrize(
    ("argv", "blocker"),
    [
        (("no-such-agent",), "provider-unavailable"),
        (("sh", "-c", "exit 3"), "provider-unavailable"),
        (("sleep", "100"), "timeout"),
    ],
)
def test_how_a_backend_fails_is_told_apart(
    ground: Ground, argv: tuple[str, ...], blocker: str
) -> None:
    attempted = ground.attempt(Command(argv), limits=dataclasses.replace(LIMITS, seconds=2))
    assert (blocker, "backend") in rules(attempted)


def test_what_a_backend_did_before_it_failed_is_evidence(ground: Ground) -> None:
    attempted = ground.shell("echo '# more' >> src/strings.py; echo said; exit 1")
    assert rules(attempted) == {("provider-unavailable", "backend")}
    assert b"+# more" in attempted.patch and attempted.worked.log == b"said\n"


def test_what_a_backend_prints_is_bounded_and_scrubbed(ground: Ground) -> None:
    code = "print('https://me:hunter22@example.org'); print('x' * 10**6); print('\\033[2J')"
    log = ground.script(code).worked.log
    assert b"hunter22" not in log and b"scrubbed" in log and b"\033" not in log
    assert len(log) < 100_000 and b"were not kept" in log


def test_bytecode_that_is_ignored_goes_nowhere(ground: Ground) -> None:
    code = f"""
import os
os.mkdir("src/__pycache__")
open("src/__pycache__/strings.pyc", "wb").write(b"planted")
open("src/strings.py", "w").write({BETTER!r})
"""
    attempted = ground.script(code)
    assert attempted.examination.ignored == ("src/__pycache__/strings.pyc",)
    assert attempted.proposal is not None
    ground.land(attempted)
    assert not (ground.target / "src/__pycache__").exists()


def test_validation_changes_nothing_that_lands(ground: Ground) -> None:
    command = "sh -c 'echo evil >> src/strings.py; echo x > new.py; git commit -qam x; true'"
    attempted = ground.fake(validation=command)
    assert attempted.validation is not None
    assert set(attempted.validation.touched) >= {"new.py", "src/strings.py"}
    ground.land(attempted)
    assert (ground.target / "src/strings.py").read_text() == BETTER


def test_the_clone_has_nothing_of_the_target_but_the_commit(ground: Ground) -> None:
    sh(ground.target, "tag", "v1")
    sh(ground.target, "branch", "other")
    sh(ground.target, "remote", "add", "origin", "https://example.org/x")
    sh(ground.target, "config", "alias.x", "!touch /tmp/x")
    hook = ground.target / ".git/hooks/post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\ntouch hooked\n")
    hook.chmod(0o755)
    place = ground.fake().clone.place
    assert sh(place, "for-each-ref", "--format=%(refname)") == "refs/heads/main"
    assert sh(place, "remote") == "" and "alias" not in (place / ".git/config").read_text()
    names = {path.name for path in (place / ".git").iterdir()}
    assert names == {"HEAD", "config", "index", "info", "objects", "refs"}
    inodes = {path.stat().st_ino for path in ground.target.rglob("*")}
    assert not inodes & {path.stat().st_ino for path in place.rglob("*")}


def test_another_head_than_the_approved_one_is_refused(ground: Ground) -> None:
    approved = ground.head
    sh(ground.target, "commit", "-q", "--allow-empty", "-m", "more")
    with pytest.raises(Refused, match="expected HEAD at"):
        ground.fake(head=approved)
    sh(ground.target, "checkout", "-q", "--detach")
    with pytest.raises(Refused, match="expected a branch that is checked out"):
        ground.fake()


@pytest.mark.parametrize("level", ["namespaces", "landlock", "none"])
def test_a_weaker_level_does_the_same_and_says_so(ground: Ground, level: str) -> None:
    strongest = ground.fake()
    ground.cage = dataclasses.replace(ground.cage, level=level)
    attempted = ground.fake()
    assert attempted.proposal == strongest.proposal
    assert attempted.worked.came.level == level


def test_no_umask_matters(ground: Ground) -> None:
    usual = ground.fake()
    before = os.umask(0o077)
    try:
        attempted = ground.fake()
        landed = ground.land(attempted)
    finally:
        os.umask(before)
    assert attempted.proposal == usual.proposal and landed.commit == ground.head
    assert (ground.target / "src/strings.py").stat().st_mode & 0o777 == 0o644


def test_a_target_that_is_not_clean_is_refused_before_anything_runs(ground: Ground) -> None:
    (ground.target / "new.txt").write_text("x")
    with pytest.raises(Refused, match="is not tracked"):
        ground.shell("touch started")
    assert not (ground.top / "attempt1/backend").exists()


def test_the_author_is_a_name_and_an_address() -> None:
    with pytest.raises(Misconfigured, match="author"):
        dataclasses.replace(STAMP, name="A <b")


def test_trailers_are_lines(ground: Ground) -> None:
    with pytest.raises(Misconfigured, match="expected a key and a line"):
        ground.fake(trailers={"Run": "a\nb"})
    with pytest.raises(Misconfigured, match="subject"):
        ground.fake(subject="a\n\nSigned-off-by: b")


def test_an_attempt_leaves_the_target_alone(ground: Ground) -> None:
    before = picture(ground.target)
    ground.fake()
    assert picture(ground.target) == before
