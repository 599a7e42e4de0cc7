"""Two packets in one repository: each has its own steps, approval, run and evidence."""

from __future__ import annotations

import json

import pytest

from sealwright.contracts.workflow.steps import story
from tests.workflow import chains, packets
from tests.workflow.chains import ID, VERBS

OTHER = "CTO-WORK-050"


@pytest.fixture
def repo(tmp_path):
    made = chains.made(tmp_path / "repository")
    made.write("docs/other.md", chains.TEXT.replace(ID, OTHER))
    config = json.loads((made.root / "config/workflow.yaml").read_text())
    other = {**config["packets"][ID], "packet": "docs/other.md"}
    other["backend"] = {"command": ["sh", "-c", "echo '# more' >> src/strings.py"]}
    config["packets"][OTHER] = other
    made.write("config/workflow.yaml", json.dumps(config))
    return made


def test_each_has_the_seven_steps(repo):
    listed = repo.doit("list", "--all").out
    names = [f"workflow:{verb}:{work}" for work in (ID, OTHER) for verb in VERBS]
    assert [name for name in names if name in listed] == names


def test_what_becomes_of_one_is_nothing_to_the_other(repo):
    repo.approve()
    assert repo.work(f"workflow:validate:{ID}").code == 0
    repo.say("accept")
    assert repo.work(f"workflow:outcome:{ID}").code == 0
    first = repo.runs

    done = repo.work(f"workflow:approval:{OTHER}")
    assert done.code == 1 and f"inv workflow.approve {OTHER}" in done.said, done.said
    (text,) = (x for x in done.said.splitlines() if "which writes: {" in x)
    data = text.partition("which writes: ")[2] + "\n"
    repo.write(f"config/approvals/approve_{OTHER.replace('-', '_')}.json", data)
    done = repo.work(f"workflow:outcome:{OTHER}")
    assert done.code == 1 and "missing_operator_outcome" in done.said, done.said
    (run,) = (place for place in repo.runs if place not in first)
    assert repo.report(run)["packet"]["id"] == OTHER
    assert [len(story.read(repo.ledger, work).used) for work in (ID, OTHER)] == [1, 1]
    listed = repo.doit("list", "--all", "--status").out
    states = {line.split()[1]: line.split()[0] for line in listed.splitlines() if ID in line}
    assert set(states.values()) == {"U"}, listed
    assert packets.TARGET in repo.report(run)["target"]["path"]
