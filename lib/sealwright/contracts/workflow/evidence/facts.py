"""All that is known of a run when it ends, however it ended.

What did not happen is None or empty: a run that was refused at its admission has no approval, its
backend did not start, and there is no commit.  Nothing here is what a backend said of itself, but
for its log.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sealwright.clock import Instant
from sealwright.contracts.workflow.admission import Admission
from sealwright.contracts.workflow.approval import Grant
from sealwright.contracts.workflow.blockers import Objection
from sealwright.contracts.workflow.outcome import Outcome
from sealwright.contracts.workflow.packet import Packet
from sealwright.digest import Digest
from sealwright.git import Commit
from sealwright.paths import RelPath


@dataclass(frozen=True, slots=True)
class State:
    """What the target was at one moment: its commit, that one's tree, and whether it was clean."""

    head: Commit | None = None
    tree: str | None = None
    clean: bool = False


@dataclass(frozen=True, slots=True)
class Backend:
    """What did the work: its kind, the digest of its orders, how it ended, what it printed."""

    kind: str
    identity: Digest
    started: bool = False
    exit: int | None = None
    isolation: Mapping[str, str] = field(default_factory=dict)
    log: bytes | None = None


@dataclass(frozen=True, slots=True)
class Validation:
    """How the packet's command ended, and what it printed; None if it did not run."""

    exit: int | None = None
    log: bytes | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, by its normalised name; ``about`` is text by ASCII names."""

    event: str
    about: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts of one run, of which `write` makes all evidence."""

    run: str
    started: Instant
    ended: Instant
    packet: Packet
    root: Path  # of the governing repository; in no evidence
    packet_path: RelPath
    backend: Backend
    admission: Admission | None = None
    grant: Grant | None = None
    before: State = State()
    after: State = State()
    validation: Validation = Validation()
    patch: bytes = b""
    changed: tuple[RelPath, ...] = ()
    commit: Commit | None = None
    outcome: Outcome | None = None
    objections: tuple[Objection, ...] = ()
    events: tuple[Event, ...] = ()  # without ``run.started`` and ``run.finished``
    trace: tuple[Event, ...] = ()
