"""Gate B: what modules say and write is the same in repeated runs (003, section 10).

Each module is run at least three times, each time in a process of its own and in a private copy of
the tree (`private_copies`): with another folder, home, hash seed, umask and order of files, without
a network.  Its standard output and its declared outputs are compared byte by byte.  Of a module
that differs the first difference is told: which output, byte, line, and what both runs have there.
What it writes besides its outputs, in the tree or in its home, is a finding, and so is an output
that is not there and an exit code but 0.  Declared outputs are removed before each run, so that one
which is there was made by it.

Where a repository declares no modules, its caller gives functions of a tree that return bytes;
`builtins` says how they are run.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sealwright import digest, process
from sealwright.contracts.coo.gates import builtin_functions, first_difference, private_copies
from sealwright.contracts.coo.gates.builtin_functions import Function
from sealwright.contracts.coo.gates.module_runs import Ran, Runner
from sealwright.contracts.coo.gates.module_settings import Module
from sealwright.contracts.coo.gates.private_copies import FEWEST, PrivateCopy
from sealwright.errors import Refused
from sealwright.paths import TOP, RelPath
from sealwright.verdict import Finding, Verdict

ISOLATED, NOT_ISOLATED = "no network", "not isolated"


@dataclass(frozen=True, slots=True)
class Wish:
    """What is run, how often, by which interpreter, and in which environment.

    ``weaker`` allows a machine on which a network cannot be kept away, which the evidence says.
    """

    modules: tuple[Module, ...] = ()
    builtin: Mapping[str, Function] = field(default_factory=dict)
    python: Path = Path("python3")
    source_root: RelPath = TOP
    environment: Mapping[str, str] = field(default_factory=process.allow_listed)
    omit: Collection[RelPath] = ()
    runs: int = FEWEST
    seconds: float = 600
    weaker: bool = False


def judge(tree: Path, wish: Wish, work: Path) -> Verdict:
    """Answer whether all modules are deterministic; ``work`` is an empty folder for the copies."""
    isolated = process.isolated()
    if not isolated and not wish.weaker:
        what = "expected a machine where programs have no network, found another"
        raise Refused(f"modules: {what}; allow user namespaces, or state the weaker level")
    copies = private_copies.make(tree, work, wish.runs, wish.omit)
    runner = Runner(wish.python, wish.source_root, wish.environment, wish.seconds)
    findings: list[Finding] = []
    rows: list[dict[str, Any]] = []
    for module in wish.modules:
        runs = [runner.run(module, copy) for copy in copies]
        findings += _findings(module.name, runs)
        rows.append(_row(module.name, runs, "process"))
    for name, function in () if wish.modules else sorted(wish.builtin.items()):
        runs = [builtin_functions.run(name, function, copy, runner) for copy in copies]
        findings += _findings(name, runs)
        rows.append(_row(name, runs, builtin_functions.where(function)))
    if not rows:
        findings.append(Finding("modules", "expected at least one module, found none"))
    level = ISOLATED if isolated else NOT_ISOLATED
    return Verdict(tuple(findings), {"runs": wish.runs, "isolation": level, "modules": rows})


def _row(name: str, runs: Sequence[Ran], where: str) -> dict[str, Any]:
    first = runs[0]
    outputs = [
        {"output": output, "sha256": digest.of_file(place).sha256}
        for output, place in first.outputs.items()
    ]
    return {"name": name, "run_in": where, "outputs": outputs}


def _findings(name: str, runs: Sequence[Ran]) -> Iterator[Finding]:
    """Yield each problem once, whichever of the runs had it, and the first difference."""
    for what in dict.fromkeys(problem for ran in runs for problem in ran.problems):
        yield Finding(f"module {name}", what)
    if different := _difference(runs):
        yield Finding(f"module {name}", different, "make it deterministic, or waive gate B")


def _difference(runs: Sequence[Ran]) -> str:
    first = runs[0]
    labels = dict.fromkeys(output for ran in runs for output in ran.outputs)
    for output in labels:
        for ran in runs[1:]:
            if what := _between(output, first, ran):
                return what
    return ""


def _between(output: str, first: Ran, other: Ran) -> str:
    one, two = first.outputs.get(output), other.outputs.get(output)
    if one is None or two is None:
        has, lacks = (first, other) if two is None else (other, first)
        return f"{output}: {_told(has.copy)} made it, {_told(lacks.copy)} did not"
    found = first_difference.find(one, two)
    if found is None:
        return ""
    return (
        f"{output}: byte {found.offset}, line {found.line}: {_told(first.copy)} has "
        f"'{found.first}', {_told(other.copy)} has '{found.second}'"
    )


def _told(copy: PrivateCopy) -> str:
    return f"run {copy.number + 1} (hash seed {copy.hash_seed}, umask {copy.umask})"
