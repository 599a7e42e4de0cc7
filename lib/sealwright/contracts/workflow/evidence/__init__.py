"""Evidence: eleven files in one folder, complete however a run ended, that believe nothing.

============================  ==========================================================
``report.json``               what the run was and came to, and the digests of the rest
``report.md``                 the same for a person
``events.normalized.jsonl``   what happened, by normalised names, chained (`streams`)
``trace.jsonl``               what the harness did, chained
``patch.diff``                the exact change; empty where there is none
``test.log``                  what the validation printed, or why it did not run
``backend.log``               what the backend printed, or that it did not start
``freshness_proof.json``      that it is of this run: states and a nonce, no times
``stage5_owned_repo_proof.json``  whose the target is, and what became of it
``control_surface.json``      what a control surface may show; not executable
``artifact_digests.sha256``   for ``sha256sum -c --strict``; covers all but itself
============================  ==========================================================

Digests go one way.  The streams, the diff and the logs stand for themselves; their digests are in
``freshness_proof.json``; those and its own, with the other two records', are in ``report.json``;
``report.md`` is made of that; and ``artifact_digests.sha256`` covers all ten.  Its digest is the
*anchor*, which `write` returns and the caller keeps in a receipt and a ledger, outside the folder.

All JSON is canonical.  `verify` reads each file once, checks its form (see ``config/schemas``),
recomputes every digest and chain, makes again what is made of the report, and compares; with the
anchor it also knows that nobody wrote the whole folder anew.  By hand::

    cd FOLDER && sha256sum -c --strict artifact_digests.sha256 && sha256sum artifact_digests.sha256
"""

from __future__ import annotations

from sealwright.contracts.workflow.evidence.facts import (
    Backend,
    Event,
    Facts,
    State,
    Validation,
)
from sealwright.contracts.workflow.evidence.history import nonces
from sealwright.contracts.workflow.evidence.verification import verify
from sealwright.contracts.workflow.evidence.writing import NotWritten, anchor, files, write

__all__ = [
    "Backend",
    "Event",
    "Facts",
    "NotWritten",
    "State",
    "Validation",
    "anchor",
    "files",
    "nonces",
    "verify",
    "write",
]
