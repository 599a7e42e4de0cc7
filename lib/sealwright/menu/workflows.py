"""What people do under the contract ``workflow``: begin a packet, agree to a run, say what it is.

``inv workflow.new ID`` writes a packet to begin with, where the configuration has it, and says what
to add to the configuration where it has none.

``inv workflow.approve ID`` and ``inv workflow.outcome ID --accept`` (or ``--reject``) show what is
agreed to, byte for byte; the person types its sentence, exactly, on a terminal.  Then it is signed
with ``--key`` of the GnuPG home ``--homedir``, else ``GNUPGHOME``, else ``~/.gnupg``.  Without a
terminal, and for another program, it is done by hand (see `sealwright.approval`).  An outcome is
carried out then, by doit.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from invoke import Collection, Context, Exit
from invoke.tasks import Task

from sealwright import approval, document, durable, menu
from sealwright.approval import Demand
from sealwright.contracts.workflow import approval as agreeing
from sealwright.contracts.workflow import packet, target
from sealwright.contracts.workflow.blockers import verdict
from sealwright.contracts.workflow.outcome import ACCEPT, REJECT
from sealwright.contracts.workflow.settings import FILE, Settings
from sealwright.contracts.workflow.steps import concluding
from sealwright.contracts.workflow.steps.case import Case
from sealwright.errors import Misconfigured, Refused, SealwrightError
from sealwright.menu.snapshots import home
from sealwright.paths import RelPath, parse
from sealwright.step import World


def extend(workflow: Collection, world: World, dodo: Path) -> None:
    """Add the tasks of people to the collection of the steps."""

    def new(context: Context, work: str) -> None:
        """Write a packet to begin with."""
        print("\n".join(_told(lambda: list(_new(world, work)))))

    def approve(context: Context, work: str, key: str = "", homedir: str = "") -> None:
        """Show what a run would be about, ask for its sentence, and sign it."""
        print(_told(lambda: _approve(world, work, key, homedir)))

    def outcome(
        context: Context,
        work: str,
        accept: bool = False,
        reject: bool = False,
        key: str = "",
        homedir: str = "",
    ) -> None:
        """Say what becomes of a run, sign it, and carry it out."""
        said = ACCEPT if accept else REJECT
        if accept is reject:
            raise Exit(f"inv workflow.outcome {work}: expected --accept or --reject", 1)
        print(_told(lambda: _outcome(world, work, said, key, homedir)))
        menu.doit(context, dodo, "run", f"workflow:outcome:{work}")

    for body in (new, approve, outcome):
        workflow.add_task(Task[Any](body, name=body.__name__))


def _told(do: Any) -> Any:
    try:
        return do()
    except SealwrightError as problem:
        raise Exit(str(problem), problem.code) from None


def _settings(world: World) -> Settings:
    with document.load(world.place(parse(FILE)), name=FILE) as table:
        return Settings.read(table)


def _case(world: World, work: str) -> Case:
    settings = _settings(world)
    if work not in settings.works:
        known = ", ".join(settings.works) or "none"
        raise Misconfigured(f"{FILE}: packets: expected {work}, found {known}; inv workflow.new")
    return Case(settings, settings.works[work])


def _new(world: World, work: str) -> Iterator[str]:
    data, known = packet.template(work), _settings(world).works.get(work)
    path = known.packet if known else RelPath(f"docs/packets/{work}.md")
    place = world.place(path)
    durable.mkdir(place.parent)
    try:
        durable.write(place, data, replace=False)
    except FileExistsError:
        raise Refused(f"{path}: expected no packet, found one; edit it, or move it away") from None
    yield f"{path}: written; decide what says REPLACE-ME"
    if known is None:
        yield f"next: add to {FILE}, packets:"
        yield f"  {work}:\n    packet: {path}\n    admission: admissions/NAME.json"
        yield "    backend: {command: [PROGRAM]}"
        yield "    approvals: {keys: [FINGERPRINT], public: config/approvers.asc}"
    yield f"then: doit workflow:packet:{work}"


def _approve(world: World, work: str, key: str, homedir: str) -> str:
    case = _case(world, work)
    found = case.packet(world)
    seen = target.observe(world.root, found)
    if seen.head is None:
        raise Refused(str(verdict(seen.objections)))
    if opened := case.story(world).open:
        what = f"expected no run that waits for its outcome, found {opened.run}"
        raise Refused(f"{work}: {what}; inv workflow.outcome {work} --accept or --reject")
    about = [
        *(f"packet: {case.work.packet}: {found.title}", f"task: {found.task.text}"),
        *(f"may change: {path}" for path in found.task.allowed_paths),
        f"tested by: {found.task.validation}",
        f"done by: {case.work.backend.kind}, isolation {case.work.isolation}",
        f"target: {found.target.repository} at {seen.head}",
    ]
    demand = case.demand(world, found, seen.head)
    return _signed(case, world, demand, about, agreeing.command(work), key, homedir)


def _outcome(world: World, work: str, said: str, key: str, homedir: str) -> str:
    case = _case(world, work)
    asked = concluding.about(case, world)
    folder = f"{case.settings.evidence}/{asked.run}"
    told = [f"run: {asked.run}", f"commit: {asked.commit}", f"evidence: {folder}/report.md"]
    command = f"inv workflow.outcome {work} --{said}"
    return _signed(case, world, asked.demand(said), told, command, key, homedir)


def _signed(
    case: Case, world: World, demand: Demand, about: list[str], command: str, key: str, homedir: str
) -> str:
    """Show what is agreed to, ask for its sentence, and write it with its signature."""
    wish, folder = case.work.approvals, case.policy(world).folder
    _ask(demand, folder, about, command)
    if wish.unsigned:
        return f"{approval.write(demand, folder)[0]}: written; no signature is asked for"
    chosen = key or wish.keys[0]
    if chosen not in wish.keys:
        raise Refused(f"{FILE}: approvals: expected the key {chosen}, found none")
    written, signature = approval.give(demand, folder, chosen, home(homedir))
    return f"{written} and {signature.name}: written"


def _ask(demand: Demand, folder: Path, about: list[str], command: str) -> None:
    text = demand.text().decode().rstrip("\n")
    if not sys.stdin.isatty():
        place = approval.places(folder, demand)[0]
        raise Refused(
            f"{command}: expected a terminal, found none; by hand: write this to {place} and "
            f"gpg --armor --detach-sign --local-user FINGERPRINT {place}\n{text}"
        )
    print("\n".join([*about, "", text, "", f"To agree, type: {demand.sentence}"]))
    agreeing.said(demand.sentence, menu.typed()).enforce()
