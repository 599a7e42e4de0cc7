"""``doit`` and ``doit NAME…`` run what is stale; ``doit trace NAME`` shows what an act touches."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from doit.cmd_run import Run as StockRun
from doit.control import TaskControl
from doit.exceptions import InvalidCommand
from doit.task import Stream

from sealwright import durable, process
from sealwright.engine import reporter as reports
from sealwright.engine import tracing
from sealwright.engine.binding import ProofRunner
from sealwright.engine.commands.base import Ours, OursAlone, expand, opt_json
from sealwright.engine.engine import Engine
from sealwright.engine.reporter import Reporter
from sealwright.errors import Refused

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """A signal asked the run to stop; ``code`` is 128 and its number."""

    def __init__(self, number: int) -> None:
        super().__init__(f"stopped by {signal.Signals(number).name}")
        self.code = 128 + number


@contextlib.contextmanager
def stoppable() -> Iterator[None]:
    """Turn the signals that ask a run to stop into `Stopped`, and end all children first."""

    def stop(number: int, _: FrameType | None) -> None:
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        process.stop_all()
        raise Stopped(number)

    before = {number: signal.signal(number, stop) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Run(Ours, StockRun):  # type: ignore[misc]
    """Run what is stale."""

    doc_purpose = "run what is stale, and say for each step why"
    doc_description = (
        "Without names, chain `all` runs. Exit codes: 0 everything holds; 1 a step was refused, "
        "waits for an approval, or failed; 2 evidence is damaged, or a bug; 3 a configuration is "
        "wrong; 128 and more: stopped by a signal."
    )
    cmd_options = (
        *StockRun.cmd_options,
        opt_json,
        {
            "name": "keep_going",
            "long": "keep-going",
            "type": bool,
            "default": False,
            "help": "run everything that does not come after a failure",
        },
        {
            "name": "events",
            "long": "events",
            "type": str,
            "default": None,
            "help": "write a JSON object a line to FILE while things happen",
        },
        {
            "name": "junit",
            "long": "junit",
            "type": str,
            "default": None,
            "help": "write a JUnit report to FILE",
        },
    )

    def _execute(
        self,
        outfile: Any,
        verbosity: int | None = None,
        always: bool = False,
        continue_: bool = False,
        reporter: Any = "console",
        num_process: int = 0,
        par_type: str = "process",
        single: bool = False,
        auto_delayed_regex: bool = False,
        force_verbosity: bool = False,
        failure_verbosity: int = 0,
        pdb: bool = False,
        json: bool = False,
        keep_going: bool = False,
        events: str | None = None,
        junit: str | None = None,
    ) -> int:
        engine = self.find_engine()
        if engine is None:
            code: int = super()._execute(
                outfile, verbosity, always, continue_, reporter, num_process, par_type, single,
                auto_delayed_regex, force_verbosity, failure_verbosity, pdb,
            )  # fmt: skip
            return code
        if num_process:
            raise InvalidCommand("-n: steps run one after another; leave the option out")
        control = self._control(single=single)
        forced = expand(control, control.selected_tasks) if always else []
        with contextlib.ExitStack() as files:
            out = files.enter_context(open(outfile, "w")) if isinstance(outfile, str) else outfile
            stream = files.enter_context(open(events, "w")) if events else None
            told = Reporter(
                out, engine.world.environment, json=json, events=stream, width=_width(control)
            )
            runner = ProofRunner(
                self.dep_manager,
                told,
                keep_going=keep_going or continue_,
                forced=forced,
                always=always,
                stream=Stream(verbosity, force_verbosity),
            )
            code = self._run(engine, runner, control, told)
        if junit:
            durable.write(Path(junit).absolute(), reports.junit(told.outcomes))
        return code

    def _control(self, *, single: bool) -> TaskControl:
        control = TaskControl(self.task_list)
        control.process(self.sel_tasks)
        if single:
            for name in expand(control, control.selected_tasks):
                control.tasks[name].task_dep = []
        return control

    def _run(
        self, engine: Engine, runner: ProofRunner, control: TaskControl, told: Reporter
    ) -> int:
        code = 0
        try:
            with stoppable(), engine.running():
                for notice in engine.notices:
                    told.notice(notice)
                code = runner.run_all(control.task_dispatcher())
        except Stopped as stopped:
            told.notice(str(stopped))
            code = stopped.code
        except Refused as refused:
            told.write(f"{refused}\n")
            told.notices.append(str(refused))
            code = refused.code
        told.summary(code)
        return code


def _width(control: TaskControl) -> int:
    names = [name for name, task in control.tasks.items() if not task.has_subtask]
    return min(max(map(len, names), default=0), 40)


class Trace(OursAlone):
    """Run a step apart, record nothing, and name what it reads or writes undeclared."""

    name = "trace"
    doc_purpose = "name what a step reads or writes undeclared"
    doc_usage = "NAME"
    doc_description = (
        "The act runs in a folder of its own under strace; its outputs are thrown away."
    )
    cmd_options = (opt_json,)

    def _execute(self, pos_args: list[str], json: bool = False) -> int:
        engine = self.needed_engine()
        if len(pos_args) != 1 or pos_args[0] not in engine.graph.steps:
            raise InvalidCommand("trace: expected the name of one step; doit list names them")
        found = tracing.trace(engine, pos_args[0])
        print(found.to_json() if json else str(found))
        return 1 if found.undeclared else 0


class Apart(OursAlone):
    """What `doit trace` runs under strace; nobody types it."""

    name = "apart"
    doc_purpose = "run an act apart, for doit trace"
    doc_usage = "NAME"

    def _execute(self, pos_args: list[str]) -> int:
        engine = self.needed_engine()
        with stoppable(), engine.running():
            tracing.apart(engine, engine.graph.steps[pos_args[0]])
        return 0
