"""What a report tells of governed runs, and of a repository under the contract coo."""

from __future__ import annotations

import json
import os

import pytest

from sealwright.report import page, workflows
from sealwright.runtime import canonical
from tests.report import scenes, schema
from tests.report.reading import read
from tests.report.test_telling import SCHEMA
from tests.support.example import Repository, copied, make
from tests.support.governed import ASKED, CHARTER, HALF, WAIVED, configure

SURFACE = {
    "format": "sealwright/control-surface/1",
    "run": "one",
    "executable": False,
    "approval_granted": True,
    "allowed_next_actions": ["inv workflow.outcome W-1 --accept", "--reject"],
    "rollback_command": "git -C targets/strings revert --no-edit 4b82",
}
REPORT = {"run": "one", "status": "PASS", "stage": 5, "commit": None, "target": {"path": "t"}}


@pytest.fixture
def scene(tmp_path):
    made = scenes.Scene(tmp_path)
    made.write("evidence/one/report.json", canonical.line(REPORT))
    made.write("evidence/one/control_surface.json", canonical.line(SURFACE))
    for name in ("events.normalized.jsonl", "trace.jsonl", "artifact_digests.sha256"):
        made.write(f"evidence/one/{name}", "")
    return made


def test_a_run_is_told_by_what_is_plain_in_its_records(scene):
    (run,) = scene.report()["workflows"]
    assert run["report"] == [["commit", "null"], ["run", "one"], ["stage", "5"], ["status", "PASS"]]
    told = dict(map(tuple, run["surface"]))
    assert told["executable"] == "false"
    assert told["allowed_next_actions"] == "inv workflow.outcome W-1 --accept, --reject"
    assert run["command"] == ("(cd evidence/one && sha256sum -c --strict artifact_digests.sha256)")
    assert run["problems"] == []


def test_its_events_are_replay_paths_and_its_commit_has_a_way_back(scene):
    report = scene.report()
    paths = [each["path"] for each in report["replays"]]
    assert paths == ["evidence/one/events.normalized.jsonl", "evidence/one/trace.jsonl"]
    (back,) = report["ways_back"]
    assert back["command"] == SURFACE["rollback_command"]
    top = read(page.page(report).decode())
    assert SURFACE["rollback_command"] in top.at("back").text
    assert "PASS" in top.at("workflows").text
    assert list(schema.problems(report, SCHEMA, SCHEMA)) == []


FULL = {
    "status": "pass",
    "blockers": [],
    "packet": {"id": "W-1", "path": "docs/W-1.md", "task": "Do it."},
    "stage": 5,
    "target": {"path": "targets/strings", "owner": "jp", "after": {"head": "5a1e"}},
    "approval": {"by": "A" * 40},
    "case_process_started": True,
    "backend": {"kind": "patch", "exit": 0, "isolation": {"level": "namespaces"}},
    "validation": {"command": "make test", "exit": 0},
    "changed_files": ["a.py", "b.py"],
    "commit": "4b82",
    "operator_outcome": {"outcome": "awaited", "by": "", "required": True},
}


def ended(scene, said):
    """Write what somebody said of the run."""
    reject = {"where": "W-1", "reason": "reviewer_reject", "what": "expected acceptance"}
    told = {**FULL, "operator_outcome": {"outcome": said, "by": "B" * 40, "required": True}}
    if said == "reject":
        told |= {"status": "fail", "blockers": [reject]}
    scene.write(f"evidence/one.{said}/report.json", canonical.line(told))
    scene.write(f"evidence/one.{said}/control_surface.json", canonical.line(SURFACE))


def test_first_comes_what_a_person_asks_of_a_run(scene):
    scene.write("evidence/one/report.json", canonical.line(FULL))
    (run,) = scene.report()["workflows"]
    assert run["told"] == [
        ["status", "pass"],
        ["packet", "W-1, docs/W-1.md"],
        ["task", "Do it."],
        ["stage", "5"],
        ["target", "targets/strings, owned by jp"],
        ["approved by", "A" * 40],
        ["done by", "patch, which ended with 0"],
        ["isolation", "namespaces"],
        ["tested by", "make test, which ended with 0"],
        ["changed", "a.py, b.py"],
        ["commit", "4b82"],
        ["outcome", "nobody has said anything yet"],
    ]


def test_a_run_that_did_not_begin_says_why_and_names_no_work(scene):
    shut = {"where": "CTO_HARNESS_ALLOW_CASE", "reason": "gate_closed", "what": "expected 1"}
    report = {**FULL, "status": "blocked", "blockers": [shut], "commit": None, "approval": None}
    report |= {"case_process_started": False, "changed_files": []}
    scene.write("evidence/one/report.json", canonical.line(report))
    (run,) = scene.report()["workflows"]
    assert run["told"][:2] == [
        ["status", "blocked"],
        ["because", "CTO_HARNESS_ALLOW_CASE: gate_closed: expected 1"],
    ]
    names = {name for name, _ in run["told"]}
    assert names.isdisjoint({"approved by", "done by", "tested by", "changed", "commit", "outcome"})


@pytest.mark.parametrize(("said", "more"), [("accept", ""), ("reject", "; taken back by 5a1e")])
def test_what_was_said_of_a_run_is_told_with_it(scene, said, more):
    scene.write("evidence/one/report.json", canonical.line(FULL))
    ended(scene, said)
    report = scene.report()
    run, outcome = report["workflows"]
    assert run["told"][-1] == outcome["told"][-1] == ["outcome", f"{said}, by {'B' * 40}{more}"]
    assert len(outcome["told"]) == (2 if said == "accept" else 3)
    ways = [way for way in report["ways_back"] if "revert" in way["command"]]
    told = [
        {"command": SURFACE["rollback_command"], "what": "Take back what evidence/one tells of."}
    ]
    assert ways == (told if said == "accept" else [])
    assert f"{said}, by" in read(page.page(report).decode()).at("workflows").text


@pytest.mark.parametrize("value", [None, 7, "words", [1, [2]], {"by": {"by": []}}, True])
def test_records_of_another_form_are_told_as_far_as_they_go(scene, value):
    scene.write("evidence/one/report.json", canonical.line(dict.fromkeys(FULL, value)))
    report = scene.report()
    assert report["workflows"][0]["problems"] == []
    assert list(schema.problems(report, SCHEMA, SCHEMA)) == []
    assert page.page(report)


def test_evidence_lies_where_the_configuration_says(scene):
    scene.write("config/workflow.yaml", "evidence: proof/runs\n")
    assert scene.report()["workflows"] == []
    scene.write("proof/runs/two/report.json", canonical.line(FULL))
    (run,) = scene.report()["workflows"]
    assert (run["run"], run["path"]) == ("two", "proof/runs/two")


@pytest.mark.parametrize(
    "data", [b"", b"[]\n", b'{"a": 1}\n', b'{"a":1}', b"\xff\n", b"[" * 100_000 + b"\n"]
)
def test_a_record_that_is_none_is_a_problem_of_that_run_alone(scene, data):
    scene.write("evidence/two/report.json", data)
    one, two = scene.report()["workflows"]
    assert one["problems"] == [] and "expected an object in canonical JSON" in two["problems"][0]


def test_a_record_that_is_too_large_or_no_file_is_not_read(scene, monkeypatch):
    monkeypatch.setattr(workflows, "_SIZE", 10)
    assert "no regular file" in scene.report()["workflows"][0]["problems"][0]
    monkeypatch.undo()
    place = scene.root / "evidence/one/control_surface.json"
    place.unlink()
    os.mkfifo(place)
    assert "no regular file" in scene.report()["workflows"][0]["problems"][0]


def test_a_link_is_no_evidence_and_leads_nowhere(scene, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "report.json").write_bytes(canonical.line({"secret": "of somebody else"}))
    (scene.root / "evidence/link").symlink_to(elsewhere)
    (scene.root / "evidence/one/report.json").unlink()
    (scene.root / "evidence/one/report.json").symlink_to(elsewhere / "report.json")
    assert [run["run"] for run in scene.report()["workflows"]] == ["one"]
    assert "somebody else" not in json.dumps(scene.report())


def test_folders_with_hostile_names_are_told_and_do_nothing(scene):
    names = ["<script>", "a b'c", "-rf", os.fsdecode(b"caf\xe9"), "new\nline", "\u202eabc"]
    for name in names:
        scene.write(f"evidence/{name}/report.json", canonical.line(REPORT))
    report = scene.report()
    assert len(report["workflows"]) == 1 + len(names)
    assert canonical.line(report)
    top = read(page.page(report).decode())
    assert len(top.all("script")) == 1 and "⟨U+202E⟩abc" in top.at("workflows").text


# the contract coo

FILES = {
    "project_builder/__init__.py": "x = 1\n",
    "docs/01_governance/charter.md": CHARTER,
}
CHANGES = {
    'legacy: ""': "legacy: project_builder",
    "governed: []": "governed: [docs/01_governance]",
}


@pytest.fixture(scope="module")
def _governed(tmp_path_factory) -> Repository:
    repo = make(tmp_path_factory.mktemp("coo") / "repository", FILES, ["coo"])
    configure(repo, CHANGES)
    repo.commit()
    return repo


@pytest.fixture
def governed(_governed, tmp_path):
    return copied(_governed, tmp_path / "repository")


@pytest.fixture(scope="module")
def _frozen(_governed, tmp_path_factory) -> Repository:
    repo = copied(_governed, tmp_path_factory.mktemp("frozen") / "repository")
    configure(repo, {ASKED: WAIVED})
    done = repo.doit(*HALF)
    assert done.code == 0, done.said
    return repo


@pytest.fixture
def frozen(_frozen, tmp_path):
    return copied(_frozen, tmp_path / "repository")


def told(repo):
    done = repo.run("inv", "report", "--json")
    assert done.code == 0, done.said
    report = done.json()
    assert list(schema.problems(report, SCHEMA, SCHEMA)) == []
    return report


def test_a_freeze_that_nobody_agreed_to_is_waited_for(governed):
    assert governed.doit(*HALF).code == 1
    report = told(governed)
    waiting = {step["name"] for step in report["steps"] if step["status"] == "waiting"}
    assert {"freeze", "amu0", "migrate:create", "gates:A", "gates:publish"} <= waiting
    (found,) = report["approvals"]
    assert (found["step"], found["guard"]) == ("freeze", "coo:approval")
    assert "expected who may approve, found nobody" in found["what"]
    assert {gate["status"] for gate in report["gates"]["gates"]} == {"NOT_RUN"}
    assert report["gates"]["path"] == "coo/manifests/gate_results.json"
    assert [way["command"] for way in report["ways_back"]] == ["doit rollback", "doit thaw"]


def test_a_freeze_is_told_with_its_state_and_all_that_was_waived(frozen):
    report = told(frozen)
    assert report["attempt"] == {"number": 1, "state": "CAPTURE_AMU0", "frozen": True}
    waived = {each["where"]: each["reason"] for each in report["waivers"]}
    assert waived["config/coo.yaml: approvals"] == waived["freeze"] == "nobody is asked in a test"
    assert "config/coo.yaml: sandbox" in waived
    assert report["approvals"] == []


def test_what_is_frozen_and_was_changed_is_refused_with_its_reason(frozen):
    place = frozen.root / "docs/01_governance/charter.md"
    place.chmod(0o644)
    place.write_text("# Another\n")
    steps = {step["name"]: step for step in told(frozen)["steps"]}
    assert steps["scan"]["status"] == "refused"
    assert "charter.md" in steps["scan"]["message"]


def test_a_log_that_is_damaged_is_a_problem_that_is_told(frozen):
    log = frozen.root / ".sealwright/contracts/coo/log.jsonl"
    log.write_bytes(log.read_bytes().replace(b"CEO_REVIEW", b"CEO_REVEIW"))
    report = told(frozen)
    assert report["attempt"] is None
    assert "log.jsonl" in report["gates"]["problems"][0]
