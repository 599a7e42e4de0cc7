"""Evidence is whole however a run ended, others can check it, and no byte of it can be another."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from sealwright import digest, manifest
from sealwright.contracts.workflow import blockers, evidence
from sealwright.contracts.workflow.evidence import (
    Event,
    NotWritten,
    documents,
    forms,
    page,
    streams,
)
from sealwright.contracts.workflow.evidence.writing import DIGESTS, KEPT
from sealwright.contracts.workflow.outcome import ACCEPT, Outcome
from sealwright.contracts.workflow.terms import EVIDENCE
from sealwright.errors import Refused
from sealwright.ledger import Ledger
from sealwright.paths import RelPath
from sealwright.runtime import canonical
from tests.support import faults
from tests.workflow import runs

TOP = Path(__file__).resolve().parents[2]
FAILURES = runs.failures()
SETUP = runs.PATCH.replace(b"src/strings", b"setup")


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "evidence" / runs.RUN


@pytest.fixture
def passed(folder):
    evidence.write(folder, runs.passed())
    return folder


def report(folder):
    return json.loads((folder / "report.json").read_bytes())


def test_a_run_that_passed_leaves_all_eleven_files(folder):
    anchor = evidence.write(folder, runs.passed())
    assert sorted(os.listdir(folder)) == sorted(EVIDENCE.values())
    assert evidence.verify(folder, anchor).holds
    told = report(folder)
    assert (told["status"], told["exit"], told["blockers"]) == ("pass", 0, [])
    assert told["operator_outcome"]["outcome"] == "awaited"
    assert told["runtime_default_activation"] is False


def test_an_accepted_outcome_is_in_it(folder):
    evidence.write(folder, runs.passed(outcome=Outcome(ACCEPT, "A" * 40, ())))
    assert report(folder)["operator_outcome"] == {
        "required": True,
        "outcome": "accept",
        "by": "A" * 40,
    }
    assert evidence.verify(folder).holds


def test_the_same_facts_make_the_same_bytes(tmp_path):
    evidence.write(tmp_path / "one", runs.passed())
    evidence.write(tmp_path / "two/three", runs.passed())
    for name in EVIDENCE.values():
        assert (tmp_path / "one" / name).read_bytes() == (
            tmp_path / "two/three" / name
        ).read_bytes()


def test_the_failures_are_those_of_the_matrix():
    assert list(FAILURES) == [each.fixture for each in blockers.MATRIX]


@pytest.mark.parametrize("fixture", FAILURES)
def test_every_failure_leaves_its_blocker_event_status_exit_and_all_files(folder, fixture):
    expected = blockers.named(fixture)
    anchor = evidence.write(folder, FAILURES[fixture])
    verdict = evidence.verify(folder, anchor)
    assert verdict.holds, str(verdict)
    told = report(folder)
    assert [each["reason"] for each in told["blockers"]] == [expected.reason]
    assert (told["status"], told["exit"]) == (expected.status, 1)
    events = streams.records((folder / "events.normalized.jsonl").read_bytes(), "events")
    assert expected.event in [each["event"] for each in events]
    assert all((folder / name).is_file() for name in expected.evidence)
    assert (
        b"blockers: " in (folder / "test.log").read_bytes()
        or told["validation"]["exit"] is not None
    )


@pytest.mark.parametrize("fixture", ["none", *FAILURES])
def test_sha256sum_holds_of_every_run(folder, fixture):
    evidence.write(folder, FAILURES.get(fixture, runs.passed()))
    argv = ["sha256sum", "--check", "--strict", "--quiet", "artifact_digests.sha256"]
    subprocess.run(argv, cwd=folder, check=True)


def test_the_streams_are_ledgers(passed):
    for name in ("events.normalized.jsonl", "trace.jsonl"):
        assert Ledger(passed / name).check().holds


@pytest.mark.parametrize("name", EVIDENCE.values())
def test_one_flipped_byte_anywhere_is_found(passed, name):
    place = passed / name
    whole = place.read_bytes()
    for at in range(0, len(whole), max(1, len(whole) // 100)):
        place.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert not evidence.verify(passed).holds, at
    for spoiled in (whole[:-1], whole + b"\n", b""):
        place.write_bytes(spoiled)
        assert not evidence.verify(passed).holds
    place.write_bytes(whole)
    assert evidence.verify(passed).holds


def test_a_missing_file_one_too_many_and_one_that_is_none_are_found(passed):
    (passed / "extra").write_text("")
    os.rename(passed / "patch.diff", passed.parent / "patch.diff")
    (passed / "patch.diff").symlink_to(passed.parent / "patch.diff")
    os.unlink(passed / "test.log")
    told = str(evidence.verify(passed))
    assert "extra': expected no such file" in told
    assert "patch.diff: expected a regular file, found a symbolic link" in told
    assert "test.log: expected a file" in told


def test_no_folder_is_no_evidence(tmp_path):
    assert not evidence.verify(tmp_path / "none").holds


def forge(folder, name, change):
    """Change one file, and then everything that says its digest: what somebody with a hash can."""
    files = {each: (folder / each).read_bytes() for each in EVIDENCE.values()}
    files[name] = change(files[name])
    told = json.loads(files["report.json"])
    for each in told["artifact_digests"]:
        told["artifact_digests"][each] = digest.sha256(files[each])
    for key, each in (("events", "events.normalized.jsonl"), ("trace", "trace.jsonl")):
        told[key] = {"lines": files[each].count(b"\n"), "head": streams.head(files[each])}
    files["report.json"] = canonical.line(told)
    files["report.md"] = page.render(told)
    entries = [
        manifest.Entry(RelPath(each), digest.hexadecimal(digest.sha256(data)))
        for each, data in files.items()
        if each != DIGESTS
    ]
    files[DIGESTS] = manifest.render(entries)
    for each, data in files.items():
        (folder / each).write_bytes(data)


def without(event):
    def change(data):
        kept = [r for r in streams.records(data, "events") if r["event"] != event]
        return streams.chained({"event": r["event"], "about": r["about"]} for r in kept)

    return change


def saying(**changes):
    def change(data):
        return canonical.line({**json.loads(data), **changes})

    return change


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("patch.diff", lambda _: b""),
        ("patch.diff", lambda data: data.replace(b"src/strings.py", b"setup.py")),
        ("patch.diff", lambda data: data + data),
        ("test.log", lambda _: b"3 passed\n"),  # the freshness proof has its digest
        ("events.normalized.jsonl", without("approval.granted")),
        ("events.normalized.jsonl", without("run.started")),
        ("events.normalized.jsonl", without("git.diff.checked")),
        ("report.json", saying(status="fail")),
        ("report.json", saying(exit=1)),
        ("report.json", saying(approval=None)),
        ("report.json", saying(commit="9" * 40)),
        ("report.json", saying(changed_files=[])),
        ("report.json", saying(allowed_paths=[])),
        ("report.json", saying(runtime_default_activation=True)),
        ("report.json", saying(run="another")),
        ("report.json", saying(surprise=1)),
        ("control_surface.json", saying(execution_allowed=True)),
        ("control_surface.json", saying(allowed_next_actions=["push"])),
        ("freshness_proof.json", saying(nonce=None)),
        ("stage5_owned_repo_proof.json", saying(owner="jo")),
    ],
)
def test_a_forgery_that_contradicts_itself_is_found_even_without_the_anchor(passed, name, change):
    forge(passed, name, change)
    assert not evidence.verify(passed).holds


def derive(folder, name, change):
    """Change one file and make all others again with the code itself: the strongest forger."""
    files = {each: (folder / each).read_bytes() for each in EVIDENCE.values()}
    files[name] = change(files[name])
    told = json.loads(files["report.json"])
    core = {key: told[key] for key in forms.CORE.fields}
    kept = {each: digest.sha256(files[each]) for each in KEPT}
    files["freshness_proof.json"] = canonical.line(documents.freshness(core, kept))
    files["stage5_owned_repo_proof.json"] = canonical.line(documents.proof(core))
    files["control_surface.json"] = canonical.line(documents.surface(core))
    for each, data in files.items():
        (folder / each).write_bytes(data)
    forge(folder, "trace.jsonl", lambda data: data)


def deep(place, value):
    def change(data):
        told = json.loads(data)
        *above, last = place.split(".")
        inner = told
        for key in above:
            inner = inner[key]
        inner[last] = value
        return canonical.line(told)

    return change


def test_the_strongest_forger_who_changes_nothing_leaves_whole_evidence(passed):
    derive(passed, "report.json", lambda data: data)
    assert evidence.verify(passed).holds


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        ("required_events_passed", False, "required_events_passed: expected"),
        ("approval", None, "approval: expected"),
        ("approval.sentence", "I approve something else.", "approval: expected"),
        ("approval.nonce", digest.sha256(b"x"), "expected run.started with"),
        ("admission.sha256", None, "admission: expected"),
        ("case_process_started", False, "case_process_started: expected"),
        ("changed_files", [], "changed_files: expected"),
        ("changed_outside", ["a"], "changed_outside: expected"),
        ("allowed_paths", ["a"], "changed_outside: expected"),
        ("commit", None, "commit: expected"),
        ("commit", "9" * 40, "commit: expected"),
        ("target.before.clean", False, "target.before: expected"),
        ("target.after.clean", False, "target.after: expected"),
        ("validation.exit", 1, "validation: expected"),
        ("validation.exit", None, "validation: expected"),
        ("backend.exit", 1, "backend: expected"),
        ("operator_outcome.outcome", "reject", "operator_outcome: expected"),
        ("status", "blocked", "status, exit: expected"),
        ("exit", 1, "status, exit: expected"),
        ("run", "another", "expected run.started with"),
        ("packet.sha256", digest.sha256(b"x"), "expected run.started with"),
        ("runtime_default_activation", True, "expected false, found true"),
    ],
)
def test_the_strongest_forger_contradicts_himself(passed, place, value, said):
    derive(passed, "report.json", deep(place, value))
    assert said in str(evidence.verify(passed))


@pytest.mark.parametrize(
    ("event", "said"),
    [
        ("run.started", "expected run.started first"),
        ("run.finished", "run.finished last"),
        ("approval.granted", "expected approval.granted before backend.started"),
        ("tests.finished", "required_events_passed: expected"),
    ],
)
def test_an_event_that_was_taken_away_is_missed(passed, event, said):
    derive(passed, "events.normalized.jsonl", without(event))
    assert said in str(evidence.verify(passed))


@pytest.mark.parametrize(
    ("place", "value"),
    [("event", "git.diff.checked"), ("status", "blocked"), ("evidence", [])],
)
def test_a_blocker_is_as_the_table_has_it(folder, place, value):
    evidence.write(folder, FAILURES["failed-tests"])
    told = report(folder)["blockers"][0] | {place: value}
    derive(folder, "report.json", deep("blockers", [told]))
    assert "blockers: expected" in str(evidence.verify(folder))


def test_a_forgery_that_contradicts_nothing_is_found_with_the_anchor(folder):
    anchor = evidence.write(folder, runs.passed())
    forged = folder.with_name("forged")
    evidence.write(forged, runs.passed(trace=()))
    assert evidence.verify(forged).holds
    assert "recorded elsewhere" in str(evidence.verify(forged, anchor))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"grant": None}, "approval_denied"),
        ({"run": "another"}, "approval_denied"),
        ({"admission": None}, "missing_admission"),
        ({"commit": None}, "target_moved"),
        ({"before": replace(runs.BEFORE, clean=False)}, "dirty_starting_tree"),
        ({"after": replace(runs.AFTER, clean=False)}, "dirty_ending_tree"),
        ({"after": runs.BEFORE}, "target_moved"),
        ({"validation": evidence.Validation()}, "missing_test_command"),
        ({"validation": evidence.Validation(1, b"")}, "failed_tests"),
        ({"patch": b"", "changed": ()}, "no_diff"),
        ({"changed": (RelPath("setup.py"),), "patch": SETUP}, "disallowed_file"),
        ({"backend": replace(runs.passed().backend, exit=3)}, "failed_backend"),
        ({"backend": replace(runs.passed().backend, started=False)}, "provider_unavailable"),
    ],
)
def test_a_run_passes_by_its_facts_and_not_because_nobody_objected(folder, changes, reason):
    evidence.write(folder, runs.passed(**changes))
    told = report(folder)
    assert told["status"] != "pass" and reason in [each["reason"] for each in told["blockers"]]
    assert evidence.verify(folder).holds, str(evidence.verify(folder))


def test_a_diff_of_other_files_than_the_changed_ones_is_found(folder):
    evidence.write(folder, runs.passed(patch=SETUP))
    assert "expected a change of src/strings.py" in str(evidence.verify(folder))


@pytest.mark.parametrize(
    "events",
    [
        (),
        runs.EVENTS[1:],
        runs.EVENTS[::-1],
        (*runs.EVENTS, Event("backend.started")),
        (Event("approval.denied"), *runs.EVENTS),
    ],
)
def test_events_that_are_missing_twice_or_out_of_order_are_a_failure(folder, events):
    evidence.write(folder, runs.passed(events=events))
    told = report(folder)
    assert told["status"] == "fail"
    assert {each["reason"] for each in told["blockers"]} == {"missing_required_event"}
    assert evidence.verify(folder).holds


def test_hostile_names_and_secrets_do_not_hinder_it(folder):
    name = os.fsdecode(b"bad-\xff\n`name`")
    said = blockers.objection("disallowed_file", name, "see https://me:hunter22@example.org")
    facts = runs.passed(
        changed=(RelPath(name),),
        patch=b'diff --git "a/bad" "b/bad"\n',
        objections=(said,),
        events=runs.until("paths.checked"),
        commit=None,
    )
    evidence.write(folder, facts)
    verdict = evidence.verify(folder)
    assert verdict.holds, str(verdict)
    assert b"hunter22" not in b"".join(each.read_bytes() for each in folder.iterdir())
    assert "`bad-\\xff 'name'`" in (folder / "report.md").read_text()


def test_evidence_is_never_written_over(passed):
    with pytest.raises(Refused, match="expected no evidence of that run yet"):
        evidence.write(passed, runs.passed(trace=()))
    assert evidence.verify(passed).holds


def test_what_was_written_before_a_run_was_cut_off_is_adopted(passed):
    assert evidence.write(passed, runs.passed()) == evidence.verify(passed).evidence["anchor"]


def test_where_the_repository_lies_is_in_no_evidence(folder, tmp_path):
    said = blockers.objection("approval_denied", f"{tmp_path}/config/x.json", f"in {tmp_path}/a")
    events = (*runs.until("approval.granted"), Event("x", {"path": f"{tmp_path}/b"}))
    evidence.write(folder, runs.passed(root=tmp_path, objections=(said,), events=events))
    assert str(tmp_path).encode() not in b"".join(each.read_bytes() for each in folder.iterdir())
    assert report(folder)["blockers"][0]["where"] == "config/x.json"


@pytest.mark.parametrize("mode", ["lost", "kept", "torn", "ENOSPC", "EIO"])
def test_at_every_call_there_is_whole_evidence_or_none(tmp_path, mode):
    at, failed = 0, 0
    while True:
        at += 1
        folder = tmp_path / str(at) / runs.RUN
        with faults.fault(at, mode) as faulty:
            try:
                evidence.write(folder, runs.passed())
            except NotWritten as problem:
                failed += 1
                assert problem.objection.blocker.reason == "artifact_write_failure"
        assert not folder.exists() or evidence.verify(folder).holds
        if faulty.count < at:
            break
        if not folder.exists():
            evidence.write(folder, runs.passed())
            assert evidence.verify(folder).holds and os.listdir(folder.parent) == [runs.RUN]
    assert at > 30 and (failed > 0) is (mode in ("ENOSPC", "EIO"))


def test_the_bytes_do_not_depend_on_the_process(tmp_path):
    code = """if True:
        from sealwright.contracts.workflow import evidence, schemas
        from sealwright.runtime import canonical
        from tests.workflow import runs
        for facts in [runs.passed(), *runs.failures().values()]:
            print(evidence.anchor(evidence.files(facts)))
        print(canonical.digest(b"".join(schemas.files().values())))
    """
    found = set()
    for seed, zone, folder in (("1", "UTC", tmp_path), ("2", "Asia/Tokyo", TOP)):
        more = {"PYTHONHASHSEED": seed, "TZ": zone, "PYTHONPATH": f"{TOP}/lib:{TOP}"}
        argv = ["sh", "-c", 'umask 077; exec "$0" "$@"', sys.executable, "-c", code]
        run = subprocess.run(argv, cwd=folder, env=more, capture_output=True, check=True)
        found.add(run.stdout)
    assert len(found) == 1
