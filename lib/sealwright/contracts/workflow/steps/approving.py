"""The approval: a person's exact sentence about this packet, this target and this commit.

Where there is none the step waits, and says the exact text and command.  One that is there and is
of something else is refused, with evidence.  The approval is used by the run, not here.
"""

from __future__ import annotations

from collections.abc import Collection

from sealwright import approval as agreement
from sealwright import digest, durable
from sealwright.contracts.workflow import approval, target
from sealwright.contracts.workflow.approval import Policy
from sealwright.contracts.workflow.packet import Packet
from sealwright.contracts.workflow.steps import ending
from sealwright.contracts.workflow.steps.case import POOL, Case, said, told
from sealwright.git import Commit
from sealwright.runtime import canonical
from sealwright.step import Fact, File, Guard, Run, Step, World
from sealwright.verdict import Verdict


def step(case: Case, world: World) -> Step:
    """Return the step that asks for the approval."""
    output = case.file(world, "approval.json")
    asked = Fact(f"approval that {case.id} needs", told(lambda w: _asked(case, w)))

    def act(run: Run) -> None:
        if opened := case.story(run).open:
            sha256 = case.story(run).approval(opened.run)
        else:
            sha256 = _checked(case, run, case.packet(run))
        durable.create(run.path(output), canonical.line({"approval_sha256": sha256}))

    return Step(
        name=case.name("approval"),
        doc=f"Ask whether a person has approved {case.id}, exactly and freshly.",
        act=act,
        inputs=(File(case.work.packet), case.file(world, "admission.json"), asked),
        outputs=(output,),
        guards=(_given(case),),
        attempt=case.attempt(),
        pools=POOL,
        full=True,
    )


def _asked(case: Case, world: World) -> str:
    """Return the digest of the approval that is needed, or that the open run has used."""
    story = case.story(world)
    if story.open:
        return story.approval(story.open.run)
    packet = case.packet(world)
    head = target.observe(world.root, packet).head
    return digest.sha256(case.demand(world, packet, head).text()) if head else "no commit"


def _checked(case: Case, run: Run, packet: Packet) -> str:
    """Return the digest of the approval; one that is of something else leaves evidence."""
    before, seen = ending.state(run, packet, "dirty_starting_tree")
    head, found = before["head"], tuple(seen)
    asked = case.demand(run, packet, head or Commit(""))
    if head:
        policy, used = case.policy(run), case.used(run)
        found = approval.check(packet, head, policy, used, case.spent(run))[1]
    if not found:
        return digest.sha256(asked.text())
    account = case.begin(run, packet, asked.subject["nonce"])
    account.before = before
    account.event("admission.checked", admission=account.admission_path)
    account.event("approval.requested", packet=packet.sha256)
    raise ending.refusal(case, run, ending.blocked(case, run, account, found))


def _given(case: Case) -> Guard:
    def ask(world: World) -> Verdict:
        verdict = case.agreed(world)
        if verdict.holds or _another(case, world):
            return Verdict()
        last = case.story(world).last
        return Verdict((*verdict.findings, *([case.standing(last)] if last else [])))

    doc = f"Ask whether {case.id} is approved."
    return Guard(f"workflow:approved:{case.id}", doc, ask, waits=True)


def _another(case: Case, world: World) -> bool:
    """Return whether there is an approval that no run has used, and that is not the one."""
    used = {str(line["nonce"]) for line in case.story(world).used}
    return another(case.policy(world), approval.name(case.id), "nonce", used)


def another(policy: Policy, name: str, of: str, known: Collection[str]) -> bool:
    """Return whether there is a whole word of that name, about nothing that is ``known``.

    ``of`` names what its subject tells them apart by.
    """
    about, signature = agreement.places(policy.folder, agreement.Demand(name, ""))
    if not about.is_file() or not (policy.unsigned or signature.is_file()):
        return False
    return said(about.read_bytes(), of) not in known
