"""Evidence is made of the facts in memory, and appears in one rename, or not at all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sealwright import digest, durable, manifest
from sealwright.contracts.workflow.blockers import Objection, objection
from sealwright.contracts.workflow.evidence import documents, page, streams
from sealwright.contracts.workflow.evidence.conclusions import drawn
from sealwright.contracts.workflow.evidence.facts import Event, Facts
from sealwright.digest import Digest
from sealwright.errors import Refused
from sealwright.manifest import Entry
from sealwright.paths import RelPath
from sealwright.runtime import canonical

DIGESTS = RelPath("artifact_digests.sha256")
KEPT = ("events.normalized.jsonl", "trace.jsonl", "patch.diff", "test.log", "backend.log")


class NotWritten(Refused):
    """A file of evidence could not be written; ``objection`` is what the next report says."""

    def __init__(self, folder: Path, problem: OSError) -> None:
        what = f"expected to write evidence, found {problem.strerror or problem}"
        self.objection = objection("artifact_write_failure", str(folder), what)
        super().__init__(str(self.objection.finding()))


def files(facts: Facts) -> dict[str, bytes]:
    """Return the eleven files, in the order in which their digests depend on one another."""
    objections, lacking = _settled(facts)
    core = documents.core(facts, objections, lacking)
    made = {
        "events.normalized.jsonl": streams.chained(_events(facts, objections, core)),
        "trace.jsonl": streams.chained(_payload(each, facts.root) for each in facts.trace),
        "patch.diff": facts.patch,
        "test.log": _log(
            facts.validation.log, "missing test: the validation command did not run", objections
        ),
        "backend.log": _log(facts.backend.log, "the backend did not start", objections),
    }
    kept = {name: digest.sha256(data) for name, data in made.items()}
    made["freshness_proof.json"] = canonical.line(documents.freshness(core, kept))
    made["stage5_owned_repo_proof.json"] = canonical.line(documents.proof(core))
    made["control_surface.json"] = canonical.line(documents.surface(core))
    report = {**core, **sums(made)}
    made["report.json"] = canonical.line(report)
    made["report.md"] = page.render(report)
    entries = (Entry(RelPath(n), digest.hexadecimal(digest.sha256(d))) for n, d in made.items())
    made[DIGESTS] = manifest.render(entries, itself=DIGESTS)
    return made


def sums(made: Mapping[str, bytes]) -> dict[str, Any]:
    """Return what a report says of the files that were there before it."""
    named = (("events", "events.normalized.jsonl"), ("trace", "trace.jsonl"))
    told: dict[str, Any] = {
        key: {"lines": made[name].count(b"\n"), "head": streams.head(made[name])}
        for key, name in named
    }
    return {**told, "artifact_digests": {name: digest.sha256(made[name]) for name in sorted(made)}}


def anchor(made: Mapping[str, bytes]) -> Digest:
    """Return the digest that stands for all eleven files."""
    return digest.sha256(made[DIGESTS])


def write(folder: Path, facts: Facts) -> Digest:
    """Write the evidence into a new folder, durably, and return its anchor.

    `Refused` if the folder is there already, unless it holds exactly this, as it does where a run
    was cut off after it; `NotWritten` if a file cannot be written: then there is no such folder.
    """
    made = files(facts)
    if os.path.lexists(folder):
        return _again(folder, made)
    staged = folder.parent / f".{folder.name}.tmp"
    try:
        durable.mkdir(folder.parent)
        durable.remove(staged)
        durable.mkdir(staged)
        for name, data in made.items():
            durable.create(staged / name, data)
        durable.sync_tree(staged)
        durable.rename(staged, folder)
    except OSError as problem:
        with contextlib.suppress(OSError):
            durable.remove(staged)
        raise NotWritten(folder, problem) from None
    return anchor(made)


def _again(folder: Path, made: Mapping[str, bytes]) -> Digest:
    there = folder.is_dir() and {place.name for place in folder.iterdir()} == made.keys()
    if not (there and all((folder / name).read_bytes() == data for name, data in made.items())):
        what = "expected no evidence of that run yet, found some; move it away"
        raise Refused(f"{folder}: {what}")
    durable.sync_folder(folder.parent)
    return anchor(made)


def _settled(facts: Facts) -> tuple[tuple[Objection, ...], tuple[str, ...]]:
    """Return all objections, and the required events that are not there or out of order."""
    given = [event.event for event in facts.events]
    names = [streams.STARTED, *given, streams.FINISHED]
    lacking = streams.lacking(names)
    said = facts.outcome.objections if facts.outcome else ()
    known = (*facts.objections, *(each for each in said if each not in facts.objections))
    known = known or drawn(facts)
    wrong = [*streams.disorder(names, ())]
    if not known and lacking:
        wrong.append(f"expected {', '.join(lacking)} once and in order, found otherwise")
    added = (objection("missing_required_event", KEPT[0], what) for what in wrong)
    return (*known, *added), lacking


def _events(
    facts: Facts, objections: tuple[Objection, ...], core: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    started = {"run": facts.run, "packet_sha256": facts.packet.sha256}
    if facts.grant:
        started["nonce"] = facts.grant.nonce
    yield {"event": streams.STARTED, "about": started}
    yield from (_payload(each, facts.root) for each in facts.events)
    there = {event.event for event in facts.events}
    for each in objections:
        if each.blocker.event not in there:
            there.add(each.blocker.event)
            yield _payload(Event(each.blocker.event, {"blocker": each.blocker.reason}), facts.root)
    ended = {"status": core["status"], "exit": str(core["exit"])}
    yield {"event": streams.FINISHED, "about": ended}


def _payload(event: Event, root: Path) -> dict[str, Any]:
    about = {name: documents.told(text, root) for name, text in event.about.items()}
    return {"event": event.event, "about": about}


def _log(data: bytes | None, otherwise: str, objections: tuple[Objection, ...]) -> bytes:
    if data is not None:
        return data
    reasons = ", ".join(dict.fromkeys(each.blocker.reason for each in objections)) or "none"
    return f"{otherwise}; blockers: {reasons}\n".encode()
