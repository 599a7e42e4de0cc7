"""What tests of the contract ``coo`` share: a charter that the lint takes, and a configuration."""

from __future__ import annotations

from collections.abc import Mapping

from sealwright.contracts.coo import logging
from sealwright.contracts.coo.state_machine import Machine
from tests.support.example import Done, Repository

CHARTER = """# Charter

This document is subordinate to the constitution. It defines only mechanical behaviour.
Execution is deterministic.
"""
ASKED = "# approvals: {keys: [FINGERPRINT], public: config/approvers.asc}"
WAIVED = "approvals: {waived: nobody is asked in a test}"
LOG = ".sealwright/contracts/coo/log.jsonl"
HALF = ("manifests", "amendments", "lint", "scan", "freeze", "amu0")  # as far as the capture


def configure(repo: Repository, changes: Mapping[str, str]) -> None:
    """Replace lines of ``config/coo.yaml``, which have to be there."""
    text = (repo.root / "config/coo.yaml").read_text()
    for old, new in changes.items():
        assert old in text, old
        text = text.replace(old, new)
    repo.write("config/coo.yaml", text)


def state(repo: Repository) -> Machine:
    """Return where the attempt is."""
    return logging.machine(repo.root / LOG)


def executed(done: Done) -> list[str]:
    """Return the steps that a run of doit says it ran."""
    lines = [line.split() for line in done.out.splitlines()]
    return [words[1] for words in lines if words[:1] == ["run"]]
