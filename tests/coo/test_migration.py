"""From the freeze to COMPLETE with doit, each gate's failure, and the way back to AMU0."""

from __future__ import annotations

import hashlib
import json
import os
import pty
import re
import stat
import subprocess
import sys
import zipfile
from functools import partial

import pytest

from sealwright.contracts.coo import logging
from sealwright.contracts.coo.state_machine import LINE
from tests.support.example import BIN, PROJECT, QUICKER, Repository, copied, make, ran
from tests.support.governed import ASKED, CHARTER, LOG, WAIVED, configure, executed, state
from tests.support.grounds import ground

FILES = {
    "project_builder/__init__.py": "from project_builder.plan import build\n",
    "project_builder/plan.py": (
        "import project_builder.strings\n\n\n"
        "def build(text):\n    return project_builder.strings.up(text)\n"
    ),
    "project_builder/strings.py": "def up(text):\n    return text.upper()\n",
    "tests/__init__.py": "",
    "tests/test_it.py": (
        "from unittest import mock\n\nimport project_builder\n\n\n"
        "def test_it():\n    assert project_builder.build('a') == 'A'\n\n\n"
        "def test_patch():\n"
        "    with mock.patch('project_builder.strings.up', return_value='x'):\n"
        "        assert project_builder.build('a') == 'x'\n"
    ),
    "docs/01_governance/charter.md": CHARTER,
    "docs/packet.md": "# The packet\n",
    "docs/plan.md": "# The plan\n",
    "pyproject.toml": (
        "[project]\nname = 'builder'\nversion = '1'\n"
        "[project.scripts]\nbuild = 'project_builder.plan:build'\n"
        f"[tool.pytest.ini_options]\naddopts = '{' '.join(QUICKER)}'\n"
    ),
}
CONFIG = {
    'legacy: ""': "legacy: project_builder",
    "governed: []": "governed: [docs/01_governance]",
    ASKED: WAIVED,
}
MIGRATED = [
    *("create", "port", "imports", "snapshot1", "delete_legacy", "snapshot2", "commit"),
]


def made(place, files=None, **more) -> Repository:
    repo = make(place, {**FILES, **(files or {})}, ["coo"])
    configure(repo, CONFIG)
    text = (repo.root / "config/coo.yaml").read_text()
    for key, value in more.items():
        text, written = re.subn(rf"(?m)^{key}: .*$", lambda _, v=f"{key}: {value}": v, text)
        text += "" if written else f"{key}: {value}\n"
    repo.write("config/coo.yaml", text)
    repo.commit()
    return repo


@pytest.fixture(scope="session")
def _fresh(tmp_path_factory) -> Repository:
    pack = "{implementation_pack: docs/packet.md, plan: docs/plan.md}"
    fresh = partial(made, migration_bundle=pack)
    return ground(tmp_path_factory, "to migrate", fresh, Repository)


@pytest.fixture
def repo(_fresh, tmp_path):
    """A repository with a package to retire, before any run."""
    return copied(_fresh, tmp_path / "repository")


@pytest.fixture(scope="session")
def _complete(_fresh, tmp_path_factory) -> Repository:
    return ground(tmp_path_factory, "migrated", lambda to: ran(copied(_fresh, to)), Repository)


@pytest.fixture
def complete(_complete, tmp_path):
    """The same after one doit, in COMPLETE."""
    return copied(_complete, tmp_path / "repository")


@pytest.fixture(scope="session")
def _rehearsed(_fresh, tmp_path_factory) -> Repository:
    def made(root):
        repo = copied(_fresh, root)
        done = repo.doit("rehearse")
        assert done.code == 0, done.said
        return repo

    return ground(tmp_path_factory, "rehearsed", made, Repository)


@pytest.fixture
def rehearsed(_rehearsed, tmp_path):
    return copied(_rehearsed, tmp_path / "repository")


def tree(repo) -> dict[str, tuple[int, bytes]]:
    """Return every file of the repository but Sealwright's own, with its mode."""
    found = {}
    for folder, folders, names in os.walk(repo.root):
        here = os.path.relpath(folder, repo.root)
        left_out = {".git", ".sealwright", "__pycache__"} | (
            {"manifests"} if here == "coo" else set()
        )
        folders[:] = [name for name in folders if name not in left_out]
        for name in names:
            place = os.path.join(folder, name)
            with open(place, "rb") as file:
                found[os.path.join(here, name)] = (
                    stat.S_IMODE(os.lstat(place).st_mode),
                    file.read(),
                )
    return found


def confirmed(repo):
    repo.write("CONFIRM_ROLLBACK", "CONFIRM_ROLLBACK\n")
    return repo.doit("rollback")


# the way to COMPLETE


def test_one_command_leads_to_complete_and_a_second_one_has_nothing_to_do(complete):
    assert (state(complete).state, state(complete).history) == ("COMPLETE", list(LINE))
    done = complete.doit()
    assert done.code == 0 and "nothing executed" in done.out
    verified = complete.doit("verify")
    assert verified.code == 0, verified.said


def test_the_package_and_everything_that_names_it_have_the_new_name(complete, _fresh):
    now, before = tree(complete), tree(_fresh)
    assert not [name for name in now if "project_builder" in name]
    for name in ("plan.py", "strings.py", "__init__.py"):
        was = before[f"./project_builder/{name}".removeprefix("./")]
        assert now[f"coo/{name}"] == (was[0], was[1].replace(b"project_builder", b"coo"))
    assert b"project_builder" not in now["tests/test_it.py"][1]
    assert b"build = 'coo.plan:build'" in now["./pyproject.toml"][1]
    done = complete.run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert done.code == 0 and "2 passed" in done.out


def test_what_the_migration_does_not_concern_keeps_bytes_and_modes(complete, _fresh):
    now, before = tree(complete), tree(_fresh)
    same = set(before) & set(now) - {"tests/test_it.py", "./pyproject.toml"}
    assert {name: now[name] for name in same} == {name: before[name] for name in same}
    assert all(mode & 0o200 for mode, _ in now.values())


def test_the_document_s_artefacts_are_published(complete):
    there = set(os.listdir(complete.root / "coo/manifests"))
    assert there >= {
        *("mission_output.json", "gate_results.json", "amendment_log.json", "scanner_report.json"),
        *("gates.junit.xml", "gates.sarif", "RUNTIME_SPECIFICATION.md", "migration_bundle.zip"),
    }
    one, two = (
        json.loads((complete.root / f"coo/manifests/snapshot_{n}.json").read_text()) for n in (1, 2)
    )
    assert one == two and set(one) == {"manifest_version", "files", "test_results"}
    assert one["manifest_version"] == "1.0"
    assert one["test_results"] == {"passed": 2, "failed": 0, "skipped": 0, "exit_code": 0}
    package = {p.relative_to(complete.root) for p in (complete.root / "coo").rglob("*.*")}
    listed = {str(p) for p in package if p.parts[1] != "manifests"}
    assert {row["path"] for row in one["files"]} == listed
    gates = json.loads((complete.root / "coo/manifests/gate_results.json").read_text())["gates"]
    assert [gate["status"] for gate in gates] == ["PASS", "PASS", "WAIVED", "PASS", "PASS", "PASS"]


def test_the_bundle_is_one_that_the_audit_gate_takes(complete):
    gate = PROJECT / "scripts/audit_gate_build_loop_phase2.py"
    bundle = complete.root / "coo/manifests/migration_bundle.zip"
    done = complete.run(sys.executable, gate, "--zip", bundle)
    assert done.code == 0, done.said


def test_the_documents_of_the_configuration_are_in_the_bundle_byte_for_byte(complete):
    with zipfile.ZipFile(complete.root / "coo/manifests/migration_bundle.zip") as bundle:
        plan = "docs/03_runtime/Implementation_Plan_Build_Loop_Phase2_v1.1.md"
        assert bundle.read("docs/implementation_pack.md") == FILES["docs/packet.md"].encode()
        assert bundle.read(plan) == FILES["docs/plan.md"].encode()


def test_the_specification_is_made_even_where_there_is_no_pack_for_a_bundle(tmp_path):
    listed = made(tmp_path / "repository").doit("list").out
    assert "\nspecification " in listed and "\nmigration_bundle " not in listed


HANDED_OVER = ("RUNTIME_SPECIFICATION.md", "migration_bundle.zip")


def test_what_was_handed_over_is_made_again_with_the_same_bytes_whatever_became_of_the_tree(
    complete,
):
    places = [complete.root / "coo/manifests" / name for name in HANDED_OVER]
    before = [place.read_bytes() for place in places]
    complete.write("coo/plan.py", "def build(text):\n    return text\n")
    complete.write("coo/more.py", "")
    complete.write("pyproject.toml", "[project]\nname = 'other'\nversion = '2'\n")
    for place in places:
        place.unlink()
    assert complete.doit().code == 0
    assert [place.read_bytes() for place in places] == before


def test_what_a_complete_attempt_left_is_spared_by_forget_and_clean(complete):
    steps = ("lint", "suite", "freeze", "migrate", "gates")
    said = complete.doit("forget", *steps).out.split()
    assert "spared" in said and "forgotten" not in said
    assert complete.doit("clean", *steps).out == ""
    assert "nothing executed" in complete.doit().out


def test_a_clone_in_which_nothing_is_left_to_retire_says_so_before_it_changes_anything(
    complete, tmp_path
):
    complete.commit("Migrated")
    complete.git("clone", "--quiet", str(complete.root), str(tmp_path / "clone"))
    clone = Repository(tmp_path / "clone")
    for words in ((), ("suite",), ("freeze",), ("rehearse",)):
        done = clone.doit(*words)
        said = "config/coo.yaml: legacy: expected a package project_builder to retire, found none"
        assert done.code == 1 and f'{said}; name what is there, or legacy: ""' in done.said
        assert not {"amendments", "suite", "freeze"} & set(executed(done))
    configure(clone, {"legacy: project_builder": 'legacy: ""'})
    assert clone.doit().code == 0


def test_work_goes_on_afterwards_and_plain_doit_never_migrates_again(complete):
    complete.write("coo/plan.py", "def build(text):\n    return text\n")
    complete.write("tests/test_it.py", "def test_it():\n    pass\n")
    done = complete.doit()
    assert done.code == 0 and executed(done) == []
    assert complete.doit("verify").code == 0


def test_the_log_says_in_order_what_happened_under_which_configuration(complete):
    lines = list(logging.read(complete.root / LOG))
    steps = [line["details"]["step"] for line in lines if "step" in line["details"]]
    assert steps == [
        *(f"migrate:{name}" for name in MIGRATED),
        *(f"gates:{gate}" for gate in "ABCDE"),
        *("replay", "gates:F"),
    ]
    assert len({line["config_sha256"] for line in lines}) == 1


def test_a_finding_that_was_reviewed_is_none_for_gate_e_either(tmp_path):
    line = "The council approves it."
    repo = made(
        tmp_path / "repository",
        {
            "docs/01_governance/history.md": f"# History\n\n{line}\n",
            "config/suppressions.yaml": (
                "suppressions:\n- file: docs/01_governance/history.md\n  pattern: Approves\n"
                f"  excerpt_sha256: {hashlib.sha256(line.encode()).hexdigest()}\n"
                '  reason: quotes the minutes\n  expires: "2030-01-01"\n'
            ),
        },
    )
    reviewed = "  suppressions: config/suppressions.yaml"
    configure(repo, {"  # suppressions: config/coo.suppressions.yaml": reviewed})
    repo.commit()
    done = repo.doit("scan", "rehearse:E")
    assert done.code == 0, done.said


def test_what_a_waived_gate_e_found_is_in_the_report_that_is_published(tmp_path):
    files = {"project_builder/runtime/a.py": '"""The council approves it."""\n'}
    repo = made(tmp_path / "repository", files, waivers="[{gate: E, reason: quoted, name: J. Doe}]")
    assert repo.doit().code == 0
    report = json.loads((repo.root / "coo/manifests/scanner_report.json").read_text())
    assert report["status"] == "FAIL"
    assert [each["file"] for each in report["violations"]] == ["coo/runtime/a.py"]


# the rehearsal


def test_a_rehearsal_leaves_the_live_tree_alone_and_needs_no_freeze(rehearsed, _fresh):
    assert tree(rehearsed) == tree(_fresh)
    assert not state(rehearsed).frozen
    assert "nothing executed" in rehearsed.doit("rehearse").out


def test_a_changed_test_reruns_what_reads_it_and_gates_a_d_and_f(rehearsed):
    place = rehearsed.root / "tests/test_it.py"
    place.write_text(place.read_text() + "\n\ndef test_more():\n    pass\n")
    done = executed(rehearsed.doit("rehearse"))
    assert {"suite", *(f"rehearse:{name}" for name in ("A", "D", "F"))} <= set(done)
    assert not {f"rehearse:{name}" for name in ("B", "C", "E")} & set(done)


def test_a_question_that_nobody_ruled_on_halts_the_rehearsal_with_the_lines_to_add(repo):
    repo.write("tests/names.py", "NAMES = ['project_builder']\n")
    done = repo.doit("rehearse")
    assert done.code == 1 and "tests/names.py:1" in done.said
    assert "ruling:" in done.said


def test_inv_rehearses(repo):
    done = repo.run(BIN / "inv", "migrate", "--rehearse")
    assert done.code == 0, done.said
    assert (repo.root / "project_builder").exists()


def test_what_is_neither_rewritten_nor_needed_by_the_tests_may_not_import_the_legacy_package(
    tmp_path,
):
    files = {"tools/x.py": "import project_builder\n"}
    wishes = {"rewrite": "[tests]", "carried": "[pyproject.toml]"}
    repo = made(tmp_path / "repository", files, **wishes)
    done = repo.doit("rehearse:A")
    assert done.code == 1 and "tools/x.py:1:8: imports project_builder" in done.said, done.said
    repo.write("tools/x.py", "import coo\n")
    done = repo.doit()  # the rulesets in coo/reference are no part of what is carried
    assert done.code == 0, done.said
    assert state(repo).state == "COMPLETE"


# a failure in each gate, and the way back


FAULTS = {
    "A": ({}, {"structure": "[missing]"}, "coo/missing: expected a file or folder, found nothing"),
    "B": (
        {},
        {
            "modules": "[{name: m, command: [python, -c, 'import os; print(os.urandom(4))'],"
            " outputs: []}]"
        },
        "run 1 (hash seed 0",
    ),
    "D": (
        {"tests/test_red.py": "def test_red():\n    assert not 'red before and after'\n"},
        {},
        "Snapshot 2: failed: expected 0, found 1",
    ),
    "E": (
        {"project_builder/runtime/a.py": '"""The council approves it."""\n'},
        {},
        "coo/runtime/a.py:1",
    ),
    "F": (
        {
            "coo/reference/phase3_reference_mission.json": json.dumps(
                {
                    "format": "sealwright/mission/1",
                    "name": "chance",
                    "inputs": ["coo"],
                    "steps": [
                        {
                            "name": "read",
                            "argv": ["python", "-c", "import os; print(os.urandom(8).hex())"],
                        }
                    ],
                    "outputs": [{"name": "read", "stdout": "read"}],
                    "layer": "python",
                    "isolation": "copy",
                }
            )
        },
        {},
        "mission_output.json",
    ),
}


@pytest.mark.parametrize("gate", FAULTS)
def test_a_gate_that_fails_asks_for_a_rollback_which_leads_back_byte_for_byte(gate, tmp_path):
    files, config, said = FAULTS[gate]
    repo = made(tmp_path / "repository", files, **config)
    before = tree(repo)
    done = repo.doit()
    assert done.code == 1 and said in done.said, done.said
    assert "a rollback is asked for: inv rollback leads back; nothing goes on before" in done.said
    *_, failed, asked = logging.read(repo.root / LOG)
    assert (failed["event"], failed["details"]["step"]) == ("GATE_RESULT", f"gates:{gate}")
    assert failed["details"]["status"] == "FAIL" and failed["details"]["reason"]
    assert asked["event"] == "ROLLBACK" and asked["details"]["requested"]
    assert state(repo).state == "GATES" and not (repo.root / "project_builder").exists()
    later = [name for name in "ABCDEF" if name > gate]
    assert not {f"gates:{name}" for name in later} & set(executed(done))
    again = repo.doit()
    assert again.code == 1 and "expected no request of a rollback, found one" in again.said
    assert "expected a confirmation of the rollback" in repo.doit("rollback").said
    done = confirmed(repo)
    assert done.code == 0, done.said
    assert tree(repo) == before
    assert state(repo).state == "ERROR"
    assert executed(repo.doit("rollback")) == []


@pytest.fixture(scope="session")
def _failed(_fresh, tmp_path_factory) -> Repository:
    def made(root):
        repo = copied(_fresh, root)
        configure(repo, {"structure: []": "structure: [missing]"})
        repo.commit()
        assert repo.doit().code == 1
        return repo

    return ground(tmp_path_factory, "failed", made, Repository)


@pytest.fixture
def failed(_failed, tmp_path):
    """A repository whose gate A failed, so that a rollback is asked for."""
    return copied(_failed, tmp_path / "repository")


def test_after_a_rollback_another_attempt_needs_an_approval_of_its_own(failed):
    assert confirmed(failed).code == 0
    done = failed.doit()
    assert done.code == 1 and executed(done) == [] and "inv coo.approve attempt" in done.said
    configure(failed, {"structure: [missing]": "structure: []"})
    done = failed.doit()
    assert done.code == 1 and executed(done) == []
    text = (
        '{"format":"sealwright/approval/1","sentence":"I approve another attempt of the migration."'
    )
    (line,) = [line for line in done.said.splitlines() if text in line][:1]
    failed.write("config/approvals/attempt.json", line[line.index("{") :] + "\n")
    done = failed.doit()
    assert done.code == 0, done.said
    assert (state(failed).attempt, state(failed).state) == (2, "COMPLETE")


def typed(repo, keys):
    """Press keys at the terminal of ``inv rollback``."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [BIN / "inv", "rollback"],
        cwd=repo.root,
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**repo.environment, "SOURCE_DATE_EPOCH": str(repo.now)},
    ) as process:
        os.write(ours, keys)
        said = process.stdout.read().decode()
    os.close(ours)
    os.close(theirs)
    return process.returncode, said


def test_a_person_rolls_back_at_a_terminal_after_seeing_what_would_be_done(failed):
    code, said = typed(failed, b"CONFIRM_ROLLBACK\n")
    assert code == 0, said
    assert "project_builder: is put back as AMU0 has it" in said
    assert "coo/plan.py: is taken away, since AMU0 has none" in said
    assert (failed.root / "project_builder/plan.py").exists()


def test_whatever_else_is_typed_or_lies_there_is_refused_in_a_sentence(failed):
    for keys in (b"CONFIRM_ROLLBACK \n", b"yes\n", b"\n", b"\x04", b"\xff\n"):
        code, said = typed(failed, keys)
        assert code == 1 and "Traceback" not in said
        assert "rollback: expected exactly CONFIRM_ROLLBACK, found something else" in said
    (failed.root / "CONFIRM_ROLLBACK").symlink_to("nowhere")
    code, said = typed(failed, b"CONFIRM_ROLLBACK\n")
    assert code == 1 and "Traceback" not in said
    assert "expected a file, found a symbolic link" in said
    assert not (failed.root / "project_builder").exists()


def test_a_dry_run_prints_the_plan_and_changes_nothing(failed):
    before = tree(failed)
    done = failed.run(BIN / "inv", "rollback", "--dry-run")
    assert done.code == 0 and "project_builder: is put back as AMU0 has it" in done.out
    assert tree(failed) == before
    assert not (failed.root / "CONFIRM_ROLLBACK").exists()


def test_a_capture_with_one_flipped_byte_is_not_restored(failed):
    (capture,) = (failed.root / ".sealwright/contracts/coo/amu0").iterdir()
    place = capture / "files/project_builder/plan.py"
    data = bytearray(place.read_bytes())
    data[0] ^= 1
    place.write_bytes(data)
    before = tree(failed)
    done = confirmed(failed)
    assert done.code == 2 and "files/project_builder/plan.py" in done.said
    assert {n: v for n, v in tree(failed).items() if n != "./CONFIRM_ROLLBACK"} == before


def test_thaw_is_no_way_around_the_gates(failed):
    done = failed.doit("thaw")
    assert done.code == 1 and "inv rollback goes back" in done.said


def test_what_changes_between_commit_and_gates_is_named(failed):
    failed.write("coo/plan.py", "x = 1\n")
    done = failed.doit()
    assert done.code == 1
    assert "coo/plan.py: is not what was frozen, though FREEZE is TRUE" in done.said


def test_where_a_guard_refuses_to_go_on_a_person_asks_for_the_rollback(_fresh, tmp_path):
    repo = copied(_fresh, tmp_path / "repository")
    before = tree(repo)
    assert repo.doit("manifests", "migrate").code == 0
    (repo.root / "coo/plan.py").chmod(0o644)
    repo.write("coo/plan.py", "x = 1\n")
    done = repo.doit()
    assert done.code == 1 and "or: inv rollback --reason" in done.said
    assert "found none" in repo.run(BIN / "inv", "rollback", "--dry-run").said
    repo.run(BIN / "inv", "rollback", "--reason", "it was edited")
    assert confirmed(repo).code == 0
    assert tree(repo) == before and state(repo).state == "ERROR"


@pytest.mark.parametrize(
    ("script", "step"),
    [("run_tests", "suite"), ("run_migration", "migrate:commit"), ("run_replay", "replay")],
)
def test_the_scripts_of_the_document_say_what_their_step_is(complete, script, step):
    done = complete.run(sys.executable, PROJECT / f"scripts/{script}.py")
    assert done.code == 0 and f"up to date  {step}" in done.out, done.said


def test_the_rollback_script_needs_a_request(complete):
    done = complete.run(sys.executable, PROJECT / "scripts/run_rollback.py")
    assert done.code == 1 and "expected a request of a rollback, found none" in done.said
