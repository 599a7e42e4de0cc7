"""One attempt at a task: everything up to the commit that may land, or the reasons why none may.

It changes nothing outside the folder it is given.  All of it is evidence, on failure as well:
what was there before, how the backend and the validation ended and what they printed, all
changes with everything that is wrong with them, and the patch, which may be empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sealwright import durable, git
from sealwright.contracts.workflow.execution import backend, clone, examination, ground, proposal
from sealwright.contracts.workflow.execution.backend import Backend, Worked
from sealwright.contracts.workflow.execution.envelope import Envelope
from sealwright.contracts.workflow.execution.examination import Blocked, Examination
from sealwright.contracts.workflow.execution.plumbing import Stamp
from sealwright.contracts.workflow.execution.proposal import Proposal
from sealwright.contracts.workflow.execution.standing import Standing, standing
from sealwright.contracts.workflow.execution.validation import FAILED, Validation, validate
from sealwright.git import Commit
from sealwright.sandbox.cage import Cage, Limits
from sealwright.verdict import Finding

DIRTY_END = "dirty-ending-tree"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is asked for: all of it comes from the packet, its approval and the configuration."""

    target: Path
    head: Commit
    envelope: Envelope
    backend: Backend
    task: Mapping[str, Any]
    validation: str
    subject: str
    trailers: Mapping[str, str]
    stamp: Stamp
    limits: Limits = field(default_factory=Limits)
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempted:
    """What came of it; ``proposal`` is there exactly when nothing is ``blocked``."""

    clone: clone.Clone
    baseline: Mapping[str, Any]
    worked: Worked
    examination: Examination
    patch: bytes
    validation: Validation | None
    proposal: Proposal | None
    blocked: tuple[Blocked, ...]


def attempt(request: Request, *, cage: Cage, folder: Path) -> Attempted:
    """Let the backend work, examine, validate, and make the commit; ``folder`` is new.

    `Refused` before anything runs if a commit could not land on the target as it is.
    """
    durable.mkdir(folder)
    ground.check(request.target, request.head).enforce()
    before = standing(request.target)
    made = clone.make(request.target, request.head, folder / "clone")
    baseline = made.baseline()
    worked = backend.work(
        request.backend,
        made,
        request.task,
        cage=cage,
        limits=request.limits,
        folder=folder / "backend",
    )
    examined = examination.examine(made, worked.folder, request.envelope)
    blocked = [*_of_backend(worked), *examined.blocked]
    tree = proposal.tree(made, worked.folder, examined.plain, folder)
    patch = proposal.patch(made, tree, folder)
    validation = None
    if not blocked:
        validation = _validated(request, made, tree, cage, folder)
        blocked += _of_validation(validation)
    blocked += _of_target(request.target, before)
    proposed = None
    if not blocked:
        words = {"subject": request.subject, "trailers": request.trailers}
        proposed = proposal.commit(made, tree, stamp=request.stamp, **words)  # type: ignore[arg-type]
    return Attempted(
        clone=made,
        baseline=baseline,
        worked=worked,
        examination=examined,
        patch=patch,
        validation=validation,
        proposal=proposed,
        blocked=tuple(blocked),
    )


def _validated(
    request: Request, made: clone.Clone, tree: str, cage: Cage, folder: Path
) -> Validation:
    return validate(
        made,
        tree,
        request.validation,
        cage=cage,
        limits=request.limits,
        folder=folder / "validation",
        variables=request.variables,
    )


def _of_target(target: Path, before: Standing) -> list[Blocked]:
    """Return what is not as it was in the target, where nothing of ours has been yet."""
    findings = [*before.against(standing(target), "target"), *git.clean(target).findings]
    return [Blocked(DIRTY_END, "target", finding) for finding in findings]


def _of_backend(worked: Worked) -> list[Blocked]:
    if not worked.blocker:
        return []
    came = worked.came
    what = f"expected an end with 0, found it {came.ended} with {came.code}"
    return [Blocked(worked.blocker, "backend", Finding("the backend", what, came.reason))]


def _of_validation(validation: Validation) -> list[Blocked]:
    if not validation.blocker:
        return []
    came = validation.came
    found = f"found it {came.ended} with {came.code}" if came else "found no command"
    what = f"expected an end with 0, {found}"
    finding = Finding("the validation command", what, came.reason if came else "")
    return [Blocked(validation.blocker or FAILED, "validation", finding)]
