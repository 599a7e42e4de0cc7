"""What a report tells: the engine's plan, and what lies on disk; nothing is run or written."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from sealwright import approval, digest, durable
from sealwright.approval import Approvers
from sealwright.clock import Instant
from sealwright.errors import ProgramFailed
from sealwright.report import history, page, telling
from sealwright.runtime import canonical
from sealwright.step import Guard, Step
from sealwright.verdict import Verdict
from tests.report import scenes, schema
from tests.report.reading import read
from tests.report.scenes import DEMAND
from tests.support.doit import fingerprint
from tests.support.workbench import acts, copies, every_kind, file

SCHEMA = json.loads((Path(__file__).parents[2] / "config/schemas/report.json").read_text())


@pytest.fixture
def scene(tmp_path):
    return scenes.every_status(tmp_path)


def of(report, name):
    (found,) = [step for step in report["steps"] if step["name"] == name]
    return found


# steps


def test_every_step_has_the_status_that_the_plan_gives_it(scene):
    assert scene.status() == {
        "text:upper": "up to date",
        "text:copy": "refused",
        "text:test": "failed",
        "freeze": "waiting",
        "migrate:commit": "waiting",
        "seal": "up to date",
        "rollback": "by name",
    }


def test_a_step_after_a_stale_one_may_run(scene):
    os.unlink(scene.root / "dirty")
    scene.write("c.txt", "hello")
    scene.write("a.txt", "other")
    assert scene.status()["text:upper"] == "will run"
    assert scene.status()["text:copy"] == "may run"


def test_reasons_are_those_of_the_judge(scene):
    (reason,) = of(scene.report(), "text:copy")["reasons"]
    assert [reason["sentence"]] == scene.reasons("text:copy")
    assert (reason["code"], reason["subject"]) == ("output", "c.txt")


def test_a_failure_tells_what_went_wrong_and_is_over_after_a_good_run(scene):
    last = of(scene.report(), "text:test")["last"]
    assert (last["outcome"], last["reason"]) == ("failed", "pytest: expected exit code 0, found 1")
    scene.steps[2] = copies(file("a.txt"), file("t"), "text:test")
    scene.run("text:test")
    assert scene.status()["text:test"] == "up to date"


def test_the_last_receipt_is_told_with_what_was_read_and_made(scene):
    step = of(scene.report(), "seal")
    (made,) = step["outputs"]
    assert made["kind"] == "evidence"
    assert made["sha256"] == digest.of_file(scene.root / "proof.txt").sha256
    path = scene.root / step["receipt"]["path"]
    assert digest.of_file(path).sha256 == step["receipt"]["digest"]


def test_a_receipt_of_a_step_that_no_contract_has_is_told(scene):
    del scene.steps[5]
    assert scene.report()["unknown"] == ["seal"]


def test_damaged_evidence_is_refused_and_the_way_out_is_told(scene):
    scene.write("proof.txt", "forged")
    step = of(scene.report(), "seal")
    assert step["status"] == "refused"
    assert "doit set-aside seal" in step["message"]


# approvals, waivers


def test_an_approval_that_is_waited_for_is_told_with_its_exact_text(scene):
    (found,) = scene.report()["approvals"]
    assert found["text"].encode() + b"\n" == DEMAND.text()
    assert found["command"] == "inv coo.approve freeze"
    assert found["where"] == "config/approvals/freeze.json"
    assert (found["step"], found["guard"]) == ("freeze", "coo:approval")


def test_the_way_by_hand_writes_exactly_what_has_to_be_signed(scene):
    (found,) = scene.report()["approvals"]
    (scene.root / "config/approvals").mkdir(parents=True)
    write, sign = found["by_hand"].splitlines()
    assert os.system(f"cd {scene.root} && {write}") == 0
    assert (scene.root / found["where"]).read_bytes() == DEMAND.text()
    assert sign.endswith("config/approvals/freeze.json")


def test_an_approval_that_needs_no_signature_is_only_written_by_hand(scene):
    nobody = Approvers(waived="nobody is asked here")

    def ask(world):
        place = world.root / "config/approvals"
        return approval.check(DEMAND, place, nobody, "inv agree", written=True)

    guard = Guard("own:agreed", "Ask whether somebody agrees.", ask, waits=True)
    scene.steps.append(copies(file("a.txt"), file("u.txt"), "unsigned", guards=(guard,)))
    (found,) = (each for each in scene.report()["approvals"] if each["step"] == "unsigned")
    assert (found["text"].encode() + b"\n", found["command"]) == (DEMAND.text(), "inv agree")
    assert found["by_hand"].startswith("printf") and "gpg" not in found["by_hand"]
    assert "The exact text:" in scene.page() and "By hand:" in scene.page()
    (scene.root / "config/approvals").mkdir(parents=True)
    assert os.system(f"cd {scene.root} && {found['by_hand']}") == 0
    assert ask(scene.engine().world).holds


def test_a_waiver_in_a_receipt_is_told(scene):
    def waives(run):
        durable.create(run.path(file("w")), b"")
        return Verdict((), {"sandbox": {"image": "WAIVED: no image here"}})

    scene.steps.append(acts("sandbox", waives, file("w")))
    scene.run("sandbox")
    assert scene.report()["waivers"] == [{"where": "sandbox", "reason": "no image here"}]


# evidence


def test_sha256sum_agrees_with_every_line(scene):
    lines = "".join(f"{c['sha256']}  {c['path']}\n" for c in scene.report()["checksums"])
    assert lines.count("receipts/") == 3 and "  proof.txt\n" in lines
    (scene.root / "c.txt").write_text("hello")  # as it was before somebody changed it
    (scene.root / "sums").write_text(lines)
    assert os.system(f"cd {scene.root} && sha256sum -c --strict --quiet sums") == 0


def test_the_command_of_a_proof_holds_and_finds_a_changed_byte(scene):
    (found,) = scene.report()["proofs"]
    assert os.system(f"cd {scene.root} && {found['command']} >/dev/null") == 0
    scene.write("proof.txt", "jello")
    assert os.system(f"cd {scene.root} && {found['command']} >/dev/null 2>&1") != 0


def test_members_and_records_are_evidence_with_commands(tmp_path):
    scene = scenes.Scene(tmp_path, every_kind())
    scene.write("in.txt", "hello world")
    scene.write("state.txt", "before")
    scene.run()
    found = {proof["spot"]: proof["command"] for proof in scene.report()["proofs"]}
    assert found["packs/{first}"] == "doit verify pack"
    assert found["ledger/feed.jsonl#packed"] == "sealwright verify ledger/feed.jsonl"
    assert "sha256sum -c" in found["out/report.txt"]


def test_a_member_with_checksums_is_checked_by_them(tmp_path):
    scene = scenes.Scene(tmp_path, every_kind())
    scene.write("in.txt", "hello world")
    scene.write("state.txt", "before")
    scene.run()
    scene.write("packs/pack-hello/sha256sums.txt", "")
    found = {proof["spot"]: proof["command"] for proof in scene.report()["proofs"]}
    expected = "(cd packs/pack-hello && sha256sum -c --strict sha256sums.txt)"
    assert found["packs/{first}"] == expected


def test_what_is_signed_is_told_with_the_command_of_gpg(scene):
    scene.write("config/approvals/freeze.json", "{}")
    scene.write("config/approvals/freeze.json.asc", "signature")
    scene.write("config/approvals/it's.json.asc", "signature of nothing")
    assert [found["command"] for found in scene.report()["signatures"]] == [
        "gpg --verify config/approvals/freeze.json.asc config/approvals/freeze.json",
        "gpg --verify 'config/approvals/it'\"'\"'s.json.asc' 'config/approvals/it'\"'\"'s.json'",
    ]


# history


def test_the_journal_is_told_in_order_with_outcomes_and_durations(scene):
    rows = scene.report()["history"]["rows"]
    assert [(row["step"], row["outcome"]) for row in rows] == [
        ("text:upper", "completed"),
        ("text:copy", "completed"),
        ("seal", "completed"),
        ("text:test", "failed"),
    ]
    assert [row["milliseconds"] is None for row in rows] == [False, False, False, True]
    assert rows[3]["reason"] == "pytest: expected exit code 0, found 1"


def test_a_run_that_was_killed_is_unended(scene):
    engine = scene.engine()
    with engine.running():
        engine.start(engine.graph.steps["rollback"], digest.sha256(b""))
    assert scene.report()["history"]["rows"][-1]["outcome"] == "unended"
    assert scene.status()["rollback"] == "by name", "for it is in no chain"


def test_only_the_last_rows_are_told_and_all_are_counted(scene, monkeypatch):
    monkeypatch.setattr(history, "MOST", 2)
    found = scene.report()["history"]
    assert (found["total"], [row["step"] for row in found["rows"]]) == (4, ["seal", "text:test"])


def test_a_journal_that_is_damaged_is_told_up_to_the_damage(scene):
    journal = scene.root / ".sealwright/journal.jsonl"
    data = journal.read_bytes()
    journal.write_bytes(data.replace(b'"name":"seal"', b'"name":"sael"'))
    found = scene.report()["history"]
    assert "journal.jsonl" in found["problem"]
    assert [row["step"] for row in found["rows"]] == ["text:upper", "text:copy"]


# ways back


def test_a_step_in_no_chain_is_a_way_back(scene):
    assert scene.report()["ways_back"] == [{"what": "Copy.", "command": "doit rollback"}]


# what others wrote


def test_names_and_words_of_others_are_told_as_they_are_and_can_be_written(tmp_path):
    scene = scenes.Scene(tmp_path)
    name = "out <b>\u202eשלום&.txt"
    said = "\x1b[2J<script>\u2028end " + "x" * 10_000

    def fail(run):
        raise ProgramFailed(said)

    scene.write("a.txt", "hello")
    scene.steps = [
        copies(file("a.txt"), file(name, evidence=True), "text:" + "n" * 10_000),
        Step(name="text:fails", doc="caf\udce9", act=fail, outputs=(file("never"),)),
    ]
    scene.run("text:fails", "text:" + "n" * 10_000)
    scene.run("text:" + "n" * 10_000)
    report = scene.report()
    assert report["history"]["rows"][1]["reason"] == said
    (proof,) = report["proofs"]
    assert proof["spot"] == name
    assert os.system(f"cd '{scene.root}' && {proof['command']} >/dev/null") == 0
    assert canonical.decode_line(canonical.line(report)) == report
    top = read(scene.page())
    assert len(top.all("script")) == 1 and not top.at("history").all("td", "th")[0].all("script")
    assert "⟨U+001B⟩[2J<script>⟨U+2028⟩end" in top.text and "caf\\udce9" in top.text


def test_a_page_with_a_hundred_bad_neighbours_is_made_of_the_same_elements(tmp_path):
    plain, hostile = (scenes.large(100) for _ in range(2))
    for step in hostile["steps"]:
        step["doc"] = "</td></tr></table><script>alert(1)</script>"
    shapes = [[node.tag for node in read(page.page(r).decode())] for r in (plain, hostile)]
    assert shapes[0] == shapes[1]


def test_a_chain_of_chains_groups_and_guards_runs_what_it_names_and_what_comes_before(scene):
    scene.chains = {"all": ("ci", "text:tidy"), "ci": ("migrate", "seal")}
    status = scene.status()
    assert [name for name in status if status[name] == "by name"] == [
        *("text:copy", "text:test", "rollback")
    ]
    assert status["freeze"] == "waiting", "for migrate:commit comes after it"
    commands = [way["command"] for way in scene.report()["ways_back"]]
    assert commands == ["doit text:upper", "doit text:copy", "doit text:test", "doit rollback"]


def test_nothing_that_runs_by_name_only_is_told_as_waiting_or_refused(scene):
    scene.chains = {"all": ("seal",)}
    report = scene.report()
    assert report["approvals"] == []
    assert report["summary"] == {"by name": 5, "up to date": 2}


# the whole


def test_the_report_is_what_its_schema_says(tmp_path):
    for number, make in enumerate((scenes.every_status, scenes.sixty, scenes.Scene)):
        (folder := tmp_path / str(number)).mkdir()
        report = make(folder).report()
        assert list(schema.problems(report, SCHEMA, SCHEMA)) == []
    assert list(schema.problems(scenes.large(20), SCHEMA, SCHEMA)) == []


def test_the_schema_refuses_what_is_not_a_report(scene):
    report = scene.report()
    for spoil in (
        lambda r: r.pop("steps"),
        lambda r: r.update(more=1),
        lambda r: r["steps"][0].update(status="fine"),
        lambda r: r["checksums"][0].update(sha256="0"),
    ):
        spoiled = json.loads(json.dumps(report))
        spoil(spoiled)
        assert list(schema.problems(spoiled, SCHEMA, SCHEMA))


def test_the_same_state_elsewhere_and_later_has_the_same_bytes(scene, tmp_path_factory):
    copy = tmp_path_factory.mktemp("there and elsewhere") / "it"
    shutil.copytree(scene.root, copy)
    other = scenes.five(copy)
    other.now = Instant(scene.now.seconds + 86400)
    assert canonical.line(other.report()) == canonical.line(scene.report())
    assert page.page(other.report()) == page.page(scene.report())
    assert str(scene.root) not in json.dumps(scene.report())


def test_telling_changes_no_byte_and_runs_nothing(scene):
    before = fingerprint(scene.root)
    telling.told(scene.settings())
    assert fingerprint(scene.root) == before


def test_a_repository_without_steps_or_state_has_a_report(tmp_path):
    report = scenes.Scene(tmp_path).report()
    assert report["steps"] == report["history"]["rows"] == []
    assert list(tmp_path.iterdir()) == []
