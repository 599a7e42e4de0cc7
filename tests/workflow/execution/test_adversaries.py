"""Backends that want more than they may: none gets anything through.

Each is a real program in the sandbox.  Afterwards the target is as it was, and either nothing
may land, for a reason that is told, or what lands is what the envelope allows.
"""

from __future__ import annotations

import dataclasses
import os
import shlex
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sealwright import git
from sealwright.contracts.workflow.execution.attempt import Attempted, attempt
from sealwright.contracts.workflow.execution.backend import Command
from sealwright.contracts.workflow.execution.envelope import Envelope
from tests.sandbox.hostile import alive
from tests.workflow.execution.targets import BETTER, LIMITS, Ground, picture, rules, sh

HONEST = f"open('src/strings.py', 'w').write({BETTER!r})\n"
PYTHON = (sys.executable, "-I", "-S", "-c")
DISALLOWED = "disallowed-file"
IDENTITY = "git -c user.name=x -c user.email=x"


@pytest.fixture(autouse=True)
def untouched(ground: Ground) -> Iterator[None]:
    """Whatever a test's backend does, the target is as it was, until something lands."""
    before = picture(ground.target)
    yield
    if sh(ground.target, "rev-list", "--count", "HEAD") == "1":
        assert picture(ground.target) == before


def refused(attempted: Attempted, *expected: str) -> None:
    """The attempt has no proposal, for the rules that are expected and no others."""
    assert attempted.proposal is None
    assert {rule for _, rule in rules(attempted)} == set(expected)
    assert not attempted.examination.verdict or "validation" in expected or "backend" in expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("echo x > README.md", "outside"),
        ("echo x > new.txt", "outside"),
        ("rm README.md", "outside"),
        ("mv README.md src/strings.py", "outside"),
        ("git mv strings.py src/strings.py -f", "outside"),
        ("echo x > SRC_strings.py", "outside"),
        ("mkdir -p .github/workflows; echo x > .github/workflows/ci.yml", "forbidden"),
        ("mkdir -p .GitHub/Workflows; echo x > .GitHub/Workflows/ci.yml", "forbidden"),
        ("echo x > .env", "forbidden"),
        ("echo x > .ENV.local", "forbidden"),
        ("mkdir src/Secrets; echo x > src/Secrets/key", "forbidden"),
        ("ln -s /etc/passwd src/link", "symlink outside"),
        ("rm src/strings.py; ln -s ../strings.py src/strings.py", "symlink"),
        ("rm -r src; ln -s . src", "symlink kind outside"),
        ("chmod +x src/strings.py", "mode"),
        ("rm src/strings.py; mkdir src/strings.py; echo x > src/strings.py/a", "kind outside"),
        ("rm src/strings.py; mkfifo src/strings.py", "special"),
        ("echo 'src/*.py filter=x' > .gitattributes", "attributes outside"),
        ("echo '* filter=x' > src/.GITATTRIBUTES", "attributes outside"),
        ("echo '[submodule \"x\"]' > .gitmodules", "attributes outside"),
        ("git init -q --template= src/inner", "nested-repository forbidden"),
        ("mkdir src/.git", "nested-repository forbidden"),
        ("echo 'gitdir: /tmp/x' > src/.git", "nested-repository forbidden"),
        ("mkdir -p src/.GIT; echo x > src/.GIT/config", "nested-repository forbidden"),
        ("mkdir 'git~1'", "nested-repository outside"),
        ("printf x > \"$(printf 'a\\nb')\"", "strange-name outside"),
        ("printf x > \"$(printf '\\377')\"", "strange-name outside"),
        ("printf x > 'a\\\\b'", "strange-name outside"),
        ("printf x > CON", "strange-name outside"),
        ("mkdir Src; echo x > Src/strings.py", "collision outside"),
        ("echo x > Test_strings.py", "collision outside"),
        ("echo x > READme.md", "collision outside"),
    ],
)
def test_a_change_outside_the_envelope(ground: Ground, code: str, expected: str) -> None:
    attempted = ground.shell(f"{code}\necho '# more' >> test_strings.py")
    assert {rule for _, rule in rules(attempted)} == set(expected.split())
    assert {blocker for blocker, _ in rules(attempted)} == {DISALLOWED}
    assert attempted.proposal is None and attempted.validation is None


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (f"{IDENTITY} commit -q --allow-empty -m x", "refs reflog"),
        ("git tag v1", "tags"),
        ("git branch other", "refs"),
        ("git remote add origin https://example.org/x", "configuration"),
        ("git config core.fsmonitor 'touch /tmp/x'", "configuration"),
        ("git update-ref refs/remotes/origin/main HEAD", "remotes"),
        ("mkdir .git/hooks; echo x > .git/hooks/pre-push", "hooks"),
        ("mkdir .git/objects/info; echo /x > .git/objects/info/alternates", "alternates"),
        ("echo '* filter=x' > .git/info/attributes", "repository"),
        ("rm -r .git; echo 'gitdir: /tmp' > .git", "nested-repository"),
        ("rm -r .git; ln -s /tmp .git", "nested-repository"),
        ("rm -r .git", "nested-repository"),
        ("mkdir .git/modules", "submodules"),
        ("git checkout -q -b other", "refs reflog"),
    ],
)
def test_a_change_of_the_repository(ground: Ground, code: str, expected: str) -> None:
    attempted = ground.shell(f"{code}\necho '# more' >> test_strings.py")
    found = {rule for _, rule in rules(attempted)}
    assert set(expected.split()) <= found and "outside" not in found
    assert attempted.proposal is None


def test_what_a_backend_stages_is_its_own_matter(ground: Ground) -> None:
    attempted = ground.shell("echo '# more' >> src/strings.py; git add -A; git status >/dev/null")
    assert attempted.proposal is not None


def test_git_push_has_nowhere_to_go(ground: Ground) -> None:
    place = ground.top / "elsewhere"
    sh(ground.top, "init", "-q", "--bare", str(place))
    code = f"{IDENTITY} push {place} HEAD:refs/heads/stolen; git push {ground.target} HEAD:x"
    refused(ground.shell(code), "backend", "no-diff")
    assert sh(place, "for-each-ref") == ""
    assert "x" not in sh(ground.target, "for-each-ref", "--format=%(refname:short)").split()


def test_dots_and_links_lead_nowhere(ground: Ground) -> None:
    outside = ground.top / "outside"
    code = f"""
import os
for path in ("../outside", "../../outside", {str(outside)!r}, {str(ground.target / "x")!r}):
    try:
        open(path, "w").write("x")
    except OSError as error:
        print(error.strerror)
os.symlink({str(ground.top)!r}, "way")
try:
    open("way/outside", "w")
except OSError as error:
    print(error.strerror)
os.unlink("way")
{HONEST}"""
    attempted = ground.script(code)
    assert attempted.proposal is not None and not outside.exists()
    assert attempted.worked.log.count(b"\n") == 5


def test_a_file_written_by_a_script_is_seen_all_the_same(ground: Ground) -> None:
    attempted = ground.shell("printf 'echo x > README.md' > src/strings.py; sh src/strings.py")
    refused(attempted, "outside")


def test_files_changed_after_validation_started_do_not_land(ground: Ground) -> None:
    code = f"""
import os, subprocess, sys
{HONEST}
late = "import time; time.sleep(2); open('src/strings.py', 'w').write('evil')"
subprocess.Popen([sys.executable, "-I", "-S", "-c", late], start_new_session=True)
"""
    attempted = ground.script(code, validation="sh -c 'sleep 3; echo evil > src/strings.py'")
    ground.land(attempted)
    assert (ground.target / "src/strings.py").read_text() == BETTER


def test_a_survivor_is_dead_before_anything_is_looked_at(ground: Ground) -> None:
    marker = f"agent-{os.getpid()}"
    code = f"""
import os, subprocess
{HONEST}
if not os.fork():
    os.setsid()
    if not os.fork():
        subprocess.Popen(["sh", "-c", "sleep 1000; true", {marker!r}], start_new_session=True)
    os._exit(0)
"""
    attempted = ground.script(code)
    assert attempted.proposal is not None and not alive(marker)


def test_evidence_cannot_be_forged(ground: Ground) -> None:
    evidence = ground.top / "evidence"
    evidence.mkdir()
    code = f"""
import os, pathlib
for place in ({str(evidence)!r}, {str(ground.top)!r}, "/task/given", "/task/evidence"):
    try:
        os.makedirs(place, exist_ok=True)
        open(place + "/report.json", "w").write("pass")
    except OSError:
        pass
open("report.json", "w").write("pass")
"""
    refused(ground.script(code), "outside")
    assert not list(evidence.iterdir())
    assert not list(ground.top.rglob("given/report.json"))


def test_the_target_cannot_be_deleted(ground: Ground) -> None:
    attempted = ground.shell(
        f"rm -rf {ground.target} /task/* /* 2>/dev/null; ls -d {ground.target}"
    )
    assert attempted.proposal is None
    assert git.clean(ground.target)


def test_the_heads_of_the_target_cannot_be_changed(ground: Ground) -> None:
    words = f"git -C {ground.target} -c safe.directory=* commit -q --allow-empty -m x"
    refused(ground.shell(f"{words}; echo x > {ground.target}/.git/HEAD"), "backend", "no-diff")


def test_the_disk_of_the_host_is_not_filled(ground: Ground) -> None:
    code = """
import itertools
for number in itertools.count():
    with open(f"big{number}", "wb") as file:
        file.write(b"x" * (1 << 20))
"""
    attempted = ground.script(code)
    assert ("provider-unavailable", "backend") in rules(attempted)
    assert b"No space left on device" in attempted.worked.log
    size = sum(path.lstat().st_size for path in attempted.worked.folder.rglob("*"))
    assert size <= LIMITS.disk


def test_one_that_sleeps_for_ever_is_ended(ground: Ground) -> None:
    limits = dataclasses.replace(LIMITS, seconds=1)
    attempted = ground.shell("echo '# more' >> src/strings.py; sleep 1000", limits=limits)
    assert ("timeout", "backend") in rules(attempted) and attempted.proposal is None


def test_the_network_is_not_there(ground: Ground) -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        code = f"import socket; socket.create_connection({server.getsockname()!r}, 2)"
        refused(ground.script(code), "backend", "no-diff")
        refused(ground.fake(validation=shlex.join([*PYTHON, code])), "validation")


def test_huge_output_is_cut(ground: Ground) -> None:
    attempted = ground.shell(
        "head -c 50000000 /dev/zero | tr '\\0' x; echo '# x' >> src/strings.py"
    )
    assert attempted.proposal is not None
    assert attempted.worked.came.lost > 40_000_000 and len(attempted.worked.log) < 1 << 17


def test_no_credential_is_within_reach(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    home = ground.top / "home"
    (home / ".ssh").mkdir(parents=True)
    (home / ".ssh/id").write_text("key")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GITHUB_TOKEN", "hidden")
    monkeypatch.setenv("SSH_AUTH_SOCK", str(home / "agent"))
    code = f"env; cat ~/.ssh/id {home}/.ssh/id; cat /proc/1/environ; git config --list"
    log = ground.shell(code).worked.log.decode()
    assert "hidden" not in log and "SSH_AUTH_SOCK" not in log and "\nkey" not in log


def test_a_hard_link_cannot_reach_outside(ground: Ground) -> None:
    code = f"""
import os
for path in ({str(ground.target / "README.md")!r}, "/task/given/task.json", "/usr/bin/env"):
    try:
        os.link(path, "src/link.py")
    except OSError as error:
        print(error.strerror)
os.link("README.md", "src/strings.py.x")
os.replace("src/strings.py.x", "src/strings.py")
open("src/strings.py", "a").write("x")
"""
    attempted = ground.script(code)
    refused(attempted, "outside")  # README.md changed with it
    assert attempted.worked.log.count(b"\n") == 3


def test_a_name_in_another_normal_form_is_another_name(ground: Ground) -> None:
    envelope = Envelope(("caf\u00e9.txt",), ("s\u00e9cret/",))
    attempted = ground.fake({"cafe\u0301.txt": "x"}, envelope=envelope)
    assert {rule for _, rule in rules(attempted)} == {"outside"}
    attempted = ground.fake({"se\u0301cret/x": "x"}, envelope=envelope)
    assert {rule for _, rule in rules(attempted)} == {"forbidden"}
    attempted = ground.fake({"caf\u00e9.txt": "x", "cafe\u0301.txt": "y"}, envelope=envelope)
    assert {rule for _, rule in rules(attempted)} == {"outside", "collision"}


def test_a_submodule_is_not_touched(ground: Ground) -> None:
    commit = ground.head
    sh(ground.target, "update-index", "--add", "--cacheinfo", f"160000,{commit},src/sub")
    sh(ground.target, "commit", "-q", "-m", "a submodule")
    (ground.target / "src/sub").mkdir()
    envelope = Envelope(("src/",), ())
    attempted = ground.shell("echo x > src/sub/file", envelope=envelope)
    assert {rule for _, rule in rules(attempted)} == {"submodule"}
    edits = {"src/strings.py": BETTER}
    ground.land(ground.fake(edits, envelope=envelope), envelope)
    assert git.clean(ground.target)


def test_a_change_of_the_target_meanwhile_is_found(ground: Ground, tmp_path: Path) -> None:
    request = ground.request(Command(("true",)))
    hook = ground.target / ".git/hooks/post-commit"

    class Slow:
        """The cage, but somebody does something to the target before a program runs in it."""

        def __getattr__(self, name: str) -> object:
            if name == "run":
                hook.parent.mkdir(exist_ok=True)
                hook.write_text("x")
            return getattr(ground.cage, name)

    found = attempt(request, cage=Slow(), folder=tmp_path / "attempt")  # type: ignore[arg-type]
    assert rules(found) >= {("dirty-ending-tree", "target")} and found.proposal is None
    hook.unlink()


def test_a_tree_too_deep_ends_the_attempt(ground: Ground) -> None:
    code = "import os\nfor _ in range(500): os.mkdir('d'); os.chdir('d')"
    attempted = ground.script(code)
    assert ("provider-unavailable", "backend") in rules(attempted)
    assert "at most 200 folders" in attempted.worked.came.reason
