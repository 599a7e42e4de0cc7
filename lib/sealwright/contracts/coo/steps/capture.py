"""The capture of an attempt: what it is called, where it lies, and whether it is whole.

The log tells its name, and nothing in its folder does: another one in its place is found.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sealwright.contracts.coo import logging
from sealwright.contracts.coo.steps import ground
from sealwright.errors import Refused
from sealwright.runtime import canonical
from sealwright.step import Member, World
from sealwright.verdict import Verdict


def member(world: World) -> Member:
    """Return the capture of everything that a migration may change."""
    return Member(world.kept("coo/amu0"), "{id}")


def name(world: World) -> str:
    """Return the id of the capture of this attempt, as the log has it."""
    from sealwright.contracts.coo import amu_capture

    names = [
        line["details"]["amu0"]
        for line in logging.read(world.place(ground.log(world)))
        if line["event"] == "AMU0"
    ]
    if not names:
        raise Refused("rollback: expected a capture, found none in the log; doit amu0")
    return amu_capture.name_of(names[-1])


def place(world: World) -> Path:
    """Return where the capture of this attempt lies."""
    return world.place(member(world).folder) / name(world)


def check(world: World) -> Verdict:
    """Answer whether the capture of this attempt is there, and whole."""
    from sealwright.contracts.coo import amu_capture

    return amu_capture.verify(place(world), name(world))


def about(world: World) -> dict[str, Any]:
    """Return what the capture of this attempt says that it is."""
    from sealwright.contracts.coo.amu_capture.verification import ABOUT

    return dict(canonical.decode_line((place(world) / ABOUT).read_bytes()))
