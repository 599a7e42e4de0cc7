"""``inv``: the same tasks, for people.  What a repository's tasks.py calls::

    from sealwright import menu

    namespace = menu.namespace(__file__)

Each group of tasks is a collection whose default runs the group (``inv sot-pack``) and
whose members run one step (``inv sot-pack.seal``); a chain is a task (``inv all``); the
questions and the ways out have the names that they have in doit.  Everything is handed to
doit, which alone decides what is stale; exit codes are kept.  Questions are asked on a
terminal only; without one, what is missing is refused.  What needs a secret key is here, too,
and is no task of doit (`sealwright.menu.snapshots`, `sealwright.menu.governance`,
`sealwright.menu.workflows`).
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from invoke import Collection, Context, Exit
from invoke.tasks import Task

from sealwright import process
from sealwright.engine import settings
from sealwright.engine.settings import Settings
from sealwright.errors import SealwrightError
from sealwright.menu import reporting
from sealwright.step import Step

_QUESTIONS = {
    "list": "List all tasks.",
    "plan": "Say what a run would do.",
    "verify": "Believe nothing: check every output, receipt and guard.",
    "graph": "Draw steps and files.",
}


def namespace(file: str) -> Collection:
    """Return the collection of everything that the repository of this tasks.py is asked."""
    dodo = Path(file).resolve().parent / "dodo.py"
    try:
        loaded = settings.load(dodo.parent, process.environment())
        loaded.engine()  # says what is wrong with the graph, as doit would
    except SealwrightError as problem:
        raise Exit(str(problem), problem.code) from None
    top = Collection()
    steps = [step for contract in loaded.contracts.values() for step in contract.steps]
    for group, sentence in loaded.groups().items():
        members = [step for step in steps if step.name.partition(":")[0] == group]
        top.add_collection(_collection(dodo, group, sentence, members))
    _people(top, loaded, dodo)
    alone = [guard for contract in loaded.contracts.values() for guard in contract.guards]
    asked = [_task(dodo, guard.name, guard.doc, "run", guard.name) for guard in alone]
    shown = [reporting.task(loaded)]
    for task in (*asked, *_chains(dodo, loaded.chains), *_questions(dodo), *_named(dodo), *shown):
        if task.name not in {*top.task_names, *top.collections}:  # the first of a name counts
            top.add_task(task)
    return top


def _people(top: Collection, loaded: Settings, dodo: Path) -> None:
    """Add what people alone do, and doit does not."""
    if "work_orders" in loaded.contracts:
        from sealwright.menu import snapshots  # it brings GnuPG and more

        top.add_collection(snapshots.collection(loaded.world))
    if "coo" in loaded.contracts:
        from sealwright.menu import governance

        top.add_collection(governance.collection(loaded.world))
        top.add_task(governance.rollback(loaded.world, dodo))
        if "migrate" in top.collections:
            governance.rehearsable(top.collections["migrate"], dodo)
    if "workflow" in top.collections and "workflow" in loaded.contracts:
        from sealwright.menu import workflows

        workflows.extend(top.collections["workflow"], loaded.world, dodo)


def _chains(dodo: Path, chains: Mapping[str, tuple[str, ...]]) -> Iterator[Task[Any]]:
    for chain, names in chains.items():
        if chain not in _QUESTIONS:
            yield _task(dodo, chain, f"Run {', '.join(names) or 'nothing'}.", "run", chain)


def _questions(dodo: Path) -> Iterator[Task[Any]]:
    for name, sentence in _QUESTIONS.items():
        yield _task(dodo, name, sentence, name)


def _collection(dodo: Path, group: str, sentence: str, members: list[Step]) -> Collection:
    collection = Collection(group)
    collection.add_task(_task(dodo, "run", sentence, "run", group), default=True)
    guards = {guard.name: guard.doc for step in members for guard in step.guards}
    for name, doc in {**{step.name: step.doc for step in members}, **guards}.items():
        if ":" in name:
            collection.add_task(_task(dodo, name.partition(":")[2], doc, "run", name))
    return collection


def _task(dodo: Path, name: str, sentence: str, *words: str) -> Task[Any]:
    def body(context: Context) -> None:
        doit(context, dodo, *words)

    body.__doc__ = sentence
    return Task(body, name=name.replace("_", "-"))


def _named(dodo: Path) -> list[Task[Any]]:
    def why(context: Context, name: str) -> None:
        """Say every reason why a step would run."""
        doit(context, dodo, "why", name)

    def accept(context: Context, name: str, reason: str = "") -> None:
        """Adopt a hand-edited output, as a recorded event."""
        doit(context, dodo, "accept", "--reason", reason or _asked("accept", name), name)

    def set_aside(context: Context, name: str, reason: str = "") -> None:
        """Move damaged evidence to the quarantine, as a recorded event."""
        doit(context, dodo, "set-aside", "--reason", reason or _asked("set-aside", name), name)

    bodies: list[Callable[..., None]] = [why, accept, set_aside]
    return [Task(body, name=body.__name__.replace("_", "-")) for body in bodies]


def _asked(command: str, name: str) -> str:
    """Ask for a reason, if there is somebody to ask."""
    if not sys.stdin.isatty():
        raise Exit(f'inv {command} {name}: expected a reason; add --reason "…"', 1)
    if not (said := typed(f"Why {command} {name}? ").strip()):
        raise Exit(f"inv {command} {name}: expected a reason, found none", 1)
    return said


def typed(question: str = "> ") -> str:
    """Return the line that a person types; nothing where they end the input, or it is no text."""
    try:
        return input(question)
    except (EOFError, UnicodeDecodeError):
        return ""


def doit(context: Context, dodo: Path, *words: str) -> None:
    """Hand ``words`` to doit in the repository, and keep its exit code."""
    argv = (sys.executable, "-m", "sealwright.engine", str(dodo), *words)
    done = context.run(shlex.join(argv), warn=True, in_stream=False, pty=sys.stdout.isatty())
    if done is not None and done.exited:
        raise Exit(code=done.exited)
