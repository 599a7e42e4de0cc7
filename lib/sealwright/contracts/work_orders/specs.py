"""What a build spec and a work order hold; both follow from their parents alone.

A build spec (``sealwright/build-spec/1``)::

    template   PHASE7_STEP8_BUILD_SPEC_V1
    lineage    bundle_artifact_id, bundle_sha256, bundle_hash
    audit      provider, model and settings (none: no model is called), prompt_hash, which is the
               SHA-256 of the canonical {template, bundle_sha256, settings}
    spec       SOURCE_BASED {claims, notes}, INFERRED, ASSUMPTIONS, OPEN_QUESTIONS, SOURCE_MAP
    notes

Claims, assumptions and questions are numbered texts ``C1``, ``A1``, ``Q1`` …; ``SOURCE_MAP`` says
of each from which artifact and which place in its source it is.  ``INFERRED`` stays empty, since
nothing here infers.

A work order (``sealwright/work-order/1``)::

    lineage              build_spec_artifact_id, build_spec_sha256, bundle_hash, prompt_hash
    status               STOP: nothing goes on from here without the approvals
    execution_intent     what is wanted, in the words of the configuration
    constraints          no_execution, declarative_only, proxy_required: all true
    required_approvals   whose approval an executor needs before it does anything
    scope_boundaries     filesystem_writes: artifact_root_only, no_runtime_resolution: true
    claims, assumptions, open_questions   how many of each the spec holds, and the questions
    notes
    work_order_hash      the SHA-256 of the canonical rest
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sealwright import digest
from sealwright.contracts.work_orders.sentences import ASSUMPTION, QUESTION, SOURCE
from sealwright.lineage import Artifact
from sealwright.runtime import canonical

TEMPLATE = "PHASE7_STEP8_BUILD_SPEC_V1"
SPEC, ORDER = "sealwright/build-spec/1", "sealwright/work-order/1"
EVERYBODY = "a person who is responsible for what the order changes"
_LETTERS = {SOURCE: "C", ASSUMPTION: "A", QUESTION: "Q"}
Json = dict[str, Any]


def build_spec(
    bundle: Artifact,
    about: Mapping[str, Any],
    texts: Mapping[str, bytes],
    request: Mapping[str, Any],
) -> Json:
    """Return the build spec of a bundle, given the sanitized texts that it names."""
    settings: Json = {}
    prompt = {"template": TEMPLATE, "bundle_sha256": bundle.sha256, "settings": settings}
    rows = list(_rows(texts))
    chosen = {kind: [_said(row) for row in rows if row["type"] == kind] for kind in _LETTERS}
    return {
        "format": SPEC,
        "template": TEMPLATE,
        "lineage": {
            "bundle_artifact_id": bundle.artifact_id,
            "bundle_sha256": bundle.sha256,
            "bundle_hash": about["bundle_hash"],
        },
        "audit": {
            "provider": "none",
            "model": "none",
            "settings": settings,
            "prompt_hash": _sha256(prompt),
        },
        "spec": {
            "SOURCE_BASED": {"claims": chosen[SOURCE], "notes": []},
            "INFERRED": [],
            "ASSUMPTIONS": chosen[ASSUMPTION],
            "OPEN_QUESTIONS": chosen[QUESTION],
            "SOURCE_MAP": {row["id"]: _source(row) for row in rows},
        },
        "notes": request["notes"],
    }


def _rows(texts: Mapping[str, bytes]) -> Iterator[Json]:
    """Yield the lines of all texts, each with its number among those of its type."""
    counts = dict.fromkeys(_LETTERS, 0)
    for artifact_id, data in texts.items():
        for line in data.splitlines(keepends=True):
            row = canonical.decode_line(line)
            counts[row["type"]] += 1
            number = f"{_LETTERS[row['type']]}{counts[row['type']]}"
            yield {**row, "id": number, "artifact_id": artifact_id}


def _said(row: Json) -> Json:
    return {"id": row["id"], "text": row["text"]}


def _source(row: Json) -> Json:
    return {"artifact_id": row["artifact_id"], "where": row["where"]}


def work_order(spec: Artifact, about: Mapping[str, Any], request: Mapping[str, Any]) -> Json:
    """Return the work order of a build spec."""
    content = about["spec"]
    made: Json = {
        "format": ORDER,
        "lineage": {
            "build_spec_artifact_id": spec.artifact_id,
            "build_spec_sha256": spec.sha256,
            "bundle_hash": about["lineage"]["bundle_hash"],
            "prompt_hash": about["audit"]["prompt_hash"],
        },
        "status": "STOP",
        "execution_intent": request["intent"],
        "constraints": {"no_execution": True, "declarative_only": True, "proxy_required": True},
        "required_approvals": list(request["approvals"]) or [EVERYBODY],
        "scope_boundaries": {
            "filesystem_writes": "artifact_root_only",
            "no_runtime_resolution": True,
        },
        "claims": len(content["SOURCE_BASED"]["claims"]),
        "assumptions": len(content["ASSUMPTIONS"]),
        "open_questions": content["OPEN_QUESTIONS"],
        "notes": request["notes"],
    }
    return {**made, "work_order_hash": _sha256(made)}


def _sha256(value: Any) -> str:
    return digest.hexadecimal(digest.sha256(canonical.encode(value)))
