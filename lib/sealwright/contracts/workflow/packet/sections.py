"""The sections of a packet, each read into what it says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from sealwright.contracts.workflow import envelope
from sealwright.contracts.workflow.packet import values
from sealwright.contracts.workflow.packet.entries import Reader, bulleted, spanned
from sealwright.contracts.workflow.packet.markdown import Bullets, Code, Section
from sealwright.contracts.workflow.packet.model import Target, Task
from sealwright.contracts.workflow.packet.problems import Problems
from sealwright.contracts.workflow.terms import (
    ADMISSION_FILE,
    ALLOW_CASE,
    CASE_STAGE,
    EVIDENCE,
    ID,
    NOT_CHOSEN,
    OPERATOR_OUTCOME,
    REMAINS_FALSE,
)
from sealwright.errors import Misconfigured
from sealwright.paths import RelPath

TITLES = (
    *("Status", "Proposed Target Repository", "Proposed Task Contract", "Required Approval"),
    *("Execution Gate", "Evidence Required After Execution", "Non-Authority Notice"),
)
NO_LEAVE = "This packet does not authorize execution."
BLOCKED = "Without that exact approval, execution remains blocked."
_STATUS = re.compile(
    rf"Status: ([^.`]+)\. {re.escape(NO_LEAVE)} `({ID.pattern})` remains candidate until [^.`]+\."
)
_ASKED = re.compile(
    rf"Before execution, ([A-Za-z0-9_-]+) must {'approve'} this exact sentence: "
    + re.escape(BLOCKED)
)
_SEAM = re.compile(rf"Execution must use only [^.:`]+ with: Case must not choose {NOT_CHOSEN}\.")
_SENTENCE = re.compile(rf"I approve ({ID.pattern}) against (\S+) for the (\S.*\S) task\.")
_VARIABLES = {ALLOW_CASE: "1", CASE_STAGE: "[1-6]", ADMISSION_FILE: "", OPERATOR_OUTCOME: ""}


class Asked(NamedTuple):
    """Who has to agree, to which sentence, and what that sentence names."""

    approver: str
    sentence: str
    id: str
    repository: str


def status(section: Section, problems: Problems) -> tuple[str, str]:
    """Return the status, and the id of the work that the section speaks of."""
    match = _STATUS.fullmatch(_prose(section, problems))
    if match is None:
        expected = f"`Status: … .`, {NO_LEAVE!r} and `ID` remains candidate until … ."
        problems.add(section.at, f"Status: expected {expected}, found others")
        return "", ""
    return match[1], match[2]


def target(section: Section, problems: Problems) -> Target:
    """Return the proposed target."""
    labels = {
        "Target Repository": values.repository,
        "Admission source": values.path,
        "Admission status": values.word,
        "Repository owner": values.word,
        "Risk classification": values.word,
    }
    reader = Reader(bulleted(section), [*labels, "Current observed state"], problems)
    found = [reader.span(label, parse, "") for label, parse in labels.items()]
    repository, source, status, owner, risk = found
    observed = reader.words("Current observed state")
    return Target(repository, RelPath(source), status, owner, risk, observed)


def task(section: Section, problems: Problems) -> Task:
    """Return the proposed contract of the task."""
    lists = ("Allowed paths", "Forbidden actions", "Forbidden paths", "Success criteria")
    labels = ("Task", *lists, "Validation command", "Rollback expectation")
    reader = Reader(section, labels, problems)
    made = Task(
        text=reader.words("Task"),
        allowed_paths=reader.list("Allowed paths", values.allowed),
        forbidden_actions=reader.list("Forbidden actions", values.action),
        forbidden_paths=reader.list("Forbidden paths", values.forbidden),
        success_criteria=reader.list("Success criteria", values.text),
        validation=_command(reader.code("Validation command"), section, problems),
        rollback=reader.list("Rollback expectation", values.text),
    )
    for path in made.allowed_paths:
        for pattern in envelope.forbidden(made.forbidden_paths, path):
            what = f"expected paths that are not forbidden, found {path!r}, which {pattern!r} is"
            problems.add(reader.at("Allowed paths"), f"Allowed paths: {what}")
    if made.success_criteria and REMAINS_FALSE not in made.success_criteria:
        what = f"Success criteria: expected {REMAINS_FALSE!r} among them"
        problems.add(reader.at("Success criteria"), what)
    return made


def approval(section: Section, problems: Problems) -> Asked:
    """Return which sentence has to be agreed to, and by whom."""
    codes = [block for block in section.blocks if isinstance(block, Code)]
    prose = _prose(section, problems, besides=Code)
    asked = _ASKED.fullmatch(prose)
    if asked is None:
        expected = f"`Before execution, … this exact sentence:`, a fenced block, {BLOCKED!r}"
        problems.add(section.at, f"Required Approval: expected {expected}, found others")
    for code in codes[1:]:
        problems.add(code.at, "Required Approval: expected one sentence, found a second one")
    text = codes[0].text.removesuffix("\n") if codes else ""
    match = _SENTENCE.fullmatch(text)
    if match is None or not text.isprintable() or "  " in text:
        at = codes[0].at if codes else section.at
        wanted = "I approve ID against REPOSITORY for the … task."
        problems.add(at, f"Required Approval: expected {wanted!r}, found {text!a:.120}")
        return Asked("", "", "", "")
    return Asked(asked[1] if asked else "", text, match[1], match[2])


def gate(section: Section, problems: Problems) -> Mapping[str, str]:
    """Return the variables of the gate, each with the value that it must have, if any."""
    prose = _prose(section, problems, besides=Bullets)
    if not _SEAM.fullmatch(prose):
        wanted = f"Execution must use only … with: … Case must not choose {NOT_CHOSEN}."
        problems.add(section.at, f"Execution Gate: expected {wanted!r}, found another")
    found: dict[str, str] = {}
    for block in section.blocks:
        for line in block.lines if isinstance(block, Bullets) else ():
            try:
                name, value = _variable(line.text)
            except Misconfigured as problem:
                problems.add(line.at, f"Execution Gate: {problem}")
                continue
            if name in found:
                problems.add(line.at, f"Execution Gate: expected {name} once, found it twice")
            found[name] = value
    for name in _VARIABLES.keys() - found.keys():
        problems.add(section.at, f"Execution Gate: {name} is missing")
    return {name: found.get(name, "") for name in _VARIABLES}


def evidence(section: Section, problems: Problems) -> tuple[str, ...]:
    """Return the files of evidence that are needed, all of which are."""
    one = Section(section.title, section.at, section.blocks[:1])
    for block in section.blocks[1:]:
        problems.add(block.at, "Evidence: expected one list, found more")
    found: list[str] = []
    for line in one.blocks[0].lines if one.blocks and isinstance(one.blocks[0], Bullets) else ():
        try:
            found.append(values.evidence(line.text))
        except Misconfigured as problem:
            problems.add(line.at, f"Evidence: {problem}")
    for name, file in EVIDENCE.items():
        if (count := found.count(file)) != 1:
            problems.add(section.at, f"Evidence: expected {name!r} once, found it {count} times")
    return tuple(found)


def notice(section: Section, problems: Problems) -> None:
    """Look that the packet claims no power."""
    if "does not authorize" not in _prose(section, problems):
        what = "expected that it does not authorize anything, found another"
        problems.add(section.at, f"{section.title}: {what}")


def _variable(text: str) -> tuple[str, str]:
    span, _, note = text.partition("` ")
    name, equals, value = spanned(span.removesuffix("`") + "`").partition("=")
    if name not in _VARIABLES:
        raise Misconfigured(f"expected one of {', '.join(_VARIABLES)}, found {name!r:.60}")
    pattern = _VARIABLES[name]
    if not re.fullmatch(pattern, value) or bool(equals) is not bool(pattern):
        raise Misconfigured(f"{name}: expected {pattern or 'no value'}, found {value!r:.60}")
    if bool(pattern) is bool(note):
        raise Misconfigured(f"{name}: expected {'no words' if pattern else 'what it is'} after it")
    return name, value


def _command(line: str, section: Section, problems: Problems) -> str:
    if line:
        try:
            return values.command(line)
        except Misconfigured as problem:
            at = next((b.at for b in section.blocks if isinstance(b, Code)), section.at)
            problems.add(at, f"Validation command: {problem}")
    return line


def _prose(section: Section, problems: Problems, besides: type | None = None) -> str:
    """Return all prose of a section as one line; what is neither that nor ``besides`` is wrong."""
    words = []
    for block in section.blocks:
        if isinstance(block, Bullets | Code):
            if besides is None or not isinstance(block, besides):
                problems.add(block.at, f"{section.title}: expected no list or code here, found one")
        else:
            words.append(block.text)
    if not words:
        problems.add(section.at, f"{section.title}: expected text, found none")
    return " ".join(words)
