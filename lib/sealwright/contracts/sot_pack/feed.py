"""The activity feed: what happened, one chained line an event (see `ledger`).

An event of ours has, beside the ledger's ``v``, ``seq`` and ``prev``::

    {"action":"verified","emit_mode":"runtime_auto","git_head":"<40 hex>","phase_id":"PHASE_14",
     "run_id":"…","tool":"…","ts_epoch_ms":1735689600000,"ts_utc":"2025-01-01T00:00:00Z",
     "verifier_mode":"operational_proof"}

The linter reads *proof events*: those with that ``emit_mode`` and ``verifier_mode``, and an
``action`` of ``started``, ``completed``, ``verified`` or ``sot_seal``.  Others are counted
and left alone.  Order is that of the lines; clocks do not count.  Its rules:

``missing_required_keys``  a proof event lacks one of the eight keys above but ``git_head``
``incomplete_chain``       a phase's run (``phase_id``, ``run_id``) lacks started, completed or
                           verified; ``completed`` with ``status_badge`` NOT_PROVEN needs no
                           ``verified``
``invalid_order``          the first of each do not come in that order
``invalid_git_head``       ``verified`` or ``sot_seal`` without a full commit
``unverified_seal``        ``sot_seal`` of a commit that no line before it verifies
``conflicting_seal``       ``sot_seal`` of a pack that is sealed already, with other digests;
                           to say the same again is lawful (`latest` is put back that way)

A line that is no canonical JSON or breaks the chain is damage, and nothing is linted.  Where
`sealwright recover` has cut a broken feed, its own line (``"event":"recovered"``) says so, and
the runs before it that thereby lack lines are no violation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sealwright import durable
from sealwright.contracts.sot_pack.settings import Settings
from sealwright.errors import Refused
from sealwright.ledger import Ledger
from sealwright.runtime import canonical
from sealwright.step import Run, Step
from sealwright.verdict import Finding, Verdict

CHAIN = ("started", "completed", "verified")
SEAL = "sot_seal"
PROOF = {"emit_mode": "runtime_auto", "verifier_mode": "operational_proof"}
REQUIRED = ("ts_utc", "ts_epoch_ms", "phase_id", "action", "tool", "run_id", *PROOF)
_HEX = frozenset("0123456789abcdef")


def event(settings: Settings, run: Run, action: str, **more: Any) -> dict[str, Any]:
    """Return an event of ours, at the run's instant."""
    return {
        "action": action,
        "phase_id": settings.phase,
        "run_id": run.run_id,
        "tool": "sealwright",
        "ts_utc": run.now.iso(),
        "ts_epoch_ms": run.now.seconds * 1000,
        **PROOF,
        **more,
    }


def verified_commit(path: Path) -> str:
    """Return the commit that the last ``verified`` event names; `Refused` if there is none."""
    named = [event.get("git_head") for event in _events(path, "verified")]
    if not (named and is_commit(named[-1])):
        raise Refused(f"{path}: says of no commit that it is verified; doit sot_pack:verify_head")
    return str(named[-1])


def seals(path: Path) -> list[dict[str, Any]]:
    """Return every ``sot_seal`` of a feed, in order; `Damaged` if the feed is."""
    return list(_events(path, SEAL))


def _events(path: Path, action: str) -> Iterator[dict[str, Any]]:
    for entry in Ledger(path).entries():
        if is_proof(entry.record) and entry.record["action"] == action:
            yield entry.record


def is_proof(record: Mapping[str, Any]) -> bool:
    """Return whether the linter reads this event."""
    return all(record.get(key) == value for key, value in PROOF.items()) and record.get(
        "action"
    ) in (*CHAIN, SEAL)


def is_commit(text: object) -> bool:
    """Return whether ``text`` is a full commit id."""
    return isinstance(text, str) and len(text) in (40, 64) and set(text) <= _HEX


@dataclass(slots=True)
class Report:
    """What the linter found, and how many lines of which kind it read."""

    counts: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("total_lines", "proof_events", "ignored_events"), 0)
    )
    findings: list[Finding] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON has it."""
        violations = [{"where": f.where, "rule": f.what} for f in self.findings]
        counts = {**self.counts, "violations": len(violations)}
        return {"ok": not violations, "counts": counts, "violations": violations}

    def verdict(self) -> Verdict:
        """Return the report as a verdict."""
        return Verdict(tuple(self.findings), self.counts)


def lint(path: Path) -> Report:
    """Return what is wrong with a feed; `Refused` if there is none, `Damaged` if it is broken."""
    if not path.is_file():
        raise Refused(f"{path}: there is no activity feed; doit sot_pack:verify_head begins one")
    report, linter = Report(), _Linter(str(path))
    for entry in Ledger(path).entries():
        report.counts["total_lines"] += 1
        proof = is_proof(entry.record)
        report.counts["proof_events" if proof else "ignored_events"] += 1
        if proof:
            report.findings += linter.take(entry.number, entry.record)
        elif entry.record.get("event") == "recovered":
            linter.cut()
    report.findings += linter.end()
    return report


class _Linter:
    """Reads proof events in their order."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._first: dict[tuple[Any, Any], dict[str, int]] = {}
        self._unproven: set[tuple[Any, Any]] = set()
        self._verified: set[str] = set()
        self._packs: dict[str, tuple[object, ...]] = {}

    def take(self, line: int, record: Mapping[str, Any]) -> Iterator[Finding]:
        if missing := [key for key in REQUIRED if key not in record]:
            yield self._found(line, f"missing_required_keys: {', '.join(missing)}")
            return
        if record["action"] in ("verified", SEAL) and not is_commit(record.get("git_head")):
            yield self._found(line, "invalid_git_head")
        elif record["action"] == SEAL:
            yield from self._seal(line, record)
        if record["action"] in CHAIN:
            self._chain(line, record)

    def _found(self, line: int, rule: str) -> Finding:
        return Finding(f"{self._name}:{line}", rule)

    def _seal(self, line: int, record: Mapping[str, Any]) -> Iterator[Finding]:
        if record["git_head"] not in self._verified:
            yield self._found(line, "unverified_seal")
        said = tuple(record.get(key) for key in ("git_head", "pack_sha256", "sums_sha256"))
        if self._packs.setdefault(str(record.get("pack")), said) != said:
            yield self._found(line, "conflicting_seal")

    def _chain(self, line: int, record: Mapping[str, Any]) -> None:
        group = (str(record["phase_id"]), str(record["run_id"]))
        self._first.setdefault(group, {}).setdefault(record["action"], line)
        if record.get("status_badge") == "NOT_PROVEN":
            self._unproven.add(group)
        if record["action"] == "verified":
            self._verified.add(str(record.get("git_head")))

    def cut(self) -> None:
        """Excuse the runs that lack lines: the feed was cut here, and says so."""
        whole = {group: first for group, first in self._first.items() if len(first) == len(CHAIN)}
        self._first = whole

    def end(self) -> Iterator[Finding]:
        for group, first in self._first.items():
            wanted = CHAIN[:2] if group in self._unproven and "verified" not in first else CHAIN
            line = min(first.values())
            if missing := [action for action in wanted if action not in first]:
                yield self._found(line, f"incomplete_chain: no {', '.join(missing)} in {group}")
            elif sorted(wanted, key=first.__getitem__) != list(wanted):
                yield self._found(line, f"invalid_order: {group}")


def lint_step(settings: Settings) -> Step:
    """Return the step that lints the whole feed, after all that append to it."""

    def act(run: Run) -> Verdict:
        report = lint(run.place(settings.feed))
        report.verdict().enforce()
        durable.create(run.path(settings.lint_report), canonical.line(report.to_dict()))
        return report.verdict()

    return Step(
        name="sot_pack:lint_feed",
        doc="Lint the activity feed: chain, order, required keys, seals.",
        act=act,
        inputs=(settings.whole_feed,),
        outputs=(settings.lint_report,),
        after=("sot_pack:seal",),
    )
