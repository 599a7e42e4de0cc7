"""One record of the registry as a value, and the shape that its fields have.

What a record alone can say is judged here, what it says about others in `rules`.  No message
repeats anything of ``meta``, where a secret may stand.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from sealwright import paths
from sealwright.errors import Misconfigured
from sealwright.paths import RelPath
from sealwright.runtime import canonical

ROOT = RelPath(".adam_os/artifacts")
RUNS = RelPath(".adam_os/runs")
REGISTRY = RelPath(f"{ROOT}/artifact_registry.jsonl")
FOLDERS: Mapping[str, str] = MappingProxyType(
    {
        "raw": "raw",
        "sanitized": "sanitized",
        "canon": "sanitized",
        "bundle_manifest": "bundles",
        "build_spec": "specs",
        "work_order": "work_orders",
        "snapshot": "snapshots",
        "snapshot_manifest": "snapshots",
    }
)
TYPES: tuple[str, ...] = tuple(FOLDERS)
EXPORTS = ("snapshot", "snapshot_manifest")  # the types that an export adds, in a folder of its own
META = 1 << 16  # bytes; bounds what the search for secrets may take

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_DIGITS = re.compile("[0-9a-f]{64}")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_NAME = r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}"
_MEDIA = re.compile(rf"{_NAME}/{_NAME}(?:; ?{_NAME}={_NAME}){{0,8}}")
_RECEIPT = re.compile(rf"{re.escape(RUNS)}/[A-Za-z0-9][A-Za-z0-9._-]{{0,200}}\.jsonl")


class Parent(NamedTuple):
    """What a record says of one it came from."""

    artifact_id: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Artifact:
    """One artifact, as the registry tells of it."""

    artifact_id: str
    created_at_utc: str
    artifact_type: str
    relpath: RelPath
    sha256: str
    byte_size: int
    media_type: str
    parents: tuple[Parent, ...]
    meta: Mapping[str, Any]

    def payload(self) -> dict[str, Any]:
        """Return the record, without what ties it to a ledger."""
        found = {name: getattr(self, name) for name in _FIELDS}
        parents = [parent._asdict() for parent in self.parents]
        return {**found, "parents": parents, "meta": dict(self.meta)}

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Artifact:
        """Return the artifact of a record, or raise `ValueError` with all reasons against it."""
        if reasons := list(_misshapen(record)):
            raise ValueError("; ".join(reasons))
        parents = tuple(Parent(each["artifact_id"], each["sha256"]) for each in record["parents"])
        return cls(**{**record, "parents": parents})


_FIELDS = tuple(field.name for field in fields(Artifact))
_KNOWN = frozenset(_FIELDS)


def _misshapen(record: Mapping[str, Any]) -> Iterator[str]:
    if record.keys() != _KNOWN:
        yield from (
            f"{name}: expected this field, found none" for name in _FIELDS if name not in record
        )
        yield from (
            f"{name!r:.80}: expected no such field, found it" for name in record.keys() - _KNOWN
        )
        return
    wrong = [reason for name, judge in _JUDGES.items() if (reason := judge(name, record[name]))]
    yield from wrong
    if not wrong and (reason := _misplaced(record["artifact_type"], record["relpath"])):
        yield reason


def _matching(pattern: re.Pattern[str], expected: str) -> Callable[[str, Any], str | None]:
    def judge(name: str, value: Any) -> str | None:
        if type(value) is str and pattern.fullmatch(value):
            return None
        return f"{name}: expected {expected}, found {value!r:.80}"

    return judge


_id = _matching(_ID, "1 to 128 of A-Za-z0-9._- with a letter or a digit first")
_digits = _matching(_DIGITS, "64 lower-case hexadecimal digits")
_time_like = _matching(_TIME, "a time such as 2025-01-01T00:00:00Z")


def _time(name: str, value: Any) -> str | None:
    if reason := _time_like(name, value):
        return reason
    try:
        datetime.fromisoformat(value)
    except ValueError as problem:
        return f"{name}: expected a time that exists, found {value} ({problem})"
    return None


def _type(name: str, value: Any) -> str | None:
    known = type(value) is str and value in FOLDERS
    return None if known else f"{name}: expected one of {', '.join(TYPES)}, found {value!r:.80}"


def _path(name: str, value: Any) -> str | None:
    if type(value) is not str:
        return f"{name}: expected a path, found {value!r:.80}"
    try:
        spelled = paths.parse(value)
    except Misconfigured as problem:
        return f"{name}: {problem}"
    return None if spelled == value else f"{name}: expected {spelled!r}, found {value!r}"


def _size(name: str, value: Any) -> str | None:
    if type(value) is int and 0 <= value <= canonical.INTEGER:
        return None
    return f"{name}: expected a number of bytes, found {value!r:.80}"


def _parents(name: str, value: Any) -> str | None:
    if type(value) is not list:
        return f"{name}: expected a list, found {type(value).__name__}"
    for number, each in enumerate(value):
        where = f"{name}[{number}]"
        if type(each) is not dict or each.keys() != {"artifact_id", "sha256"}:
            return f"{where}: expected artifact_id and sha256 alone, found {each!r:.80}"
        for key, judge in (("artifact_id", _id), ("sha256", _digits)):
            if reason := judge(f"{where}.{key}", each[key]):
                return reason
    return None


def _meta(name: str, value: Any) -> str | None:
    if type(value) is not dict:
        return f"{name}: expected an object, found {type(value).__name__}"
    try:
        size = len(canonical.encode(value))
    except canonical.NotCanonical:
        return f"{name}: expected what canonical JSON can hold, found something else"
    if size > META:
        return f"{name}: expected at most {META} bytes, found {size}"
    if "receipt" in value and not _is_receipt(value["receipt"]):
        shape = f"relpath {RUNS}/<name>.jsonl and sha256 with 64 lower-case hexadecimal digits"
        return f"{name}.receipt: expected {shape} alone, found something else"
    return None


def _is_receipt(value: Any) -> bool:
    return (
        type(value) is dict
        and value.keys() == {"relpath", "sha256"}
        and all(type(each) is str for each in value.values())
        and _RECEIPT.fullmatch(value["relpath"]) is not None
        and _DIGITS.fullmatch(value["sha256"]) is not None
    )


def _misplaced(kind: str, relpath: str) -> str | None:
    names = relpath.removeprefix(f"{ROOT}/").split("/")
    depth = 3 if kind in EXPORTS else 2
    right = relpath.startswith(f"{ROOT}/") and names[0] == FOLDERS[kind] and len(names) == depth
    if right and not any(name.startswith(".") for name in names):
        return None
    inside = "<snapshot_id>/<name>" if depth == 3 else "<name>"
    expected = f"{ROOT}/{FOLDERS[kind]}/{inside} with no dot before a name"
    return f"relpath: expected {expected}, found {relpath!r}"


_JUDGES: Mapping[str, Callable[[str, Any], str | None]] = {
    "artifact_id": _id,
    "created_at_utc": _time,
    "artifact_type": _type,
    "relpath": _path,
    "sha256": _digits,
    "byte_size": _size,
    "media_type": _matching(_MEDIA, "a media type such as text/plain"),
    "parents": _parents,
    "meta": _meta,
}
