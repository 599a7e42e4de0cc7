"""The engine of one repository: a `Session` that ends what was left, and runs steps.

`Engine.running` holds the repository, ends or undoes what a killed run left (see
`recovery`), and lets steps run; `Engine.asking` (see `session`) changes nothing.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from sealwright.engine import execution, recovery
from sealwright.engine.execution import Outcome, Waiting
from sealwright.engine.judge import Reason
from sealwright.engine.session import Session
from sealwright.errors import Damaged, Misconfigured, ProgramFailed, Refused, SealwrightError


class Engine(Session):
    """Runs the steps of one graph in one repository, and answers questions about them."""

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Hold the repository for a run, with nothing left over from a killed one.

        `Refused` if the state cannot be kept, as on a full disk: that is no bug.
        """
        try:
            with self.writing():
                recovery.recover(self)
                yield
        except OSError as problem:
            what = f"expected to keep what a run does, found {problem}"
            way = "make room or mend the disk, then run again"
            raise Refused(f"{self.world.state}: {what}; {way}") from problem

    def reasons(self, name: str, *, forced: bool = False) -> list[Reason]:
        """Return why ``name`` is to run; nothing if it is up to date."""
        step = self.graph.steps[name]
        found = self.judge_of(step).reasons(step)
        return [Reason("forced"), *found] if forced else found

    def run(self, name: str, reasons: list[Reason]) -> Outcome:
        """Run a stale step and return how it ended; only a bug raises."""
        step = self.graph.steps[name]
        try:
            return execution.carry_out(self, step, reasons)
        except Waiting as waiting:
            return Outcome(name, "waiting", tuple(reasons), str(waiting), code=waiting.code)
        except (ProgramFailed, Misconfigured) as problem:
            return Outcome(
                name, "failed", tuple(reasons), self._told(name, problem), code=problem.code
            )
        except SealwrightError as problem:
            return Outcome(name, "refused", tuple(reasons), str(problem), code=problem.code)
        except OSError as problem:
            return Outcome(name, "failed", tuple(reasons), f"{name}: {problem}", code=1)

    def _told(self, name: str, problem: SealwrightError) -> str:
        log = self.log(name)
        return f"{problem}; its output: {log}" if log.exists() else str(problem)

    def ask(self, guard: str) -> Outcome:
        """Ask a guard under its own name."""
        try:
            answer = execution.asked(self.graph.guards()[guard], self.world)
        except Damaged as damage:
            return Outcome(guard, "refused", message=str(damage), code=damage.code)
        if answer.holds:
            return Outcome(guard, "holds")
        status = "waiting" if self.graph.guards()[guard].waits else "refused"
        return Outcome(guard, status, message=str(answer), code=Refused.code)
