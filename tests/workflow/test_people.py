"""What people do with inv on a terminal, and what strangers do with `sealwright verify`."""

from __future__ import annotations

import json
import os
import pty
import subprocess

import pytest

from tests.support import keys
from tests.support.example import BIN, make
from tests.workflow import chains, packets
from tests.workflow.chains import ID, OPEN
from tests.workflow.worlds import git

OUTCOME = f"I {{}} the outcome of {ID}."


@pytest.fixture(scope="module")
def person():
    with keys.short_folder() as folder:
        yield keys.made(folder)


@pytest.fixture(scope="module")
def _signed(person, tmp_path_factory):
    repo = chains.made(tmp_path_factory.mktemp("workflow") / "repository")
    repo.write("config/approvers.asc", person.public)
    approvals = {"keys": [person.fingerprint], "public": "config/approvers.asc"}
    repo.configure(approvals=approvals)
    done = repo.work()
    assert done.code == 1 and f"inv workflow.approve {ID}" in done.said
    code, said = typed(repo, person, packets.SENTENCE, "approve", ID)
    assert code == 0, said
    assert "may change: src/strings.py" in said and f"at {repo.tip}" in said
    assert repo.work().code == 1  # it waits for the outcome
    return repo


@pytest.fixture
def landed(_signed, tmp_path):
    return chains.copied(_signed, tmp_path / "repository")


def typed(repo, person, sentence, task, *words):
    """Type a sentence on a terminal; return the exit code and what was shown."""
    ours, theirs = pty.openpty()
    argv = [BIN / "inv", f"workflow.{task}", *words, "--homedir", person.home]
    repo.now += 60
    with subprocess.Popen(
        argv,
        cwd=repo.root,
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**repo.environment, **OPEN, "SOURCE_DATE_EPOCH": str(repo.now)},
    ) as process:
        os.write(ours, f"{sentence}\n".encode())
        said = process.stdout.read().decode()
    os.close(ours)
    os.close(theirs)
    return process.returncode, said


@pytest.mark.parametrize("said", ["accept", "reject"])
def test_a_person_signs_both_ends_of_a_run(landed, person, said):
    commit = landed.tip
    code, shown = typed(landed, person, OUTCOME.format(said), "outcome", ID, f"--{said}")
    assert code == 0, shown
    assert commit in shown and f"workflow:outcome:{ID}" in shown
    report = landed.report(landed.runs[-1])
    assert report["operator_outcome"] == {
        "required": True,
        "outcome": said,
        "by": person.fingerprint,
    }
    assert report["approval"]["by"] == person.fingerprint
    assert (landed.tip == commit) is (said == "accept")
    assert git(landed.target, "status", "--porcelain") == ""


def test_anything_but_the_exact_sentence_signs_nothing(landed, person):
    code, shown = typed(landed, person, "I accept it.", "outcome", ID, "--accept")
    assert code == 1 and "at character" in shown
    assert not (landed.root / "config/approvals/outcome_CTO_WORK_049.json").exists()
    code, shown = typed(landed, person, packets.SENTENCE, "approve", ID)
    assert code == 1 and "expected no run that waits for its outcome" in shown


def test_without_a_terminal_the_way_by_hand_is_told(landed):
    done = landed.run(BIN / "inv", "workflow.outcome", ID, "--accept")
    assert done.code == 1 and "gpg --armor --detach-sign" in done.said
    assert landed.run(BIN / "inv", "workflow.outcome", ID).code == 1


def test_a_packet_to_begin_with_is_written_once(landed):
    done = landed.run(BIN / "inv", "workflow.new", "CTO-WORK-050")
    assert done.code == 0 and "docs/packets/CTO-WORK-050.md: written" in done.out, done.said
    assert "REPLACE-ME" in (landed.root / "docs/packets/CTO-WORK-050.md").read_text()
    again = landed.run(BIN / "inv", "workflow.new", "CTO-WORK-050")
    assert again.code == 1 and "expected no packet, found one" in again.said


def test_a_stranger_verifies_the_evidence_of_a_run(landed):
    (run,) = landed.runs
    done = landed.sealwright("verify", run)
    assert done.code == 0 and done.out.endswith("is evidence of a run, and holds\n"), done.said


@pytest.mark.parametrize(
    "name", ["report.json", "patch.diff", "trace.jsonl", "freshness_proof.json"]
)
def test_one_changed_byte_of_evidence_is_found(landed, name):
    (run,) = landed.runs
    data = bytearray((run / name).read_bytes())
    data[len(data) // 2] ^= 1
    (run / name).write_bytes(data)
    done = landed.sealwright("verify", run)
    assert done.code == 2 and name in done.said
    assert landed.doit("verify").code == 2


def test_evidence_that_the_ledger_does_not_name_is_found(landed):
    (run,) = landed.runs
    other = run.rename(run.with_name("20990101T000000Z-CTO-WORK-049-00000000"))
    done = landed.sealwright("verify", other)
    assert done.code == 2 and "expected a line of approvals.jsonl" in done.said


def test_evidence_without_its_ledger_holds_by_itself(landed, tmp_path):
    (run,) = landed.runs
    moved = run.rename(tmp_path / run.name)
    done = landed.sealwright("verify", "--json", moved)
    assert done.code == 0, done.said
    assert json.loads(done.out)["evidence"]["ledger"] == "none beside it"


def test_what_init_writes_holds_and_has_a_packet_to_begin_with(tmp_path):
    repo = make(tmp_path / "new", {"a.txt": "a\n"}, ["workflow"])
    done = repo.doit()
    assert done.code == 0, done.said  # there is nothing to do
    done = repo.run(BIN / "inv", "workflow.new", ID)
    assert done.code == 0 and "next: add to config/workflow.yaml" in done.out, done.said
    text = (repo.root / "config/workflow.yaml").read_text()
    commented = text.partition("packets: {}\n")[2]
    named = "".join(f"{line[1:]}\n" for line in commented.splitlines()).replace(
        "FINGERPRINT", "A" * 40
    )
    repo.write("config/workflow.yaml", f"packets:\n{named}")
    assert f"workflow:execute:{ID}" in repo.doit("list", "--all").out
    done = repo.doit(f"workflow:packet:{ID}")
    assert done.code == 3 and "admissions/REPLACE-ME.json" in done.said, done.said
