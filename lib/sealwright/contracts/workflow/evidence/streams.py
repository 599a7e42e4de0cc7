"""Two streams of what happened: events by normalised names, and the harness's own actions.

Each is a ledger (see `sealwright.ledger`): canonical lines, each with the digest of the one before.
An event is ``{"about":{…},"event":"git.diff.checked"}`` and what a ledger's line has.  The first
is ``run.started``, which repeats the nonce of the approval, and the last ``run.finished``.  A run
that passed has each of `REQUIRED` once, in this order.  Whatever the status, a backend starts only
after ``approval.granted`` and after nothing that denied or blocked; and the event of each blocker
is there.

>>> lines = chained([{"event": "run.started", "about": {}}])
>>> [record["seq"] for record in records(lines, "events")], head(lines) is None
([0], False)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sealwright import digest
from sealwright.contracts.workflow.blockers import named
from sealwright.digest import Digest
from sealwright.errors import Damaged
from sealwright.ledger import LINES
from sealwright.runtime import canonical

STARTED, FINISHED = "run.started", "run.finished"
REQUIRED = (
    *(STARTED, "admission.checked", "backend.gate.opened", "approval.requested"),
    *("approval.granted", "target.start.checked", "backend.started", "backend.finished"),
    *("git.diff.checked", "paths.checked", "tests.finished", "commit.landed"),
    *("target.end.checked", FINISHED),
)
_STOPS = ("admission.denied", "backend.gate.blocked", "approval.denied")


def chained(payloads: Iterable[Mapping[str, Any]]) -> bytes:
    """Return the lines of a stream."""
    lines: list[bytes] = []
    for payload in payloads:
        previous = lines[-1][:-1] if lines else None
        lines.append(canonical.line(LINES.link(payload, previous)))
    return b"".join(lines)


def head(data: bytes) -> Digest | None:
    """Return the digest of the last line, which stands for all of them."""
    return digest.sha256(data[:-1].rpartition(b"\n")[2]) if data else None


def records(data: bytes, name: str) -> tuple[dict[str, Any], ...]:
    """Return the records of a stream; `Damaged` at the first line that does not continue it."""
    found: list[dict[str, Any]] = []
    previous: bytes | None = None
    for number, line in enumerate(data.splitlines(keepends=True), 1):
        try:
            record = canonical.decode_line(line)
            wrong = "expected an object" if not isinstance(record, dict) else None
            wrong = wrong or LINES.check(record, previous)
        except ValueError as problem:
            wrong = str(problem)
        if wrong:
            raise Damaged(f"{name}:{number}: {wrong}")
        found.append(record)
        previous = line[:-1]
    return tuple(found)


def lacking(events: Sequence[str]) -> tuple[str, ...]:
    """Return which required events are not there once and in their order."""
    rest = iter(events)
    return tuple(
        name for name in REQUIRED if events.count(name) != 1 or not any(name == e for e in rest)
    )


def disorder(events: Sequence[str], reasons: Iterable[str]) -> Iterator[str]:
    """Yield what no stream of events may be, whatever the status of its run."""
    if not events or (events[0], events[-1]) != (STARTED, FINISHED):
        yield f"expected {STARTED} first and {FINISHED} last, found others"
    for reason in reasons:
        if named(reason).event not in events:
            yield f"expected {named(reason).event} for {reason}, found none"
    if "backend.started" in events:
        before = events[: events.index("backend.started")]
        if "approval.granted" not in before:
            yield "expected approval.granted before backend.started, found none"
        for stop in sorted(set(before) & set(_STOPS)):
            yield f"expected no backend.started after {stop}, found one"
