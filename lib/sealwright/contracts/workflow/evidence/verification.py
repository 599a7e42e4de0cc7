"""Whether a folder is whole evidence of one run: asked of its bytes, and of nothing else."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sealwright import digest, durable, manifest
from sealwright.contracts.workflow.approval import consumed
from sealwright.contracts.workflow.evidence import documents, forms, page, streams
from sealwright.contracts.workflow.evidence.contradictions import contradictions
from sealwright.contracts.workflow.evidence.writing import DIGESTS, KEPT, sums
from sealwright.contracts.workflow.shapes import Shape
from sealwright.contracts.workflow.terms import EVIDENCE
from sealwright.digest import Digest
from sealwright.errors import Damaged
from sealwright.ledger import Ledger
from sealwright.paths import RelPath
from sealwright.runtime import canonical
from sealwright.verdict import Finding, Verdict

_RECORDS: Mapping[str, Shape] = {
    "report.json": forms.REPORT,
    "freshness_proof.json": forms.FRESHNESS,
    "stage5_owned_repo_proof.json": forms.PROOF,
    "control_surface.json": forms.SURFACE,
}
_STREAMS = ("events.normalized.jsonl", "trace.jsonl")
_LATE = ("report.json", "report.md", DIGESTS)


def verify(folder: Path, anchor: Digest | None = None, used: Ledger | None = None) -> Verdict:
    """Answer whether the folder is whole evidence, and the one that ``anchor`` stands for.

    With ``used``, the ledger of approvals, its own approval must be there, for this run alone.
    """
    data, findings = _read(folder)
    if findings:
        return Verdict(tuple(findings))
    found = [Finding(f"{folder}/{where}", what) for where, what in _wrong(data, anchor)]
    if used is not None and not found:
        found += _used(folder, json.loads(data["report.json"]), used)
    evidence = {"anchor": digest.sha256(data[DIGESTS])}
    return Verdict(tuple(found), evidence)


def _used(folder: Path, report: Mapping[str, Any], used: Ledger) -> list[Finding]:
    given = report["approval"]
    if given is None:
        return []
    lines = [entry for entry in consumed(used) if entry.record.get("nonce") == given["nonce"]]
    wanted = [(given["consumed"], report["run"], given["sha256"])]
    if [(e.digest, e.record["run"], e.record["approval_sha256"]) for e in lines] == wanted:
        return []
    what = f"approval: expected its one line {given['consumed']} in {used.path}, found none such"
    return [Finding(f"{folder}/report.json", what)]


def _read(folder: Path) -> tuple[dict[str, bytes], list[Finding]]:
    """Return the bytes of the eleven files; or what is not a file, missing, or one too many."""
    try:
        names = set(os.listdir(folder))
    except OSError as problem:
        return {}, [Finding(str(folder), f"expected a folder: {problem.strerror}")]
    expected = set(EVIDENCE.values())
    wrong = [Finding(f"{folder}/{n!a:.80}", "expected no such file") for n in names - expected]
    data = {}
    for name in sorted(expected):
        try:
            mode = os.lstat(folder / name).st_mode
            if not stat.S_ISREG(mode):
                what = f"expected a regular file, found {durable.kind(mode)}"
                wrong.append(Finding(f"{folder}/{name}", what))
                continue
            data[name] = (folder / name).read_bytes()
        except OSError as problem:
            wrong.append(Finding(f"{folder}/{name}", f"expected a file: {problem.strerror}"))
    return data, sorted(wrong, key=str)


def _wrong(data: Mapping[str, bytes], anchor: Digest | None) -> Iterator[tuple[str, str]]:
    yield from _digests(data, anchor)
    records, problems = _records(data)
    yield from problems
    if not problems:
        yield from _again(data, records["report.json"])
        yield from contradictions(records["report.json"], records[_STREAMS[0]], data["patch.diff"])


def _digests(data: Mapping[str, bytes], anchor: Digest | None) -> Iterator[tuple[str, str]]:
    found = digest.sha256(data[DIGESTS])
    if anchor is not None and found != anchor:
        yield DIGESTS, f"expected {anchor}, which was recorded elsewhere, found {found}"
    try:
        listed = dict(manifest.parse(data[DIGESTS], DIGESTS, itself=DIGESTS))
    except Damaged as problem:
        yield DIGESTS, str(problem)
        return
    for name in sorted((listed.keys() | data.keys()) - {DIGESTS}):
        now = digest.hexadecimal(digest.sha256(data[name])) if name in data else "no such file"
        if (then := listed.get(RelPath(name), "no line")) != now:
            yield name, f"expected {then} as {DIGESTS} has it, found {now}"


def _records(data: Mapping[str, bytes]) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    records: dict[str, Any] = {}
    wrong: list[tuple[str, str]] = []
    for name, shape in _RECORDS.items():
        try:
            records[name] = canonical.decode_line(data[name])
        except ValueError as problem:
            wrong.append((name, str(problem)))
            continue
        wrong += [(name, problem) for problem in shape.problems(records[name], name)]
    for name in _STREAMS:
        try:
            records[name] = streams.records(data[name], name)
        except Damaged as problem:
            wrong.append((name, str(problem)))
            continue
        for number, record in enumerate(records[name], 1):
            wrong += [(name, p) for p in forms.EVENT.problems(record, f"{name}:{number}")]
    return records, wrong


def _again(data: Mapping[str, bytes], report: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what is not what the report makes of itself."""
    early = {name: bytes_ for name, bytes_ in data.items() if name not in _LATE}
    for key, value in sums(early).items():
        if report[key] != value:
            yield "report.json", f"{key}: expected {value}, found {report[key]}"
    core = {name: value for name, value in report.items() if name in forms.CORE.fields}
    kept = {name: digest.sha256(data[name]) for name in KEPT}
    made = {
        "freshness_proof.json": canonical.line(documents.freshness(core, kept)),
        "stage5_owned_repo_proof.json": canonical.line(documents.proof(core)),
        "control_surface.json": canonical.line(documents.surface(core)),
        "report.md": page.render(report),
    }
    for name, expected in made.items():
        if data[name] != expected:
            yield name, "expected what report.json makes of it, found other bytes"
