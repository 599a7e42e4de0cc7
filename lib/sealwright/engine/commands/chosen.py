"""What a run was asked for: steps of ours alone, or tasks that doit has to order.

Where a dodo.py holds nothing but our contracts, and every name on the command line is a
step, a group or a chain, no doit task is made at all: the graph says what comes next.  That
is most of what a run costs in which nothing is stale.  In all other cases doit loads its
tasks, ours among them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from doit.control import TaskControl
from doit.task import Task

from sealwright.engine import binding, doorway, schedule
from sealwright.engine.commands.base import expand
from sealwright.engine.engine import Engine


@dataclass(frozen=True, slots=True)
class Chosen:
    """The steps that were asked for, and doit's own view where it is needed."""

    engine: Engine
    steps: Sequence[str]
    control: TaskControl | None = None

    def needed(self, *, single: bool) -> Sequence[str]:
        """Return the steps of the run in running order; ``single`` leaves out those before."""
        graph = self.engine.graph
        if not single:
            return graph.upstream(self.steps)
        wanted = set(self.steps)
        return [name for name in graph.order if name in wanted]


class Loader:
    """doit's task loader, which loads nothing where the graph suffices."""

    def __init__(self, loader: Any) -> None:
        self._loader = loader
        self.chosen: Chosen | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def load_tasks(self, cmd: Any, pos_args: list[str]) -> list[Task]:
        """Return doit's tasks; none, and ``chosen`` is set, where they are not needed."""
        ours = doorway.alone(getattr(self._loader, "namespace", {}))
        steps = ours.steps(cmd.sel_tasks) if ours else None
        if ours and steps:
            self.chosen = Chosen(ours.engine, steps)
            return []
        tasks: list[Task] = self._loader.load_tasks(cmd=cmd, pos_args=pos_args)
        return tasks


def among(
    tasks: list[Task], selected: list[str], *, single: bool, seed: str | None
) -> Chosen | None:
    """Return what is chosen among doit's tasks; None where no task is ours."""
    engine = binding.engine_of(tasks)
    if engine is None:
        return None
    control = TaskControl(tasks)
    control.process(selected)
    steps = [n for n in expand(control, control.selected_tasks) if n in engine.graph.steps]
    for name in steps if single else ():
        control.tasks[name].task_dep = []
    if seed is not None:
        _shuffle(control, seed)
    return Chosen(engine, steps, control)


def _shuffle(control: TaskControl, seed: str) -> None:
    ranks = schedule.ranks(list(control.tasks), seed)
    control.selected_tasks.sort(key=ranks.__getitem__)
    for task in control.tasks.values():
        task.task_dep.sort(key=ranks.__getitem__)
