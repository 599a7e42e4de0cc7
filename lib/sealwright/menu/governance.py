"""``inv coo.approve NAME``: a person agrees to something of the contract ``coo``, and signs it.

What is agreed to is shown, byte for byte; the person types its sentence, exactly, on a terminal.
The secret key is in a GnuPG home of the person's own: ``--homedir``, else ``GNUPGHOME``, else
``~/.gnupg``; ``--key`` says which, if the configuration names several.  Without a terminal, and
for another program, it is done by hand (see `sealwright.approval`).
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from invoke import Collection, Context, Exit
from invoke.tasks import Task

from sealwright import approval, document
from sealwright.approval import Demand
from sealwright.contracts.coo.migration.grounds import APPROVALS
from sealwright.contracts.coo.settings import FILE, Settings
from sealwright.contracts.coo.steps.freezing import DEMANDS
from sealwright.errors import Misconfigured, Refused, SealwrightError
from sealwright.menu.snapshots import home
from sealwright.paths import parse
from sealwright.step import World


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
    if (said := input("> ")) != demand.sentence:
        raise Refused(f"coo.approve: expected {demand.sentence!r}, found {said!r}")
