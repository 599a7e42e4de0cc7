"""The engine of one repository: a `Session` that ends what was left, and runs steps.

`Engine.running` holds the repository, ends or undoes what a killed run left (see
`recovery`), and lets steps run; `Engine.asking` (see `session`) changes nothing.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from sealwright import process
from sealwright.engine import execution, recovery
from sealwright.engine.execution import Outcome, Waiting
from sealwright.engine.judge import Reason
from sealwright.engine.session import Session
from sealwright.errors import Damaged, Misconfigured, ProgramFailed, Refused, SealwrightError

_LAST = 10  # lines of a failed step's output that are shown,
_TAIL = 1 << 14  # from among so many bytes


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
        except BrokenPipeError:  # whoever read us has seen enough, and the state is kept
            raise
        except OSError as problem:
            what = f"expected to keep what a run does, found {problem}"
            way = "make room or mend the disk, then run again"
            raise Refused(f"{self.world.state}: {what}; {way}") from problem

    def reasons(self, name: str, *, forced: bool = False) -> list[Reason]:
        """Return why ``name`` is to run; nothing if it is up to date."""
        step = self.graph.steps[name]
        judge = self.afresh(step) if step.full else self.judge
        found = judge.reasons(step)
        return [Reason("forced"), *found] if forced else found

    def run(self, name: str, reasons: list[Reason]) -> Outcome:
        """Run a stale step and return how it ended; only a bug raises."""
        try:
            return execution.carry_out(self, self.graph.steps[name], reasons)
        except (SealwrightError, OSError) as problem:
            status, said, code = self._ended(name, problem)
            return Outcome(name, status, tuple(reasons), said, code=code)

    def _ended(self, name: str, problem: SealwrightError | OSError) -> tuple[str, str, int]:
        """Return with which status a step ended, what is said of it, and the exit code."""
        if process.stopping():
            return "interrupted", "", 1
        if isinstance(problem, OSError):
            return "failed", f"{name}: {problem}", 1
        if isinstance(problem, Waiting):
            return "waiting", str(problem), problem.code
        if isinstance(problem, ProgramFailed | Misconfigured):
            return "failed", self._told(name, problem), problem.code
        return "refused", str(problem), problem.code

    def _told(self, name: str, problem: SealwrightError) -> str:
        """Return what went wrong, and the end of what the step's programs printed."""
        log = self.log(name)
        if not log.exists():
            return str(problem)
        with open(log, "rb") as printed:
            printed.seek(max(0, log.stat().st_size - _TAIL))
            last = printed.read(_TAIL).decode("utf-8", "replace").splitlines()[-_LAST:]
        return "\n".join([f"{problem}; its output: {log}", *(f"| {line}" for line in last)])

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
