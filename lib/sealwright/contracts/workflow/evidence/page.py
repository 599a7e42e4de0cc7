"""``report.md``: the report for a person to read; made of ``report.json`` alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sealwright.verdict import legible


def render(report: Mapping[str, Any]) -> bytes:
    """Return the page of a report."""
    return ("\n".join(_lines(report)) + "\n").encode()


def _lines(report: Mapping[str, Any]) -> Iterator[str]:
    packet, target = report["packet"], report["target"]
    yield f"# {packet['id']}: {report['status']}"
    yield ""
    yield f"- Run: {_span(report['run'])}, from {report['run_start']} to {report['run_end']}"
    yield f"- Packet: {_span(packet['path'])}, {_span(packet['sha256'])}"
    yield f"- Task: {_span(packet['task'])}"
    yield f"- Target: {_span(target['path'])}, owned by {_span(target['owner'])}"
    yield f"- Commit before: {_span(target['before']['head'])}"
    yield f"- Commit after: {_span(target['after']['head'])}"
    yield f"- Landed: {_span(report['commit'])}"
    yield f"- Approval: {_span((report['approval'] or {}).get('by'))}"
    yield f"- Backend: {_span(report['backend']['kind'])}, exit {_span(report['backend']['exit'])}"
    yield f"- Isolation: {_isolation(report['backend']['isolation'])}"
    yield f"- Validation: {_validation(report['validation'])}"
    yield f"- Operator's outcome: {_span(report['operator_outcome']['outcome'])}"
    yield "- Runtime default activation: `false`"
    yield from _listed("Blockers", [f"{b['reason']}: {b['what']}" for b in report["blockers"]])
    yield from _listed("Changed files", report["changed_files"])
    yield from _listed("Success criteria", report["success_criteria"])
    yield from _listed("Rollback", [report["rollback"]["command"] or "nothing to undo"])
    digests = report["artifact_digests"]
    yield from _listed("Artifacts", [f"{name} {digests[name]}" for name in sorted(digests)])
    yield from _listed("Streams", [_stream(report, name) for name in ("events", "trace")])


def _listed(title: str, entries: list[str]) -> Iterator[str]:
    yield ""
    yield f"## {title}"
    yield ""
    for entry in entries or ["none"]:
        yield f"- {_span(entry)}"


def _isolation(isolation: Mapping[str, str]) -> str:
    return ", ".join(_span(f"{name}: {isolation[name]}") for name in sorted(isolation)) or "`none`"


def _validation(validation: Mapping[str, Any]) -> str:
    return f"{_span(validation['command'])}, exit {_span(validation['exit'])}"


def _stream(report: Mapping[str, Any], name: str) -> str:
    return f"{name}: {report[name]['lines']} lines, head {report[name]['head']}"


def _span(value: Any) -> str:
    """Return text that others wrote as code, which no Markdown in it can leave."""
    text = "none" if value is None else str(value)
    return f"`{legible(' '.join(text.split())).replace('`', chr(39)) or 'none'}`"
