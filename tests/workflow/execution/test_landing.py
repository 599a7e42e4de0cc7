"""A commit lands whole, or not at all, whatever stands in its way and whenever it is killed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sealwright import git
from sealwright.contracts.workflow.execution import landing
from sealwright.contracts.workflow.execution.attempt import Attempted
from sealwright.contracts.workflow.execution.envelope import Envelope
from sealwright.contracts.workflow.execution.landing import Landed, reject
from sealwright.contracts.workflow.execution.settling import NOTE, recover
from sealwright.errors import Damaged, Refused
from tests.support.faults import fault
from tests.support.skips import skip
from tests.support.sweep import stride
from tests.workflow.execution.targets import (
    BETTER,
    EDITS,
    ENVELOPE,
    FILES,
    STAMP,
    Ground,
    picture,
    sh,
)

WIDE = Envelope(("src/", "test_strings.py", "README.md"), (".env",))
WIDE_EDITS = {**EDITS, "src/new/deep.py": "new\n", "README.md": None}


@pytest.fixture
def attempted(ground: Ground) -> Attempted:
    return ground.fake()


def refusing(ground: Ground, attempted: Attempted, match: str) -> None:
    """The landing is refused, and the target is as it is at this moment."""
    before = picture(ground.target)
    with pytest.raises(Refused, match=match):
        ground.land(attempted)
    assert picture(ground.target) == before
    assert not ground.journal.exists() or not list(ground.journal.iterdir())


def write(path: str, text: str = "x\n") -> Callable[[Path], object]:
    def act(target: Path) -> object:
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        return (target / path).write_text(text)

    return act


def git_does(*words: str) -> Callable[[Path], object]:
    return lambda target: sh(target, *words)


@pytest.mark.parametrize(
    ("act", "match"),
    [
        (git_does("commit", "-q", "--allow-empty", "-m", "x"), "expected HEAD at"),
        (git_does("checkout", "-q", "--detach"), "expected a branch"),
        (git_does("worktree", "add", "-q", "-f", "../other", "main"), "has main checked out, too"),
        (git_does("update-index", "--assume-unchanged", "README.md"), "assume-unchanged"),
        (write("new.txt"), "is not tracked"),
        (write("README.md"), "is changed and not committed"),
        (write("src/strings.py"), "is changed and not committed"),
        (write(".git/index.lock", ""), "is a lock of git's"),
        (write(".git/HEAD.lock", ""), "is a lock of git's"),
        (write(".git/refs/heads/main.lock", ""), "is a lock of git's"),
        (write(".git/MERGE_HEAD"), "is an operation half done"),
        (write(".git/info/attributes", "*.py ident\n"), "has the attribute ident"),
        (write(".git/info/attributes", "*.py filter=x\n"), "has the attribute filter"),
    ],
)
def test_what_stands_in_the_way_is_told_and_left_alone(
    ground: Ground, attempted: Attempted, act: Callable[[Path], object], match: str
) -> None:
    act(ground.target)
    refusing(ground, attempted, match)


def test_a_line_end_that_would_be_converted_is_refused(ground: Ground) -> None:
    attempted = ground.script(
        "open('src/strings.py', 'wb').write(b'x = 1\\r\\n')", validation="true"
    )
    sh(ground.target, "config", "core.autocrlf", "input")
    refusing(ground, attempted, "would be converted")


def test_a_worktree_of_another_repository_is_refused(ground: Ground, attempted: Attempted) -> None:
    sh(ground.target, "worktree", "add", "-q", "-b", "other", "../other")
    ground.target = ground.top / "other"
    with pytest.raises(Refused, match="expected a folder of its own"):
        ground.land(attempted)


def test_no_hook_of_the_target_runs(ground: Ground, attempted: Attempted) -> None:
    mark = ground.top / "hooked"
    for name in ("reference-transaction", "post-commit", "post-checkout", "pre-commit", "update"):
        hook = ground.target / ".git/hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch {mark}\n")
        hook.chmod(0o755)
    sh(ground.target, "config", "core.fsmonitor", f"touch {mark}")
    sh(ground.target, "config", "core.hooksPath", ".git/hooks")
    ground.land(attempted)
    assert not mark.exists()


def test_a_commit_that_strays_is_refused_where_it_arrives(ground: Ground) -> None:
    attempted = ground.fake(WIDE_EDITS, envelope=WIDE)
    refusing(ground, attempted, "README.md: is in no allowed path")
    ground.land(attempted, WIDE)


def test_a_commit_with_another_parent_is_refused(ground: Ground, attempted: Attempted) -> None:
    assert attempted.proposal is not None
    sh(ground.target, "commit", "-q", "--allow-empty", "-m", "x")
    forged = attempted.proposal.__class__(
        attempted.proposal.commit, ground.head, attempted.proposal.tree
    )
    with pytest.raises(Refused, match="expected a commit on"):
        landing.land(ground.target, attempted.clone, forged, ENVELOPE, journal=ground.journal)
    assert git.clean(ground.target)


def test_two_landings_at_once_are_refused(ground: Ground, attempted: Attempted) -> None:
    ground.journal.mkdir()
    (ground.journal / NOTE).write_bytes(b"{}\n")
    with pytest.raises(Refused, match="recover first"):
        ground.land(attempted)
    with pytest.raises(Damaged, match="expected the note of a landing"):
        recover(ground.target, ground.journal)


def test_there_may_be_nothing_to_recover(ground: Ground) -> None:
    assert recover(ground.target, ground.journal) == "nothing"


def during(monkeypatch: pytest.MonkeyPatch, name: str, act: Callable[[], object]) -> None:
    """Let somebody act right before one of the landing's own steps."""
    real = getattr(landing, name)

    def step(*words: object, **others: object) -> object:
        monkeypatch.setattr(landing, name, real)
        act()
        return real(*words, **others)

    monkeypatch.setattr(landing, name, step)


def test_a_head_that_moves_right_before_the_swap_wins(
    ground: Ground, attempted: Attempted, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = sh(ground.target, "commit-tree", "HEAD^{tree}", "-p", "HEAD", "-m", "x")
    during(monkeypatch, "_swap", lambda: sh(ground.target, "update-ref", "HEAD", other))
    with pytest.raises(Refused, match=f"found {other}"):
        ground.land(attempted)
    assert ground.head == other and git.clean(ground.target)
    assert not (ground.target / ".git/sealwright").exists()


@pytest.mark.parametrize("step", ["_swap", "settle", "look"])
def test_a_file_that_somebody_changes_meanwhile_is_kept(
    ground: Ground, attempted: Attempted, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    before = ground.head
    place = ground.target / ("new.txt" if step == "look" else "src/strings.py")
    during(monkeypatch, step, lambda: place.write_text("somebody's own\n"))
    with pytest.raises(Refused, match=r"nothing has landed"):
        ground.land(attempted)
    assert ground.head == before and place.read_text() == "somebody's own\n"
    assert len(git.status(ground.target)) == 1
    assert not (ground.target / ".git/index.lock").exists()


def test_a_file_that_is_changed_after_it_was_found_clean_is_kept(
    ground: Ground, attempted: Attempted, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, place = ground.head, ground.target / "src/strings.py"
    during(monkeypatch, "_moves", lambda: place.write_text("somebody's own\n"))
    with pytest.raises(Refused, match="has other bytes than HEAD"):
        ground.land(attempted)
    assert ground.head == before and place.read_text() == "somebody's own\n"


def test_bytes_that_slip_in_at_the_last_moment_are_not_lost(
    ground: Ground, attempted: Attempted, monkeypatch: pytest.MonkeyPatch
) -> None:
    replaced = ground.target / ".git/sealwright/0"
    during(monkeypatch, "look", lambda: replaced.write_text("somebody's own\n"))
    with pytest.raises(Damaged, match=r"src/strings.py: expected .* \.git/sealwright/0"):
        ground.land(attempted)
    assert replaced.read_text() == "somebody's own\n"
    replaced.write_text(FILES["src/strings.py"])
    assert recover(ground.target, ground.journal) == "landed"
    assert git.clean(ground.target)


def whole_or_nothing(
    ground: Ground, before: str, landed: str, files: dict[str, str | None]
) -> bool:
    """Return whether the commit is there; files and index are HEAD's, and nothing is left."""
    assert ground.head in (before, landed)
    assert git.clean(ground.target), str(git.clean(ground.target))
    there = ground.head == landed
    for name, text in files.items() if there else ():
        place = ground.target / name
        assert (place.read_text() if place.exists() else None) == text
    left = {path.name for path in (ground.target / ".git").iterdir()}
    assert not left & {"sealwright", "index.lock", ".index.lock.tmp", "HEAD.lock"}
    assert not ground.journal.exists() or not list(ground.journal.iterdir())
    sh(ground.target, "commit", "-q", "--allow-empty", "-m", "git works")
    return there


@pytest.mark.parametrize(
    ("mode", "apart"),
    [("lost", 2), ("kept", 2), ("torn", 4), ("stopped", 5), ("ENOSPC", 3), ("EIO", 5)],
)
def test_killed_at_any_call_the_target_has_all_of_it_or_nothing(
    ground: Ground, mode: str, apart: int
) -> None:
    attempted = ground.fake(WIDE_EDITS, envelope=WIDE)
    template, before = ground.top / "template", ground.head
    shutil.copytree(ground.target, template, symlinks=True)
    assert attempted.proposal is not None
    seen, number, done = set(), 0, False
    while not done:
        number += stride(apart)
        shutil.rmtree(ground.target)
        shutil.rmtree(ground.journal, ignore_errors=True)
        shutil.copytree(template, ground.target, symlinks=True)
        with fault(number, mode) as faulty:
            try:
                ground.land(attempted, WIDE)
            except OSError:
                assert mode in ("ENOSPC", "EIO")
        done = faulty.count < number
        head = ground.head
        told = recover(ground.target, ground.journal)
        assert told in ("nothing", "landed" if ground.head != before else "undone"), head
        seen.add(whole_or_nothing(ground, before, attempted.proposal.commit, WIDE_EDITS))
    assert seen == {True, False} and number > 20


def test_killed_while_it_recovers_the_next_recovery_ends_it(ground: Ground) -> None:
    attempted = ground.fake(WIDE_EDITS, envelope=WIDE)
    assert attempted.proposal is not None
    before, template = ground.head, ground.top / "template"
    for cut in (24, 40):
        with fault(cut, "lost"):
            ground.land(attempted, WIDE)
        shutil.rmtree(template, ignore_errors=True)
        shutil.copytree(ground.target, template / "target", symlinks=True)
        shutil.copytree(ground.journal, template / "journal", symlinks=True)
        number, done = 0, False
        while not done:
            number += 3
            for name, place in (("target", ground.target), ("journal", ground.journal)):
                shutil.rmtree(place, ignore_errors=True)
                shutil.copytree(template / name, place, symlinks=True)
            with fault(number, "lost") as faulty:
                recover(ground.target, ground.journal)
            done = faulty.count < number
            recover(ground.target, ground.journal)
            whole_or_nothing(ground, before, attempted.proposal.commit, WIDE_EDITS)
            sh(ground.target, "reset", "-q", "--hard", before)
        shutil.rmtree(ground.journal)


@pytest.mark.parametrize(
    ("step", "outcome"),
    [("_stage", "undone"), ("_swap", "undone"), ("settle", "landed"), ("clear", "landed")],
)
def test_a_process_that_is_really_killed_is_no_other_case(
    ground: Ground, attempted: Attempted, step: str, outcome: str
) -> None:
    assert attempted.proposal is not None
    before, made, wanted = ground.head, attempted.clone, attempted.proposal
    code = f"""
import os
from pathlib import Path
from sealwright.contracts.workflow.execution import landing
from sealwright.contracts.workflow.execution.clone import Clone
from sealwright.contracts.workflow.execution.proposal import Proposal
from tests.workflow.execution.targets import ENVELOPE
landing.{step} = lambda *words: os.kill(os.getpid(), 9)
made = Clone(Path({str(made.place)!r}), {made.head!r}, {made.tree!r}, {made.branch!r})
wanted = Proposal({wanted.commit!r}, {wanted.parent!r}, {wanted.tree!r})
target, journal = Path({str(ground.target)!r}), Path({str(ground.journal)!r})
landing.land(target, made, wanted, ENVELOPE, journal=journal)
"""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True)
    assert done.returncode == -9, done.stderr.decode()
    assert recover(ground.target, ground.journal) == outcome
    there = whole_or_nothing(ground, before, wanted.commit, dict(EDITS))
    assert there is (outcome == "landed")


@pytest.mark.parametrize("moved", [True, False])
def test_a_git_that_was_killed_while_the_branch_moved_leaves_no_lock(
    ground: Ground, attempted: Attempted, monkeypatch: pytest.MonkeyPatch, moved: bool
) -> None:
    assert attempted.proposal is not None
    before, new = ground.head, attempted.proposal.commit

    def killed(target: Path, note: object) -> None:
        if moved:
            sh(target, "update-ref", "HEAD", new)
        (target / ".git/HEAD.lock").write_text("")
        (target / ".git/refs/heads/main.lock").write_text(f"{new}\n")
        raise KeyboardInterrupt

    monkeypatch.setattr(landing, "_swap", killed)
    with pytest.raises(KeyboardInterrupt):
        ground.land(attempted)
    assert recover(ground.target, ground.journal) == ("landed" if moved else "undone")
    assert whole_or_nothing(ground, before, new, dict(EDITS)) is moved


def test_a_lock_of_somebody_else_is_not_broken(
    ground: Ground, attempted: Attempted, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(target: Path, note: object) -> None:
        (target / ".git/HEAD.lock").write_text("somebody else's")
        raise KeyboardInterrupt

    monkeypatch.setattr(landing, "_swap", killed)
    with pytest.raises(KeyboardInterrupt):
        ground.land(attempted)
    recover(ground.target, ground.journal)
    assert (ground.target / ".git/HEAD.lock").read_text() == "somebody else's"


def test_a_branch_that_went_on_after_a_kill_is_told(
    ground: Ground, attempted: Attempted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(landing, "look", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        ground.land(attempted)
    other = sh(ground.target, "commit-tree", "HEAD^{tree}", "-p", "HEAD", "-m", "x")
    sh(ground.target, "update-ref", "HEAD", other)
    with pytest.raises(Damaged, match=f"found {other}"):
        recover(ground.target, ground.journal)
    sh(ground.target, "update-ref", "HEAD", f"{other}~")
    assert recover(ground.target, ground.journal) == "landed"
    assert git.clean(ground.target)


def test_what_is_asked_last_has_the_last_word(ground: Ground, attempted: Attempted) -> None:
    before = picture(ground.target)
    assert attempted.proposal is not None

    def no() -> None:
        assert (ground.target / ".git/index.lock").exists()
        raise Refused("the approval was withdrawn")

    words = (ground.target, attempted.clone, attempted.proposal, ENVELOPE)
    with pytest.raises(Refused, match="withdrawn"):
        landing.land(*words, journal=ground.journal, last=no)
    assert picture(ground.target) == before
    landing.land(*words, journal=ground.journal, last=lambda: None)


def test_a_folder_that_is_empty_now_is_gone(ground: Ground) -> None:
    envelope = Envelope(("src/",), ())
    more = ground.fake({"src/b/c": "x", "src/b/d": "x"}, envelope=envelope, validation="true")
    ground.land(more, envelope)
    edits = {"src/b/c": None, "src/b/d": None, "src/strings.py": None}
    ground.land(ground.fake(edits, envelope=envelope, validation="true"), envelope)
    assert not (ground.target / "src").exists()


def test_a_part_of_the_target_on_another_disk_is_refused(
    ground: Ground, attempted: Attempted
) -> None:
    if os.geteuid() != 0:
        skip("to mount takes root")
    place = ground.target / "src"
    shutil.copytree(place, ground.top / "src")
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", place], check=True)
    try:
        shutil.copytree(ground.top / "src", place, dirs_exist_ok=True)
        refusing(ground, attempted, "another file system")
    finally:
        subprocess.run(["umount", place], check=True)


def test_a_rejection_is_whole_or_nothing_too(ground: Ground) -> None:
    landed = ground.land(ground.fake())
    template = ground.top / "template"
    shutil.copytree(ground.target, template, symlinks=True)
    number, done = 0, False
    while not done:
        number += 5
        shutil.rmtree(ground.target)
        shutil.copytree(template, ground.target, symlinks=True)
        with fault(number, "lost") as faulty:
            _reject(ground, landed)
        done = faulty.count < number
        recover(ground.target, ground.journal)
        assert git.clean(ground.target)
        parents = sh(ground.target, "rev-list", "--parents", "-1", "HEAD").split()
        assert parents[0] == landed.commit or parents[1:] == [landed.commit]


def _reject(ground: Ground, landed: Landed) -> Landed:
    return reject(
        ground.target, landed, subject="No", run="run-1", stamp=STAMP, journal=ground.journal
    )


def test_the_bits_of_a_file_stay(ground: Ground, attempted: Attempted) -> None:
    (ground.target / "src/strings.py").chmod(0o640)
    ground.land(attempted)
    assert (ground.target / "src/strings.py").stat().st_mode & 0o777 == 0o640
    assert (ground.target / "src/strings.py").read_text() == BETTER


def test_a_repository_of_longer_names_is_no_other(ground: Ground) -> None:
    shutil.rmtree(ground.target / ".git")
    sh(ground.target, "init", "-q", "-b", "main", "--object-format=sha256")
    sh(ground.target, "add", "-A")
    sh(ground.target, "commit", "-q", "-m", "first")
    landed = ground.land(ground.fake(WIDE_EDITS, envelope=WIDE), WIDE)
    assert len(landed.commit) == 64 and git.clean(ground.target)


def test_a_packed_repository_is_no_other(ground: Ground, attempted: Attempted) -> None:
    sh(ground.target, "pack-refs", "--all")
    sh(ground.target, "gc", "-q")
    ground.land(attempted)
    assert git.clean(ground.target)
