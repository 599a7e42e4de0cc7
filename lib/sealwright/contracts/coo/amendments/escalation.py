"""The escalation: what is said where an anchor fits no place, or several.

It is the file ``escalation_<id>.json``, canonical JSON and LF::

    {"amendment_id":"A-001","candidates_found":[{"line":3,"text":"## Scope"},…],
     "searched_anchor":{"heading":"## Scope"},"target":"docs/pack.md","type":"AmbiguousAnchor"}

``type`` is ``MissingAnchor``, which has no candidates, or ``AmbiguousAnchor``, which has all.
Their lines count from 1, in the target as the amendments before left it, and are whole but for
their endings.  Once the amendment is applied, the file is taken away.
"""

from __future__ import annotations

from collections.abc import Sequence

from sealwright.contracts.coo.amendments.anchor import Place
from sealwright.contracts.coo.amendments.file import Amendment
from sealwright.errors import Refused
from sealwright.runtime import canonical

MISSING, AMBIGUOUS = "MissingAnchor", "AmbiguousAnchor"
MOST = 20  # lines that a message names; the artefact names all


def file_name(amendment_id: str) -> str:
    """Return what the artefact of an amendment is called."""
    return f"escalation_{amendment_id}.json"


class AmendmentHaltException(Refused):
    """An anchor fits no place, or several: ``artefact`` says so, for the file ``name``."""

    def __init__(self, amendment: Amendment, candidates: Sequence[Place]) -> None:
        self.type = AMBIGUOUS if candidates else MISSING
        self.amendment_id = amendment.id
        self.name = file_name(amendment.id)
        self.artefact = canonical.line(
            {
                "type": self.type,
                "amendment_id": amendment.id,
                "target": amendment.target,
                "searched_anchor": amendment.anchor.plain(),
                "candidates_found": [{"line": it.line, "text": it.text} for it in candidates],
            }
        )
        super().__init__(_sentence(self.type, amendment, candidates))


def _sentence(kind: str, amendment: Amendment, candidates: Sequence[Place]) -> str:
    lines = [str(it.line) for it in candidates[:MOST]] + ["…"] * (len(candidates) > MOST)
    found = f"{len(candidates)}, on lines {', '.join(lines)}" if candidates else "none"
    where = f"{amendment.target}: amendment {amendment.id}: {kind}"
    expected = f"expected one {amendment.anchor.kind} {amendment.anchor.text!r}"
    return f"{where}: {expected}, found {found}; nothing is applied until that is mended"
