"""config/sealwright.yaml: one line with file:line:col for whatever is wrong, and exit 3."""

from __future__ import annotations

import pytest

from tests.support.doit import doit, generic

WRONG = [
    ("an unknown key", "contract: []", "config/sealwright.yaml:1:1: ", "did you mean"),
    ("a wrong type", "contracts: sot_pack", "config/sealwright.yaml:1:12: ", "expected a list"),
    ("an unknown contract", "contracts: [sot]", "config/sealwright.yaml:1:12: ", "sot_pack"),
    ("a path out", "state: ../x", "config/sealwright.yaml:1:8: ", "inside the repository"),
    ("an unknown name", "chains:\n  ci: [nothing]", "config/sealwright.yaml:2:7: ", "nothing"),
    ("a chain named as a group", "chains:\n  text: []", "config/sealwright.yaml:2:9: ", "group"),
    ("a circle", "chains:\n  one: [two]\n  two: [one]", "config/sealwright.yaml:", "circle"),
    ("a short key", "signing:\n  keys: [ABCD]", "config/sealwright.yaml:2:9: ", "40"),
    ("an empty pool", "pools:\n  gpg: 0", "config/sealwright.yaml:2:8: ", "from 1 on"),
    ("a tab", "state:\tx\n\t- y", "config/sealwright.yaml:2:1: ", ""),
    ("no folder", "repository: nowhere", "config/sealwright.yaml", "nowhere"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "where", "said"), [w[1:] for w in WRONG], ids=[w[0] for w in WRONG]
)
@pytest.mark.parametrize("command", ["run", "list", "plan"])
def test_a_wrong_configuration_is_one_line_and_exit_3(tmp_path, text, where, said, command):
    repo = generic(tmp_path / "repo")
    (repo / "config").mkdir()
    (repo / "config/sealwright.yaml").write_text(text + "\n")
    found = doit(repo, command)
    assert found.code == 3
    lines = found.err.splitlines()
    assert len(lines) == 1, found.err
    assert where in lines[0] and said in lines[0]


def test_a_configured_all_is_what_plain_doit_runs(tmp_path):
    repo = generic(tmp_path / "repo")
    (repo / "config").mkdir()
    (repo / "config/sealwright.yaml").write_text("chains:\n  all: [first]\n  first: [text:upper]\n")
    assert [line.split()[1] for line in doit(repo).lines] == ["text:upper", "step:"]


def test_the_state_may_lie_elsewhere_in_the_repository(tmp_path):
    repo = generic(tmp_path / "repo")
    (repo / "config").mkdir()
    (repo / "config/sealwright.yaml").write_text("state: var/engine\n")
    assert doit(repo).code == 0
    assert (repo / "var/engine/state.db").exists() and not (repo / ".sealwright").exists()
    assert doit(repo).lines[0].startswith("up to date")
