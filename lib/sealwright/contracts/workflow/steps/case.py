"""One packet in its repository: where everything lies, and how it stands."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sealwright.approval import Demand
from sealwright.contracts.workflow import admission, approval, evidence, target
from sealwright.contracts.workflow import packet as packets
from sealwright.contracts.workflow.admission import Admission
from sealwright.contracts.workflow.approval import Policy
from sealwright.contracts.workflow.packet import Packet
from sealwright.contracts.workflow.settings import Settings, Work
from sealwright.contracts.workflow.steps import story
from sealwright.contracts.workflow.steps.account import Account, packed
from sealwright.contracts.workflow.steps.story import Ended, Story
from sealwright.errors import Misconfigured, SealwrightError
from sealwright.git import Commit
from sealwright.ledger import Ledger
from sealwright.paths import RelPath
from sealwright.step import Attempt, Fact, File, Guard, Member, World
from sealwright.verdict import Finding, Verdict, refusal

LEDGER, STAGES = "approvals.jsonl", "stages.jsonl"
POOL = ("workflow",)  # one run at a time


@dataclass(frozen=True, slots=True)
class Case:
    """One packet of the configuration."""

    settings: Settings
    work: Work

    @property
    def id(self) -> str:
        """The packet's id."""
        return self.work.id

    def name(self, verb: str) -> str:
        """Return the name of one of its steps."""
        return f"workflow:{verb}:{self.id}"

    def file(self, world: World, name: str) -> File:
        """Return a file that the steps of this packet keep."""
        return File(world.kept(f"workflow/{self.id}/{name}"))

    def kept(self, world: World, name: str) -> Path:
        """Return where the packet's runs keep something for themselves."""
        return world.place(world.kept(f"workflow/{self.id}/{name}"))

    @property
    def member(self) -> Member:
        """The evidence of a run as a step keeps it; runs are named by `begin`."""
        return Member(self.settings.evidence, f"{{ts}}-{self.id}-{{nonce}}")

    @property
    def ledger(self) -> RelPath:
        """The path of the ledger of approvals."""
        return RelPath(f"{self.settings.evidence}/{LEDGER}")

    def used(self, world: World) -> Ledger:
        """Return the ledger of approvals, runs and outcomes."""
        return Ledger(world.place(self.ledger))

    def stages(self, world: World) -> Ledger:
        """Return the ledger of stages."""
        return Ledger(world.place(RelPath(f"{self.settings.evidence}/{STAGES}")))

    def evidence(self, world: World, name: str) -> Path:
        """Return where the evidence of a run lies."""
        return world.place(self.settings.evidence) / name

    def story(self, world: World) -> Story:
        """Return what became of its runs."""
        return story.read(self.used(world), self.id)

    def policy(self, world: World) -> Policy:
        """Return whose word counts."""
        return self.settings.policy(self.work, world.root)

    def packet(self, world: World) -> Packet:
        """Return the packet, if it is the one that the configuration names."""
        data = world.place(self.work.packet).read_bytes()
        return self.work.check(packets.parse(data, self.work.packet))

    def record(self, world: World, packet: Packet) -> Admission | None:
        """Return the record of admission, or None; one that is no JSON is none."""
        try:
            return admission.load(world.root, packet)
        except Misconfigured:
            return None

    def identity(self, world: World) -> str:
        """Return the digest of the backend's orders."""
        patch = self.work.backend.patch
        data = world.place(patch).read_bytes() if patch and world.place(patch).is_file() else b""
        return self.work.backend.identity(data)

    def begin(self, world: World, packet: Packet, nonce: str) -> Account:
        """Return the account of a run that begins now, under a name that is free."""
        name = f"{world.now.compact()}-{self.id}-{nonce.rpartition(':')[2][:8]}"
        number, run = 1, name
        while self.evidence(world, run).exists():
            number += 1
            run = f"{name}-{number}"
        admitted = world.place(self.work.admission)
        return Account(
            run=run,
            started=world.now.seconds,
            packet_path=self.work.packet,
            packet=packed(world.place(self.work.packet).read_bytes()),
            admission_path=packet.target.admission_source,
            admission=packed(admitted.read_bytes()) if admitted.is_file() else None,
            kind=self.work.backend.kind,
            identity=self.identity(world),
        )

    def demand(self, world: World, packet: Packet, head: Commit) -> Demand:
        """Return what has to be agreed to before the next run."""
        return approval.demand(packet, head, self.used(world))

    def spent(self, world: World) -> dict[str, str]:
        """Return the approvals of whose use there is evidence."""
        return evidence.nonces(world.place(self.settings.evidence))

    def agreed(self, world: World) -> Verdict:
        """Answer whether the next run is approved; one that is open counts as approved."""
        if self.story(world).open:
            return Verdict()
        packet = self.packet(world)
        seen = target.observe(world.root, packet)
        if seen.head is None:
            return Verdict(tuple(each.finding() for each in seen.objections))
        policy, used = self.policy(world), self.used(world)
        return approval.check(packet, seen.head, policy, used, self.spent(world))[0]

    def standing(self, last: Ended) -> Finding:
        """Return where things stand: how the last run ended, and what takes a bad end back."""
        told = f"{last}; evidence: {self.settings.evidence}/{last.run}"
        bad = last.commit and last.status != "pass"
        return Finding(self.id, told, f"inv workflow.outcome {self.id} --reject" if bad else "")

    def another(self, world: World) -> Verdict:
        """Answer whether another run is approved; packet and target are read only if it may be."""
        place = self.policy(world).folder / f"{approval.name(self.id)}.json"
        story = self.story(world)
        users = {used["nonce"]: used["run"] for used in story.used}
        nonce = said(place.read_bytes(), "nonce") if place.is_file() else None
        if story.open or (nonce is not None and nonce not in users):
            return self.agreed(world)
        found = "none" if nonce is None else f"that of the run {users[nonce]}"
        what = f"expected an approval that no run has used, found {found}"
        return refusal(str(place), what, approval.command(self.id))

    def attempt(self) -> Attempt:
        """Return the attempt that steps belong to from the approval to the outcome."""
        identity = Fact(f"outcomes of {self.id}", lambda world: len(self.story(world).said))
        doc = "Ask whether there is an approval of another run."
        opening = Guard(f"workflow:another:{self.id}", doc, self.another, waits=True)
        return Attempt(f"workflow {self.id}", identity, opening)


def said(data: bytes, name: str) -> str:
    """Return what a record that anybody may have written says of one thing, or nothing."""
    try:
        return str(json.loads(data)["subject"][name])
    except (ValueError, TypeError, KeyError, RecursionError):
        return ""


def told(read: Callable[[World], Any]) -> Callable[[World], Any]:
    """Return a reading of the world that says why it cannot be read."""

    def reading(world: World) -> Any:
        try:
            return read(world)
        except (SealwrightError, OSError) as problem:
            return f"unreadable: {problem}"

    return reading
