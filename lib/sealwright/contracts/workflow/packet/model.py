"""What a packet says, as data."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sealwright.contracts.workflow.terms import PLACEHOLDER
from sealwright.digest import Digest
from sealwright.paths import RelPath


@dataclass(frozen=True, slots=True)
class Front:
    """The front matter: what the document is; nothing in it gives leave to do anything."""

    name: str
    tier: str
    status: str
    owner: str
    source: str
    created: str
    last_reviewed: str
    lifecycle_classification: str
    core_promotion_status: str
    description: str


@dataclass(frozen=True, slots=True)
class Target:
    """The repository that is proposed, and what was seen of it."""

    repository: str
    admission_source: RelPath
    admission_status: str
    owner: str
    risk: str
    observed: str


@dataclass(frozen=True, slots=True)
class Task:
    """The contract of the task."""

    text: str
    allowed_paths: tuple[RelPath, ...]
    forbidden_actions: tuple[str, ...]
    forbidden_paths: tuple[str, ...]
    success_criteria: tuple[str, ...]
    validation: str
    rollback: tuple[str, ...]

    @property
    def validation_argv(self) -> tuple[str, ...]:
        """The validation command as a program and its arguments; no shell reads it."""
        return tuple(shlex.split(self.validation))


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet; ``sha256`` is that of all bytes of its file."""

    id: str
    sha256: Digest
    title: str
    status: str
    front: Front
    target: Target
    task: Task
    approver: str
    sentence: str
    gate: Mapping[str, str]  # variables: their values, "" where the run decides
    evidence: tuple[str, ...]

    @property
    def stage(self) -> int:
        """The stage at which the task may run."""
        return int(self.gate["CTO_HARNESS_CASE_STAGE"])

    def placeholders(self) -> tuple[str, ...]:
        """Return the fields that a person still has to decide."""
        return tuple(_undecided("", asdict(self)))


def _undecided(place: str, value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _undecided(f"{place}.{name}" if place else name, inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _undecided(place, inner)
    elif PLACEHOLDER in str(value):
        yield place
