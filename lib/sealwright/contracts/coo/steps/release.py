"""The Sealwright that froze goes on, and no other: no drift of what runs (document 003, §15).

The freeze writes down which one it is.  While FREEZE is TRUE, every step that acts asks whether it
still is that one; the ways out, ``doit thaw`` and the rollback, do not ask.
"""

from __future__ import annotations

from sealwright.contracts.coo import logging
from sealwright.contracts.coo.settings import Settings
from sealwright.contracts.coo.steps import frozen, ground
from sealwright.step import Guard, World
from sealwright.verdict import Verdict, refusal


def guard(settings: Settings) -> Guard:
    """Return the guard that asks whether the attempt is gone on with by what began it."""
    doc = "Ask whether, while FREEZE is TRUE, the Sealwright that runs is the one that froze."
    return ground.while_frozen("same_release", doc, lambda world: _same(settings, world))


def _same(settings: Settings, world: World) -> Verdict:
    from sealwright.contracts.coo import freeze
    from sealwright.contracts.coo.manifests import release

    place = world.place(frozen.manifest(settings).path)
    if not place.is_file():
        return Verdict()  # which is told by what looks at everything frozen
    began, runs = freeze.read(place.read_bytes())["release"], release.read()
    if began == runs:
        return Verdict()
    attempt = logging.machine(world.place(ground.log(world))).attempt
    what = f"expected {release.spell(began)}, with which attempt {attempt} was frozen"
    way = f"install that one again, or {ground.way_out(world)}"
    return refusal("Sealwright", f"{what}, found {release.spell(runs)}", way)
