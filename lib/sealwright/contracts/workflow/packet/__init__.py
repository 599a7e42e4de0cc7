"""A packet: what is proposed to be done, to which repository, and which words would let it be done.

It is a file of Markdown in UTF-8 with LF line ends.  Lines before the first ``---`` are skipped;
between it and the next is YAML (see `front`); then a heading ``#`` and, in any order, each once::

    ## Status                             Status: …, that it gives no leave, the id of the work
    ## Proposed Target Repository         six bullets `- Label: value`
    ## Proposed Task Contract             Task, Allowed paths, Forbidden actions, Forbidden paths,
                                          Success criteria, Validation command, Rollback expectation
    ## Required Approval                  who, and the exact sentence in one fenced block
    ## Execution Gate                     four variables, and what the backend must not choose
    ## Evidence Required After Execution  eleven bullets
    ## Non-Authority Notice               prose

Everything is data or a complaint: `parse` raises `Misconfigured` with all of them, each as
``file:line:column: what, expected, found``.  Paths are relative and in their one spelling, the
validation command is one program with arguments that no shell reads, and the sentence names the
id of *Status* and the repository of *Proposed Target Repository*.  A packet gives leave to nothing:
that its sentence is written in it is no approval.

>>> parse(template("CTO-WORK-7"), "packet.md").id
'CTO-WORK-7'
"""

from __future__ import annotations

from sealwright import digest
from sealwright.contracts.workflow.packet import front, sections
from sealwright.contracts.workflow.packet.markdown import Section, invisible
from sealwright.contracts.workflow.packet.markdown import sections as taken_apart
from sealwright.contracts.workflow.packet.model import Front, Packet, Target, Task
from sealwright.contracts.workflow.packet.problems import Problems
from sealwright.contracts.workflow.packet.template import template
from sealwright.errors import Misconfigured

__all__ = ["Front", "Packet", "Target", "Task", "parse", "template"]

LARGEST = 1 << 18  # bytes; a person has to read all of it


def parse(data: bytes, name: str) -> Packet:
    """Return the packet in ``data``; `Misconfigured` tells everything that is wrong with it."""
    lines = _text(data, name).split("\n")
    opening, closing = _fences(lines, name)
    problems = Problems(name)
    invisible("\n".join(lines), problems)
    matter = front.read("\n".join(lines[opening + 1 : closing]), opening + 1, name)
    body = "\n" * (closing + 1) + "\n".join(lines[closing + 1 :])
    packet = _packet(data, matter, taken_apart(body, problems), problems)
    problems.enforce()
    return packet


def _packet(data: bytes, matter: Front, found: list[Section], problems: Problems) -> Packet:
    head = found[0] if found else Section("", (1, 1))
    given = {section.title: section for section in found[1:]}
    for section in found[1:]:
        if section.title not in sections.TITLES:
            known = ", ".join(sections.TITLES)
            problems.add(section.at, f"section {section.title!r}: expected one of {known}")
    missing = [title for title in sections.TITLES if title not in given]
    for title in missing:
        problems.add(head.at, f"section {title!r} is missing")
    if missing:
        problems.enforce()
    about, place, contract, asking, gate, evidence, notice = (given[t] for t in sections.TITLES)
    status, work = sections.status(about, problems)
    target, asked = sections.target(place, problems), sections.approval(asking, problems)
    sections.notice(notice, problems)
    if asked.sentence and (asked.id, asked.repository) != (work, target.repository):
        expected = f"the id {work!r} and the repository {target.repository!r}"
        found_ones = f"{asked.id!r} and {asked.repository!r}"
        problems.add(asking.at, f"Required Approval: expected {expected}, found {found_ones}")
    if matter.status not in status.split():
        what = f"expected {matter.status!r} as in the front matter, found {status!r}"
        problems.add(about.at, f"Status: {what}")
    return Packet(
        id=work,
        sha256=digest.sha256(data),
        title=head.title,
        status=status,
        front=matter,
        target=target,
        task=sections.task(contract, problems),
        approver=asked.approver,
        sentence=asked.sentence,
        gate=sections.gate(gate, problems),
        evidence=sections.evidence(evidence, problems),
    )


def _text(data: bytes, name: str) -> str:
    if len(data) > LARGEST:
        raise Misconfigured(f"{name}: expected at most {LARGEST} bytes, found more")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        raise Misconfigured(f"{name}:{line}:{column}: expected UTF-8, found other bytes") from None
    if "\r" in text:
        line = text[: text.index("\r")].count("\n") + 1
        raise Misconfigured(f"{name}:{line}:1: expected lines that end in LF, found CR")
    return text


def _fences(lines: list[str], name: str) -> tuple[int, int]:
    """Return the numbers of the two lines ``---`` around the front matter, from 0."""
    at = [number for number, line in enumerate(lines) if line == "---"][:2]
    if len(at) < 2:
        place = f"{name}:{at[0] + 1 if at else 1}:1"
        raise Misconfigured(f"{place}: expected YAML between two lines ---, found {len(at)}")
    return at[0], at[1]
