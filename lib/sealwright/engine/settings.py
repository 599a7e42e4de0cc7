"""``config/sealwright.yaml``: which contracts a repository is under, and how it is run::

    repository: .             # the repository, from the folder above config/
    state: .sealwright        # the engine's folder, inside the repository; it ignores itself
    contracts: [sot_pack]     # the contracts in force, each with config/<name>.yaml
    chains:                   # names for several tasks; `doit` alone runs `all`
      ci: [sot_pack]
    signing:
      keys: []                # full fingerprints whose signatures count

Without ``chains``, ``all``, ``ci`` and ``release`` run everything of every contract.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sealwright import clock, document, paths
from sealwright.contracts import KNOWN
from sealwright.document import Table
from sealwright.engine import graph
from sealwright.engine.engine import Engine
from sealwright.errors import Misconfigured
from sealwright.step import Contract, World

FILE = "config/sealwright.yaml"
Own = Callable[[World], Contract]
CHAINS = ("ci", "release", "all")


@dataclass(frozen=True, slots=True)
class Settings:
    """What the configuration says, with the contracts loaded."""

    world: World
    contracts: Mapping[str, Contract]
    chains: Mapping[str, tuple[str, ...]]

    def engine(self) -> Engine:
        """Return the engine for the steps of all contracts; `Misconfigured` if they do not fit."""
        steps = [step for contract in self.contracts.values() for step in contract.steps]
        state = paths.relative(self.world.root, self.world.state)
        return Engine(self.world, graph.build(steps, state))

    def groups(self) -> dict[str, str]:
        """Return a sentence for each group of tasks."""
        return {name: doc for c in self.contracts.values() for name, doc in c.groups.items()}


def load(top: Path, environment: Mapping[str, str], own: Sequence[Own] = ()) -> Settings:
    """Read the configuration below the folder ``top``, and that of each contract in force.

    A repository's ``own`` contracts come from its dodo.py; with such a one the file may be missing.
    """
    there = (top / FILE).exists() or not own
    with document.load(top / FILE, name=FILE) if there else document.parse(b"", FILE) as table:
        root = (top / table.string("repository", ".")).resolve()
        state = table.path("state", paths.parse(".sealwright"))
        names = table.strings("contracts", ())
        for name in names:
            if name not in KNOWN:
                raise table.wrong("contracts", f"contracts among {', '.join(KNOWN)}")
        chains = _chains(table)
        if signing := table.table("signing", None):
            signing.strings("keys", ())
    if not root.is_dir():
        raise Misconfigured(f"{FILE}: repository: expected a folder, found nothing at {root}")
    world = World(
        root=root,
        state=paths.within(root, state),
        now=clock.now(environment),
        environment=environment,
    )
    contracts = {name: _contract(name, world, top) for name in names}
    contracts |= {f"own {number}": make(world) for number, make in enumerate(own)}
    return Settings(world, contracts, _filled(chains, contracts))


def _chains(table: Table) -> dict[str, tuple[str, ...]]:
    found = table.table("chains", None)
    return {} if found is None else {name: found.strings(name) for name in found.keys()}  # noqa: SIM118 - a table is no mapping


def _contract(name: str, world: World, top: Path) -> Contract:
    module = importlib.import_module(f"sealwright.contracts.{name}")
    file = f"config/{name}.yaml"
    with document.load(top / file, name=file) as table:
        made: Contract = module.contract(world, table)
    return made


def _filled(
    chains: Mapping[str, tuple[str, ...]], contracts: Mapping[str, Contract]
) -> dict[str, tuple[str, ...]]:
    """Return the chains with those that are not configured, and refuse unknown names."""
    everything = tuple(name for contract in contracts.values() for name in contract.chain)
    filled = {name: chains.get(name, everything) for name in (*chains, *CHAINS)}
    steps = [step.name for contract in contracts.values() for step in contract.steps]
    known = {*filled, *steps, *(name.partition(":")[0] for name in steps)}
    for chain, names in filled.items():
        if unknown := [name for name in names if name not in known]:
            raise Misconfigured(
                f"{FILE}: chains.{chain}: {unknown[0]} is neither a step nor a chain"
            )
    return filled
