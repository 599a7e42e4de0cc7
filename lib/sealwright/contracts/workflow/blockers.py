"""Why a run did not pass: a table of all reasons, and what follows from each.

`MATRIX` holds the fifteen failures that every harness of this kind is tried with, `OTHERS` what
else can stop a run.  Each has

``fixture``   its name in the matrix; with ``_`` for ``-`` it is the *reason* in a report
``trigger``   what makes it happen
``event``     the normalised event that is in the stream when it did
``status``    of the report: ``blocked`` where evidence or leave is missing, ``fail`` where
              something was done and is wrong
``exit``      of the program
``evidence``  the files in which a reader finds it, besides ``report.json``

An `Objection` is one reason in one run, with the place, what was expected and found, and what to
do.  `status` and `exit_code` say what several come to.

>>> said = Objection(named("no_diff"), "patch.diff", "expected a change, found none")
>>> status([said]), exit_code([said]), status([])
('fail', 1, 'pass')
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sealwright.errors import Misconfigured
from sealwright.verdict import Finding, Verdict

PASS, FAIL, BLOCKED = "pass", "fail", "blocked"


@dataclass(frozen=True, slots=True)
class Blocker:
    """One reason why a run does not pass."""

    fixture: str
    trigger: str
    event: str
    status: str
    evidence: tuple[str, ...]
    exit: int = 1

    @property
    def reason(self) -> str:
        """The reason's name in reports."""
        return self.fixture.replace("-", "_")


_MATRIX = """
no-diff                   |the backend changed nothing            |git.diff.checked    |fail   |P
approval-denied           |no exact, fresh, signed approval       |approval.denied     |blocked|EC
unowned-repository        |the target's owner is not proven       |admission.denied    |blocked|EO
critical-repository       |the target is not of low risk          |admission.denied    |blocked|EO
disallowed-file           |a path outside the envelope was touched|paths.checked       |fail   |P
dirty-starting-tree       |the target is not clean before the run |target.start.checked|blocked|EO
dirty-ending-tree         |the target is not clean after the run  |target.end.checked  |fail   |EO
failed-tests              |the validation command ended badly     |tests.finished      |fail   |T
missing-test-command      |there is no validation command to start|tests.blocked       |blocked|T
missing-required-event    |an event that must be there is not     |events.checked      |fail   |E
timeout                   |a program took longer than it may      |backend.timeout     |fail   |B
provider-unavailable      |the backend cannot be started          |backend.unavailable |blocked|B
artifact-write-failure    |a file of evidence could not be written|artifacts.failed    |fail   |R
reviewer-reject           |the operator rejected the outcome      |outcome.rejected    |fail   |E
missing-operator-outcome  |the operator has said nothing about it |outcome.missing     |blocked|EC
"""
_OTHERS = """
undecided-packet          |the packet still holds placeholders    |admission.denied    |blocked|E
missing-admission         |there is no record, or none that admits|admission.denied    |blocked|EO
malformed-admission       |the record has not the fields of one   |admission.denied    |blocked|EO
consumed-admission        |the record is history                  |admission.denied    |blocked|EO
admission-mismatch        |record and packet do not say the same  |admission.denied    |blocked|EO
empty-allowed-paths       |the record allows no path              |admission.denied    |blocked|EO
missing-forbidden-paths   |the record forbids no path             |admission.denied    |blocked|EO
missing-forbidden-actions |not all ten actions are forbidden      |admission.denied    |blocked|EO
unfit-target              |no repository of its own, apart        |admission.denied    |blocked|EO
gate-closed               |a variable is not as the packet has it |backend.gate.blocked|blocked|E
stage-out-of-order        |an earlier stage has no evidence       |backend.gate.blocked|blocked|E
runtime-default-activation|the backend would become the default   |backend.gate.blocked|blocked|E
isolation-unavailable     |the system cannot isolate as demanded  |backend.gate.blocked|blocked|E
target-moved              |HEAD is another than the approved one  |target.end.checked  |fail   |EO
forbidden-action          |a trace of a forbidden action was found|actions.checked     |fail   |EB
failed-backend            |the backend ended with a failure       |backend.finished    |fail   |B
interrupted               |the run was cut off                    |run.interrupted     |fail   |R
"""
_FILES = {
    "B": "backend.log",
    "C": "control_surface.json",
    "E": "events.normalized.jsonl",
    "O": "stage5_owned_repo_proof.json",
    "P": "patch.diff",
    "R": "trace.jsonl",
    "T": "test.log",
}


def _read(table: str) -> tuple[Blocker, ...]:
    rows = ([cell.strip() for cell in row.split("|")] for row in table.strip().split("\n"))
    return tuple(
        Blocker(fixture, trigger, event, status, tuple(_FILES[letter] for letter in files))
        for fixture, trigger, event, status, files in rows
    )


MATRIX, OTHERS = _read(_MATRIX), _read(_OTHERS)
_TABLE = {blocker.reason: blocker for blocker in (*MATRIX, *OTHERS)}
REASONS = tuple(_TABLE)


@dataclass(frozen=True, slots=True)
class Objection:
    """One blocker in one run: where, what was expected and found, and what to do."""

    blocker: Blocker
    where: str
    what: str
    remedy: str = ""

    def finding(self) -> Finding:
        """Return it as a finding, which begins with the reason."""
        return Finding(self.where, f"{self.blocker.reason}: {self.what}", self.remedy)


def named(reason: str) -> Blocker:
    """Return the blocker with this reason, or with this name in the matrix."""
    try:
        return _TABLE[reason.replace("-", "_")]
    except KeyError:
        raise Misconfigured(f"expected a reason such as no_diff, found {reason!r}") from None


def objection(reason: str, where: str, what: str, remedy: str = "") -> Objection:
    """Return an objection for a reason."""
    return Objection(named(reason), where, what, remedy)


def verdict(objections: Iterable[Objection], **evidence: object) -> Verdict:
    """Return the verdict that fails for all of these; its evidence lists their reasons."""
    found = tuple(objections)
    reasons = list(dict.fromkeys(each.blocker.reason for each in found))
    told = {**evidence, "blockers": reasons} if reasons else evidence
    return Verdict(tuple(each.finding() for each in found), told)


def objections(verdict: Verdict, reason: str) -> tuple[Objection, ...]:
    """Return the findings of another module's verdict as objections for one reason."""
    blocker = named(reason)
    return tuple(Objection(blocker, f.where, f.what, f.remedy) for f in verdict.findings)


def status(objections: Sequence[Objection]) -> str:
    """Return ``pass`` without objections, ``fail`` if one is a failure, else ``blocked``."""
    found = {each.blocker.status for each in objections}
    return PASS if not found else FAIL if FAIL in found else BLOCKED


def exit_code(objections: Sequence[Objection]) -> int:
    """Return the exit code of a run with these objections."""
    return max((each.blocker.exit for each in objections), default=0)
