"""What all commands have in common: our dependency manager, the engine, names, exit codes."""

from __future__ import annotations

import atexit
import gc
import os
import sys
from collections.abc import Iterable
from typing import Any

from doit.cmd_base import DoitCmdBase
from doit.control import TaskControl
from doit.dependency import Dependency
from doit.exceptions import InvalidCommand
from doit.task import Task

from sealwright.engine import binding, doorway
from sealwright.engine.binding import ProofDependency
from sealwright.engine.engine import Engine
from sealwright.errors import SealwrightError

opt_json = {
    "name": "json",
    "long": "json",
    "type": bool,
    "default": False,
    "help": "print JSON on standard output",
}
opt_reason = {
    "name": "reason",
    "long": "reason",
    "type": str,
    "default": "",
    "help": "why; it is recorded in the run journal",
}


class Ours:
    """Mixed into doit's commands: gives them our dependency manager before tasks are loaded."""

    task_list: list[Task]
    sel_tasks: list[str] | None
    engine: Engine | None = None

    def execute(self: Any, params: Any, args: list[str]) -> int:
        """Load the tasks and execute the command; a `SealwrightError` is one sentence.

        What is left when the process ends goes with it: an eighth of a run without work would be
        looking through all of it for garbage.
        """
        atexit.register(gc.freeze)
        doorway.enter()
        self.dep_manager = ProofDependency(lambda: self._stock(params))
        try:
            code = super().execute(params, args)  # type: ignore[misc]
            sys.stdout.flush()
        except BrokenPipeError:  # whoever read us has seen enough; nobody is there to be told
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
        except SealwrightError as problem:
            sys.stdout.flush()
            print(f"ERROR: {problem}", file=sys.stderr)
            return problem.code
        return int(code or 0)

    def _stock(self: Any, params: Any) -> Dependency:
        # doit's own state: a question must not be what makes the file
        backend = params["backend"]
        if not self.execute_tasks and not os.path.exists(params["dep_file"]):
            backend = "json"  # reads nothing and writes only when it is closed
        return Dependency(
            self._backends.get(backend),
            params["dep_file"],
            checker_cls=self.get_checker_cls(params["check_file_uptodate"]),
            codec_cls=self.get_codec_cls(params["codec_cls"]),
        )

    def find_engine(self) -> Engine | None:
        """Return the engine of the loaded tasks, having gone to the repository's root."""
        engine = binding.engine_of(self.task_list)
        return engine if engine is None else self.enter(engine)

    def enter(self, engine: Engine) -> Engine:
        """Go to the root of the repository that ``engine`` is for."""
        self.engine = engine
        os.chdir(engine.world.root)
        return engine

    def needed_engine(self: Any) -> Engine:
        """Return the engine, or refuse a command that makes no sense without one."""
        engine: Engine | None = self.find_engine()
        if engine is None:
            raise InvalidCommand(
                f"{self.name}: this dodo.py has no steps of Sealwright; sealwright init adds them"
            )
        return engine

    def theirs(self: Any) -> list[str]:
        """Return the selected tasks that are somebody's own."""
        control = TaskControl(self.task_list)
        control.process(self.sel_tasks)
        return [n for n in control.selected_tasks if binding.bound(control.tasks[n]) is None]

    def chosen(self: Any, names: Iterable[str] | None = None) -> list[str]:
        """Return our steps and guards that ``names`` (default: chain all) stand for."""
        control = TaskControl(self.task_list)
        control.process(list(names or ()) or self.sel_tasks)
        return expand(control, control.selected_tasks)


def expand(control: TaskControl, names: Iterable[str]) -> list[str]:
    """Return the steps and guards that ``names`` stand for, groups replaced by their members."""
    found: dict[str, None] = {}
    rest = list(names)
    while rest:
        task = control.tasks[rest.pop(0)]
        ours = binding.bound(task)
        if ours and ours.kind == "group":
            rest = task.task_dep + rest
        elif ours:
            found[task.name] = None
    return list(found)


class OursAlone(Ours, DoitCmdBase):  # type: ignore[misc]
    """The base of commands that doit does not have; options may follow the names."""

    def parse_execute(self, in_args: list[str]) -> Any:
        """Execute the command with the words that follow its name."""
        import getopt  # which brings the translations of its messages with it

        parser = self.cmdparser
        try:
            options, names = getopt.gnu_getopt(in_args, parser.get_short(), parser.get_long())
        except getopt.GetoptError:
            return super().parse_execute(in_args)  # which says what is wrong with them
        given = [word for pair in options for word in pair if word]
        return super().parse_execute([*given, *names])
