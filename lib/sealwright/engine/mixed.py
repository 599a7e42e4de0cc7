"""A run in which doit says what comes next: of our tasks and of somebody's own.

`ProofRunner` is doit's runner with a crew (see `crew`).  What doit's dispatcher hands out is
decided by `Course` where it is ours, and by doit's own rules where it is not; both may be at
work at the same time.  A step of ours that must not overtake another (see `schedule`) is held
back, unless nothing else can go on: what somebody's own task puts between two steps counts
more than the order of the graph.

A run in which every task is ours needs none of this: see `commands.run`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

from doit.control import ExecNode, TaskDispatcher
from doit.exceptions import InvalidTask
from doit.runner import Runner
from doit.task import Task

from sealwright.engine.binding import Bound, ProofDependency, bound
from sealwright.engine.course import Course
from sealwright.engine.crew import Crew, Work
from sealwright.engine.execution import Outcome
from sealwright.engine.judge import Reason
from sealwright.engine.reporter import Reporter

_HOLD = "hold on"  # what the dispatcher says while it waits for what is at work


class ProofRunner(Runner):  # type: ignore[misc]
    """Runs tasks as doit's dispatcher hands them out; ours through the engine."""

    reporter: Reporter
    final_result: int

    def __init__(
        self,
        dep_manager: ProofDependency,
        reporter: Reporter,
        course: Course,
        crew: Crew,
        *,
        keep_going: bool,
        always: bool,
        stream: Any,
        waits: Mapping[str, list[str]],
    ) -> None:
        super().__init__(dep_manager, reporter, keep_going, always, stream)
        self._course = course
        self._crew = crew
        self._waits = waits
        self.reasons: dict[str, list[Reason]] = {}

    def run_tasks(self, task_dispatcher: TaskDispatcher) -> None:
        """Run everything that is selected."""
        self._crew.run(_Tasks(self, task_dispatcher, self._waits))
        self.final_result = max(self.final_result, self._course.code)

    @property
    def stopped(self) -> bool:
        """Return whether nothing more is to begin."""
        return bool(self._stop_running) or self._course.stopped

    def select_task(self, node: ExecNode, tasks_dict: Mapping[str, Task]) -> bool:
        """Return whether to execute the task; what is up to date is reported at once."""
        ours = bound(node.task)
        if ours is None:
            return bool(super().select_task(node, tasks_dict))
        name = node.task.name
        if node.bad_deps:
            node.run_status = "failure"
            if ours.kind != "group":
                self._course.unmet(name, [dep.task.name for dep in node.bad_deps])
            return False
        node.run_status = "run"
        if ours.kind == "step":
            self.reasons[name] = self._course.stale(name)
        if ours.kind == "group" or self.reasons.get(name) == []:
            node.run_status = "up-to-date"
        return bool(node.run_status == "run")

    def execute_task(self, task: Task) -> Any:
        """Run a task; ours end in an `Outcome`, others as doit has it."""
        ours = bound(task)
        if ours is None:
            return super().execute_task(task)
        if ours.kind == "guard":
            return ours.engine.ask(task.name)
        return self._course.run(task.name, self.reasons[task.name])

    def process_task_result(self, node: ExecNode, result: Any) -> None:
        """Take note of how a task ended."""
        if isinstance(result, Outcome):
            self._course.ended(result)
            node.run_status = "failure" if result.code else "successful"
        else:
            super().process_task_result(node, result)
            self._course.engine.observer.forget()  # it may have changed anything


class _TaskWork:
    """A task as work."""

    def __init__(self, supply: _Tasks, runner: ProofRunner, node: ExecNode) -> None:
        self._supply = supply
        self._runner = runner
        self._node = node
        ours: Bound | None = bound(node.task)
        step = ours.engine.graph.steps.get(node.task.name) if ours else None
        self.pools = step.pools if step else ()

    def begins(self) -> None:
        """Tell that a step of ours begins."""
        name = self._node.task.name
        if name in self._runner.reasons:
            self._runner.reporter.starts(name, self._runner.reasons[name])

    def do(self) -> Any:
        """Execute it."""
        return self._runner.execute_task(self._node.task)

    def ended(self, result: Any) -> None:
        """Take note of how it ended, and tell the dispatcher."""
        self._runner.process_task_result(self._node, result)
        self._supply.ended(self._node)


class _Tasks:
    """A supply of what doit's dispatcher hands out."""

    def __init__(
        self, runner: ProofRunner, dispatcher: TaskDispatcher, waits: Mapping[str, list[str]]
    ) -> None:
        self._runner = runner
        self._tasks = dispatcher.tasks
        self._generator = dispatcher.generator
        self._waits = waits
        self._back: deque[ExecNode] = deque()  # ended, and the dispatcher not yet told
        self._held: list[ExecNode] = []
        self._done: set[str] = set()

    @property
    def stopped(self) -> bool:
        """Return whether nothing more is to begin."""
        return self._runner.stopped

    def ended(self, node: ExecNode) -> None:
        """Take back a task that has ended."""
        self._done.add(node.task.name)
        self._back.append(node)

    def next(self, *, idle: bool) -> Work | None:
        """Return the next task that is to be executed now."""
        while not self._runner.stopped and (node := self._node(idle=idle)):
            if self._runner.select_task(node, self._tasks):
                return _TaskWork(self, self._runner, node)
            self.ended(node)
        return None

    def _node(self, *, idle: bool) -> ExecNode | None:
        for node in self._held:
            if not self._overtakes(node):
                self._held.remove(node)
                return node
        while (node := self._handed_out(idle=idle)) is not None:
            if not self._overtakes(node):
                return node
            self._held.append(node)
        return self._held.pop(0) if idle and self._held else None

    def _overtakes(self, node: ExecNode) -> bool:
        return any(name not in self._done for name in self._waits.get(node.task.name, ()))

    def _handed_out(self, *, idle: bool) -> ExecNode | None:
        while True:
            back = self._back.popleft() if self._back else None
            try:
                node = self._generator.send(back)
            except StopIteration:
                return None
            if node != _HOLD:
                return node
            if not self._back:
                if idle and not self._held:
                    raise InvalidTask("tasks wait for one another, and none is at work")
                return None
