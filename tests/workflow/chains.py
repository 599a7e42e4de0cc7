"""A governed repository with one packet and its target, as a person has them before any run."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from sealwright import digest
from sealwright.contracts.workflow import evidence, gate
from sealwright.contracts.workflow.blockers import named
from sealwright.contracts.workflow.terms import EVIDENCE
from sealwright.ledger import Ledger
from tests.support.example import Done, Repository, make
from tests.workflow import packets, worlds
from tests.workflow.execution.targets import EDITS, FILES

ID = packets.ID
TEXT = packets.edited(packets.TEXT, ("python3 -m pytest -q", "python3 -B test_strings.py"))
OPEN = {
    "CTO_HARNESS_ALLOW_CASE": "1",
    "CTO_HARNESS_CASE_STAGE": "5",
    "CTO_HARNESS_CASE_STAGE5_TARGET_ADMISSION_FILE": packets.ADMISSION,
    "CTO_HARNESS_CASE_STAGE5_OPERATOR_OUTCOME": "config/approvals",
}
FAKE = {"fake": EDITS}
LIMITS = {"seconds": 20, "disk_mib": 64, "file_mib": 16, "output_kib": 64}
VERBS = ("packet", "admission", "approval", "execute", "validate", "evidence", "outcome")


class Governed(Repository):
    """A repository under the contract, whose gate is open unless a test says otherwise."""

    @property
    def target(self) -> Path:
        return self.root / packets.TARGET

    @property
    def tip(self) -> str:
        """The commit of the target."""
        return worlds.git(self.target, "rev-parse", "HEAD")

    def work(self, *names: str, **env: str) -> Done:
        """Run doit with the gate open."""
        return self.doit(*names, **{**OPEN, **env})

    def step(self, verb: str, **env: str) -> Done:
        return self.work(f"workflow:{verb}:{ID}", **env)

    def configure(self, **changes: Any) -> None:
        """Write the configuration; JSON is YAML, too."""
        told = {
            "packet": packets.NAME,
            "admission": packets.ADMISSION,
            "backend": FAKE,
            "approvals": {"unsigned": "allowed"},
            "limits": LIMITS,
            **changes,
        }
        self.write("config/workflow.yaml", json.dumps({"packets": {ID: told}}, indent=1))

    def script(self, code: str, **changes: Any) -> None:
        """Let a program of the shell be the backend."""
        self.configure(backend={"command": ["sh", "-c", code]}, **changes)

    def admit(self, **changes: Any) -> None:
        told = {name: v for name, v in {**worlds.record(), **changes}.items() if v is not None}
        self.write(packets.ADMISSION, json.dumps(told, indent=2))

    def agree(self, waiting: Done) -> None:
        """Write the text that a step which waits prints, as a person does."""
        text = next(x for x in waiting.said.splitlines() if "which writes: {" in x)
        data = text.partition("which writes: ")[2] + "\n"
        self.write(f"config/approvals/approve_{ID.replace('-', '_')}.json", data)

    def approve(self) -> None:
        """Ask for the approval, and give it."""
        done = self.step("approval")
        assert done.code == 1, done.said
        self.agree(done)

    def say(self, outcome: str) -> None:
        """Write down an outcome, from what the step that waits prints."""
        done = self.step("outcome")
        assert done.code == 1, done.said
        texts = [x[x.index("{") :] for x in done.said.splitlines() if '"outcome":' in x]
        (text,) = (x for x in texts if f'"outcome":"{outcome}"' in x)
        self.write(f"config/approvals/outcome_{ID.replace('-', '_')}.json", text + "\n")

    @property
    def runs(self) -> list[Path]:
        """The folders of evidence, in the order of their names."""
        found = (self.root / "evidence").glob("2*")
        return sorted(place for place in found if place.is_dir())

    @property
    def ledger(self) -> Ledger:
        return Ledger(self.root / "evidence/approvals.jsonl")

    def report(self, folder: Path | None = None) -> dict[str, Any]:
        """Return the report of a run whose evidence is whole, by us and by sha256sum."""
        folder = folder or self.runs[-1]
        assert {place.name for place in folder.iterdir()} == set(EVIDENCE.values())
        assert evidence.verify(folder, used=self.ledger).holds
        argv = ["sha256sum", "-c", "--strict", "--quiet", "artifact_digests.sha256"]
        subprocess.run(argv, cwd=folder, check=True)
        return dict(json.loads((folder / "report.json").read_bytes()))

    def names(self, folder: Path | None = None) -> list[str]:
        """Return the events of a run."""
        lines = ((folder or self.runs[-1]) / "events.normalized.jsonl").read_text().splitlines()
        return [json.loads(line)["event"] for line in lines]

    def fails(self, done: Done, reason: str, folder: Path | None = None) -> dict[str, Any]:
        """Ask for blocker, event, exit code and whole evidence of a run; return its report."""
        report = self.report(folder)
        blocker = named(reason)
        assert done.code == blocker.exit == report["exit"] == 1, done.said
        assert reason in {each["reason"] for each in report["blockers"]}, report["blockers"]
        assert blocker.event in self.names(folder)
        assert report["status"] in ("fail", "blocked")
        assert {each["status"] for each in report["blockers"]} >= {blocker.status}
        return report


def made(root: Path) -> Governed:
    """Make both repositories, with the stages passed that come before the packet's."""
    files = {
        "admissions/owner.txt": worlds.OWNER.decode(),
        packets.ADMISSION: json.dumps(worlds.record(), indent=2),
        packets.NAME: TEXT,
    }
    repo = make(root, files, ["workflow"], Governed)
    repo.write(".gitignore", "__pycache__/\n/targets/\n")
    repo.configure()
    repo.commit()
    worlds.repository(repo.target, {name: text.encode() for name, text in FILES.items()})
    book = Ledger(root / "evidence/stages.jsonl")
    book.path.parent.mkdir()
    for stage in range(1, 5):
        gate.passed(book, stage, digest.sha256(b"%d" % stage))
    return repo


def copied(repo: Governed, root: Path) -> Governed:
    shutil.copytree(repo.root, root, symlinks=True)
    return Governed(root, repo.now)
