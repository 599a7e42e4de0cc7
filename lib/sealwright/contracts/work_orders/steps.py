"""The steps of inputs and orders: each hands a request to the tool registry, and no more."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from sealwright import digest
from sealwright.contracts.work_orders import pipeline, tools
from sealwright.contracts.work_orders.settings import Order, Settings, Source
from sealwright.contracts.work_orders.tools import Outlet
from sealwright.step import File, Input, Member, Run, Step
from sealwright.verdict import Verdict

Request = Callable[[Run], Mapping[str, Any]]
_PIPELINE = pipeline.__name__  # importing it registers the tools
_TYPES = {
    "artifact_ingest": "raw",
    "artifact_sanitize": "sanitized",
    "artifact_canon_select": "canon",
    "context_bundle_build": "bundle_manifest",
    "spec_generate": "build_spec",
    "work_order_emit": "work_order",
}


def of_inputs(settings: Settings) -> Iterator[Step]:
    """Yield the three steps of each input."""
    for source in settings.inputs.values():
        yield from _chain(source)


def _chain(source: Source) -> Iterator[Step]:
    name = source.name
    about = {"name": name, "path": source.path, "media_type": source.media_type}
    yield _step(
        *("artifact_ingest", name, f"Take in {source.path}, byte for byte."),
        *((File(source.path),), lambda _: about, about),
    )
    raw, sanitized = (_made(tool, name) for tool in ("artifact_ingest", "artifact_sanitize"))
    doc = f"Split {name} into sentences, and class each."
    yield _step("artifact_sanitize", name, doc, (raw,), _from(name, raw))
    doc = f"Select the sentences of {name} that rest on a source."
    yield _step("artifact_canon_select", name, doc, (sanitized,), _from(name, sanitized))


def of_orders(settings: Settings) -> Iterator[Step]:
    """Yield the three steps of each order."""
    for order in settings.orders:
        yield from _order(order)


def _order(order: Order) -> Iterator[Step]:
    name = order.name
    canons = tuple(_made("artifact_canon_select", each) for each in order.inputs)

    def gather(run: Run) -> dict[str, Any]:
        return {"name": name, "parents": [_id(run, canon) for canon in canons]}

    doc = f"Bundle what belongs to {name}: {', '.join(order.inputs)}."
    yield _step("context_bundle_build", name, doc, canons, gather)
    bundle, spec = (_made(tool, name) for tool in ("context_bundle_build", "spec_generate"))
    about = {"notes": order.notes}
    doc = f"Generate the build spec of {name}, by a template."
    yield _step("spec_generate", name, doc, (bundle,), _from(name, bundle, about), about)
    wanted = {"intent": order.intent, "approvals": list(order.approvals), "notes": order.notes}
    doc = f"Emit the work order {name}, which nothing executes."
    yield _step("work_order_emit", name, doc, (spec,), _from(name, spec, wanted), wanted)


def emitted(settings: Settings) -> tuple[Member, ...]:
    """Return every work order, as what a later step reads."""
    return tuple(_made("work_order_emit", order.name) for order in settings.orders)


def _made(tool: str, name: str) -> Member:
    return Outlet.of(tool, name, _TYPES[tool]).artifact


def _from(name: str, parent: Member, about: Mapping[str, Any] | None = None) -> Request:
    return lambda run: {"name": name, "parent": _id(run, parent), **(about or {})}


def _id(run: Run, member: Member) -> str:
    """Return the id of an artifact: the name of its file up to the first dot."""
    return run.members[member].name.partition(".")[0]


def _step(
    tool: str,
    name: str,
    doc: str,
    inputs: tuple[Input, ...],
    request: Request,
    about: Mapping[str, Any] | None = None,
) -> Step:
    outlet = Outlet.of(tool, name, _TYPES[tool])

    def act(run: Run) -> Verdict:
        return tools.invoke(tool, run, outlet, request(run))

    return Step(
        name=f"{tool}:{name}",
        doc=doc,
        act=act,
        inputs=inputs,
        outputs=outlet.outputs,
        arguments={"code": code(), **(about or {})},
    )


@functools.cache
def code() -> str:
    """Return the digest of this package's code, which makes the artifacts what they are."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    return digest.blake3(b"".join(digest.blake3(file.read_bytes()).encode() for file in files))
