"""From INIT to CAPTURE_AMU0 with doit, and every stop on the way, as a person meets them."""

from __future__ import annotations

import json
import os
import pty
import re
import sqlite3
import stat
import subprocess
import sys

import pytest

from sealwright.contracts.coo import amu_capture
from tests.support import keys
from tests.support.example import BIN, PROJECT, Repository, copied, make
from tests.support.governed import ASKED, CHARTER, HALF, WAIVED, configure, executed, state
from tests.support.grounds import ground
from tests.support.programs_at_work import doing

FILES = {
    "project_builder/__init__.py": "x = 1\n",
    "tests/test_it.py": "def test_it(): pass\n",
    "docs/01_governance/charter.md": CHARTER,
    "docs/01_governance/terms.md": "# Terms\n\n[T-1] A term.\n",
}
CONFIG = {
    'legacy: ""': "legacy: project_builder",
    "rewrite: []": "rewrite: [tests]",
    "governed: []": "governed: [docs/01_governance]",
    "amendments: []": "amendments: [config/amendments.yaml]",
    ASKED: WAIVED,
}
AMENDMENT = """amendments:
  - id: A-001
    target: docs/01_governance/terms.md
    anchor: {clause: "[T-1]"}
    action: replace
    text: "[T-1] Another term."
"""
AMU0 = ".sealwright/contracts/coo/amu0"
STEPS = [
    *("manifests:tools", "manifests:environment", "manifests:hardware", "manifests:sandbox"),
    *("amendments", "lint", "scan", "freeze", "amu0"),
]


@pytest.fixture(scope="session")
def _governed(tmp_path_factory) -> Repository:
    def made(root):
        repo = make(root, {**FILES, "config/amendments.yaml": AMENDMENT}, ["coo"])
        configure(repo, CONFIG)
        repo.commit()
        return repo

    return ground(tmp_path_factory, "governed", made, Repository)


@pytest.fixture
def repo(_governed, tmp_path):
    """A repository that is governed, before any run."""
    return copied(_governed, tmp_path / "repository")


@pytest.fixture(scope="session")
def _frozen(_governed, tmp_path_factory) -> Repository:
    def made(root):
        repo = copied(_governed, root)
        done = repo.doit(*HALF)
        assert done.code == 0, done.said
        return repo

    return ground(tmp_path_factory, "frozen", made, Repository)


@pytest.fixture
def frozen(_frozen, tmp_path):
    """The same after one doit, in CAPTURE_AMU0."""
    return copied(_frozen, tmp_path / "repository")


def test_one_command_leads_to_the_capture_and_a_second_one_has_nothing_to_do(frozen):
    assert state(frozen).state == "CAPTURE_AMU0"
    (name,) = os.listdir(frozen.root / AMU0)
    assert amu_capture.verify(frozen.root / AMU0 / name, name).holds
    assert "nothing executed" in frozen.doit(*HALF).out
    assert frozen.doit("verify").code == 0
    assert frozen.status == "M docs/01_governance/terms.md"  # what was amended


def test_all_that_the_document_names_is_there(frozen):
    there = set(os.listdir(frozen.root / "coo/manifests"))
    assert there >= {
        *("tools_manifest.json", "environment_manifest.json", "hardware_manifest.json"),
        *("sandbox_digest.txt", "freeze_manifest.json", "amendment_log.json"),
        *("amendment_diff.patch", "tools.cdx.json"),
    }
    manifest = json.loads((frozen.root / "coo/manifests/freeze_manifest.json").read_text())
    assert manifest["FREEZE"] == "TRUE"
    assert manifest["approval"] == {"freeze": "WAIVED: nobody is asked in a test"}
    report = frozen.root / ".sealwright/reports/coo/scanner_report.json"
    assert set(json.loads(report.read_text())) == {
        *("status", "violations", "scanned_paths", "ruleset_sha256"),
    }


def test_the_patch_takes_back_what_was_amended(frozen):
    place = frozen.root / "docs/01_governance/terms.md"
    assert place.read_text() == "# Terms\n\n[T-1] Another term.\n"
    frozen.doit("thaw")
    frozen.git("apply", "-R", "coo/manifests/amendment_diff.patch")
    assert place.read_text() == FILES["docs/01_governance/terms.md"]


def test_an_amendment_is_applied_once_and_what_was_applied_does_not_change(repo):
    repo.doit("amendments")
    place = repo.root / "docs/01_governance/terms.md"
    place.write_text(place.read_text() + "\nBy hand.\n")
    assert executed(repo.doit("amendments")) == ["amendments"]
    assert place.read_text().count("Another term") == 1 and "By hand." in place.read_text()
    repo.write("config/amendments.yaml", AMENDMENT.replace("Another", "A third"))
    done = repo.doit("amendments")
    assert done.code == 1 and "was applied already, and is another now" in done.said


def test_before_the_freeze_a_changed_document_reruns_lint_and_scan_and_nothing_else(repo):
    assert repo.doit("manifests", "amendments", "lint", "scan").code == 0
    repo.write("docs/01_governance/more.md", "# More\n")
    done = repo.doit("manifests", "amendments", "lint", "scan")
    assert executed(done) == ["lint", "scan"]


def test_what_a_scan_remembers_is_no_evidence_and_changes_no_report(repo):
    assert repo.doit("manifests", "scan").code == 0
    kept = repo.root / ".sealwright/contracts/coo/scanned.json"
    report = repo.root / ".sealwright/reports/coo/scanner_report.failed.json"
    remembered = kept.read_bytes()
    assert b'"contents":{"blake3:' in remembered
    repo.write("docs/01_governance/leak.md", "The council approves it.\n")
    assert repo.doit("scan").code == 1
    said = report.read_bytes()
    for other in (None, b"{}\n", remembered[:-2], remembered):
        kept.unlink()
        if other is not None:
            kept.write_bytes(other)
        assert repo.doit("scan").code == 1
        assert report.read_bytes() == said


def test_while_frozen_a_changed_document_is_refused_by_name(frozen):
    frozen.write("docs/01_governance/charter.md", CHARTER + "More.\n")
    done = frozen.doit(*HALF)
    assert done.code == 1 and executed(done) == []
    assert "charter.md: is not what was frozen, though FREEZE is TRUE" in done.said
    assert "doit thaw" in done.said


def test_after_a_thaw_every_mode_is_back_and_another_attempt_begins(frozen):
    mode = stat.S_IMODE((frozen.root / "docs/01_governance/charter.md").stat().st_mode)
    assert mode == 0o444
    assert frozen.doit("thaw").code == 0
    modes = {p.stat().st_mode & 0o777 for p in (frozen.root / "docs").rglob("*.md")}
    assert modes == {0o644} and state(frozen).state == "ERROR"
    assert executed(frozen.doit(*HALF)) == ["freeze", "amu0"]
    assert (state(frozen).attempt, state(frozen).state) == (2, "CAPTURE_AMU0")
    assert executed(frozen.doit("thaw")) == ["thaw"]


STOPS = {
    "a missing tool": (
        lambda repo: configure(repo, {"tools: []": "tools: [no-such-program]"}),
        "no-such-program: expected an executable file, found none",
    ),
    "a missing anchor": (
        lambda repo: repo.write("docs/01_governance/terms.md", "# Terms\n"),
        "MissingAnchor: expected one clause '[T-1]', found none",
    ),
    "a leak": (
        lambda repo: repo.write("docs/01_governance/leak.md", "The council approves it.\n"),
        "docs/01_governance/leak.md:1",
    ),
    "a lint error": (
        lambda repo: repo.write("docs/01_governance/charter.md", "# Charter\n"),
        "no document has a clause of determinism",
    ),
    "nobody who may agree": (
        lambda repo: configure(
            repo,
            {
                CONFIG[
                    "# approvals: {keys: [FINGERPRINT], public: config/approvers.asc}"
                ]: "approvals: null"
            },
        ),
        "expected who may approve, found nobody",
    ),
    "a ruleset that is another": (
        lambda repo: repo.write("coo/reference/governance_leak_ruleset.json", "{}\n"),
        "governance_leak_ruleset.json",
    ),
    "a ruleset that nobody pinned": (
        lambda repo: repo.write(
            "config/coo.yaml",
            re.sub(
                "sha256: [0-9a-f]{64}", 'sha256: ""', (repo.root / "config/coo.yaml").read_text()
            ),
        ),
        "expected the digest of coo/reference/governance_leak_ruleset.json, found none; scan: {sha",
    ),
    "a pipe in what is captured": (
        lambda repo: os.mkfifo(repo.root / "tests/pipe"),
        "tests/pipe: expected a file, folder or link, found a named pipe",
    ),
}


@pytest.mark.parametrize("stop", STOPS)
def test_every_stop_is_a_sentence_and_nothing_is_frozen(repo, stop):
    change, said = STOPS[stop]
    change(repo)
    done = repo.doit(*HALF)
    assert done.code in (1, 3) and said in done.said, done.said
    assert "Traceback" not in done.said
    assert not state(repo).frozen
    assert os.access(repo.root / "docs/01_governance", os.W_OK)
    assert (repo.root / "tests").stat().st_mode & 0o222


def test_an_anchor_that_is_missing_leaves_its_artefact_and_no_change(repo):
    repo.write("docs/01_governance/terms.md", "# Terms\n")
    repo.doit("amendments")
    place = repo.root / "coo/manifests/escalation_A-001.json"
    assert json.loads(place.read_text())["type"] == "MissingAnchor"
    assert (repo.root / "docs/01_governance/terms.md").read_text() == "# Terms\n"
    repo.write("docs/01_governance/terms.md", FILES["docs/01_governance/terms.md"])
    assert repo.doit("amendments").code == 0
    assert not place.exists()


def test_a_report_that_does_not_hold_is_kept_and_goes_once_it_does(repo):
    repo.write("docs/01_governance/leak.md", "The council approves it.\n")
    repo.doit("scan")
    reports = repo.root / ".sealwright/reports/coo"
    assert json.loads((reports / "scanner_report.failed.json").read_text())["status"] == "FAIL"
    assert (reports / "scanner_report.failed.sarif").exists()
    (repo.root / "docs/01_governance/leak.md").unlink()
    assert repo.doit("scan").code == 0
    assert sorted(os.listdir(reports)) == ["scanner_report.json", "scanner_report.sarif"]


def test_a_process_that_writes_is_refused_or_stopped(repo):
    with doing("f = open('tests/test_it.py', 'ab')", repo.root) as process:
        done = repo.doit(*HALF)
        assert done.code == 1 and f"open for writing by process {process.pid}" in done.said
        configure(repo, {"stop_writers: false": "stop_writers: true"})
        assert repo.doit(*HALF).code == 0


def test_a_database_in_a_transaction_is_refused_and_captured_once_it_rests(repo):
    configure(repo, {"# database: data/app.db": "database: app.db"})
    other = sqlite3.connect(repo.root / "app.db", isolation_level=None)
    other.execute("create table t (a)")
    other.execute("begin immediate")
    done = repo.doit(*HALF)
    assert done.code == 1 and "expected a database at rest, found: database is locked" in done.said
    other.close()
    assert repo.doit(*HALF).code == 0
    (name,) = os.listdir(repo.root / AMU0)
    assert (repo.root / AMU0 / name / "database.sqlite").exists()


@pytest.fixture
def approver():
    with keys.short_folder() as folder:
        yield keys.made(folder)


def agree(repo, approver, sentence):
    """Type a sentence at the terminal of ``inv coo.approve freeze``."""
    ours, theirs = pty.openpty()
    argv = [BIN / "inv", "coo.approve", "freeze", "--homedir", approver.home]
    with subprocess.Popen(
        argv,
        cwd=repo.root,
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**repo.environment, "SOURCE_DATE_EPOCH": str(repo.now)},
    ) as process:
        os.write(ours, f"{sentence}\n".encode())
        said = process.stdout.read().decode()
    os.close(ours)
    os.close(theirs)
    return process.returncode, said


def test_without_an_approval_the_freeze_waits_and_a_person_gives_one(repo, approver):
    repo.write("config/approvers.asc", approver.public)
    wanted = f"approvals: {{keys: [{approver.fingerprint}], public: config/approvers.asc}}"
    configure(repo, {WAIVED: wanted})
    done = repo.doit(*HALF)
    assert done.code == 1 and "inv coo.approve freeze" in done.said
    assert '"sentence":"I approve the freeze of what stands here."' in done.said
    code, said = agree(repo, approver, "yes")
    assert code == 1 and "expected 'I approve the freeze" in said
    code, said = agree(repo, approver, "I approve the freeze of what stands here.")
    assert code == 0, said
    assert executed(repo.doit(*HALF)) == ["freeze", "amu0"]
    repo.doit("thaw")  # what was agreed to is worth nothing for another attempt
    done = repo.doit(*HALF)
    assert done.code == 1 and "found one of something else" in done.said


def test_a_drift_of_the_world_while_frozen_is_named_field_by_field(frozen):
    configure(frozen, {"variables: []": "variables: [COLOUR]"})
    done = frozen.doit(*HALF, COLOUR="red")
    assert done.code == 1 and "variables" in done.said and "doit thaw" in done.said


def test_a_transition_that_is_not_allowed_is_a_question_and_an_error(frozen):
    done = frozen.doit("-a", "amendments")
    assert done.code == 1 and "expected no other while FREEZE is TRUE" in done.said
    place = frozen.root / "coo/manifests/question_1.json"
    assert json.loads(place.read_text())["type"] == "FSM_STATE_ERROR"
    assert state(frozen).state == "ERROR"


def test_the_steps_are_these(repo):
    listed = [line.split()[0] for line in repo.doit("list").out.splitlines()]
    assert [name for name in listed if name in STEPS] == STEPS


@pytest.mark.parametrize(
    ("script", "step"),
    [("apply_amendments", "amendments"), ("run_lint", "lint"), ("run_scanner", "scan")],
)
def test_the_scripts_of_the_document_run_their_step(repo, script, step):
    done = repo.run(sys.executable, PROJECT / f"scripts/{script}.py")
    assert done.code == 0 and executed(done)[-1] == step, done.said
