"""Commands that answer, and change no byte: list, info, plan, why, verify, graph."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from doit.cmd_info import Info as StockInfo
from doit.cmd_list import List as StockList
from doit.exceptions import InvalidCommand

from sealwright.engine import audit, picture, plan
from sealwright.engine.commands.base import Ours, OursAlone, opt_json
from sealwright.engine.engine import Engine
from sealwright.engine.judge import Reason
from sealwright.runtime import canonical


class List(Ours, StockList):  # type: ignore[misc]
    """List the tasks like a table of contents, in the order in which they are defined."""

    def _execute(
        self,
        subtasks: bool = False,
        quiet: bool = True,
        status: bool = False,
        private: bool = False,
        list_deps: bool = False,
        template: str | None = None,
        sort: str = "name",
        pos_args: Any = None,
    ) -> int:
        engine = self.find_engine()
        if engine is None:
            return int(
                super()._execute(
                    subtasks, quiet, status, private, list_deps, template, sort, pos_args
                )
            )
        with engine.asking():
            return int(
                super()._execute(
                    True, quiet, status, private, list_deps, template, "definition", pos_args
                )
            )


class Info(Ours, StockInfo):  # type: ignore[misc]
    """Show what a task is, and its true status."""

    def _execute(self, pos_args: list[str], hide_status: bool = False) -> int:
        engine = self.find_engine()
        unknown = [name for name in pos_args if name not in {task.name for task in self.task_list}]
        if unknown:
            raise InvalidCommand(not_found=unknown[0])
        if engine is None or not pos_args or pos_args[0] not in engine.graph.steps:
            return int(super()._execute(pos_args, hide_status) or 0)
        with engine.asking():
            super()._execute(pos_args, True)
            if not hide_status:
                self.outstream.write("\n" + "\n".join(explain(engine, pos_args[0])) + "\n")
        return 0


class Plan(OursAlone):
    """Say what would run, may run, waits, or would be refused."""

    name = "plan"
    doc_purpose = "say what a run would do, and do nothing"
    doc_usage = "[NAME...]"
    doc_description = "Exit code 0, whatever the plan is."
    cmd_options = (opt_json,)

    def _execute(self, pos_args: list[str], json: bool = False) -> int:
        engine = self.needed_engine()
        with engine.asking():
            made = plan.make(engine, steps_of(engine, self.chosen(pos_args)))
        if json:
            print(canonical.encode(made.to_dict()).decode())
            return 0
        for notice in engine.notices:
            print(f"note: {notice}")
        for where, steps in made.lists.items():
            for step in steps:
                why = "; ".join(str(reason) for reason in step.reasons)
                print(f"{where.replace('_', ' '):<10}{step.name:<28}{why}")
                print("".join(f"{'':<12}{said}\n" for said in step.message.splitlines()), end="")
        if not any(made.lists.values()):
            print("everything is up to date")
        return 0


def steps_of(engine: Engine, names: list[str]) -> list[str]:
    """Return those of ``names`` that are steps, and not guards."""
    return [name for name in names if name in engine.graph.steps]


class Why(OursAlone):
    """Say every reason why a step would run, with old and new digests."""

    name = "why"
    doc_purpose = "say why a step would run: every reason, old and new digest, who made the input"
    doc_usage = "NAME..."
    doc_description = None
    cmd_options = (opt_json,)

    def _execute(self, pos_args: list[str], json: bool = False) -> int:
        engine = self.needed_engine()
        if not pos_args:
            raise InvalidCommand("why: expected the name of a step; doit list names them")
        with engine.asking():
            names = steps_of(engine, self.chosen(pos_args))
            if json:
                found = {name: [r.to_dict() for r in engine.reasons(name)] for name in names}
                print(canonical.encode(found).decode())
                return 0
            for name in names:
                print("\n".join(explain(engine, name)))
        return 0


def explain(engine: Engine, name: str) -> Iterator[str]:
    """Yield in lines why a step would run, and what its last receipt is."""
    reasons = engine.reasons(name)
    yield f"{name}: {'would run' if reasons else 'is up to date'}"
    for reason in reasons:
        yield f"  {reason}"
        yield from _digests(engine, reason)
    if name in engine.trace:
        proof, receipt = engine.trace[name]
        yield f"  last receipt {proof}, of run {receipt['run']}, at {receipt['started_at']}"


def _digests(engine: Engine, reason: Reason) -> Iterator[str]:
    if reason.old:
        yield f"    was {reason.old}"
    if reason.new:
        yield f"    is  {reason.new}"
    for name, (_, receipt) in engine.trace.items():
        if reason.subject in (seen["spot"] for seen in receipt["outputs"]):
            yield f"    made by {name}, at {receipt['started_at']}"


class Verify(OursAlone):
    """Believe nothing: hash every output and receipt in full, check the journal, ask the guards."""

    name = "verify"
    doc_purpose = "believe nothing: hash every output and receipt in full, and check the journal"
    doc_usage = "[NAME...]"
    doc_description = "Exit codes: 0 everything holds; 1 a guard says no; 2 something is damaged."
    cmd_options = (
        opt_json,
        {
            "name": "require_signed",
            "long": "require-signed",
            "type": bool,
            "default": False,
            "help": "refuse a journal without a signed head, and a head signed by an example's key",
        },
    )

    def _execute(
        self, pos_args: list[str], json: bool = False, require_signed: bool = False
    ) -> int:
        engine = self.needed_engine()
        with engine.asking():
            names = self.chosen(pos_args)
            found = audit.audit(engine, names, require_signed=require_signed)
        if json:
            print(canonical.encode(_as_dict(found)).decode())
            return found.code
        for finding in (*found.damage.findings, *found.refused.findings):
            print(finding)
        seen = found.damage.evidence
        told = f"{seen['steps']} steps, {seen['receipts']} receipts, {seen['guards']} guards"
        if "signed" in seen:
            told += f", signed: {seen['signed']}"
        print(f"{told}: {('everything holds', 'refused', 'damaged')[found.code]}")
        return found.code


def _as_dict(found: audit.Audit) -> dict[str, Any]:
    return {
        "damage": [str(finding) for finding in found.damage.findings],
        "refused": [str(finding) for finding in found.refused.findings],
        "evidence": dict(found.damage.evidence),
        "exit": found.code,
    }


class Graph(OursAlone):
    """Draw steps and files, with what is stale marked."""

    name = "graph"
    doc_purpose = "draw steps and files, with what is stale marked"
    doc_usage = "[NAME...]"
    doc_description = None
    cmd_options = (
        {
            "name": "format",
            "long": "format",
            "type": str,
            "default": "mermaid",
            "choices": tuple((name, "") for name in picture.FORMATS),
            "help": "mermaid, dot or json [default: %(default)s]",
        },
    )

    def _execute(self, pos_args: list[str], format: str = "mermaid") -> int:
        engine = self.needed_engine()
        with engine.asking():
            names = engine.graph.upstream(steps_of(engine, self.chosen(pos_args)))
            made = plan.make(engine, names)
        status = {step.name: where for where, steps in made.lists.items() for step in steps}
        print(picture.draw(engine.graph, names, status, format))
        return 0
