"""Where what a report says of its run contradicts itself, its events or its diff.

Each is a pair: the file, and what is wrong.  A report that passed has everything that a run which
passed has; every report has the status, the exit code and the events of its blockers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sealwright.contracts.workflow import blockers
from sealwright.contracts.workflow.evidence import streams

_EVENTS = "events.normalized.jsonl"
Report = Mapping[str, Any]


def contradictions(
    report: Report, events: Sequence[Mapping[str, Any]], patch: bytes
) -> Iterator[tuple[str, str]]:
    """Yield every contradiction."""
    names = [event["event"] for event in events]
    reasons = [blocker["reason"] for blocker in report["blockers"]]
    yield from ((_EVENTS, what) for what in _events(report, events, names, reasons))
    yield from (("report.json", what) for what in _status(report, reasons))
    if report["status"] == blockers.PASS:
        yield from (("report.json", what) for what in _passed(report, names))
    yield from (("patch.diff", what) for what in _patch(patch, report))


def _events(
    report: Report,
    events: Sequence[Mapping[str, Any]],
    names: Sequence[str],
    reasons: Sequence[str],
) -> Iterator[str]:
    if "missing_required_event" not in reasons:
        yield from streams.disorder(names, reasons)
    started = {"run": report["run"], "packet_sha256": report["packet"]["sha256"]}
    if report["approval"]:
        started["nonce"] = report["approval"]["nonce"]
    ended = {"status": report["status"], "exit": str(report["exit"])}
    expected = {0: (streams.STARTED, started), -1: (streams.FINISHED, ended)}
    for at, (name, about) in expected.items():
        found = (events[at]["event"], events[at]["about"]) if events else ("", {})
        if found != (name, about):
            yield f"expected {name} with {about}, found {found[0]} with {found[1]}"


def _status(report: Mapping[str, Any], reasons: Sequence[str]) -> Iterator[str]:
    for told in report["blockers"]:
        blocker = blockers.named(told["reason"])
        expected = (blocker.event, blocker.status, list(blocker.evidence))
        if (told["event"], told["status"], told["evidence"]) != expected:
            yield f"blockers: expected {expected} for {blocker.reason}, found others"
    found = [blockers.objection(reason, "", "") for reason in reasons]
    expected_end = (blockers.status(found), blockers.exit_code(found))
    if (report["status"], report["exit"]) != expected_end:
        yield f"status, exit: expected {expected_end}, found {report['status'], report['exit']}"
    rejected = report["operator_outcome"]["outcome"] == "reject"
    if rejected is not ("reviewer_reject" in reasons):
        yield "operator_outcome: expected a rejection and its blocker together, found one of them"
    outside = [p for p in report["changed_files"] if p not in report["allowed_paths"]]
    if report["changed_outside"] != outside:
        yield f"changed_outside: expected {outside}, found {report['changed_outside']}"


def _passed(report: Mapping[str, Any], names: Sequence[str]) -> Iterator[str]:
    """Yield what speaks against a run that is said to have passed."""
    target = report["target"]
    holds = {
        "required_events_passed": report["required_events_passed"] and not streams.lacking(names),
        "approval": report["approval"] is not None
        and report["approval"]["sentence"] == report["approval_sentence"],
        "admission": None not in report["admission"].values(),
        "case_process_started": report["case_process_started"],
        "changed_files": bool(report["changed_files"]),
        "changed_outside": not report["changed_outside"],
        "commit": report["commit"] is not None and report["commit"] == target["after"]["head"],
        "target.before": target["before"]["clean"] and target["before"]["head"] is not None,
        "target.after": target["after"]["clean"] and target["before"] != target["after"],
        "validation": report["validation"]["exit"] == 0,
        "backend": report["backend"]["exit"] == 0,
    }
    for name, held in holds.items():
        if not held:
            yield f"{name}: expected what a run that passed has, found otherwise"


# What is no plain file is in no diff, so only that of a run which passed has every change.
def _patch(patch: bytes, report: Mapping[str, Any]) -> Iterator[str]:
    headers = [line for line in patch.split(b"\n") if line.startswith(b"diff --git ")]
    passed, count = report["status"] == blockers.PASS, len(report["changed_files"])
    if len(headers) > count or (passed and len(headers) < count) or bool(patch) > bool(headers):
        yield f"expected {count} changed files, found {len(headers)}"
    for path in report["changed_files"] if passed else ():
        unquoted = path.isascii() and path.isprintable() and not set(path) & set(' "\\')
        if unquoted and f"diff --git a/{path} b/{path}".encode() not in headers:
            yield f"expected a change of {path}, found none"
