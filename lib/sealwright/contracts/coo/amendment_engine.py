"""Amendments: changes of documents at anchors that fit exactly once, or nothing at all.

`read` takes the files of amendments (`amendments.file`), `apply` makes the changes, both without
touching a disk.  Amendments apply in the order of their ids, each to what those before it left.
The anchor of each (`amendments.anchor`) must fit one place of its target: if it fits none or
several, `AmendmentHaltException` is raised, later amendments are not looked at, and nothing is
applied.  The exception carries the artefact that says so (`amendments.escalation`).

A text is put in as whole lines: its line endings become that of the anchor's line (of the line
before, if that has none, or else LF), and it gets one at its end.  What follows the last line of
a document that does not end in one gets it first, so such a document ends in a line ending after
an insertion at its end.  No blank line is added or removed: a text that is a paragraph of its
own brings its blank lines.  Applying the same amendments again is another amendment.

``amendment_log.json``, canonical JSON and LF::

    {"amendments":[{"action":"replace","anchor":{"clause":"[SPEC-1.2.3]"},"id":"A-001","line":7,
     "sha256_after":"sha256:…","sha256_before":"sha256:…","target":"docs/pack.md"},…],
     "format":"sealwright/amendment-log/1"}

The digests are those of the whole target.  ``amendment_diff.patch`` is what
``git apply`` takes and ``git apply -R`` takes back (`amendments.patch`), by path in byte order.

>>> amendment = Amendment("A", RelPath("a.md"), Anchor("heading", "# B"), "insert_before", "x")
>>> apply([amendment], {RelPath("a.md"): b"# A\\n\\n# B\\n"}).documents
{'a.md': b'# A\\n\\nx\\n# B\\n'}
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sealwright import digest
from sealwright.contracts.coo.amendments.anchor import Anchor, Page, Place
from sealwright.contracts.coo.amendments.draft import Draft
from sealwright.contracts.coo.amendments.escalation import AmendmentHaltException
from sealwright.contracts.coo.amendments.file import (
    ACTIONS,
    AFTER,
    BEFORE,
    REPLACE,
    Amendment,
    read,
)
from sealwright.contracts.coo.amendments.patch import patch
from sealwright.paths import RelPath
from sealwright.runtime import canonical
from sealwright.verdict import Finding, Verdict

__all__ = [
    "ACTIONS",
    "AFTER",
    "BEFORE",
    "REPLACE",
    "Amendment",
    "AmendmentHaltException",
    "Anchor",
    "Applied",
    "apply",
    "read",
]

FORMAT = "sealwright/amendment-log/1"
_UNREADABLE = re.compile("\0|\r(?!\n)")
_ENDING = re.compile("\r\n?|\n")


@dataclass(frozen=True, slots=True)
class Applied:
    """What a run of amendments makes: the documents, all that were given, and its two records."""

    documents: Mapping[RelPath, bytes]
    log: bytes
    patch: bytes


class _State(NamedTuple):
    """A target between two amendments."""

    draft: Draft
    page: Page
    sha256: digest.Digest


def apply(amendments: Iterable[Amendment], documents: Mapping[RelPath, bytes]) -> Applied:
    """Return what the amendments make of the documents, of which they may name any.

    `Refused`, with all findings, if a target is missing or is no text in UTF-8 with LF or CRLF;
    `AmendmentHaltException` at the first anchor that does not fit exactly once.
    """
    ordered = sorted(amendments, key=lambda amendment: amendment.id)
    Verdict(tuple(_findings(ordered, documents))).enforce()
    targets = sorted({amendment.target for amendment in ordered}, key=str.encode)
    states = {path: _state(path, Draft.of(documents[path].decode("utf-8"))) for path in targets}
    entries = [_entry(amendment, states) for amendment in ordered]
    changed = {path: state.draft.text.encode("utf-8") for path, state in states.items()}
    patches = (patch(path, states[path].draft) for path in targets)
    return Applied(
        documents={**documents, **changed},
        log=canonical.line({"format": FORMAT, "amendments": entries}),
        patch="".join(patches).encode("utf-8"),
    )


def _state(path: RelPath, draft: Draft, before: Page | None = None) -> _State:
    sha256 = digest.sha256(draft.text.encode("utf-8"))
    return _State(draft, Page(draft.text, path, before), sha256)


def _findings(
    amendments: Sequence[Amendment], documents: Mapping[RelPath, bytes]
) -> Iterator[Finding]:
    for name, count in Counter(amendment.id for amendment in amendments).items():
        if count > 1:
            yield Finding(f"amendment {name}", f"expected one of this id, found {count}")
    for path in sorted({amendment.target for amendment in amendments}):
        if path not in documents:
            yield Finding(path, "expected a document to amend, found none", "create it")
        elif problem := _problem(documents[path]):
            yield Finding(path, problem, "mend it, then amend it")


def _problem(data: bytes) -> str | None:
    """Return why ``data`` is no document that can be amended, or None."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        return f"expected UTF-8, found {data[error.start]:#04x} at byte {error.start}"
    if found := _UNREADABLE.search(text):
        line = text.count("\n", 0, found.start()) + 1
        return f"expected text in lines that end in LF or CRLF, found {found[0]!r} on line {line}"
    return None


def _entry(amendment: Amendment, states: dict[RelPath, _State]) -> dict[str, Any]:
    """Apply ``amendment`` to the state of its target; return what the log says of it."""
    draft, page, sha256 = states[amendment.target]
    place = _only(page.find(amendment.anchor), amendment)
    new = draft.splice(*_splice(amendment, draft.text, page, place.line))
    after = states[amendment.target] = _state(amendment.target, new, page)
    return {
        "id": amendment.id,
        "target": amendment.target,
        "action": amendment.action,
        "anchor": amendment.anchor.plain(),
        "line": place.line,
        "sha256_before": sha256,
        "sha256_after": after.sha256,
    }


def _only(candidates: Sequence[Place], amendment: Amendment) -> Place:
    if len(candidates) != 1:
        raise AmendmentHaltException(amendment, candidates)
    return candidates[0]


def _splice(amendment: Amendment, text: str, page: Page, line: int) -> tuple[int, int, str]:
    """Return between which offsets what is put."""
    start, end = page.span(amendment.anchor.kind, line)
    ending = page.ending(line)
    new = _ENDING.sub(ending, amendment.text)
    if new and not new.endswith(ending):
        new += ending
    if amendment.action == REPLACE:
        return start, end, new
    if amendment.action == BEFORE:
        return start, start, new
    lead = "" if text.endswith("\n", 0, end) else ending
    return end, end, lead + new
