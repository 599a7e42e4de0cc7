"""The governed workflow: one approved task against one admitted repository, and proof of it (002).

For each packet of ``config/workflow.yaml``, with its id for ``ID``::

    workflow:packet:ID      every line of the packet is data
    workflow:admission:ID   the target is admitted; a run that was cut off is ended
    workflow:approval:ID    after a person's exact sentence: about this packet, target and commit
    workflow:execute:ID     the approval is used, a backend works, one commit lands
    workflow:validate:ID    what landed is looked at again, and tested again
    workflow:evidence:ID    the evidence of the run is whole, and kept
    workflow:outcome:ID     after a person's word: accepted, or taken back by one more commit

A run leaves evidence however it ends (see `evidence`).  Nothing of it runs by default.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a part of the contract can be imported without all the others
    from sealwright.document import Table
    from sealwright.step import Contract, World

GROUPS = {"workflow": "Run one approved task against one admitted repository, and prove it."}


def contract(world: World, table: Table) -> Contract:
    """Return the steps that ``config/workflow.yaml`` asks for."""
    from sealwright.contracts.workflow.settings import Settings
    from sealwright.contracts.workflow.steps import (
        admitting,
        approving,
        checking,
        concluding,
        executing,
    )
    from sealwright.contracts.workflow.steps.case import Case
    from sealwright.step import Contract

    settings = Settings.read(table)
    made = []
    for work in settings.works.values():
        case = Case(settings, work)
        made += [*admitting.steps(case, world), approving.step(case, world)]
        made += [executing.step(case, world), *checking.steps(case, world)]
        made.append(concluding.step(case, world))
    return Contract(steps=tuple(made), groups=GROUPS, chain=("workflow",) if made else ())
