"""Receipts: what each call of a tool did, in ``.adam_os/runs/<run_id>.jsonl``.

A receipt is a small ledger of three chained lines (see `ledger`), each with ``kind``,
``run_id``, ``ts_utc`` (the run's instant) and ``data``::

    run.start    {"tool", "tool_version", "request_sha256", "registry_head"}
    tool.result  {"status", "inputs": […], "artifacts": […]}
    run.end      {"ok": true}

``inputs`` and ``artifacts`` name artifacts by id and SHA-256, artifacts with their relpath and
size.  A request is named by the SHA-256 of its canonical bytes; neither it nor any content
is in here.  ``status`` is ``made``, ``idempotent`` (everything was registered already),
``verified``, or ``failed`` with the kind of the problem, and then ``ok`` is false.

``run_id`` is ``<tool>-<name>-<24 digits>``: derived from tool, request and the registry's
head, and from how many receipts those have already; that of a failed call ends in
``-failed-<number>``.  A registry line names the receipt of the call that made it; a call that
added nothing is named by no line.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sealwright import __version__, digest, durable
from sealwright.digest import Digest
from sealwright.errors import SealwrightError
from sealwright.ledger import LINES
from sealwright.lineage import RUNS, Artifact
from sealwright.paths import RelPath
from sealwright.runtime import canonical
from sealwright.step import Member, World


def member(tool: str, name: str) -> Member:
    """Return the receipts of a tool's calls for ``name``, as an output of a step."""
    return Member(RUNS, f"{tool}-{name}-{{run_id}}.jsonl")


@dataclass(frozen=True, slots=True)
class Receipt:
    """The receipt of one call in progress."""

    run_id: str
    instant: str
    about: Mapping[str, Any]

    @classmethod
    def begin(
        cls, world: World, tool: str, request: Mapping[str, Any], head: Digest | None
    ) -> Receipt:
        """Return the receipt of a call that begins now."""
        about = {
            "tool": tool,
            "tool_version": __version__,
            "request_sha256": _hex(canonical.encode(dict(request))),
            "registry_head": head,
        }
        ids = (_id(about, request["name"], number) for number in itertools.count())
        return cls(_free(world, ids), world.now.iso(), about)

    def end(
        self, status: str, read: Iterable[Artifact], made: Iterable[Artifact]
    ) -> tuple[RelPath, bytes]:
        """Return where the receipt goes, and its bytes."""
        result = {
            "status": status,
            "inputs": [{"artifact_id": a.artifact_id, "sha256": a.sha256} for a in read],
            "artifacts": [_named(artifact) for artifact in made],
        }
        return _path(self.run_id), self._lines(result, ok=True)

    def fail(self, world: World, read: Iterable[Artifact], problem: SealwrightError) -> None:
        """Leave the receipt of a call that failed; nothing else is left of it."""
        result = {
            "status": "failed",
            "problem": type(problem).__name__,
            "inputs": [{"artifact_id": a.artifact_id, "sha256": a.sha256} for a in read],
            "artifacts": [],
        }
        ids = (f"{self.run_id}-failed-{number}" for number in itertools.count(1))
        failed = replace(self, run_id=_free(world, ids))
        place = world.place(_path(failed.run_id))
        durable.create(place, failed._lines(result, ok=False))
        durable.sync_folder(place.parent)

    def _lines(self, result: Mapping[str, Any], *, ok: bool) -> bytes:
        lines: list[bytes] = []
        told = {"run.start": self.about, "tool.result": result, "run.end": {"ok": ok}}
        for kind, data in told.items():
            said = {"kind": kind, "run_id": self.run_id, "ts_utc": self.instant, "data": data}
            previous = lines[-1][:-1] if lines else None
            lines.append(canonical.line(LINES.link(said, previous)))
        return b"".join(lines)


def _free(world: World, ids: Iterable[str]) -> str:
    """Return the first of ``ids`` that no receipt has."""
    return next(each for each in ids if not os.path.lexists(world.place(_path(each))))


def _named(artifact: Artifact) -> dict[str, Any]:
    keys = ("artifact_id", "artifact_type", "relpath", "sha256", "byte_size")
    return {key: getattr(artifact, key) for key in keys}


def _id(about: Mapping[str, Any], name: str, number: int) -> str:
    digits = _hex(canonical.encode({**about, "number": number}))
    return f"{about['tool']}-{name}-{digits[:24]}"


def _path(run_id: str) -> RelPath:
    return RelPath(f"{RUNS}/{run_id}.jsonl")


def _hex(data: bytes) -> str:
    return digest.hexadecimal(digest.sha256(data))
