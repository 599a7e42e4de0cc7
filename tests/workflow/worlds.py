"""A governing repository with an admission, and a target of its own inside it."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sealwright import digest
from sealwright.contracts.workflow import packet
from sealwright.contracts.workflow.blockers import Objection
from sealwright.contracts.workflow.packet import Packet
from sealwright.contracts.workflow.terms import FORBIDDEN_ACTIONS
from sealwright.git import Commit
from tests.workflow import packets

_ENV = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_AUTHOR_DATE": "1735689600 +0000",
    "GIT_COMMITTER_DATE": "1735689600 +0000",
}
OWNER = b"jp owns targets/strings.\n"


def git(root: Path, *argv: str) -> str:
    who = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main"]
    done = subprocess.run(["git", *who, *argv], cwd=root, env=_ENV, capture_output=True, check=True)
    return done.stdout.decode().strip()


def repository(root: Path, files: dict[str, bytes]) -> Commit:
    """Make a repository with one commit of some files."""
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    git(root, "init", "--quiet")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "first")
    return Commit(git(root, "rev-parse", "HEAD"))


@dataclass(frozen=True, slots=True)
class World:
    root: Path
    head: Commit

    @property
    def target(self) -> Path:
        return self.root / packets.TARGET

    @property
    def packet(self) -> Packet:
        return packet.parse((self.root / packets.NAME).read_bytes(), packets.NAME)

    def admit(self, **changes: Any) -> None:
        """Write the record with some fields changed; None leaves one out."""
        told = {name: value for name, value in {**record(), **changes}.items() if value is not None}
        (self.root / packets.ADMISSION).write_text(json.dumps(told, indent=2))


def record() -> dict[str, Any]:
    """Return an admission record that fits the packet."""
    return {
        "admission_status": "admitted",
        "target_repository_path": packets.TARGET,
        "repository_owner": "jp",
        "ownership_evidence": {"path": "admissions/owner.txt", "sha256": digest.sha256(OWNER)},
        "risk_classification": "low_risk_noncritical",
        "noncritical_rationale": "Nothing depends on it.",
        "allowed_paths": ["src/strings.py", "test_strings.py"],
        "forbidden_paths": [".env", ".git/"],
        "forbidden_actions": list(FORBIDDEN_ACTIONS),
        "approval_source": packets.NAME,
        "approval_timestamp": "2026-06-01T10:00:00Z",
        "operator_outcome_required": True,
        "review_trigger": "any change of the owner",
    }


def made(root: Path) -> World:
    """Make both repositories; the target is ignored by the one around it."""
    head = repository(root / packets.TARGET, {"strings.py": b"", "src/strings.py": b"x = 1\n"})
    files = {
        ".gitignore": b"/targets/\n",
        "admissions/owner.txt": OWNER,
        packets.ADMISSION: json.dumps(record(), indent=2).encode(),
        packets.NAME: packets.TEXT.encode(),
    }
    repository(root, files)
    return World(root, head)


def reasons(objections: tuple[Objection, ...]) -> list[str]:
    """Return the reasons, each once, in order."""
    return list(dict.fromkeys(each.blocker.reason for each in objections))
