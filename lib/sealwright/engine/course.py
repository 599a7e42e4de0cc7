"""What becomes of each step of one run, one after another or several at a time.

A step whose predecessors did not end well is *not run*; one that is up to date is said so
at once; any other becomes work for the crew.  After a step that failed or was refused
nothing more is begun, unless the run is to keep going; a step that waits for an approval
stops only those that come after it.  The exit code is the worst that was met.
"""

from __future__ import annotations

import traceback
from collections.abc import Collection, Iterable, Sequence
from typing import Any, Protocol

from sealwright.engine.crew import Work
from sealwright.engine.engine import Engine
from sealwright.engine.execution import Outcome
from sealwright.engine.judge import Reason
from sealwright.engine.schedule import Schedule


class Listener(Protocol):
    """Who is told what happens."""

    def starts(self, name: str, reasons: Iterable[Reason]) -> None:
        """A step is about to run."""

    def ended(self, outcome: Outcome) -> None:
        """A step has ended."""


class Course:
    """The course of one run: what was decided so far, and with which exit code."""

    def __init__(
        self,
        engine: Engine,
        listener: Listener,
        *,
        forced: Collection[str] = (),
        keep_going: bool = False,
    ) -> None:
        self.engine = engine
        self.listener = listener
        self.code = 0
        self.stopped = False
        self._forced = frozenset(forced)
        self._keep_going = keep_going

    def stale(self, name: str) -> list[Reason]:
        """Return why the step ``name`` is to run; that it is up to date is told."""
        reasons = self.engine.reasons(name, forced=name in self._forced)
        if not reasons:
            self.listener.ended(Outcome(name, "up to date"))
        return reasons

    def unmet(self, name: str, before: Sequence[str]) -> None:
        """Tell that the step ``name`` does not run, because of those ``before`` it."""
        told = f"comes after {', '.join(before)}, which did not end well"
        self.ended(Outcome(name, "not run", message=told, code=1))

    def run(self, name: str, reasons: list[Reason]) -> Outcome:
        """Run a stale step; a bug ends the step, not the run's report.  In any thread."""
        try:
            return self.engine.run(name, reasons)
        except Exception:
            return Outcome(name, "failed", tuple(reasons), traceback.format_exc(), code=2)

    def ended(self, outcome: Outcome) -> None:
        """Take note of how a step or a guard ended."""
        self.listener.ended(outcome)
        self.code = max(self.code, outcome.code)
        if outcome.code and outcome.status not in ("waiting", "not run") and not self._keep_going:
            self.stopped = True


class StepWork:
    """A stale step as work."""

    def __init__(self, course: Course, schedule: Schedule, name: str, reasons: list[Reason]):
        self._course = course
        self._schedule = schedule
        self._name = name
        self._reasons = reasons
        self.pools = course.engine.graph.steps[name].pools

    def begins(self) -> None:
        """Tell that it begins."""
        self._course.listener.starts(self._name, self._reasons)

    def do(self) -> Any:
        """Run it."""
        return self._course.run(self._name, self._reasons)

    def ended(self, result: Any) -> None:
        """Tell how it ended, and let those after it begin."""
        self._course.ended(result)
        self._schedule.ended(self._name, well=not result.code)


class Steps:
    """A supply of nothing but steps of ours."""

    def __init__(self, course: Course, schedule: Schedule) -> None:
        self._course = course
        self._schedule = schedule

    @property
    def stopped(self) -> bool:
        """Return whether nothing more is to begin."""
        return self._course.stopped

    def next(self, *, idle: bool) -> Work | None:
        """Return the next stale step that may begin; those up to date are passed over."""
        course, schedule = self._course, self._schedule
        while not course.stopped and (name := schedule.next()):
            if before := schedule.unmet(name):
                course.unmet(name, before)
                schedule.ended(name, well=False)
            elif reasons := course.stale(name):
                return StepWork(course, schedule, name, reasons)
            else:
                schedule.ended(name, well=True)
        return None
