"""A way through the migration: the live one, or a rehearsal, which touches nothing live.

Both have the same steps, on trees of their own in the state folder.  A live step goes only while
FREEZE is TRUE, everything is as it was frozen, no manifest has drifted, and no rollback was asked
for; it appends a line to the log, and belongs to the attempt.  One that fails asks for a rollback,
once for each attempt (see `rollback.confirmation`); one that was stopped, or for which the disk had
no room, does not, and is run again.  A rehearsal needs no approval and no freeze.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sealwright import durable, process
from sealwright.contracts.coo import checkpoint as checkpoints
from sealwright.contracts.coo import logging
from sealwright.contracts.coo.gates.record import FAIL
from sealwright.contracts.coo.migration import grounds
from sealwright.contracts.coo.settings import Settings
from sealwright.contracts.coo.state_machine import Machine
from sealwright.contracts.coo.steps import facts, freezing, ground, release
from sealwright.contracts.coo.steps.requests import request, requested
from sealwright.errors import SealwrightError
from sealwright.paths import RelPath, outermost
from sealwright.step import File, Guard, Input, Output, Record, Run, Step, Tree, World
from sealwright.verdict import Verdict, refusal, spelled

Act = Callable[[Run], Verdict | None]
Go = Callable[[Machine], list[dict[str, Any]]]
_PASSING = (
    *(errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EINTR),
    *(errno.ENOMEM, errno.EMFILE, errno.ENFILE),
)
TREES = ("created", "ported", "rewritten", "final")


@dataclass(frozen=True, slots=True)
class Course:
    """One way: the configuration, where it is, and whether it is the live one."""

    settings: Settings
    world: World
    live: bool

    @property
    def name(self) -> str:
        """Return the first part of its steps' names."""
        return "migrate" if self.live else "rehearse"

    def file(self, name: str) -> File:
        """Return a file of this course, in the state folder."""
        return File(self.world.kept(f"coo/{self.name}/{name}"))

    def tree(self, name: str) -> Tree:
        """Return one of the trees of this course."""
        return Tree(self.world.kept(f"coo/{self.name}/{name}"))

    def top(self, run: World) -> Path:
        """Return the tree that the gates are about."""
        return run.root if self.live else run.place(self.tree(TREES[-1]).path)

    def step(
        self,
        name: str,
        doc: str,
        act: Act,
        inputs: Iterable[Input],
        outputs: Iterable[Output],
        *,
        event: str = ground.MIGRATION,
        go: Go = lambda machine: [],
        code: tuple[str, ...] = (),
        checkpoint: str = "",
        **more: Any,
    ) -> Step:
        """Return a step of this course; ``go`` says which states a live one leads to."""
        made = Step(
            name=name,
            doc=doc,
            act=act,
            inputs=tuple(inputs),
            outputs=tuple(outputs),
            code=(act.__module__, *code),  # a live one's own act is one of this module
            **more,
        )
        if not self.live:
            return replace(made, full=True)
        record = Record(ground.log(self.world), f"{event} {name}")
        kept = [ground.checkpoint(self.world, checkpoint)] if checkpoint else []
        return replace(
            made,
            act=_kept(_recorded(self.settings, act, record, event, go), record, checkpoint),
            outputs=(*made.outputs, *kept, record),
            guards=(*guards(self.settings), *made.guards),
            attempt=freezing.attempt(self.settings),
            full=True,
        )


def _kept(act: Act, record: Record, name: str) -> Act:
    """Return an act that also writes a checkpoint of the log as it will be, if one is named."""

    def kept(run: Run) -> Verdict | None:
        answer = act(run)
        made = checkpoints.make(name, run.place(record.ledger), run.appended[record])
        durable.create(run.path(ground.checkpoint(run, name)), made)
        return answer

    return kept if name else act


def _recorded(settings: Settings, act: Act, record: Record, event: str, go: Go) -> Act:
    def recorded(run: Run) -> Verdict:
        try:
            answer = act(run)
            evidence = {} if answer is None else answer.enforce()
        except Exception as problem:
            if not _passes(problem):
                _failed(settings, run, event, problem)
            raise
        about = {"step": run.step.name, **_plain(evidence)}
        line = logging.entry(event, about, ground.context(settings, run))
        run.append(record, line, *ground.move(settings, run, go))
        return Verdict((), evidence)

    return recorded


def _failed(settings: Settings, run: Run, event: str, problem: Exception) -> None:
    """Say in the log that a step failed, ask for a rollback, and tell that with the failure."""
    reason = (str(problem).splitlines() or [type(problem).__name__])[0]
    about = {"step": run.step.name, "status": FAIL, "reason": spelled(reason)}
    failed = logging.entry(event, about, ground.context(settings, run))
    asked = request(settings, run, f"{run.step.name}: {reason}", failed)
    if asked and isinstance(problem, SealwrightError):
        way = "inv rollback" if ground.migrated(run) else "inv rollback, or doit thaw,"
        told = f"a rollback is asked for: {way} leads back; nothing goes on before"
        problem.args = (f"{problem}\n{told}",)


def _passes(problem: Exception) -> bool:
    """Return whether a step was stopped or the machine had no room, which says nothing of it."""
    return process.stopping() or (isinstance(problem, OSError) and problem.errno in _PASSING)


def _plain(evidence: Any) -> dict[str, Any]:
    return {key: value for key, value in dict(evidence).items() if isinstance(value, str | int)}


def guards(settings: Settings) -> Iterator[Guard]:
    """Yield what is asked before a live step acts, and again before it is committed."""
    yield release.guard(settings)
    yield freezing.guard(settings)
    yield from facts.unchanged(settings)
    yield unasked(settings)


def unasked(settings: Settings) -> Guard:
    """Return the guard that asks whether no rollback was asked for."""

    def ask(world: World) -> Verdict:
        asked = requested(settings, world)
        if asked is None:
            return Verdict()
        what = f"expected no request of a rollback, found one: {asked}"
        return refusal("coo", what, "inv rollback")

    return Guard("coo:no_request", "Ask whether no rollback was asked for.", ask)


def carried(settings: Settings, world: World) -> tuple[RelPath, ...]:
    """Return what the tests need, with all of the canonical package: a snapshot lists it whole."""
    package = grounds.package(settings, world.root, settings.canonical)
    there = grounds.opened(world.root, package, grounds.published(settings, world))
    return outermost({*grounds.carried(settings, world), *there})


def carried_inputs(course: Course, places: Iterable[Any], exclude: tuple[str, ...]) -> list[Input]:
    """Return what a step reads of live places."""
    root = course.world.root
    return [Tree(path, exclude) if (root / path).is_dir() else File(path) for path in places]
