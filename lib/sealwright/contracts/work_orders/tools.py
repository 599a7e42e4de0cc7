"""The tool registry: the seven tools by their locked names, and the one way to call them.

A tool is a function from a `Call` to the artifacts it makes.  What surrounds it is the same
for all, and lies here: the registry's lines, the receipt, and what makes a call idempotent::

    1  the artifact registry is caught up with; damage stops the call
    2  the tool makes its artifacts, staged, from its request and from its parents
    3  if all of them are in the registry already, nothing is appended
    4  else each is admitted (see `lineage`), and gets its line; the line names the receipt
    5  the receipt of the call becomes a new file in ``.adam_os/runs/`` (see `receipts`)

A tool is called through `invoke` only; a direct call is refused, and so is a name that is
not locked.  An artifact's id is ``<type>-<name>-<24 digits>``, the digits being the first of
the SHA-256 of the canonical ``{"artifact_type","name","parents","sha256"}``.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NoReturn

from sealwright import __version__, digest, durable
from sealwright.contracts.work_orders import receipts
from sealwright.errors import Damaged, Refused, SealwrightError
from sealwright.lineage import FOLDERS, REGISTRY, ROOT, Artifact, Found, Parent, Registry
from sealwright.paths import RelPath
from sealwright.runtime import canonical
from sealwright.step import Member, Output, Record, Run
from sealwright.verdict import Verdict

NAMES = (
    "artifact_ingest",
    "artifact_sanitize",
    "artifact_canon_select",
    "context_bundle_build",
    "spec_generate",
    "work_order_emit",
    "snapshot_export",
)
Request = Mapping[str, Any]
_TOOLS: dict[str, Callable[[Call], list[Artifact]]] = {}


@dataclass(frozen=True, slots=True)
class Outlet:
    """What one call may write: its artifacts, their registry lines, and its receipt."""

    artifact: Member
    record: Record
    receipt: Member

    @classmethod
    def of(cls, tool: str, name: str, *types: str) -> Outlet:
        """Return the outlet of a tool's calls for the input or order ``name``."""
        folder = RelPath(f"{ROOT}/{FOLDERS[types[0]]}")
        return cls(
            Member(folder, f"{types[0]}-{name}-{{id}}"),
            Record(REGISTRY, f"{types[0]} {name}"),
            receipts.member(tool, name),
        )

    @property
    def outputs(self) -> tuple[Output, ...]:
        """Return the outlet as a step's outputs."""
        return self.artifact, self.record, self.receipt


@dataclass(slots=True)
class Call:
    """One call in progress: what a tool is given."""

    run: Run
    outlet: Outlet
    registry: Registry
    lines: int  # of the registry
    request: Request
    read: list[Artifact] = field(default_factory=list)

    def parent(self, artifact_id: str) -> tuple[Artifact, bytes]:
        """Return a registered artifact and its bytes; `Damaged` if they are not as registered."""
        found = self.registry.find(artifact_id)
        if found is None:
            raise Refused(f"{artifact_id}: expected it in the artifact registry, found no line")
        artifact = found.artifact
        data = self.run.place(artifact.relpath).read_bytes()
        if digest.hexadecimal(digest.sha256(data)) != artifact.sha256:
            raise Damaged(f"{artifact.relpath}: is not what line {found.number} of {REGISTRY} says")
        self.read.append(artifact)
        return artifact, data

    def make(
        self,
        artifact_type: str,
        data: bytes,
        suffix: str,
        media_type: str,
        parents: tuple[Artifact, ...] = (),
        **meta: Any,
    ) -> Artifact:
        """Stage the bytes of a new artifact, and return what its line will say."""
        sha256 = digest.hexadecimal(digest.sha256(data))
        links = tuple(Parent(parent.artifact_id, parent.sha256) for parent in parents)
        name = derived(artifact_type, self.request["name"], sha256, links)
        durable.create(self.run.name_member(self.outlet.artifact, name + suffix), data)
        return Artifact(
            artifact_id=name,
            created_at_utc=self.run.now.iso(),
            artifact_type=artifact_type,
            relpath=RelPath(f"{ROOT}/{FOLDERS[artifact_type]}/{name}{suffix}"),
            sha256=sha256,
            byte_size=len(data),
            media_type=media_type,
            parents=links,
            meta={"tool_version": __version__, **meta},
        )


class _Locked:
    """A registered tool, which cannot be called but by the registry."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, *_: object, **__: object) -> NoReturn:
        raise Refused(
            f"{self.name}: expected a call through the tool registry, found one around it; "
            f"tools.invoke({self.name!r}, …), or: doit {self.name}"
        )


def tool(name: str) -> Callable[[Callable[[Call], list[Artifact]]], _Locked]:
    """Register a tool under one of the locked names."""

    def register(act: Callable[[Call], list[Artifact]]) -> _Locked:
        if name not in NAMES or name in _TOOLS:
            raise ValueError(f"{name}: expected a locked name that is still free")
        _TOOLS[name] = act
        return _Locked(name)

    return register


def derived(artifact_type: str, name: str, sha256: str, parents: tuple[Parent, ...]) -> str:
    """Return the id of an artifact."""
    said = {
        "artifact_type": artifact_type,
        "name": name,
        "sha256": sha256,
        "parents": [parent._asdict() for parent in parents],
    }
    digits = digest.hexadecimal(digest.sha256(canonical.encode(said)))
    return f"{artifact_type}-{name}-{digits[:24]}"


@contextlib.contextmanager
def opened(run: Run) -> Iterator[tuple[Registry, Mapping[str, Any]]]:
    """Give the artifact registry, caught up with, and its lines and head.

    `Damaged` if it is not whole, or was cut or rewritten since it was last looked at.
    """
    registry = Registry(run.root, run.state / "artifact_registry.index")
    with contextlib.closing(registry):
        yield registry, registry.catch_up().enforce(Damaged)


def invoke(name: str, run: Run, outlet: Outlet, request: Request) -> Verdict:
    """Call the tool ``name``; its artifacts, lines and receipt are committed with the step."""
    if name not in _TOOLS:
        raise Refused(f"{name}: expected one of {', '.join(NAMES)}, found no such tool")
    with opened(run) as (registry, seen):
        receipt = receipts.Receipt.begin(run, name, request, seen.get("head"))
        call = Call(run, outlet, registry, seen["lines"], request)
        try:
            return _settle(call, receipt, _TOOLS[name](call))
        except SealwrightError as problem:
            receipt.fail(run, call.read, problem)
            raise


def _settle(call: Call, receipt: receipts.Receipt, made: list[Artifact]) -> Verdict:
    found = [call.registry.find(artifact.artifact_id) for artifact in made]
    known = [each for each in found if each is not None]
    if len(known) == len(made):
        return _again(call, receipt, made, known)
    relpath, data = receipt.end("made", call.read, made)
    about = {"relpath": relpath, "sha256": digest.hexadecimal(digest.sha256(data))}
    artifacts = [replace(a, meta={**a.meta, "receipt": about}) for a in made]
    call.registry.admit(artifacts)
    call.run.append(call.outlet.record, *(artifact.payload() for artifact in artifacts))
    _leave(call, relpath, data)
    return _answer("made", made)


def _again(
    call: Call, receipt: receipts.Receipt, made: list[Artifact], known: list[Found]
) -> Verdict:
    """The artifacts are registered already: find their lines, and append nothing."""
    for artifact, there in zip(made, known, strict=True):
        if _identity(artifact) != _identity(there.artifact):
            raise Damaged(f"{artifact.artifact_id}: line {there.number} says another artifact")
    call.run.find(call.outlet.record, known[0].offset, sum(each.size for each in known))
    _leave(call, *receipt.end("idempotent", call.read, made))
    return _answer("idempotent", made)


def _identity(artifact: Artifact) -> tuple[object, ...]:
    return artifact.artifact_type, artifact.relpath, artifact.sha256, artifact.parents


def _leave(call: Call, relpath: RelPath, data: bytes) -> None:
    durable.create(call.run.name_member(call.outlet.receipt, Path(relpath).name), data)


def _answer(status: str, made: list[Artifact]) -> Verdict:
    return Verdict((), {"status": status, "artifacts": [a.artifact_id for a in made]})
