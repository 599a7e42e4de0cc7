"""Gate D: the whole suite passed, and Snapshot 1 equals Snapshot 2 (003, sections 9.1 and 10).

A snapshot is the document's own object::

    {"manifest_version": "1.0", "files": [{"path": "coo/a.py", "sha256": "<64 hex>"}, …],
     "test_results": {"passed": 42, "failed": 0, "skipped": 0, "exit_code": 0}}

Equal are two whose files, sorted by path, and whose test results are.  Equality of totals is not
enough: the findings of a comparison test by test are this gate's findings, too.  A suite in which
nothing passed, or anything failed, is no full pass, however equal.

>>> snapshot = {"manifest_version": "1.0", "files": [{"path": "a", "sha256": "0" * 64}],
...     "test_results": {"passed": 1, "failed": 0, "skipped": 0, "exit_code": 0}}
>>> judge(snapshot, {**snapshot, "files": [{"path": "b", "sha256": "0" * 64}]}).findings[0].what
'expected to be in both snapshots, found only in Snapshot 1'
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sealwright import digest
from sealwright.runtime import canonical
from sealwright.verdict import Finding, Verdict

FORMAT = "1.0"
COUNTS = ("passed", "failed", "skipped", "exit_code")
NAMES = ("Snapshot 1", "Snapshot 2")
_SHA256 = re.compile(r"[0-9a-f]{64}")
Snapshot = Mapping[str, Any]


def judge(first: Snapshot, second: Snapshot, compared: Iterable[Finding] = ()) -> Verdict:
    """Answer whether the suite passed and both snapshots are equal."""
    malformed = [
        Finding(name, f"expected a snapshot of form {FORMAT}, found {problem}")
        for name, snapshot in zip(NAMES, (first, second), strict=True)
        if (problem := _malformed(snapshot))
    ]
    if malformed:
        return Verdict((*malformed, *compared))
    findings = (*_not_passed(second), *_different(first, second), *compared)
    return Verdict(findings, {"snapshot_1": _digest(first), "snapshot_2": _digest(second)})


def _digest(snapshot: Snapshot) -> str:
    files = sorted(snapshot["files"], key=lambda file: str(file["path"]))
    return digest.sha256(canonical.line({**snapshot, "files": files}))


def _malformed(snapshot: Snapshot) -> str:
    if not isinstance(snapshot, Mapping):
        return "no object"
    if snapshot.keys() != {"manifest_version", "files", "test_results"}:
        return f"the keys {', '.join(sorted(map(str, snapshot)))}"
    if snapshot["manifest_version"] != FORMAT:
        return f"the version {snapshot['manifest_version']!r}"
    problem = _malformed_files(snapshot["files"]) or _malformed_counts(snapshot["test_results"])
    return problem or _unwritable(snapshot)


def _unwritable(snapshot: Snapshot) -> str:
    try:
        canonical.encode(dict(snapshot))
    except canonical.NotCanonical as problem:
        return f"what has no canonical bytes: {problem}"
    return ""


def _malformed_files(files: Any) -> str:
    if not isinstance(files, list):
        return "no list of files"
    paths: set[str] = set()
    for file in files:
        known = isinstance(file, Mapping) and file.keys() == {"path", "sha256"}
        if not known or not all(isinstance(value, str) for value in file.values()):
            return f"the file {file!r}"
        if not _SHA256.fullmatch(file["sha256"]):
            return f"the digest {file['sha256']!r}"
        if file["path"] in paths:
            return f"{file['path']} twice"
        paths.add(file["path"])
    return ""


def _malformed_counts(results: Any) -> str:
    if not isinstance(results, Mapping) or results.keys() != set(COUNTS):
        return f"the test results {results!r}"
    wrong = [key for key in COUNTS if type(results[key]) is not int]
    return f"{wrong[0]}: {results[wrong[0]]!r}" if wrong else ""


def _not_passed(snapshot: Snapshot) -> Iterator[Finding]:
    results = snapshot["test_results"]
    remedy = "mend the tests, or waive gate D with a reason"
    for key in ("failed", "exit_code"):
        if results[key]:
            yield Finding(f"{NAMES[1]}: {key}", f"expected 0, found {results[key]}", remedy)
    if not snapshot["files"]:
        yield Finding(f"{NAMES[1]}: files", "expected files of the package, found none")
    if results["passed"] < 1:
        yield Finding(f"{NAMES[1]}: passed", "expected a test that passed, found none", remedy)


def _different(first: Snapshot, second: Snapshot) -> Iterator[Finding]:
    before, after = ({f["path"]: f["sha256"] for f in each["files"]} for each in (first, second))
    for path in sorted(before.keys() | after.keys(), key=str.encode):
        if path not in before or path not in after:
            where = NAMES[path not in before]
            yield Finding(path, f"expected to be in both snapshots, found only in {where}")
        elif before[path] != after[path]:
            yield Finding(path, f"expected sha256:{before[path]}, found sha256:{after[path]}")
    for key in COUNTS:
        old, new = (each["test_results"][key] for each in (first, second))
        if old != new:
            yield Finding(f"test_results: {key}", f"expected {old}, found {new}")
