"""Tasks, what they need, and the order in which they can be done."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path


class Circle(ValueError):
    """Tasks need one another, so that none of them can be first."""


@dataclass(frozen=True)
class Task:
    """Something to do, for how many days, and what has to be done before."""

    name: str
    days: int
    needs: tuple[str, ...] = ()


@dataclass
class Plan:
    """Tasks that belong together."""

    tasks: Iterable[Task]
    by_name: dict[str, Task] = field(init=False)

    def __post_init__(self) -> None:
        self.by_name = {task.name: task for task in self.tasks}
        for task in self.by_name.values():
            for name in task.needs:
                if name not in self.by_name:
                    raise ValueError(f"{task.name} needs {name}, which is not in the plan")

    @classmethod
    def read(cls, path: Path) -> Plan:
        """Read a plan from a JSON file."""
        tasks = json.loads(path.read_text("utf-8"))["tasks"]
        return cls([Task(t["name"], t["days"], tuple(t["needs"])) for t in tasks])

    def order(self) -> list[Task]:
        """Return the tasks in an order that respects what they need; ties go by name."""
        done: list[Task] = []
        names = set(self.by_name)
        while names:
            free = [n for n in names if not names & set(self.by_name[n].needs)]
            if not free:
                raise Circle(f"these tasks need one another: {', '.join(sorted(names))}")
            first = min(free)
            done.append(self.by_name[first])
            names.remove(first)
        return done

    def days(self) -> int:
        """Return how many days the critical path takes."""
        ends: dict[str, int] = {}
        for task in self.order():
            ends[task.name] = task.days + max((ends[n] for n in task.needs), default=0)
        return max(ends.values(), default=0)
