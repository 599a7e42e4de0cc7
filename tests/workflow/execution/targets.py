"""A target repository as the document describes it, a task for it, and what becomes of both."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from sealwright import git
from sealwright.clock import Instant
from sealwright.contracts.workflow.execution.attempt import Attempted, Request, attempt
from sealwright.contracts.workflow.execution.backend import Backend, Command, Fake
from sealwright.contracts.workflow.execution.envelope import Envelope
from sealwright.contracts.workflow.execution.landing import Landed, land
from sealwright.contracts.workflow.execution.plumbing import Stamp
from sealwright.errors import Refused
from sealwright.git import Commit
from sealwright.sandbox.cage import Cage, Limits, offered
from tests.support.skips import skip

FILES = {
    ".gitignore": "__pycache__/\n*.log\n.env\n",
    "README.md": "strings\n",
    "src/strings.py": "def slugify(text):\n    return text.lower().replace(' ', '-')\n",
    "strings.py": "def slugify(text):\n    return '-'.join(text.lower().split())\n",
    "test_strings.py": "from src.strings import slugify\n\n\nassert slugify('a b') == 'a-b'\n",
}
BETTER = "def slugify(text):\n    return '-'.join(text.lower().split())\n"
EDITS = {
    "src/strings.py": BETTER,
    "test_strings.py": FILES["test_strings.py"] + "assert slugify('  a   b ') == 'a-b'\n",
}
ENVELOPE = Envelope(
    ("src/strings.py", "test_strings.py"),
    (".env", ".env.*", "secrets/", "credentials/", "deploy/", ".github/workflows/", ".git/"),
)
STAMP = Stamp("Harness", "harness@example.org", Instant(1735689600))
LIMITS = Limits(seconds=30, disk=64 << 20, file=16 << 20, output=1 << 16)
INTERPRETER = tuple({Path(sys.prefix), Path(sys.base_prefix), Path(sys.executable).resolve()})
TRAILERS = {"Packet-SHA256": "9f" * 32, "Approval-SHA256": "4c" * 32, "Run": "run-1"}
_TRIED = "import sys; sys.path.insert(0, '.'); import test_strings"
VALIDATION = f'{sys.executable} -I -S -B -c "{_TRIED}"'
ENV = {
    "PATH": os.environ["PATH"],
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    **{f"GIT_{role}_DATE": "1735689600 +0000" for role in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{role}_NAME": "A" for role in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{role}_EMAIL": "a@example.org" for role in ("AUTHOR", "COMMITTER")},
}


def sh(root: Path, *argv: str) -> str:
    done = subprocess.run(["git", *argv], cwd=root, env=ENV, capture_output=True, check=True)
    return done.stdout.decode().rstrip("\n")


def repository(root: Path, files: Mapping[str, str] = FILES) -> Path:
    root.mkdir(parents=True)
    sh(root, "init", "-q", "-b", "main")
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    sh(root, "add", "-A")
    sh(root, "commit", "-q", "-m", "first")
    return root


def picture(root: Path) -> dict[str, object]:
    """Everything that a person could find changed: files, index, refs, reflogs, configuration."""
    if not root.exists():
        return {}
    files: dict[str, object] = {}
    for place in sorted(root.rglob("*")):
        name = str(place.relative_to(root))
        if name.startswith(".git/objects/"):
            continue
        if place.is_symlink():
            files[name] = os.readlink(place)
        elif place.is_file():
            files[name] = (place.read_bytes(), place.stat().st_mode)
        else:
            files[name] = place.stat().st_mode
    return files


@dataclass
class Ground:
    """A target, and attempts at it."""

    top: Path
    cage: Cage
    attempts: int = 0
    target: Path = field(init=False)

    def __post_init__(self) -> None:
        self.target = repository(self.top / "target")

    @property
    def head(self) -> Commit:
        return git.head(self.target)

    @property
    def journal(self) -> Path:
        return self.top / "journal"

    def request(self, backend: Backend, **others: object) -> Request:
        usual: dict[str, object] = {
            "target": self.target,
            "head": self.head,
            "envelope": ENVELOPE,
            "backend": backend,
            "task": {"id": "CTO-WORK-049", "task": "align slugify"},
            "validation": VALIDATION,
            "subject": "Align slugify",
            "trailers": TRAILERS,
            "stamp": STAMP,
            "limits": LIMITS,
        }
        return Request(**{**usual, **others})  # type: ignore[arg-type]

    def attempt(self, backend: Backend, **others: object) -> Attempted:
        self.attempts += 1
        folder = self.top / f"attempt{self.attempts}"
        return attempt(self.request(backend, **others), cage=self.cage, folder=folder)

    def fake(self, edits: Mapping[str, str | None] = EDITS, **others: object) -> Attempted:
        return self.attempt(Fake(edits), **others)

    def script(self, code: str, **others: object) -> Attempted:
        """Let a Python program work on the task."""
        words = (sys.executable, "-I", "-S", "-B", "-c", code, "{task}")
        return self.attempt(Command(words), **others)

    def shell(self, code: str, **others: object) -> Attempted:
        return self.attempt(Command(("sh", "-c", code)), **others)

    def land(self, attempted: Attempted, envelope: Envelope = ENVELOPE) -> Landed:
        assert attempted.proposal is not None, rules(attempted)
        return land(
            self.target, attempted.clone, attempted.proposal, envelope, journal=self.journal
        )


def rules(attempted: Attempted) -> set[tuple[str, str]]:
    """Return why nothing may land: pairs of a blocker and a rule."""
    return {(each.blocker, each.rule) for each in attempted.blocked}


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    """A target and the strongest cage that holds here."""
    try:
        cage = offered("namespaces", visible=INTERPRETER)
    except Refused as refused:
        skip(str(refused))
    return Ground(tmp_path, cage)
