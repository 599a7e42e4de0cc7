"""Lawful artifacts with their files, and registries written line by line, lawful or not."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from sealwright.ledger import LINES
from sealwright.lineage import FOLDERS, REGISTRY, ROOT, Artifact, Parent, Registry
from sealwright.paths import RelPath
from sealwright.runtime import canonical

AT = "2025-01-01T00:00:00Z"
WHOLE = ("raw", "sanitized", "canon", "bundle_manifest", "build_spec", "work_order")
EXPORT = ("snapshot", "snapshot_manifest")
ALL = WHOLE + EXPORT  # as it happens, in the order of the types


def digits(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class Story:
    """Artifacts that follow one another lawfully; each new one descends from the latest."""

    def __init__(self) -> None:
        self.told: list[Artifact] = []

    def latest(self, kind: str) -> Artifact:
        return next(each for each in reversed(self.told) if each.artifact_type == kind)

    def named(self, artifact_id: str) -> Artifact:
        return next(each for each in self.told if each.artifact_id == artifact_id)

    def add(self, kind: str, parents: Iterable[Artifact] | None = None, **changes: Any) -> Artifact:
        name = changes.get("artifact_id", f"{kind}-{len(self.told)}")
        data = content(name)
        chosen = self._parents(kind) if parents is None else list(parents)
        made = Artifact(
            artifact_id=name,
            created_at_utc=AT,
            artifact_type=kind,
            relpath=RelPath(self._place(kind, name, chosen)),
            sha256=digits(data),
            byte_size=len(data),
            media_type="text/plain",
            parents=tuple(Parent(each.artifact_id, each.sha256) for each in chosen),
            meta={},
        )
        self.told.append(replace(made, **changes))
        return self.told[-1]

    def _parents(self, kind: str) -> list[Artifact]:
        if kind == "raw":
            return []
        if kind not in EXPORT:
            return [self.latest(WHOLE[WHOLE.index(kind) - 1])]
        if kind == "snapshot":
            chain = [self.latest("work_order")]
            for _ in range(2):
                chain.append(self.named(chain[-1].parents[0].artifact_id))
            return chain
        snapshot = self.latest("snapshot")
        return [self.named(snapshot.parents[0].artifact_id), snapshot]

    def _place(self, kind: str, name: str, parents: list[Artifact]) -> str:
        folder = f"{ROOT}/{FOLDERS[kind]}"
        if kind == "snapshot":
            return f"{folder}/{name}/snapshot.enc"
        if kind == "snapshot_manifest":
            return f"{parents[-1].relpath.rpartition('/')[0]}/{name}.json"
        return f"{folder}/{name}.txt"


def story(*kinds: str) -> list[Artifact]:
    told = Story()
    for kind in kinds or ALL:
        told.add(kind)
    return told.told


def content(name: str) -> bytes:
    return f"what {name} holds\n".encode()


def seal(payloads: Iterable[Mapping[str, Any]], before: bytes = b"") -> bytes:
    """Return chained lines, whatever they say."""
    previous = before.splitlines()[-1] if before else None
    for payload in payloads:
        line = canonical.line(LINES.link(payload, previous))
        before, previous = before + line, line[:-1]
    return before


def write(root: Path, data: bytes | Iterable[Artifact]) -> Path:
    path = root / REGISTRY
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(
        data if isinstance(data, bytes) else seal(artifact.payload() for artifact in data)
    )
    return path


def append(registry: Registry, artifacts: Iterable[Artifact]) -> None:
    """Add records as their owner does: admitted, sealed and written under one lock."""
    added = list(artifacts)
    with registry.ledger.writing() as book:
        registry.admit(added)
        book.append(book.seal(artifact.payload() for artifact in added))


def store(root: Path, artifacts: Iterable[Artifact]) -> None:
    """Write the files that artifacts tell of."""
    for artifact in artifacts:
        path = root / artifact.relpath
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content(artifact.artifact_id))


def lines(data: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in data.splitlines()]
