"""The approval of a packet: its exact sentence, about exact bytes, used once.

What has to be signed is a `sealwright.approval.Demand`: the packet's sentence, and as its subject
four texts, so that no other packet, target or commit and no second run can have it::

    {"format":"sealwright/approval/1","sentence":"I approve CTO-WORK-049 against …",
     "subject":{"nonce":"sha256:…","packet_sha256":"sha256:…","target":"targets/strings",
                "target_head":"4b82…"}}

in a file of its own, ``approve_CTO_WORK_049.json``, since the packet itself holds the sentence;
beside it the detached signature of a key that the configuration pins.  A configuration that says
``unsigned: allowed`` needs the file without a signature, and the evidence says so.

The ledger of approvals that were used has a line for each, which is durable before the run that
uses it begins::

    {"event":"approval.consumed","approval_sha256":…,"nonce":…,"packet":…,"packet_sha256":…,
     "run":…,"target":…,"target_head":…,  and what a ledger's line has}

The nonce is the digest of the packet's id and of its last line in that ledger.  So the text that
a refusal prints is always the same, until it is used: then the next one is another.  A ledger that
lost its end would ask for a used text again; so a nonce of which evidence is there is refused.

>>> unlike("I approve it.", "I approve\\u00a0it.")
"at character 10 expected ' ' (U+0020 SPACE), found U+00A0 NO-BREAK SPACE"
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from types import MappingProxyType

from sealwright import approval as agreement
from sealwright import digest
from sealwright.approval import Approvers, Demand
from sealwright.contracts.workflow import blockers
from sealwright.contracts.workflow.blockers import Objection, objection
from sealwright.contracts.workflow.packet import Packet
from sealwright.digest import Digest
from sealwright.errors import Refused
from sealwright.git import Commit
from sealwright.ledger import Entry, Ledger
from sealwright.runtime import canonical
from sealwright.verdict import Verdict

EVENT = "approval.consumed"
NONE: Mapping[str, str] = MappingProxyType({})
UNSIGNED = "UNSIGNED: allowed by the configuration"


@dataclass(frozen=True, slots=True)
class Policy:
    """Whose signatures count, or that none is needed (``unsigned``); where the files lie."""

    folder: Path
    approvers: Approvers = Approvers()  # noqa: RUF009 -- frozen
    unsigned: bool = False

    def check(self, demand: Demand, command: str) -> Verdict:
        """Answer whether the demand is agreed to."""
        if self.unsigned:
            nobody = Approvers(waived=UNSIGNED)
            verdict = agreement.check(demand, self.folder, nobody, command, written=True)
            return Verdict(verdict.findings, {demand.name: UNSIGNED} if verdict.holds else {})
        if self.approvers.waived:
            raise Refused(f"{demand.name}: expected keys, or unsigned: allowed; found a waiver")
        return agreement.check(demand, self.folder, self.approvers, command)


@dataclass(frozen=True, slots=True)
class Grant:
    """An approval that one run may use, and has: what was signed, by whom, and its line."""

    demand: Demand
    run: str
    sha256: Digest
    by: str
    line: Digest

    @property
    def nonce(self) -> str:
        """What makes it one of a kind."""
        return self.demand.subject["nonce"]


def demand(packet: Packet, head: Commit, used: Ledger) -> Demand:
    """Return what has to be agreed to, so that the packet may run against ``head``."""
    subject = {
        "nonce": _nonce(packet.id, used),
        "packet_sha256": packet.sha256,
        "target": packet.target.repository,
        "target_head": head,
    }
    return Demand(name(packet.id), packet.sentence, subject)


def name(work: str) -> str:
    """Return how the files of an approval are called."""
    return f"approve_{work.replace('-', '_')}"


def command(work: str) -> str:
    """Return what a person types to agree."""
    return f"inv workflow.approve {work}"


def check(
    packet: Packet, head: Commit, policy: Policy, used: Ledger, spent: Mapping[str, str] = NONE
) -> tuple[Verdict, tuple[Objection, ...]]:
    """Answer whether the packet is approved; if not, its one text and the command are printed.

    ``spent`` are the nonces of which evidence is there, with their runs (`evidence.nonces`).
    """
    wanted = demand(packet, head, used)
    verdict = policy.check(wanted, command(packet.id))
    found = blockers.objections(verdict, "approval_denied")
    if found:
        found += tuple(_reasons(wanted, policy.folder, used))
    found += tuple(_lost(wanted, used, spent))
    return blockers.verdict(found, **verdict.evidence), found


def consume(
    packet: Packet,
    wanted: Demand,
    policy: Policy,
    used: Ledger,
    run: str,
    spent: Mapping[str, str] = NONE,
) -> Grant:
    """Use the approval for one run, durably; `Refused` if there is none, or it was used before."""
    with used.writing() as book:
        blockers.verdict(_lost(wanted, used, spent)).enforce()
        if wanted.subject["nonce"] != _nonce(packet.id, used):
            raise Refused(f"{packet.id}: expected an approval that was not used, found a used one")
        verdict = policy.check(wanted, command(packet.id))
        verdict.enforce()
        sha256 = digest.sha256(wanted.text())
        told = {"event": EVENT, "approval_sha256": sha256, "packet": packet.id, "run": run}
        line = book.seal([{**told, **wanted.subject}])
        book.append(line)
    return Grant(wanted, run, sha256, signer(verdict, wanted), digest.sha256(line[:-1]))


def signer(verdict: Verdict, wanted: Demand) -> str:
    """Return who has agreed, of a verdict that holds: a key, or that none was asked for."""
    by = verdict.evidence[wanted.name]
    return by if isinstance(by, str) else str(by["key"])


def recheck(
    grant: Grant, packet: bytes, head: Commit, policy: Policy, used: Ledger
) -> tuple[Objection, ...]:
    """Return what no longer holds, asked right before the target is changed.

    ``packet`` are the bytes of the packet's file and ``head`` the target's commit, read anew.
    """
    found: list[Objection] = []
    subject, where = grant.demand.subject, grant.demand.name
    if (now := digest.sha256(packet)) != subject["packet_sha256"]:
        what = f"expected the packet {subject['packet_sha256']} that was approved, found {now}"
        found.append(objection("approval_denied", where, what))
    if head != subject["target_head"]:
        what = f"expected the target at {subject['target_head']}, found {head}"
        found.append(objection("target_moved", subject["target"], what))
    verdict = policy.check(grant.demand, "begin again")
    found += blockers.objections(verdict, "approval_denied")
    mine = [entry for entry in consumed(used) if entry.record["nonce"] == grant.nonce]
    if len(mine) != 1 or mine[0].digest != grant.line:
        what = f"expected the one line {grant.line} for this run, found {len(mine)} or another"
        found.append(objection("approval_denied", str(used.path), what))
    return tuple(found)


def consumed(used: Ledger) -> Iterator[Entry]:
    """Yield the lines of approvals that were used, in order; `Damaged` at the first bad one."""
    return (entry for entry in used.entries() if entry.record.get("event") == EVENT)


def unlike(expected: str, found: str) -> str:
    """Return where two texts first differ, in words, or an empty text."""
    for number, (one, other) in enumerate(zip_longest(expected, found), 1):
        if one != other:
            return f"at character {number} expected {_named(one)}, found {_named(other, bare=True)}"
    return ""


def said(sentence: str, typed: str) -> Verdict:
    """Answer whether ``typed`` is the sentence, exactly; one line end after it is no part of it."""
    wrong = unlike(sentence, typed.removesuffix("\n"))
    return blockers.verdict([objection("approval_denied", "sentence", wrong)] if wrong else [])


def _lost(wanted: Demand, used: Ledger, spent: Mapping[str, str]) -> list[Objection]:
    """Return the objection that the ledger forgot a use of which there is evidence."""
    run = spent.get(wanted.subject["nonce"])
    if run is None:
        return []
    what = f"expected the use of the approval by the run {run}, of which evidence is there"
    return [objection("approval_denied", str(used.path), f"{what}, found none; restore it")]


def _named(letter: str | None, *, bare: bool = False) -> str:
    if letter is None:
        return "the end"
    name = f"U+{ord(letter):04X} {unicodedata.name(letter, 'without a name')}"
    return f"{letter!r} ({name})" if letter.isascii() or not bare else name


def _nonce(work: str, used: Ledger) -> Digest:
    mine = [entry.digest for entry in consumed(used) if entry.record.get("packet") == work]
    about = {"packet": work, "after": mine[-1] if mine else None}
    return digest.sha256(canonical.encode(about))


def _reasons(wanted: Demand, folder: Path, used: Ledger) -> Iterator[Objection]:
    """Yield in what way an approval that is there is of something else."""
    about, _ = agreement.places(folder, wanted)
    try:
        record = json.loads(about.read_bytes())
        sentence, subject = record["sentence"], dict(record["subject"])
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return
    if isinstance(sentence, str) and (wrong := unlike(wanted.sentence, sentence)):
        yield objection("approval_denied", f"{about}: sentence", wrong)
    for name, value in wanted.subject.items():
        if subject.get(name) != value:
            users = [e.record["run"] for e in consumed(used) if e.record[name] == subject.get(name)]
            use = f", used by the run {users[-1]}" if users and name == "nonce" else ""
            what = f"expected {value}, found {subject.get(name)!a:.90}{use}"
            yield objection("approval_denied", f"{about}: {name}", what)
