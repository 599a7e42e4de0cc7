"""Six of the seven tools: from raw input to a work order.  See `snapshots` for the last one.

===========================  ==========================================================
``artifact_ingest``          the input's bytes as they are
``artifact_sanitize``        JSON lines ``{"text","type","where"}``, a sentence each (see
                             `sentences` and `extraction`)
``artifact_canon_select``    those lines whose type is ``SOURCE-BASED``, in their order
``context_bundle_build``     JSON: ``members``, each with ``artifact_id``, ``artifact_type``,
                             ``sha256`` and ``byte_size``, for each input from raw to canon;
                             ``bundle_hash``, the SHA-256 of the rest, in which no clock is
``spec_generate``            see `specs`
``work_order_emit``          see `specs`
===========================  ==========================================================

All JSON is canonical; a file of JSON ends in one LF.
"""

from __future__ import annotations

from typing import Any

from sealwright import digest
from sealwright.contracts.work_orders import extraction, sentences, specs, tools
from sealwright.contracts.work_orders.tools import Call
from sealwright.lineage import Artifact
from sealwright.paths import RelPath
from sealwright.runtime import canonical

BUNDLE = "sealwright/context-bundle/1"
JSON, LINES = "application/json", "application/x-ndjson"


@tools.tool("artifact_ingest")
def ingest(call: Call) -> list[Artifact]:
    """Take in the file at ``path``; bytes are stored exactly."""
    path, media = RelPath(call.request["path"]), call.request["media_type"]
    data = call.run.place(path).read_bytes()
    return [call.make("raw", data, extraction.SUFFIX[media], media, source=path)]


@tools.tool("artifact_sanitize")
def sanitize(call: Call) -> list[Artifact]:
    """Turn raw bytes into classed sentences; deterministic, and no model is called."""
    raw, data = call.parent(call.request["parent"])
    lines, removed = [], 0
    for where, text in extraction.texts(data, raw.media_type, call.run):
        plain = sentences.printable(text)
        removed += len(text) - len(plain)
        for sentence in sentences.split(plain):
            lines.append({"where": where, "text": sentence, "type": sentences.kind(sentence)})
    counts = {kind: sum(line["type"] == kind for line in lines) for kind in sentences.KINDS}
    data = b"".join(map(canonical.line, lines))
    meta = {"counts": counts, "characters_removed": removed}
    return [call.make("sanitized", data, ".jsonl", LINES, (raw,), **meta)]


@tools.tool("artifact_canon_select")
def select(call: Call) -> list[Artifact]:
    """Select what rests on a source."""
    sanitized, data = call.parent(call.request["parent"])
    lines = data.splitlines(keepends=True)
    chosen = [line for line in lines if canonical.decode_line(line)["type"] == sentences.SOURCE]
    meta = {"selected": len(chosen), "of": len(lines)}
    return [call.make("canon", b"".join(chosen), ".jsonl", LINES, (sanitized,), **meta)]


@tools.tool("context_bundle_build")
def bundle(call: Call) -> list[Artifact]:
    """Name all that belongs to an order, each chain from raw to canon."""
    canons = [call.parent(name)[0] for name in call.request["parents"]]
    members = [_member(artifact) for canon in canons for artifact in chain(call, canon)]
    about: dict[str, Any] = {"format": BUNDLE, "name": call.request["name"], "members": members}
    about["bundle_hash"] = digest.hexadecimal(digest.sha256(canonical.encode(about)))
    meta = {"bundle_hash": about["bundle_hash"]}
    data = canonical.line(about)
    return [call.make("bundle_manifest", data, ".json", JSON, tuple(canons), **meta)]


def chain(call: Call, artifact: Artifact) -> list[Artifact]:
    """Return an artifact and what it was made from, the first of it first."""
    found = [artifact]
    while found[0].parents:
        parent, _ = call.parent(found[0].parents[0].artifact_id)
        found.insert(0, parent)
    return found


def _member(artifact: Artifact) -> dict[str, Any]:
    keys = ("artifact_id", "artifact_type", "sha256", "byte_size")
    return {key: getattr(artifact, key) for key in keys}


@tools.tool("spec_generate")
def spec(call: Call) -> list[Artifact]:
    """Generate a build spec from a bundle, by the template alone."""
    parent, data = call.parent(call.request["parent"])
    about = canonical.decode_line(data)
    wanted = [m for m in about["members"] if m["artifact_type"] == "sanitized"]
    texts = {m["artifact_id"]: call.parent(m["artifact_id"])[1] for m in wanted}
    made = specs.build_spec(parent, about, texts, call.request)
    meta = {"bundle_hash": about["bundle_hash"], "prompt_hash": made["audit"]["prompt_hash"]}
    return [call.make("build_spec", canonical.line(made), ".json", JSON, (parent,), **meta)]


@tools.tool("work_order_emit")
def work_order(call: Call) -> list[Artifact]:
    """Emit a work order: it states what is wanted, and nothing executes it."""
    parent, data = call.parent(call.request["parent"])
    made = specs.work_order(parent, canonical.decode_line(data), call.request)
    lineage = made["lineage"]
    meta = {
        "bundle_hash": lineage["bundle_hash"],
        "prompt_hash": lineage["prompt_hash"],
        "work_order_hash": made["work_order_hash"],
    }
    return [call.make("work_order", canonical.line(made), ".json", JSON, (parent,), **meta)]
