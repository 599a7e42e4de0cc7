"""What people do under the contract ``coo``: agree, rehearse, roll back.

``inv coo.approve NAME``: a person agrees to something, and signs it.  What is agreed to is shown,
byte for byte; the person types its sentence, exactly, on a terminal.
The secret key is in a GnuPG home of the person's own: ``--homedir``, else ``GNUPGHOME``, else
``~/.gnupg``; ``--key`` says which, if the configuration names several.  Without a terminal, and
for another program, it is done by hand (see `sealwright.approval`).

``inv migrate --rehearse`` goes through the migration and its gates on copies.

``inv rollback`` shows what would be put back and taken away, asks for the exact word, and then
rolls back; ``--dry-run`` only shows it.  With ``--reason`` a person asks for it where no step did.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from invoke import Collection, Context, Exit
from invoke.tasks import Task

from sealwright import approval, document, durable, menu
from sealwright.approval import Demand
from sealwright.contracts.coo.migration.grounds import APPROVALS
from sealwright.contracts.coo.rollback import confirmation
from sealwright.contracts.coo.settings import FILE, Settings
from sealwright.contracts.coo.steps import moving, publishing
from sealwright.contracts.coo.steps.freezing import again
from sealwright.contracts.coo.steps.freezing import demand as freeze
from sealwright.contracts.coo.steps.requests import request, requested
from sealwright.errors import Misconfigured, Refused, SealwrightError
from sealwright.menu.snapshots import home
from sealwright.paths import parse
from sealwright.step import World

DEMANDS: dict[str, Callable[[Settings, World], Demand]] = {
    "freeze": freeze,
    "final": publishing.demand,
    "attempt": lambda settings, world: again(world),
}


def collection(world: World) -> Collection:
    """Return the tasks for the approvals of one repository."""

    def approve(context: Context, name: str, key: str = "", homedir: str = "") -> None:
        """Show what has to be agreed to, ask for its sentence, and sign it."""
        try:
            print(_approve(world, name, key, homedir))
        except SealwrightError as problem:
            raise Exit(str(problem), problem.code) from None

    made = Collection("coo")
    made.add_task(Task[Any](approve, name="approve"))
    return made


def rehearsable(migrate: Collection, dodo: Path) -> None:
    """Let ``inv migrate`` take ``--rehearse``."""

    def run(context: Context, rehearse: bool = False) -> None:
        """Replace the legacy package; with --rehearse on copies only."""
        menu.doit(context, dodo, "run", "rehearse" if rehearse else "migrate")

    migrate.tasks.pop("run")
    migrate.default = None
    migrate.add_task(Task[Any](run, name="run"), default=True)


def rollback(world: World, dodo: Path) -> Task[Any]:
    """Return the task that rolls back after a person's word."""

    def rollback(context: Context, dry_run: bool = False, reason: str = "") -> None:
        """Show what a rollback would do, ask for the word, and do it."""
        try:
            if reason and not dry_run:
                request(_settings(world), world, f"a person: {reason}")
            print("\n".join(_plan(world)))
            if dry_run:
                return
            _confirm(world)
        except SealwrightError as problem:
            raise Exit(str(problem), problem.code) from None
        menu.doit(context, dodo, "run", "rollback")

    return Task[Any](rollback, name="rollback")


def _plan(world: World) -> list[str]:
    """Return what a rollback would do, staged where nobody looks and thrown away."""
    settings = _settings(world)
    if (reason := requested(settings, world)) is None:
        way = f"{confirmation.GOING_BACK} asks for one once the migration has begun"
        what = "rollback: expected a request of a rollback, found none"
        raise Refused(f"{what}; {way}, doit thaw ends an attempt that moved nothing")
    with tempfile.TemporaryDirectory(dir=world.state) as folder:
        told = moving.restored(settings, world, Path(folder) / "restored").sentences()
    return [f"asked for by {reason}", *(told or ["nothing has moved; the attempt would end"])]


def _confirm(world: World) -> None:
    """Ask for the word on a terminal, and write it down; without one it must be there already."""
    place = world.root / confirmation.FILE
    if os.path.lexists(place) or not sys.stdin.isatty():
        return  # whatever it says is looked at by the step itself
    print("Type 'CONFIRM_ROLLBACK' to proceed")
    said = os.fsencode(menu.typed())
    if said != confirmation.TOKEN:
        expected = f"expected exactly {confirmation.TOKEN.decode()}, found something else"
        raise confirmation.RollbackAbortedException(f"rollback: {expected}; inv rollback")
    durable.write(place, said, replace=False)


def _approve(world: World, name: str, key: str, homedir: str) -> str:
    settings = _settings(world)
    if name not in DEMANDS:
        raise Misconfigured(f"coo.approve: expected {' or '.join(DEMANDS)}, found {name!r}")
    demand, folder = DEMANDS[name](settings, world), world.place(APPROVALS)
    _ask(demand)
    if settings.approvals.waived:
        return f"{approval.write(demand, folder)[0]}: written; no signature is asked for"
    chosen = key or next(iter(settings.approvals.keys), "")
    if chosen not in settings.approvals.keys:
        raise Refused(f"{FILE}: approvals: expected the key {chosen or 'of somebody'}, found none")
    about, signature = approval.give(demand, folder, chosen, home(homedir))
    return f"{about} and {signature.name}: written"


def _settings(world: World) -> Settings:
    with document.load(world.place(parse(FILE)), name=FILE) as table:
        settings = Settings.read(table)
    if settings is None:
        raise Refused(f"{FILE}: legacy: expected a package to retire, found none")
    return settings


def _ask(demand: Demand) -> None:
    text = demand.text().decode().rstrip("\n")
    if not sys.stdin.isatty():
        place = Path(APPROVALS) / f"{demand.name}.json"
        raise Refused(
            f"coo.approve: expected a terminal, found none; by hand: write this to {place} and "
            f"gpg --armor --detach-sign --local-user FINGERPRINT {place}\n{text}"
        )
    print(f"{text}\n\nTo agree, type: {demand.sentence}")
    if (said := menu.typed()) != demand.sentence:
        raise Refused(f"coo.approve: expected {demand.sentence!r}, found {said!r}")
