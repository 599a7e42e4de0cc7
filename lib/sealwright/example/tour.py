"""``make run``: what a person would do with the example, from outside, and what comes of it.

    python -m sealwright.example.tour build/example

The first time it makes the repository.  Every time it then runs plain ``doit`` in it, the
way a developer would, shows every command before its output, and ends with a table and the
places to look at.  A second time nothing is left to execute, and it says so.
"""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sealwright import process
from sealwright.bundles.layout import GATE
from sealwright.contracts import coo, work_orders
from sealwright.errors import Misconfigured, Refused, SealwrightError
from sealwright.example import governing, keys, repository
from sealwright.lineage import REGISTRY
from sealwright.snapshot import ENCRYPTED, FOLDER

CONTRACTS = ("coo", "bundle", "work_orders", "sot_pack")  # the last one seals what is committed
CHAIN = (*coo.CHAIN, "migration_bundle")
MOST = 4  # runs of the migration: one, and one after each of two approvals


class _Governed(NamedTuple):
    """How the migration ended, and how much of it ran."""

    code: int
    executed: int


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
    keys.give(folder, governing.configure)
    governed = _govern(folder)
    if governed.code:
        return governed.code
    code, said = _doit(folder, "run", "--json")
    _say(said)
    _table(said["steps"], executed=governed.executed)
    if code == 0:
        _look_around(folder)
        _report(folder)
    return code


def _report(folder: Path) -> None:
    """Write the page that shows all of it, and say where it is."""
    argv = (sys.executable, "-m", "invoke", "report")
    done = process.run(argv, cwd=folder, env=process.allow_listed(("SOURCE_DATE_EPOCH",)))
    print(f"\noperator: cd {_shown(folder)} && inv report\n{done.out.decode().strip()}")


def _govern(folder: Path) -> _Governed:
    """Go through the migration, agreeing to what it asks, and commit it."""
    executed = 0
    for _ in range(MOST):
        code, said = _doit(folder, "run", "--json", *CHAIN)
        _say(said)
        executed += sum(step["status"] in ("run", "restored") for step in said["steps"])
        asked = list(governing.waiting(said["steps"]))
        for name, text in asked:
            governing.agree(folder, name, text)
        if not asked:
            break
    if code == 0 and executed:
        governing.commit(folder)
    return _Governed(code, executed)


def _say(said: Mapping[str, Any]) -> None:
    """Print what doit did, a line for each step."""
    for step in said["steps"]:
        reasons = step["reasons"]
        why = _why(reasons[0]) if reasons else ""
        print(f"{step['status']:<11} {step['name']:<27} {why}".rstrip())
        print("".join(f"  {line}\n" for line in step["message"].splitlines()), end="")
    for notice in said["notices"]:
        print(f"note: {notice}")
    print()


def _why(reason: Mapping[str, str]) -> str:
    subject = f"{reason['subject']} " if reason["subject"] else ""
    return f"{subject}{reason['detail'] or reason['code']}"


def _doit(folder: Path, *words: str) -> tuple[int, dict[str, Any]]:
    print(f"operator: cd {_shown(folder)} && doit {shlex.join(words)}\n")
    argv = (sys.executable, "-m", "doit", *words)
    done = process.run(
        argv,
        cwd=folder,
        env=process.allow_listed(("SOURCE_DATE_EPOCH",)),
        timeout=1800,
        check=False,
    )
    try:
        return done.code, json.loads(done.out)
    except ValueError:
        said = (done.out + done.err).decode(errors="replace")
        print(said, end="")
        return done.code or 2, {"steps": [], "notices": []}


def _shown(folder: Path) -> str:
    here = Path.cwd()
    shown = folder.relative_to(here) if folder.is_relative_to(here) else folder
    return shlex.quote(str(shown))


def _table(steps: Sequence[Mapping[str, Any]], executed: int) -> None:
    print(f"\n{'contract':<16}{'steps':>6}{'executed':>10}{'up to date':>12}{'refused':>9}")
    for contract in dict.fromkeys(_contract(step["name"]) for step in steps):
        mine = [step["status"] for step in steps if _contract(step["name"]) == contract]
        ran = sum(status in ("run", "restored") for status in mine)
        ran += executed if contract == "coo" else 0
        idle = mine.count("up to date") - (executed if contract == "coo" else 0)
        print(f"{contract:<16}{len(mine):>6}{ran:>10}{idle:>12}{len(mine) - ran - idle:>9}")
    if steps and not executed and all(step["status"] == "up to date" for step in steps):
        print("\nNothing executed: every step is up to date, by the digests of its receipt.")


def _contract(step: str) -> str:
    """Return the contract of a step: most are called after it."""
    group = step.partition(":")[0]
    if group in (*CHAIN, "rehearse", "rollback", "thaw"):
        return "coo"
    return "work_orders" if group in work_orders.GROUPS else group


def _look_around(folder: Path) -> None:
    shown = _shown(folder)
    latest = "observability/artifacts/sot_packs/latest"
    (snapshot,) = sorted((folder / FOLDER).iterdir())[-1:]
    programs = Path(sys.executable).parent
    found = process.find("doit", process.environment())
    if found is None or found.parent != programs:
        print(f"\nFirst, so that your shell finds the programs: export PATH={programs}:$PATH")
    key = _shown(keys.secret(folder))
    gate = f"scripts/{GATE.name}"
    bundle = f"{shown}/artifacts/bundles/Bundle_Build_Loop_Phase2_v1.1.zip"
    encrypted = f"{shown}/{FOLDER}/{snapshot.name}/{ENCRYPTED}"
    home = f"H=$(mktemp -d) && gpg -q --homedir $H --import {key}"
    print(f"""
What is proved now, and how to see it without Sealwright:
  (cd {shown}/{latest} && sha256sum -c --strict sha256sums.txt)
  tail -n 1 {shown}/observability/stl/ledger/activity_feed.jsonl
  D=$(mktemp -d) && python3 -m zipfile -e {bundle} $D && python3 -I $D/{gate} --zip {bundle}
  (cd {shown} && python3 -m coo docs/house.json)
  cat {shown}/.adam_os/artifacts/work_orders/*.json
  {home} && gpg -q --homedir $H --decrypt {encrypted} | tar -tv; gpgconf --homedir $H --kill all
and with it:
  (cd {shown} && doit verify)
  sealwright verify {shown}/{latest}
  sealwright verify {shown}/{REGISTRY}
  sealwright verify {shown}/coo/manifests/migration_bundle.zip
  {home} && (cd {shown} && inv snapshot.restore {snapshot.name} ../restored --homedir $H)
Change a file, then ask why: (cd {shown} && doit plan && doit why sot_pack:pack)""")


if __name__ == "__main__":
    raise SystemExit(main())
