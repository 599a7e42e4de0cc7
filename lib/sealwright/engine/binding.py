"""Steps as doit tasks, and the dependency manager and the runner that doit is given.

Each step is a `doit.task.Task` of the same name, with its files as ``file_dep`` and
``targets`` and the steps before it as ``task_dep``; each guard is a task that asks it; each
first part of a name, and each chain, is a task that groups.  ``task.meta["sealwright"]``
holds a `Bound`, which says what a task is.  A task without one is somebody's own, and
keeps doit's own meaning and doit's own state.

`ProofDependency` answers doit's question whether a task is up to date with the judge's
reasons.  How tasks are run is told in `mixed`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from doit.dependency import Dependency, DependencyStatus
from doit.exceptions import TaskFailed
from doit.task import Task

from sealwright.engine import selection
from sealwright.engine.engine import Engine
from sealwright.engine.judge import REFUSING
from sealwright.step import File, Step, Tree, spot

KEY = "sealwright"


@dataclass(frozen=True, slots=True)
class Bound:
    """What a task of ours is: a step, a guard, or a group of both."""

    engine: Engine = field(repr=False)
    kind: str


def bound(task: Task) -> Bound | None:
    """Return what ``task`` is to us, or None if it is somebody's own."""
    found: Bound | None = (task.meta or {}).get(KEY)
    return found


def engine_of(tasks: Iterable[Task]) -> Engine | None:
    """Return the engine that tasks are bound to, or None where none is ours."""
    return next((ours.engine for task in tasks if (ours := bound(task))), None)


def tasks(
    engine: Engine, groups: Mapping[str, str], chains: Mapping[str, tuple[str, ...]]
) -> list[Task]:
    """Return the tasks for the steps of ``engine``; ``groups`` gives a sentence for each name."""
    made: list[Task] = []
    members = selection.groups(engine.graph)
    firsts = dict.fromkeys(name.partition(":")[0] for name in engine.graph.steps)
    guards = engine.graph.guards()
    for group in firsts:
        if group in members:
            made.append(_group(engine, group, members[group], groups.get(group, "")))
        made += [_guard(engine, name) for name in guards if name.partition(":")[0] == group]
        made += [_step(engine, engine.graph.steps[name]) for name in members.get(group, [group])]
    made += [_guard(engine, name) for name in guards if name.partition(":")[0] not in firsts]
    for chain, members_of in chains.items():
        made.append(_group(engine, chain, list(members_of), f"Chain: {', '.join(members_of)}."))
    return made


def _refuse() -> TaskFailed:
    return TaskFailed("this step runs under Sealwright's own runner only; type: doit NAME")


def _step(engine: Engine, step: Step) -> Task:
    return Task(
        step.name,
        [_refuse],
        file_dep=[spot(item) for item in step.inputs if isinstance(item, File | Tree)],
        targets=[spot(item) for item in step.outputs if isinstance(item, File | Tree)],
        task_dep=engine.graph.before[step.name],
        doc=step.doc,
        subtask_of=step.name.partition(":")[0] if ":" in step.name else None,
        meta={KEY: Bound(engine, "step")},
    )


def _guard(engine: Engine, name: str) -> Task:
    doc = engine.graph.guards()[name].doc
    group = name.partition(":")[0] if ":" in name else None
    return Task(name, [_refuse], doc=doc, subtask_of=group, meta={KEY: Bound(engine, "guard")})


def _group(engine: Engine, name: str, members: list[str], doc: str) -> Task:
    meta = {KEY: Bound(engine, "group")}
    return Task(name, None, task_dep=members, doc=doc, has_subtask=True, meta=meta)


class ProofDependency(Dependency):  # type: ignore[misc]
    """doit's dependency manager: ours for our tasks, doit's own (``stock``) for all others.

    ``stock`` is made only when a task of somebody's own asks for it, so that a repository
    without such tasks gets no second state file.
    """

    def __init__(self, stock: Callable[[], Dependency]) -> None:
        self._make = stock
        self._stock: Dependency | None = None

    def __getattr__(self, name: str) -> Any:
        # doit's own commands reach for the backend: `_get`, `_set`, `_in`, `remove`, `remove_all`
        return getattr(self._theirs, name)

    @property
    def _theirs(self) -> Dependency:
        if self._stock is None:
            self._stock = self._make()
        return self._stock

    def get_status(
        self, task: Task, tasks_dict: Mapping[str, Task], get_log: bool = False
    ) -> DependencyStatus:
        """Return whether a task is up to date, and the reasons if it is not."""
        ours = bound(task)
        if ours is None:
            return self._theirs.get_status(task, tasks_dict, get_log)
        status = DependencyStatus(True)
        reasons = ours.engine.reasons(task.name) if ours.kind == "step" else []
        if reasons:
            refusing = [reason for reason in reasons if reason.code in REFUSING]
            status.status = "error" if refusing else "run"
            status.error_reason = "; ".join(map(str, refusing)) or None
            status.reasons["changed_file_dep"] = [str(reason) for reason in reasons]
        return status

    def status_is_ignore(self, task: Task) -> Any:
        """Return whether a person ignored the task; ours cannot be ignored."""
        return None if bound(task) else self._theirs.status_is_ignore(task)

    def save_success(self, task: Task, result_hash: str | None = None) -> None:
        """Record a success of somebody's own task; ours leave receipts."""
        if bound(task) is None:
            self._theirs.save_success(task, result_hash)

    def remove_success(self, task: Task) -> None:
        """Forget a success of somebody's own task."""
        if bound(task) is None:
            self._theirs.remove_success(task)

    def get_values(self, task_name: str) -> Any:
        """Return the values that somebody's own task left."""
        return self._theirs.get_values(task_name)

    def close(self) -> None:
        """Write doit's own state, if there is any."""
        if self._stock is not None:
            self._stock.close()
