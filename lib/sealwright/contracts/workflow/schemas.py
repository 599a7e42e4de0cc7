"""The records of a governed workflow as JSON Schema (2020-12), for readers with other tools.

They lie in ``config/schemas/workflow/``, each made of the shape that the code itself checks with.
What is no JSON has none: ``report.md``, ``patch.diff``, the two logs, and the digests, which
``sha256sum -c --strict`` checks.  Of a stream the schema is that of one line.

>>> sorted(files())[0]
'admission.schema.json'
"""

from __future__ import annotations

import json

from sealwright import approval as agreement
from sealwright.contracts.workflow import admission, shapes
from sealwright.contracts.workflow.evidence import forms
from sealwright.contracts.workflow.outcome import OUTCOMES
from sealwright.contracts.workflow.shapes import COMMIT, LINE, SHA256, Choice, Record, Shape

FOLDER = "config/schemas/workflow"
_FORMAT = Choice((agreement.FORMAT,))
_APPROVAL = Record(
    {"nonce": SHA256, "packet_sha256": SHA256, "target": LINE, "target_head": COMMIT}
)
_OUTCOME = Record(
    {
        "commit": COMMIT,
        "evidence": SHA256,
        "outcome": Choice(OUTCOMES),
        "packet_sha256": SHA256,
        "run": LINE,
    }
)
_ALL: dict[str, tuple[Shape, str]] = {
    "admission": (admission.SHAPE, "A record that admits a repository as target."),
    "approval": (
        Record({"format": _FORMAT, "sentence": LINE, "subject": _APPROVAL}),
        "What is signed so that a packet may run once.",
    ),
    "outcome": (
        Record({"format": _FORMAT, "sentence": LINE, "subject": _OUTCOME}),
        "What an operator signs about a run.",
    ),
    "report": (forms.REPORT, "report.json: what a run was and came to."),
    "event": (forms.EVENT, "One line of events.normalized.jsonl."),
    "trace": (forms.EVENT, "One line of trace.jsonl."),
    "freshness_proof": (forms.FRESHNESS, "freshness_proof.json: that evidence is of its run."),
    "stage5_owned_repo_proof": (forms.PROOF, "Whose the target is, and what became of it."),
    "control_surface": (forms.SURFACE, "What a control surface shows; not executable."),
}


def files() -> dict[str, bytes]:
    """Return every schema by the name of its file."""
    return {f"{name}.schema.json": _file(name, *told) for name, told in _ALL.items()}


def _file(name: str, shape: Shape, about: str) -> bytes:
    schema = shapes.document(shape, f"sealwright workflow {name}", about)
    return (json.dumps(schema, indent=2, sort_keys=True) + "\n").encode()
