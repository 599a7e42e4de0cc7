"""The account of a run: all that is known of it, in a file, so that a kill loses none of it.

It is one line of canonical JSON, written before the approval is used, after it, and right before
the commit lands.  Evidence is made of it, by the run itself or by the next one.  Bytes are base64.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sealwright import durable
from sealwright.approval import Demand
from sealwright.clock import Instant
from sealwright.contracts.workflow import packet as packets
from sealwright.contracts.workflow.admission import Admission
from sealwright.contracts.workflow.approval import Grant
from sealwright.contracts.workflow.blockers import Objection, objection
from sealwright.contracts.workflow.evidence import Backend, Event, Facts, State, Validation
from sealwright.contracts.workflow.outcome import Outcome
from sealwright.contracts.workflow.packet import Packet
from sealwright.contracts.workflow.terms import characters
from sealwright.digest import Digest
from sealwright.errors import Damaged, Misconfigured
from sealwright.git import Commit
from sealwright.paths import RelPath
from sealwright.runtime import canonical

_NOTHING: Mapping[str, Any] = {"head": None, "tree": None, "clean": False}


@dataclass(slots=True, kw_only=True)
class Account:
    """What is known of a run, as plain JSON."""

    run: str
    started: int
    packet_path: str
    packet: str
    admission_path: str
    admission: str | None
    kind: str
    identity: str
    grant: dict[str, Any] | None = None
    before: dict[str, Any] = field(default_factory=lambda: dict(_NOTHING))
    after: dict[str, Any] = field(default_factory=lambda: dict(_NOTHING))
    begun: bool = False
    exit: int | None = None
    isolation: dict[str, str] = field(default_factory=dict)
    log: str | None = None
    tested: int | None = None
    test_log: str | None = None
    patch: str = ""
    changed: list[str] = field(default_factory=list)
    commit: str = ""
    parent: str = ""
    branch: str = ""
    outcome: dict[str, str] | None = None
    objections: list[dict[str, str]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    trace: list[dict[str, Any]] = field(default_factory=list)

    def save(self, place: Path) -> None:
        """Write the account durably."""
        durable.mkdir(place.parent)
        durable.write(place, canonical.line(asdict(self)))

    def event(self, name: str, **about: str) -> None:
        """Tell something that happened, by its normalised name."""
        self.events.append({"event": name, "about": about})

    def did(self, name: str, **about: str) -> None:
        """Tell what the harness did."""
        self.trace.append({"event": name, "about": about})

    def object(self, found: Iterable[Objection]) -> None:
        """Tell what speaks against the run."""
        for each in found:
            told = {"reason": each.blocker.reason, "where": characters(each.where)}
            told |= {"what": characters(each.what), "remedy": characters(each.remedy)}
            if told not in self.objections:
                self.objections.append(told)

    def against(self) -> tuple[Objection, ...]:
        """Return what speaks against the run."""
        return tuple(objection(**told) for told in self.objections)

    def stated(self) -> Packet:
        """Return the packet as it was when the run began."""
        return packets.parse(unpacked(self.packet), self.packet_path)

    def granted(self) -> Grant | None:
        """Return the approval that the run used."""
        if self.grant is None:
            return None
        told = self.grant
        demand = Demand(told["name"], told["sentence"], told["subject"])
        return Grant(demand, self.run, Digest(told["sha256"]), told["by"], Digest(told["line"]))

    def grants(self, grant: Grant) -> None:
        """Tell which approval the run used."""
        demand = grant.demand
        told = {"name": demand.name, "sentence": demand.sentence, "subject": dict(demand.subject)}
        self.grant = {**told, "sha256": grant.sha256, "by": grant.by, "line": grant.line}

    def facts(self, root: Path, ended: Instant) -> Facts:
        """Return the facts that evidence is made of."""
        said = self.outcome
        return Facts(
            run=self.run,
            started=Instant(self.started),
            ended=ended,
            packet=self.stated(),
            root=root,
            packet_path=RelPath(self.packet_path),
            backend=Backend(
                self.kind,
                Digest(self.identity),
                self.begun,
                self.exit,
                self.isolation,
                _maybe(self.log),
            ),
            admission=self._admitted(),
            grant=self.granted(),
            before=_state(self.before),
            after=_state(self.after),
            validation=Validation(self.tested, _maybe(self.test_log)),
            patch=unpacked(self.patch),
            changed=tuple(map(RelPath, self.changed)),
            commit=Commit(self.commit) if self.commit else None,
            outcome=Outcome(said["outcome"], said["by"], ()) if said else None,
            objections=self.against(),
            events=tuple(Event(**told) for told in self.events),
            trace=tuple(Event(**told) for told in self.trace),
        )

    def _admitted(self) -> Admission | None:
        if self.admission is None:
            return None
        try:
            return Admission.read(unpacked(self.admission), self.admission_path)
        except Misconfigured:
            return None


def load(place: Path) -> Account | None:
    """Return the account at ``place``, or None if there is none; `Damaged` if it is none."""
    try:
        return Account(**canonical.decode_line(place.read_bytes()))
    except FileNotFoundError:
        return None
    except (canonical.NotCanonical, TypeError) as problem:
        raise Damaged(f"{place}: expected the account of a run, found none: {problem}") from None


def packed(data: bytes) -> str:
    """Return bytes as the account holds them."""
    return base64.b64encode(data).decode()


def unpacked(text: str) -> bytes:
    """Return the bytes that `packed` packed."""
    return base64.b64decode(text)


def _maybe(text: str | None) -> bytes | None:
    return None if text is None else unpacked(text)


def _state(told: Mapping[str, Any]) -> State:
    head = told["head"]
    return State(Commit(head) if head else None, told["tree"], told["clean"])
