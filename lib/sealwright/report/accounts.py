"""What a person asks first of a governed run: what it was about, who agreed, and how it ended.

It is taken from what ``report.json`` says, which nobody here believes: what is not there, or is no
word where one belongs, is left out.

>>> told({"status": "pass", "stage": 5, "target": {"path": "targets/strings", "owner": "jp"}})
[['status', 'pass'], ['stage', '5'], ['target', 'targets/strings, owned by jp']]
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Report = Mapping[str, Any]
Pair = tuple[str, str]
MOST = 20  # reasons that are told


def told(report: Report, outcome: Report | None = None) -> list[list[str]]:
    """Return names and words, for a person to read; ``outcome`` is the report of the outcome."""
    about = (*_ended(report), *_about(report), *_done(report))
    pairs = [*about, ("outcome", _outcome(report, outcome))]
    return [[name, words] for name, words in pairs if words]


def of_outcome(report: Report) -> list[list[str]]:
    """Return the same of what was said of a run, which its own report tells the rest of."""
    pairs = (*_ended(report), ("outcome", _said(report)))
    return [[name, words] for name, words in pairs if words]


def _ended(report: Report) -> Iterator[Pair]:
    yield "status", _word(report, "status")
    for each in _objects(report.get("blockers")):
        where = f"{_word(each, 'where')}: " if _word(each, "where") else ""
        yield "because", f"{where}{_word(each, 'reason')}: {_word(each, 'what')}"


def _about(report: Report) -> Iterator[Pair]:
    yield "packet", _two(report, "packet", "id", "{}, {}", "path")
    yield "task", _word(report, "packet", "task")
    yield "stage", _word(report, "stage")
    yield "target", _two(report, "target", "path", "{}, owned by {}", "owner")
    yield "approved by", _word(report, "approval", "by")


def _done(report: Report) -> Iterator[Pair]:
    if report.get("case_process_started") is True:
        yield "done by", _two(report, "backend", "kind", "{}, which ended with {}", "exit")
        yield "isolation", _word(report, "backend", "isolation", "level")
        yield "tested by", _two(report, "validation", "command", "{}, which ended with {}", "exit")
    yield "changed", _words(report.get("changed_files"))
    yield "commit", _word(report, "commit")


def _outcome(report: Report, outcome: Report | None) -> str:
    if outcome is not None:
        return _said(outcome)
    return "nobody has said anything yet" if _word(report, "commit") else ""


def _said(report: Report) -> str:
    told = _two(report, "operator_outcome", "outcome", "{}, by {}", "by")
    if _word(report, "operator_outcome", "outcome") != "reject":
        return told
    return f"{told}; taken back by {_word(report, 'target', 'after', 'head')}"


def _at(report: Report, *names: str) -> Any:
    found: Any = report
    for name in names:
        found = found.get(name) if isinstance(found, dict) else None
    return found


def _word(report: Report, *names: str) -> str:
    found = _at(report, *names)
    return str(found) if isinstance(found, str | int) and not isinstance(found, bool) else ""


def _two(report: Report, name: str, first: str, form: str, second: str) -> str:
    """Return two words of an object in a form, or the first alone."""
    one, other = _word(report, name, first), _word(report, name, second)
    return form.format(one, other) if one and other else one


def _words(found: Any) -> str:
    return ", ".join(str(each) for each in found) if isinstance(found, list) else ""


def _objects(found: Any) -> Iterator[Report]:
    each = found[:MOST] if isinstance(found, list) else []
    return (one for one in each if isinstance(one, dict))
