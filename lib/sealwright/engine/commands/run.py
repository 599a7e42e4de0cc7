"""``doit`` and ``doit NAME…`` run what is stale; ``doit trace NAME`` shows what an act touches."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from doit.cmd_run import Run as StockRun
from doit.exceptions import InvalidCommand
from doit.task import Stream

from sealwright import durable, jobserver
from sealwright.engine import reporter as reports
from sealwright.engine import schedule
from sealwright.engine.commands import chosen
from sealwright.engine.commands.base import Ours, OursAlone, opt_json
from sealwright.engine.commands.stopping import Stopped, stoppable
from sealwright.engine.course import Course, Steps
from sealwright.engine.crew import Crew
from sealwright.engine.engine import Engine
from sealwright.engine.reporter import Reporter
from sealwright.engine.schedule import Schedule
from sealwright.errors import Refused

_OPTIONS = (
    ("keep_going", bool, False, "run everything that does not come after a failure"),
    ("shuffle", str, None, "begin what may begin in an order drawn from SEED: finds hidden needs"),
    ("events", str, None, "write a JSON object a line to FILE while things happen"),
    ("junit", str, None, "write a JUnit report to FILE"),
)


_MANY = 64  # hands at most where make counts


class Run(Ours, StockRun):  # type: ignore[misc]
    """Run what is stale."""

    loader: Any
    doc_purpose = "run what is stale, and say for each step why"
    doc_description = (
        "Without names, chain `all` runs. -n N runs N steps at a time, in threads; under make -j "
        "it is make that says how many. Exit codes: 0 everything holds; 1 a step was refused, "
        "waits for an approval, or failed; 2 evidence is damaged, or a bug; 3 a configuration is "
        "wrong; 128 and more: stopped by a signal."
    )
    cmd_options = (
        *StockRun.cmd_options,
        opt_json,
        *(
            {"name": n, "long": n.replace("_", "-"), "type": kind, "default": default, "help": told}
            for n, kind, default, told in _OPTIONS
        ),
    )

    def execute(self, params: Any, args: list[str]) -> int:
        """Load what is needed, and run.

        Until the first work begins nothing becomes garbage, and looking for it costs a tenth.
        """
        gc.disable()
        self.loader = chosen.Loader(self.loader)
        return super().execute(params, args)

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
        shuffle: str | None = None,
        events: str | None = None,
        junit: str | None = None,
    ) -> int:
        asked = self.loader.chosen or chosen.among(
            self.task_list, self.sel_tasks or [], single=single, seed=shuffle
        )
        if asked is None:
            gc.enable()
            code: int = super()._execute(
                outfile, verbosity, always, continue_, reporter, num_process, par_type, single,
                auto_delayed_regex, force_verbosity, failure_verbosity, pdb,
            )  # fmt: skip
            return code
        engine, keep_going = self.enter(asked.engine), keep_going or continue_
        needed = asked.needed(single=single)
        with contextlib.ExitStack() as files:
            out = files.enter_context(open(outfile, "w")) if isinstance(outfile, str) else outfile
            stream = files.enter_context(open(events, "w")) if events else None
            told = Reporter(
                out,
                engine.world.environment,
                json=json,
                events=stream,
                steps=needed,
                width=_width(engine),
                logs=engine.log if (verbosity or 0) > 1 else None,
            )
            forced = asked.steps if always else ()
            course = Course(engine, told, forced=forced, keep_going=keep_going)
            crew = files.enter_context(_crew(engine, num_process, told))
            control = asked.control
            if control is None:
                plan = Schedule(engine.graph, needed, shuffle)
                code = _run(engine, told, lambda: _steps(course, crew, plan))
            else:
                from sealwright.engine.mixed import ProofRunner  # few runs need it

                runner = ProofRunner(
                    self.dep_manager,
                    told,
                    course,
                    crew,
                    keep_going=keep_going,
                    always=always,
                    stream=Stream(verbosity, force_verbosity),
                    waits=schedule.waits(engine.graph, needed),
                )
                code = _run(engine, told, lambda: runner.run_all(control.task_dispatcher()))
        if junit:
            durable.write(Path(junit).absolute(), reports.junit(told.outcomes))
        return code


@contextlib.contextmanager
def _crew(engine: Engine, number: int, told: Reporter) -> Iterator[Crew]:
    """Return as many hands as were asked for, or as a make above us has to give away."""
    if number < 0:
        raise InvalidCommand(f"-n: expected a number from 1 on, found {number}")
    with jobserver.client(engine.world.environment, told.notice) as tokens:
        yield Crew(number or (_MANY if tokens else 1), engine.pools, tokens)


def _width(engine: Engine) -> int:
    names = (*engine.graph.steps, *engine.graph.guards())
    return min(max(map(len, names), default=0), 40)


def _steps(course: Course, crew: Crew, plan: Schedule) -> int:
    crew.run(Steps(course, plan))
    return course.code


def _run(engine: Engine, told: Reporter, act: Callable[[], int]) -> int:
    code = 0
    try:
        with stoppable(), engine.running():
            for notice in engine.notices:
                told.notice(notice)
            code = act()
    except Stopped as stopped:
        told.notice(str(stopped))
        code = stopped.code
    except Refused as refused:
        told.write(f"{refused}\n")
        told.notices.append(str(refused))
        code = refused.code
    told.summary(code)
    return code


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
        from sealwright.engine import tracing

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
        from sealwright.engine import tracing

        engine = self.needed_engine()
        with stoppable(), engine.running():
            tracing.apart(engine, engine.graph.steps[pos_args[0]])
        return 0
