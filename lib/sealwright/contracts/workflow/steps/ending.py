"""How a run ends: the target is looked at, evidence is written, and a line says so.

In this order, each durable: the account, the evidence in its folder, the line with its anchor in
the ledger of approvals.  So evidence is there on failure as on success, and a run that was killed
anywhere is *unsettled* until the next one comes by: that one ends its landing, either way, and
tells the rest (see `settle`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sealwright import digest
from sealwright.approval import Demand
from sealwright.contracts.workflow import approval, blockers, evidence, target
from sealwright.contracts.workflow.approval import Grant
from sealwright.contracts.workflow.blockers import Objection, objection
from sealwright.contracts.workflow.execution import settling
from sealwright.contracts.workflow.execution.plumbing import Repository
from sealwright.contracts.workflow.packet import Packet
from sealwright.contracts.workflow.steps import account as accounts
from sealwright.contracts.workflow.steps.account import Account
from sealwright.contracts.workflow.steps.case import Case
from sealwright.contracts.workflow.steps.story import Ended
from sealwright.digest import Digest
from sealwright.errors import Refused, SealwrightError
from sealwright.runtime import canonical
from sealwright.step import World
from sealwright.verdict import Finding, Verdict

ACCOUNT, JOURNAL = "account.json", "landing"


class Objected(Refused):
    """A run does not go on; ``objections`` are why."""

    def __init__(self, objections: Sequence[Objection]) -> None:
        self.objections = tuple(objections)
        super().__init__(str(blockers.verdict(self.objections)))


def enforce(found: Sequence[Objection]) -> None:
    """Raise `Objected` if anything was found."""
    if found:
        raise Objected(found)


def state(world: World, packet: Packet, dirty: str) -> tuple[dict[str, Any], tuple[Objection, ...]]:
    """Return what the target is now, as an account has it, and what speaks against it."""
    seen = target.observe(world.root, packet, dirty=dirty)
    tree = None
    if seen.head is not None:
        tree = Repository(seen.place).word("rev-parse", f"{seen.head}^{{tree}}")
    return {"head": seen.head, "tree": tree, "clean": seen.clean}, seen.objections


def blocked(case: Case, world: World, account: Account, found: Sequence[Objection]) -> Ended:
    """End a run that did not begin; the same as the last time is not told twice."""
    account.object(found)
    against = [[told["reason"], told["where"], told["what"]] for told in account.objections]
    told = [account.packet, account.admission, account.identity, account.before, against]
    about = digest.sha256(canonical.encode(told))
    for last in case.story(world).ended[-1:]:
        if last.about == about and case.evidence(world, last.run).is_dir():
            return last
    account.after = account.before
    return _written(case, world, account, about=about)


def end(case: Case, world: World, account: Account, *, cut_off: bool = False) -> Ended:
    """End a run that used its approval."""
    packet = account.stated()
    account.after, found = state(world, packet, "dirty_ending_tree")
    if account.commit and account.after["head"] not in (account.commit, None):
        what = f"expected the target at {account.commit}, found {account.after['head']}"
        found += (objection("target_moved", packet.target.repository, what),)
    account.object(found)
    if account.commit and "target.end.checked" not in {e["event"] for e in account.events}:
        account.event("target.end.checked", head=str(account.after["head"]))
    account.save(case.kept(world, ACCOUNT))
    return _written(case, world, account, cut_off=cut_off)


def _written(
    case: Case, world: World, account: Account, *, about: str = "", cut_off: bool = False
) -> Ended:
    folder = case.evidence(world, account.run)
    try:
        anchor = evidence.write(folder, account.facts(world.root, world.now))
    except (Refused, OSError) as problem:
        given = getattr(problem, "objection", None)
        given = given or objection("artifact_write_failure", str(folder), str(problem))
        account.object([given])
        account.save(case.kept(world, ACCOUNT))
        raise Objected([given]) from None
    return _recorded(case, world, account, anchor, about, cut_off)


def _recorded(
    case: Case, world: World, account: Account, anchor: Digest, about: str, cut_off: bool
) -> Ended:
    report = json.loads((case.evidence(world, account.run) / "report.json").read_bytes())
    ended = Ended(
        packet=case.id,
        run=account.run,
        status=report["status"],
        commit=report["commit"] or "",
        parent=account.parent,
        branch=account.branch,
        evidence=anchor,
        about=about,
        cut_off=cut_off,
    )
    case.used(world).append([ended.line()])
    return ended


def settle(case: Case, world: World) -> Ended | None:
    """End the run that was cut off, if one was: its landing first, and then its evidence."""
    run = case.story(world).unsettled
    if not run:
        return None
    account = _account(case, world, run)
    land(case, world, account)
    folder = case.evidence(world, run)
    if (verdict := evidence.verify(folder, used=case.used(world))).holds:
        anchor = Digest(verdict.evidence["anchor"])
        return _recorded(case, world, account, anchor, "", cut_off=True)
    if not account.commit and not account.objections:
        what = "expected the run to come to its end, found that it was cut off; nothing has landed"
        account.object([objection("interrupted", run, what, approval.command(case.id))])
    return end(case, world, account, cut_off=True)


def land(case: Case, world: World, account: Account) -> None:
    """End the landing of a run, either way, and tell whether its commit is there.

    Where that cannot be done the run does not end, and the next one tries it again.
    """
    place = target.place(world.root, account.stated())
    settling.recover(place, case.kept(world, JOURNAL))
    if not account.commit or not _landed(place, account.commit):
        account.commit = ""
    elif "commit.landed" not in {each["event"] for each in account.events}:
        account.event("commit.landed", commit=account.commit)


def _landed(place: Path, commit: str) -> bool:
    """Return whether the target's HEAD is a commit or has it behind it."""
    return Repository(place).tried("merge-base", "--is-ancestor", commit, "HEAD")[0] == 0


def _account(case: Case, world: World, run: str) -> Account:
    account = accounts.load(case.kept(world, ACCOUNT))
    if account is None or account.run != run:
        account = case.begin(world, case.packet(world), run)
        account.run = run
    if account.grant is None:
        account.grants(_grant(case, world, account))
    return account


def _grant(case: Case, world: World, account: Account) -> Grant:
    """Return the approval of a run that was killed right after it had used it."""
    (entry,) = (e for e in approval.consumed(case.used(world)) if e.record["run"] == account.run)
    line, packet = entry.record, account.stated()
    subject = {name: line[name] for name in ("nonce", "packet_sha256", "target", "target_head")}
    asked = Demand(approval.name(case.id), packet.sentence, subject)
    by = _signer(case, world, asked) or "nobody who can be named: the run was cut off"
    return Grant(asked, account.run, Digest(line["approval_sha256"]), by, entry.digest)


def _signer(case: Case, world: World, asked: Demand) -> str:
    """Return who agreed to what was used, as far as that is still to be seen."""
    try:
        verdict = case.policy(world).check(asked, approval.command(case.id))
    except (SealwrightError, OSError):
        return ""
    return approval.signer(verdict, asked) if verdict.holds else ""


def refusal(case: Case, world: World, ended: Ended) -> Refused:
    """Return what a person is told of a run that did not pass: why, and where it is written."""
    folder = case.evidence(world, ended.run)
    report = json.loads((folder / "report.json").read_bytes())
    found = [
        Finding(b["where"], f"{b['reason']}: {b['what']}", b["remedy"]) for b in report["blockers"]
    ]
    return Refused(str(Verdict((*found, case.standing(ended)))))
