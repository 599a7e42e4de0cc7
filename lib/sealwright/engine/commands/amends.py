"""The recorded ways out: accept, set-aside, forget, clean; and two that are refused."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from doit.cmd_clean import Clean as StockClean
from doit.cmd_forget import Forget as StockForget
from doit.cmd_ignore import Ignore as StockIgnore
from doit.cmd_resetdep import ResetDep as StockResetDep
from doit.control import TaskControl
from doit.exceptions import InvalidCommand

from sealwright import durable
from sealwright.engine import amends, binding
from sealwright.engine.commands.base import Ours, OursAlone, opt_reason
from sealwright.engine.commands.questions import steps_of
from sealwright.engine.commands.stopping import stoppable
from sealwright.engine.engine import Engine
from sealwright.errors import Refused


class _Amend(OursAlone):
    cmd_options = (opt_reason,)
    doc_usage = 'NAME --reason "…"'
    doc_description = "It is recorded in the run journal, with the reason."

    def _execute(self, pos_args: list[str], reason: str = "") -> int:
        engine = self.needed_engine()
        if len(pos_args) != 1:
            raise InvalidCommand(f"{self.name}: expected the name of one step")
        with stoppable(), engine.running():
            print(self.amend(engine, pos_args[0], reason))
        return 0

    @abstractmethod
    def amend(self, engine: Engine, name: str, reason: str) -> str:
        """Do what the command is for, and return a sentence about it."""


class Accept(_Amend):
    """Adopt a hand-edited output, as a recorded event."""

    name = "accept"
    doc_purpose = "adopt a hand-edited output, as a recorded event"

    def amend(self, engine: Engine, name: str, reason: str) -> str:
        """Adopt the outputs of a step as they are."""
        return f"{name}: accepted as it is, receipt {amends.accept(engine, name, reason)}"


class SetAside(_Amend):
    """Move damaged evidence out of the way, as a recorded event."""

    name = "set-aside"
    doc_purpose = "move damaged evidence to the quarantine, as a recorded event"

    def amend(self, engine: Engine, name: str, reason: str) -> str:
        """Move damaged evidence to the quarantine, so that its step can run again."""
        kept = amends.set_aside(engine, name, reason)
        where = f"kept in {', '.join(map(str, kept))}" if kept else "nothing was left to keep"
        return f"{name}: set aside, {where}; doit {name} makes it again"


class Forget(Ours, StockForget):  # type: ignore[misc]
    """Forget former runs; steps with evidence are spared."""

    def _execute(self, forget_sub: bool, forget_disable_default: bool, forget_all: bool) -> int:
        engine = self.find_engine()
        if engine is None:
            return int(super()._execute(forget_sub, forget_disable_default, forget_all) or 0)
        names = list(engine.graph.steps) if forget_all else self.chosen(self.sel_tasks)
        with engine.running():
            for name in steps_of(engine, names):
                done = amends.forget(engine, name)
                self.outstream.write(f"{'forgotten' if done else 'spared':<10} {name}\n")
        for name in self.theirs():
            self.dep_manager.remove(name)
        self.dep_manager.close()
        return 0


class Clean(Ours, StockClean):  # type: ignore[misc]
    """Remove derived outputs; evidence is spared."""

    def _execute(
        self,
        dryrun: bool,
        cleandep: bool,
        cleanall: bool,
        cleanforget: bool,
        pos_args: list[str] | None = None,
    ) -> int:
        engine = self.find_engine()
        if engine is None:
            return int(super()._execute(dryrun, cleandep, cleanall, cleanforget, pos_args) or 0)
        names = list(engine.graph.steps) if cleanall else self.chosen(self.sel_tasks)
        names = steps_of(engine, names)
        with engine.running():
            for name in engine.graph.upstream(names) if cleandep else names:
                for place in amends.derived(engine, name):
                    shown = place.relative_to(engine.world.root)
                    self.outstream.write(f"{name} - removing {shown}\n")
                    if not dryrun:
                        durable.remove(place)
                if cleanforget and not dryrun:
                    amends.forget(engine, name)
        if theirs := self.theirs():
            self.sel_tasks = theirs
            super()._execute(dryrun, cleandep, False, cleanforget, theirs)
        return 0


class _Never(Ours):
    """A command that would make doit believe what nobody proved."""

    name: str
    way = ""

    def _execute(self: Any, pos_args: list[str]) -> int:
        engine = self.find_engine()
        control = TaskControl(self.task_list)
        control.process(pos_args or None)
        ours = [n for n in control.selected_tasks if binding.bound(control.tasks[n])]
        if engine is not None and ours:
            raise Refused(
                f"{self.name}: {ours[0]} is a step, which is believed by its proof only; {self.way}"
            )
        return int(super()._execute(pos_args) or 0)  # type: ignore[misc]


class Ignore(_Never, StockIgnore):  # type: ignore[misc]
    """Refused for our steps."""

    name = "ignore"
    way = "leave it out of the chain in config/sealwright.yaml"


class ResetDep(_Never, StockResetDep):  # type: ignore[misc]
    """Refused for our steps."""

    name = "reset-dep"
    way = 'to adopt a changed output: doit accept NAME --reason "…"'
