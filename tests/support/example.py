"""A repository that a person works in, for tests (see `repositories` for the fixtures).

Each command runs as a user's would, in a process of its own; the clock of a repository goes
on a minute from one run to the next.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from sealwright import setup
from sealwright.example import repository

BIN = Path(sys.executable).parent
PROJECT = Path(__file__).parents[2]
START = 1735722000  # 2025-01-01T09:00:00Z
FEED = "observability/stl/ledger/activity_feed.jsonl"
PACKS = "observability/artifacts/sot_packs"
SNAPSHOTS = "observability/artifacts/snapshots"
CHECK = """import sys
sys.exit("the plan is wrong" if "WRONG" in open("0luka.md").read() else 0)
"""
QUICKER = ("-p", "no:hypothesispytest")  # which imports all of hypothesis to say that it was idle
SMALL = {
    "0luka.md": "# What is true\n\nTasks have names.\n",
    "docs/plan.md": "# Plan\n",
    "check.py": CHECK,
    f"{SNAPSHOTS}/250101_090000_snapshot.md": "# Snapshot\n",
    "config/sot_pack.yaml": """verification: [python, -I, check.py]
documents: [0luka.md, docs/plan.md]
forbidden_words: []
""",
}


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """Everything printed."""
        return self.out + self.err

    def json(self) -> Any:
        """What was printed on standard output, as JSON."""
        return json.loads(self.out)


class Repository:
    """A repository that a person works in."""

    def __init__(self, root: Path, now: int = START) -> None:
        self.root, self.now = root, now
        self.environment = {"PATH": f"{BIN}:{os.environ['PATH']}", "HOME": str(root.parent)}

    def run(self, *argv: str | Path, cwd: Path | None = None, **env: str) -> Done:
        """Run a program in the repository; ``env`` is added to a small environment."""
        done = subprocess.run(
            [str(part) for part in argv],
            cwd=cwd or self.root,
            env={**self.environment, "SOURCE_DATE_EPOCH": str(self.now), **env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=900,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def doit(self, *words: str, **env: str) -> Done:
        """Run doit, a minute after the last time."""
        self.now += 60
        return self.run("doit", *words, **env)

    def sealwright(self, *words: str | Path, **env: str) -> Done:
        """Run ``sealwright``."""
        return self.run(sys.executable, "-m", "sealwright.cli", *words, **env)

    def build(self, **env: str) -> Done:
        """Run the builder's script, a minute after the last run."""
        self.now += 60
        return self.run(sys.executable, PROJECT / "scripts/build_sot_pack.py", **env)

    def git(self, *argv: str) -> str:
        """Run git as the example's author, and return what it prints."""
        return repository.run_git(self.root, *argv)

    def commit(self, message: str = "Go on", **files: str) -> str:
        """Commit everything, and return the new commit."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.head

    def write(self, path: str, text: str | bytes) -> Path:
        """Write a file of the repository."""
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text.encode() if isinstance(text, str) else text)
        return place

    @property
    def head(self) -> str:
        """The commit that HEAD names."""
        return self.git("rev-parse", "HEAD")

    @property
    def status(self) -> str:
        """What ``git status`` says of the tree; nothing if it is clean."""
        return self.git("status", "--porcelain", "--untracked-files=all")

    @property
    def feed(self) -> Path:
        """The activity feed."""
        return self.root / FEED

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events of the feed."""
        lines = self.feed.read_text().splitlines() if self.feed.exists() else []
        return [json.loads(line) for line in lines]

    @property
    def actions(self) -> list[str]:
        """The actions of the feed, in order."""
        return [event["action"] for event in self.events]

    @property
    def packs(self) -> Path:
        """The folder of packs."""
        return self.root / PACKS

    @property
    def names(self) -> list[str]:
        """The names of all packs."""
        made = self.packs.glob("2*") if self.packs.exists() else ()
        return sorted(path.name for path in made)

    @property
    def latest(self) -> str | None:
        """The name of the pack that ``latest`` leads to, if there is one."""
        link = self.packs / "latest"
        return os.readlink(link) if link.is_symlink() else None

    @property
    def pack(self) -> Path:
        """The last pack."""
        return self.packs / self.names[-1]

    @property
    def evidence(self) -> dict[str, str]:
        """The digest of every byte of packs, feed, receipts and journal."""
        tops = [self.packs, self.feed.parent, self.root / ".sealwright/receipts"]
        files = [path for top in tops for path in top.rglob("*") if path.is_file()]
        files += [self.root / ".sealwright/journal.jsonl"]
        return {str(path.relative_to(self.root)): sha256(path) for path in sorted(files)} | {
            "latest": str(self.latest)
        }


R = TypeVar("R", bound=Repository)


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in digits."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def make(
    root: Path,
    files: Mapping[str, str],
    contracts: Sequence[str] = ("sot_pack",),
    kind: type[R] = Repository,
) -> R:
    """Make a repository of ``files``, with the doorways that ``sealwright init`` writes."""
    made = kind(root)
    root.mkdir(parents=True)
    for path, text in files.items():
        made.write(path, text)
    setup.init(root, contracts)
    made.write(".gitignore", "__pycache__/\n")
    made.git("init", "--quiet", "--initial-branch=main")
    made.commit("Begin")
    return made


def copied(made: R, root: Path) -> R:
    """Return a copy of a repository, as it would be after `cp -a`."""
    shutil.copytree(made.root, root, symlinks=True)
    return type(made)(root, made.now)


def ran(made: R) -> R:
    """Run plain doit in a repository, which must end well."""
    done = made.doit()
    assert done.code == 0, done.said
    return made
