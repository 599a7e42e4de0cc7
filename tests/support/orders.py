"""A repository that turns its files into work orders, for tests (see `ordering`)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.support.example import Repository, make, sha256

ARTIFACTS = ".adam_os/artifacts"
REGISTRY = f"{ARTIFACTS}/artifact_registry.jsonl"
CONFIG = """inputs:
  plan: docs/plan.md
  house: docs/house.json
orders:
  main:
    inputs: [plan, house]
    intent: Build the house as planned.
    approvals: [the owner of the site]
"""
READERS = """snapshots:
  recipients: [{fingerprint}]
  public: config/snapshots.asc
"""
FILES = {
    "docs/plan.md": "# Plan\n\nRaise the walls first. It seems dry.\nWho lays the floor?\n",
    "docs/house.json": '{"tasks": [{"name": "Survey the site", "days": 1}]}\n',
}


class Orders(Repository):
    """A repository under the contract ``work_orders``."""

    @property
    def registry(self) -> Path:
        """The artifact registry."""
        return self.root / REGISTRY

    @property
    def records(self) -> list[dict[str, Any]]:
        """The registry's records, read as anybody would."""
        lines = self.registry.read_text().splitlines() if self.registry.exists() else []
        return [json.loads(line) for line in lines]

    def of_type(self, artifact_type: str) -> list[dict[str, Any]]:
        """The records of one type."""
        return [r for r in self.records if r["artifact_type"] == artifact_type]

    def content(self, artifact_type: str, number: int = -1) -> bytes:
        """The bytes of one artifact of a type, the last unless told."""
        return (self.root / self.of_type(artifact_type)[number]["relpath"]).read_bytes()

    @property
    def snapshots(self) -> list[Path]:
        """The folders of all snapshots, in the order of the registry."""
        return [(self.root / r["relpath"]).parent for r in self.of_type("snapshot")]

    @property
    def manifests(self) -> list[dict[str, Any]]:
        """The manifests of all snapshots."""
        return [json.loads((s / "snapshot_manifest.json").read_text()) for s in self.snapshots]

    @property
    def artifacts(self) -> dict[str, str]:
        """The digest of every file among the artifacts but the registry."""
        files = (p for p in (self.root / ARTIFACTS).rglob("*") if p.is_file())
        return {str(p.relative_to(self.root)): sha256(p) for p in files if p != self.registry}


def with_readers(config: str, fingerprint: str) -> str:
    """Return a configuration whose snapshots somebody can read."""
    return config + READERS.format(fingerprint=fingerprint)


def made(root: Path, fingerprint: str, public: str) -> Orders:
    """Make the small repository, whose snapshots the key can read."""
    files = {
        **FILES,
        "config/work_orders.yaml": with_readers(CONFIG, fingerprint),
        "config/snapshots.asc": public,
    }
    return make(root, files, ["work_orders"], Orders)
