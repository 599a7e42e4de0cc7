"""The packet that a person begins with: whole, commented, and not yet fit to be admitted.

What has to be decided says ``REPLACE-ME``; an admission refuses a packet that still does.
"""

from __future__ import annotations

from sealwright.contracts.workflow.terms import (
    EVIDENCE,
    FORBIDDEN_ACTIONS,
    ID,
    NOT_CHOSEN,
    PLACEHOLDER,
    REMAINS_FALSE,
)
from sealwright.errors import Misconfigured

_FRONT = f"""\
---
name: {PLACEHOLDER}
tier: local                        # always
status: draft                      # draft, or validated once it was read
owner: {PLACEHOLDER}
source: {PLACEHOLDER}
created: 2000-01-01
last_reviewed: 2000-01-01
lifecycle_classification: planning # always: a packet plans
core_promotion_status: not-promoted
description: {PLACEHOLDER}
---
# {PLACEHOLDER}

Local planning only.

<!-- What says REPLACE-ME has to be decided; then: doit workflow:packet:ID -->
"""
_STATUS = """
## Status

Status: draft of an approval packet only.

This packet does not authorize execution. `{id}` remains candidate until its sentence is signed.
"""
_TARGET = f"""
## Proposed Target Repository

<!-- A git repository of its own; the path is absolute, or relative to this repository. -->

- Target Repository: `targets/{PLACEHOLDER}`
- Admission source: `admissions/{PLACEHOLDER}.json`
- Admission status: `admitted`
- Repository owner: `{PLACEHOLDER}`
- Risk classification: `low_risk_noncritical`
- Current observed state: {PLACEHOLDER}
"""
_TASK = f"""
## Proposed Task Contract

Task: {PLACEHOLDER}

<!-- Files that may be changed or made; nothing else may. -->

Allowed paths:

- `{PLACEHOLDER}`

Forbidden actions:

{{actions}}

<!-- `*` and `?` stand for anything within a name; a name alone is forbidden in every folder. -->

Forbidden paths:

- `.env`
- `.env.*`
- `secrets/`
- `credentials/`
- `deploy/`
- `infra/`
- `.github/workflows/`
- `.git/`

Success criteria:

- {PLACEHOLDER}
- {REMAINS_FALSE}

<!-- One program with its arguments; no shell reads it. -->

Validation command:

```bash
python3 -m pytest -q
```

Rollback expectation:

- Revert the single target commit if the outcome is rejected.
"""
_APPROVAL = (
    f"""
## Required Approval

Before execution, {PLACEHOLDER} must """
    + f"""approve this exact sentence:

```text
I approve {{id}} against targets/{PLACEHOLDER} for the {PLACEHOLDER} task.
```

Without that exact approval, execution remains blocked.
"""
)
_GATE = f"""
## Execution Gate

Execution must use only the CTO Harness Case seam with:

- `CTO_HARNESS_ALLOW_CASE=1`
- `CTO_HARNESS_CASE_STAGE=5`
- `CTO_HARNESS_CASE_STAGE5_TARGET_ADMISSION_FILE` pointing to the admission record
- `CTO_HARNESS_CASE_STAGE5_OPERATOR_OUTCOME` recorded after verification

Case must not choose {NOT_CHOSEN}.
"""
_END = """
## Evidence Required After Execution

{evidence}

## Non-Authority Notice

This packet is planning. It does not authorize mutation before its sentence is signed.
"""


def template(work: str) -> bytes:
    """Return a packet for the work with the id ``work``."""
    if not ID.fullmatch(work):
        raise Misconfigured(f"expected an id such as CTO-WORK-049, found {work!r}")
    parts = (_FRONT, _STATUS, _TARGET, _TASK, _APPROVAL, _GATE, _END)
    filled = "".join(parts).replace("{id}", work)
    filled = filled.replace("{actions}", "\n".join(f"- {each}" for each in FORBIDDEN_ACTIONS))
    named = [f"- `{name}`" if "." in name else f"- {name}" for name in EVIDENCE]
    return filled.replace("{evidence}", "\n".join(named)).encode()
