"""The words of the governed workflow that more than one of its records uses.

>>> ID.fullmatch("CTO-WORK-049") is not None, len(FORBIDDEN_ACTIONS), len(EVIDENCE)
(True, 10, 11)
"""

from __future__ import annotations

import re

ID = re.compile(r"[A-Z][A-Z0-9]*(?:-[A-Z0-9]+)+")
FORBIDDEN_ACTIONS = (
    *("push", "merge", "deploy", "close", "pr_open", "issue_close", "public_publication"),
    *("credential_change", "vendor_source_mutation", "cortex_core_mutation"),
)
LOW_RISK = "low_risk_noncritical"
ADMITTED = "admitted"
PLACEHOLDER = "REPLACE-ME"  # what a template holds where a person has to decide
EVIDENCE = {  # the packet's name of each piece of evidence, and the file that it is
    "report.json": "report.json",
    "report.md": "report.md",
    "events.normalized.jsonl": "events.normalized.jsonl",
    "trace.jsonl": "trace.jsonl",
    "patch.diff": "patch.diff",
    "test.log": "test.log",
    "backend logs": "backend.log",
    "artifact digests": "artifact_digests.sha256",
    "freshness proof": "freshness_proof.json",
    "stage5 owned repo proof": "stage5_owned_repo_proof.json",
    "Hermes Control Surface summary path": "control_surface.json",
}
ALLOW_CASE = "CTO_HARNESS_ALLOW_CASE"
CASE_STAGE = "CTO_HARNESS_CASE_STAGE"
ADMISSION_FILE = "CTO_HARNESS_CASE_STAGE5_TARGET_ADMISSION_FILE"
OPERATOR_OUTCOME = "CTO_HARNESS_CASE_STAGE5_OPERATOR_OUTCOME"
NOT_CHOSEN = "target, scope, authority, approval, success criteria, or default status"
REMAINS_FALSE = "Runtime default activation remains false."


def characters(text: str) -> str:
    r"""Return text that may hold any bytes, such as a file's name, as characters.

    >>> characters("caf\udce9.txt")
    'caf\\xe9.txt'
    """
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
