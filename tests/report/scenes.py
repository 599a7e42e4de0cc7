"""Repositories in states that a report is asked about, and the reports of them."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from sealwright import approval, digest
from sealwright.approval import Approvers, Demand
from sealwright.contracts.coo.gates.record import Result
from sealwright.contracts.coo.gates.results import GateResults
from sealwright.contracts.coo.gates.waivers import Waiver
from sealwright.engine.heads import Signing
from sealwright.engine.settings import Settings
from sealwright.errors import ProgramFailed
from sealwright.report import page, telling
from sealwright.step import Command, Contract, Guard, Run, Step, World
from sealwright.verdict import Finding, Verdict, refusal
from tests.support.workbench import Workbench, copies, file

DEMAND = Demand("freeze", "I approve the freeze.", {"attempt": "1", "HEAD": "4b82"})


class Scene(Workbench):
    """A workbench whose steps are one or more contracts."""

    contracts: dict[str, list[Step]] | None = None
    chains: dict[str, tuple[str, ...]] | None = None

    def settings(self) -> Settings:
        given = self.contracts or {"own 0": self.steps}
        chain = tuple(s.name for steps in given.values() for s in steps if s.name != "rollback")
        made = {
            name: Contract(steps=tuple(steps), groups={}, chain=tuple(s.name for s in steps))
            for name, steps in given.items()
        }
        world = self.engine().world
        return Settings(world, made, self.chains or {"all": chain}, {}, Signing())

    def report(self) -> dict[str, Any]:
        return telling.told(self.settings())

    def page(self) -> str:
        return page.page(self.report()).decode()

    def status(self) -> dict[str, str]:
        return {step["name"]: step["status"] for step in self.report()["steps"]}


def tidy(world: World) -> Verdict:
    there = (world.root / "dirty").exists()
    return refusal("dirty", "expected a clean tree, found it", "rm dirty") if there else Verdict()


def approved(world: World) -> Verdict:
    command = "inv coo.approve freeze"
    return approval.check(DEMAND, world.root / "config/approvals", Approvers(("A" * 40,)), command)


TIDY = Guard("tree:tidy", "Ask whether it is tidy.", tidy)
APPROVED = Guard("coo:approval", "Ask whether the freeze is agreed to.", approved, waits=True)


def fails(run: Run) -> None:
    raise ProgramFailed("pytest: expected exit code 0, found 1")


def five(root: Path) -> Scene:
    """A small graph in which, after a run, there is a step of every status but one."""
    a, b, c, d, e = (file(f"{name}.txt") for name in "abcde")
    scene = Scene(root)
    scene.write("a.txt", "hello")
    scene.steps = [
        copies(a, b, "text:upper"),
        copies(b, c, "text:copy", guards=(TIDY,)),
        Step(name="text:test", doc="Test.", act=fails, inputs=(a,), outputs=(file("t"),)),
        copies(a, d, "freeze", guards=(APPROVED,)),
        copies(d, e, "migrate:commit"),
        copies(a, file("proof.txt", evidence=True), "seal"),
        copies(a, file("back.txt"), "rollback"),
    ]
    return scene


def every_status(root: Path) -> Scene:
    """The same after it was run, and after somebody changed a few things."""
    scene = five(root)
    for name in ("text:copy", "seal", "text:test"):
        scene.run(name)
    scene.write("dirty", "")
    scene.write("c.txt", "changed by hand")
    return scene


GROUPS = {
    "coo": [
        *("manifests:tools", "manifests:environment", "manifests:hardware", "manifests:sandbox"),
        *("amendments", "lint", "scan", "freeze", "amu0", "migrate:create", "migrate:port"),
        *("migrate:imports", "migrate:snapshot1", "migrate:delete_legacy", "migrate:snapshot2"),
        *("migrate:commit", "gates:A", "gates:B", "gates:C", "gates:D", "gates:E", "gates:F"),
        *("gates:publish", "replay", "migration_bundle"),
    ],
    "bundle": ["bundle:manifest", "bundle:zip", "bundle:audit", "bundle:workspace"],
    "work_orders": [
        *("artifact_ingest", "artifact_sanitize", "artifact_canon_select", "context_bundle_build"),
        *("spec_generate", "work_order_emit", "snapshot_export", "snapshot_verify"),
    ],
    "sot_pack": [
        *("sot_pack:preconditions", "sot_pack:verify_head", "sot_pack:pack", "sot_pack:seal"),
        *("sot_pack:lint_feed", "sot_pack:verify"),
    ],
    "own 0": [f"site:page-{number}" for number in range(1, 17)] + ["site:index"],
}
COO = """legacy: project_builder
sandbox: {waived: "no image is built here"}
approvals: {waived: "nobody is asked here"}
"""
_IMAGE = Finding("sandbox", "expected an image, found none")
_TEST = Finding("tests/test_a.py::test_b", "failed", "doit rollback")
RESULTS = GateResults(
    (
        Result("A", "PASS"),
        Result("B", "PASS", evidence={"modules": 2, "tree": f"sha256:{'0' * 64}"}),
        Result("C", "WAIVED", (_IMAGE,), {}, Waiver("C", "no image is built here", "E. Xample")),
        Result("D", "FAIL", (_TEST,)),
        Result("E", "NOT_RUN"),
        Result("F", "NOT_RUN"),
    )
)
_FREEZE = ("lint", "scan", "amendments", *GROUPS["coo"][:4])


def sixty(root: Path) -> Scene:
    """Sixty steps as a repository under all contracts has them, in all statuses."""
    scene = Scene(root)
    scene.contracts = {
        name: [_step(name, list(names), each) for each in names] for name, names in GROUPS.items()
    }
    scene.steps = [step for steps in scene.contracts.values() for step in steps]
    for name in GROUPS:
        scene.write(f"{name}.src", name)
    for number in range(len(GROUPS["own 0"])):
        scene.write(f"site-{number}.src", f"page {number}")
    guarded = {"sot_pack:preconditions": TIDY, "freeze": APPROVED}
    scene.run(*(s.name for s in scene.steps if not _behind(s.name)))
    for contract, steps in scene.contracts.items():
        scene.contracts[contract] = [_guarded(step, guarded) for step in steps]
    scene.steps = [step for steps in scene.contracts.values() for step in steps]
    scene.write("config/coo.yaml", COO)
    scene.write("coo/manifests/gate_results.json", RESULTS.to_bytes())
    scene.write("site-3.src", "another text")
    scene.write("dirty", "")
    scene.write("out/sot_pack.preconditions", "edited")
    return scene


def _behind(name: str) -> bool:
    coo = GROUPS["coo"]
    return name in coo[coo.index("freeze") :]


def _guarded(step: Step, guarded: dict[str, Guard]) -> Step:
    made = copy.copy(step)
    guards = (guarded[step.name],) if step.name in guarded else ()
    object.__setattr__(made, "guards", guards)
    return made


def _step(contract: str, names: list[str], name: str) -> Step:
    place = names.index(name)
    before = names[place - 1 : place] if place else []
    if contract == "own 0":
        before = names[:-1] if name == "site:index" else []
    elif name in _FREEZE:
        before = []
    elif name == "freeze":
        before = list(_FREEZE)
    source = f"site-{place}.src" if contract == "own 0" else f"{contract}.src"
    return Step(
        name=name,
        doc=f"Do what {name} is for.",
        act=Command(("sh", "-c", f"echo {name} > $0", file(_out(name)))),
        inputs=(file(source), *(file(_out(each)) for each in before)),
        outputs=(file(_out(name), evidence=name.startswith("gates")),),
    )


def _out(name: str) -> str:
    return f"out/{name.replace(':', '.')}"


def large(steps: int) -> dict[str, Any]:
    """Return the report of a repository with very many steps, as telling would give it."""
    made = [_many(number) for number in range(steps)]
    found = [step["status"] for step in made]
    return {
        "format": telling.FORMAT,
        "repository": {
            "commit": "4b82" * 10,
            "at": "2025-01-01T00:00:00Z",
            "changed": 3,
            "problem": "",
            "state": ".sealwright",
        },
        "contracts": [
            {"name": "own 0", "sentence": "Steps of its own.", "steps": steps, "chain": ["lib"]}
        ],
        "summary": {
            s: found.count(s) for s in ("refused", "failed", "will run", "up to date") if s in found
        },
        "steps": made,
        **{key: [] for key in ("unknown", "approvals", "waivers", "proofs", "signatures")},
        "attempt": None,
        "gates": {"path": "", "advice": "", "gates": [], "problems": []},
        "checksums": [
            {"sha256": s["receipt"]["digest"][7:], "path": s["receipt"]["path"]} for s in made
        ],
        "workflows": [],
        "history": {"total": 0, "problem": "", "rows": []},
        **{key: [] for key in ("replays", "ways_back", "notices")},
    }


def _many(number: int) -> dict[str, Any]:
    name = f"lib{number // 50:03}:unit-{number:04}"
    before = [
        f"lib{n // 50:03}:unit-{n:04}"
        for n in {number // 2, number // 3, number - 1}
        if 0 <= n < number
    ]
    status = {7: "refused", 11: "failed", 13: "will run"}.get(number % 997 % 100, "up to date")
    reason = {
        "code": "input",
        "subject": "a.c",
        "old": "",
        "new": "",
        "detail": "",
        "sentence": "a.c changed",
    }
    seen = digest.sha256(name.encode())
    return {
        "name": name,
        "doc": f"Compile unit {number}.",
        "contract": "own 0",
        "group": f"lib{number // 50:03}",
        "before": sorted(before),
        "befores": len(before),
        "status": status,
        "reasons": [] if status == "up to date" else [reason],
        "message": "dirty: expected a clean tree, found it; rm dirty"
        if status == "refused"
        else "",
        "last": None,
        "receipt": {
            "digest": seen,
            "path": f".sealwright/receipts/{seen[7:9]}/{seen[7:]}.json",
            "run": "20250101T000000Z-genesis",
            "at": "2025-01-01T00:00:00Z",
        },
        "inputs": [{"spot": "a.c", "is": f"file {seen}", "sha256": seen}],
        "outputs": [
            {"spot": f"{number}.o", "is": f"file {seen}", "sha256": seen, "kind": "derived"}
        ],
    }
