"""``config/sealwright.yaml``: which contracts a repository is under, and how it is run::

    repository: .             # the repository, from the folder above config/
    state: .sealwright        # the engine's folder, inside the repository; it ignores itself
    contracts: [sot_pack]     # the contracts in force, each with config/<name>.yaml
    chains:                   # names for several tasks; `doit` alone runs `all`
      ci: [sot_pack]
    pools:                    # how many steps at a time may use something scarce; else one
      gpg: 2
    signing:
      keys: []                # full fingerprints whose signatures count
      public: config/keys.asc # their public keys, as gpg --export --armor writes them

Without ``chains``, ``all``, ``ci`` and ``release`` run everything of every contract.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from sealwright import clock, document, paths
from sealwright.contracts import KNOWN
from sealwright.document import Table
from sealwright.engine import graph
from sealwright.engine.engine import Engine
from sealwright.engine.heads import Signing
from sealwright.errors import Misconfigured
from sealwright.step import Contract, World

FILE = "config/sealwright.yaml"
Own = Callable[[World], Contract]
CHAINS = ("ci", "release", "all")
_FINGERPRINT = re.compile(r"[0-9A-F]{40}\Z")


@dataclass(frozen=True, slots=True)
class Settings:
    """What the configuration says, with the contracts loaded."""

    world: World
    contracts: Mapping[str, Contract]
    chains: Mapping[str, tuple[str, ...]]
    pools: Mapping[str, int]
    signing: Signing

    def engine(self) -> Engine:
        """Return the engine for the steps of all contracts; `Misconfigured` if they do not fit."""
        steps = [step for contract in self.contracts.values() for step in contract.steps]
        state = paths.relative(self.world.root, self.world.state)
        guards = [guard for contract in self.contracts.values() for guard in contract.guards]
        engine = Engine(self.world, graph.build(steps, state, guards))
        engine.pools, engine.signing = self.pools, self.signing
        return engine

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
        pools, signing = _pools(table), _signing(table, top)
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
    _check(chains, contracts)
    everything = tuple(name for contract in contracts.values() for name in contract.chain)
    named = {name: chain.names for name, chain in chains.items()}
    return Settings(world, contracts, dict.fromkeys(CHAINS, everything) | named, pools, signing)


@dataclass(frozen=True, slots=True)
class _Chain:
    """A configured chain, and where it stands in the file."""

    where: str
    names: tuple[str, ...]


def _chains(table: Table) -> dict[str, _Chain]:
    found = table.table("chains", None)
    if found is None:
        return {}
    return {name: _Chain(found.where(name), found.strings(name)) for name in tuple(found.keys())}


def _pools(table: Table) -> dict[str, int]:
    """Return how many steps at a time may use each scarce thing."""
    found = table.table("pools", None)
    sizes = {name: found.integer(name) for name in tuple(found.keys())} if found else {}
    for name, size in sizes.items():
        if found and size < 1:
            raise found.wrong(name, "a number from 1 on")
    return sizes


def _signing(table: Table, top: Path) -> Signing:
    """Return whose signatures count."""
    found = table.table("signing", None)
    if found is None:
        return Signing()
    keys, public = found.strings("keys", ()), found.path("public", None)
    if not all(_FINGERPRINT.match(key) for key in keys):
        raise found.wrong("keys", "full fingerprints, 40 hexadecimal digits in upper case")
    return Signing(keys, top / public if public else None)


def _contract(name: str, world: World, top: Path) -> Contract:
    module = importlib.import_module(f"sealwright.contracts.{name}")
    file = f"config/{name}.yaml"
    with document.load(top / file, name=file) as table:
        made: Contract = module.contract(world, table)
    return made


def _check(chains: Mapping[str, _Chain], contracts: Mapping[str, Contract]) -> None:
    """Refuse a chain of unknown names, one called as a group or step is, and a circle of them."""
    steps = {step.name for contract in contracts.values() for step in contract.steps}
    taken = steps | {name.partition(":")[0] for name in steps}
    known = taken | chains.keys() | set(CHAINS)
    for name, chain in chains.items():
        if name in taken:
            raise Misconfigured(
                f"{chain.where}: is the name of a step or of a group; choose another"
            )
        if unknown := [member for member in chain.names if member not in known]:
            raise Misconfigured(f"{chain.where}: {unknown[0]} is neither a step nor a chain")
    try:
        inner = {n: [m for m in chain.names if m in chains] for n, chain in chains.items()}
        TopologicalSorter(inner).prepare()
    except CycleError as error:
        circle = error.args[1]
        raise Misconfigured(
            f"{chains[circle[0]].where}: {' -> '.join(circle)} is a circle"
        ) from None
