"""``make run``: what a person would do with the example, from outside, and what comes of it.

    python -m sealwright.example.tour build/example

The first time it makes the repository.  Every time it then runs plain ``doit`` in it, the
way a developer would, shows every command before its output, and ends with a table and the
places to look at.  A second time nothing is left to execute, and it says so.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sealwright.contracts import work_orders
from sealwright.errors import Misconfigured, Refused, SealwrightError
from sealwright.example import governing, keys, packets, person, repository, views, workflow

CONTRACTS = ("coo", "bundle", "workflow", "work_orders", "sot_pack")  # the last seals HEAD


def main(argv: Sequence[str] | None = None) -> int:
    """Walk through the example in the folder that ``argv`` names; return the exit code."""
    words = sys.argv[1:] if argv is None else argv
    if len(words) != 1:
        print("usage: python -m sealwright.example.tour FOLDER", file=sys.stderr)
        return Misconfigured.code
    try:
        return walk(Path(words[0]).absolute())
    except SealwrightError as problem:
        print(f"example: {problem}", file=sys.stderr)
        return problem.code


def walk(folder: Path) -> int:
    """Make the example if it is missing, run everything in it, and say what there is to see."""
    if folder.exists() and not (folder / "dodo.py").is_file():
        raise Refused(f"{folder}: expected the example or nothing, found something else; move it")
    if not folder.exists():
        print(f"operator: makes the example repository in {folder}")
        print(f"          its commit is {repository.build(folder, CONTRACTS)}, as everywhere\n")
    keys.give(folder, _configure)
    executed: set[str] = set()
    for go in (governing.go, workflow.go):
        passed = go(folder)
        executed |= passed.executed
        if passed.code:
            return passed.code
    said = person.doit(folder, "run", "--json")
    _table(said.steps, executed | said.executed)
    if said.code == 0:
        views.tell(folder)
        _report(folder)
    return said.code


def _configure(folder: Path, fingerprint: str, public: bytes) -> None:
    """Say what is retired and what is worked on, and whose word counts."""
    governing.configure(folder, fingerprint, public)
    packets.configure(folder, fingerprint)


def _table(steps: Sequence[Mapping[str, Any]], executed: set[str]) -> None:
    print(f"\n{'contract':<16}{'steps':>6}{'executed':>10}{'up to date':>12}{'refused':>9}")
    for contract in dict.fromkeys(_contract(step["name"]) for step in steps):
        mine = [step for step in steps if _contract(step["name"]) == contract]
        ran = sum(step["name"] in executed for step in mine)
        idle = sum(s["status"] == "up to date" and s["name"] not in executed for s in mine)
        print(f"{contract:<16}{len(mine):>6}{ran:>10}{idle:>12}{len(mine) - ran - idle:>9}")
    if steps and not executed and all(step["status"] == "up to date" for step in steps):
        print("\nNothing executed: every step is up to date, by the digests of its receipt.")


def _contract(step: str) -> str:
    """Return the contract of a step: most are called after it."""
    group = step.partition(":")[0]
    if group in (*governing.CHAIN, "rehearse", "rollback", "thaw"):
        return "coo"
    return "work_orders" if group in work_orders.GROUPS else group


def _report(folder: Path) -> None:
    """Write the page that shows all of it, and say where it is."""
    told = person.call(folder, sys.executable, "-m", "invoke", "report")
    print(f"\noperator: cd {person.shown(folder)} && inv report\n{told.strip()}")


if __name__ == "__main__":
    raise SystemExit(main())
